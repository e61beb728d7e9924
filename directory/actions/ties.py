"""Ties between organisations begin and end; disinterest is judged by them."""

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from audit.actions import record_system
from directory.errors import BadTie
from directory.importing import record_rows
from directory.models import Organisation, Tie, TieKind
from directory.models.organisations import SYMMETRIC_TIES
from directory.permissions import Actor, check_may_administer
from directory.policies import check_tie
from directory.rows import NewTie
from directory.rules import overlap

BATCH = 1_000


@transaction.atomic
def add_tie(
    *,
    kind: TieKind | str,
    one: Organisation,
    other: Organisation,
    starts: date,
    by: Actor,
    ends: date | None = None,
    source: str = "",
    synthetic: bool = False,
) -> Tie:
    """Tie `one` to `other`; the order does not matter for the symmetric kinds. Raises BadTie."""
    check_may_administer(by)
    row = NewTie(kind=kind, one=one, other=other, starts=starts, ends=ends, source=source, synthetic=synthetic)
    _check([row])
    event = record_system(
        "tie.added",
        by=by,
        public={
            "kind": str(kind),
            "one": one.code,
            "other": other.code,
            "starts": starts.isoformat(),
            "ends": ends.isoformat() if ends else None,
            "synthetic": synthetic,
        },
        private={"free_text": {"source": source}} if source else None,
    )
    tie = _build(row, event.pk)
    tie.save(force_insert=True)
    return tie


@transaction.atomic
def add_many(*, ties: Sequence[NewTie], by: Actor) -> list[Tie]:
    """Record many ties; each stands in an event of the import. Raises BadTie for the first one refused."""
    check_may_administer(by)
    _check(ties)
    events = record_rows("ties", ties, _told, by=by)
    built = [_build(row, event) for row, event in zip(ties, events, strict=True)]
    return Tie.objects.bulk_create(built, batch_size=BATCH)


@transaction.atomic
def end_tie(*, tie: Tie, ends: date, by: Actor) -> Tie:
    """Let a tie end on `ends`, the first day it no longer stands. Raises BadTie when it has an end already."""
    check_may_administer(by)
    tie = Tie.objects.select_for_update().get(pk=tie.pk)
    if tie.ends is not None:
        raise BadTie(f"The tie already ends on {tie.ends}: record a new one instead.")
    if ends < tie.starts:
        raise BadTie(f"The tie starts on {tie.starts}; it cannot end on {ends}: choose a later date.")
    event = record_system("tie.ended", by=by, public={"tie": tie.pk, "ends": ends.isoformat()})
    tie.ends, tie.event_id = ends, event.pk
    tie.save(update_fields=["ends", "event"])
    return tie


def _ends(row: NewTie) -> tuple[Organisation, Organisation]:
    """The two organisations in the order they are stored."""
    if row.kind in SYMMETRIC_TIES and row.one.pk > row.other.pk:
        return row.other, row.one
    return row.one, row.other


def _build(row: NewTie, event_id: int) -> Tie:
    one, other = _ends(row)
    return Tie(
        kind=row.kind,
        one=one,
        other=other,
        starts=row.starts,
        ends=row.ends,
        source=row.source,
        synthetic=row.synthetic,
        event_id=event_id,
    )


def _told(row: NewTie) -> list[str | bool | None]:
    ends = row.ends.isoformat() if row.ends else None
    return [str(row.kind), row.one.code, row.other.code, row.starts.isoformat(), ends, row.synthetic]


def _check(ties: Sequence[NewTie]) -> None:
    for row in ties:
        check_tie(row)
    standing: dict[tuple[str, int, int], list[tuple[date, date | None]]] = {}
    ids = sorted({_ends(row)[0].pk for row in ties})
    for start in range(0, len(ids), BATCH):
        rows = Tie.objects.filter(one__in=ids[start : start + BATCH])
        for kind, one, other, starts, ends in rows.values_list("kind", "one", "other", "starts", "ends"):
            standing.setdefault((kind, one, other), []).append((starts, ends))
    for row in ties:
        first, second = _ends(row)
        periods = standing.setdefault((str(row.kind), first.pk, second.pk), [])
        if any(overlap(row.starts, row.ends, *period) for period in periods):
            raise BadTie(f"{first.code} and {second.code} already have this tie in that time: end that one first.")
        periods.append((row.starts, row.ends))
