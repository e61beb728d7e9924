"""What this layer tells the tests of disinterest: who took part before any panel did (D9), and who may gain (D5).

Registered in `authorisation.apps`; each source asks a fixed number of statements, however many people and cases.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from json import loads

from django.db.models import Max
from django.utils.timezone import localdate

from audit.models import Event
from authorisation.enums import DESK_TIERS, Tier
from authorisation.models import Application, Finding, ProposedCondition
from directory.models import Person, PostKind

SECOND_READ = "desk_top.second_read"


def desk_top(people: Collection[int], case_refs: Collection[str]) -> Iterator[tuple[int, str, str, date]]:
    """Which of these people assessed which of these cases at the desk, or read it again, and when last."""
    found = (
        Finding.objects.filter(author__in=people, application__ref__in=case_refs, tier__in=DESK_TIERS)
        .order_by()
        .values_list("author", "application__ref", "tier")
        .annotate(last=Max("found_at"))
    )
    for person, ref, tier, last in found:
        yield person, ref, tier, localdate(last)
    yield from _readers(people, case_refs)


def _readers(people: Collection[int], case_refs: Collection[str]) -> Iterator[tuple[int, str, str, date]]:
    """A reader who changed nothing leaves no finding: the event of the reading names them all the same."""
    readers = Person.objects.filter(pk__in=people, posts__kind=PostKind.SECOND_READER)
    known = dict(readers.values_list("stream", "pk"))
    if not known:
        return
    refs = dict(Application.objects.filter(ref__in=case_refs).values_list("stream", "ref"))
    read = Event.objects.filter(stream__in=refs, event_type=SECOND_READ).order_by("id")
    for stream, leaf, on in read.values_list("stream", "leaf", "occurred_at"):
        reader = known.get(loads(bytes(leaf))["actor"])
        if reader is not None:
            yield reader, refs[stream], Tier.SECOND_READING, localdate(on)


def named(case_refs: Collection[str]) -> Iterator[tuple[str, str]]:
    """The organisations that would take over functions by what the last conditions panel on each case proposed."""
    rows = ProposedCondition.objects.filter(application__ref__in=case_refs).order_by()
    proposed = list(rows.values_list("application__ref", "attempt", "other__code").distinct())
    last: dict[str, int] = {}
    for ref, attempt, _ in proposed:
        last[ref] = max(attempt, last.get(ref, 0))
    yield from sorted((ref, code) for ref, attempt, code in proposed if code and attempt == last[ref])
