"""The plain facts the disinterest tests ask for, read in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from directory.models import Organisation, Post, Tie, TieKind
from panels.models import Appointment, Declaration
from panels.rules import CaseFacts, Declared, MemberFacts, PostFact, Question, SeatPlan, TestResult, disinterest

if TYPE_CHECKING:
    from panels.models import Panel


def member_facts(panel: Panel, people: Iterable[int]) -> dict[int, MemberFacts]:
    """Posts and the freshest declaration of each person; two queries."""
    people = list(people)
    posts: defaultdict[int, list[PostFact]] = defaultdict(list)
    held = Post.objects.filter(person_id__in=people)
    columns = held.values_list("person_id", "organisation__code", "organisation__kind", "kind", "starts", "ends")
    for person, code, organisation_kind, kind, starts, ends in columns:
        posts[person].append(PostFact(code, organisation_kind, kind, starts, ends))
    made: dict[int, datetime] = {}
    named: defaultdict[int, set[Declared]] = defaultdict(set)
    lines = Declaration.objects.filter(panel=panel, person_id__in=people)
    for person, at, interest, about in lines.values_list("person_id", "made_at", "kind", "organisation__code"):
        made[person] = max(at, made.get(person, at))
        if about:
            named[person].add(Declared(interest, about))
    return {pk: MemberFacts(tuple(posts[pk]), declared_at=made.get(pk), declared=frozenset(named[pk])) for pk in people}


def case_facts(organisations: Sequence[Organisation], on: date) -> dict[int, CaseFacts]:
    """Whom each organisation is tied to on a day, and how; one query."""
    keys = {organisation.pk for organisation in organisations}
    found: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    ties = (
        Tie.objects.filter(Q(one__in=keys) | Q(other__in=keys), starts__lte=on)
        .filter(Q(ends__isnull=True) | Q(ends__gt=on))
        .values_list("kind", "one_id", "one__code", "other_id", "other__code")
    )
    for kind, one, one_code, other, other_code in ties:
        found[one, kind].add(other_code)
        found[other, kind].add(one_code)
    return {
        organisation.pk: CaseFacts(
            organisation.code,
            neighbours=frozenset(found[organisation.pk, TieKind.NEIGHBOUR]),
            practices=frozenset(found[organisation.pk, TieKind.MEMBER_PRACTICE]),
            sharers=frozenset(found[organisation.pk, TieKind.SHARES_LEADERSHIP]),
            supporters=frozenset(found[organisation.pk, TieKind.SUPPORTS]),
            providers=frozenset(found[organisation.pk, TieKind.MAIN_PROVIDER]),
        )
        for organisation in organisations
    }


def evaluate(
    plan: SeatPlan,
    seat_kind: str,
    member: MemberFacts,
    case: CaseFacts,
    at: datetime,
    *,
    declared: bool,
) -> list[TestResult]:
    """Every disinterest test for one member and one case; days are counted in London."""
    return disinterest(
        Question(member=member, case=case, seat=seat_kind, at=timezone.localtime(at), windows=plan.windows),
        declared=declared,
    )


def evaluate_all(
    plan: SeatPlan,
    appointments: Sequence[Appointment],
    members: Mapping[int, MemberFacts],
    case: CaseFacts,
    at: datetime,
) -> dict[int, list[TestResult]]:
    """Every test for every appointment on one case, keyed by appointment."""
    return {
        each.pk: evaluate(plan, each.seat.kind, members[each.person_id], case, at, declared=True)
        for each in appointments
    }
