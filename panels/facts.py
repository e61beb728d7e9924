"""The plain facts the disinterest tests ask for: one panel's members and cases at a time, in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from audit import clock
from directory.models import Organisation, Post, Tie, TieKind
from panels import roles
from panels.models import (
    Appointment,
    AppointmentState,
    Attendance,
    Declaration,
    Objection,
    PanelKind,
    Recusal,
    Ruling,
    Verdict,
)
from panels.rules import (
    CaseFacts,
    Declared,
    Effect,
    MemberFacts,
    Objected,
    PastCase,
    PostFact,
    Question,
    Reciprocal,
    Role,
    Ruled,
    SeatPlan,
    TestResult,
    judge,
)

if TYPE_CHECKING:
    from panels.models import Item, Panel

# Kinds of panel that are tiers of one case (I4); a review, like an appraisal, is none.
TIER_KINDS = (PanelKind.SITE_VISIT, PanelKind.MODERATION, PanelKind.CONDITIONS, PanelKind.DECISION)


LEFT = "member.recused"


class Learnt(defaultdict[Any, int]):
    """The last event by which something was learnt of a person (by key) or of an organisation's ties (by code)."""

    def __init__(self) -> None:
        super().__init__(int)

    def note(self, what: Any, event: int) -> None:
        """Something was learnt by this event."""
        self[what] = max(self[what], event)


@dataclass(frozen=True)
class Known:
    """What is known of the members, by person's key, and of the cases, by reference, of one panel."""

    plan: SeatPlan
    members: Mapping[int, MemberFacts]
    cases: Mapping[str, CaseFacts]
    rulings: Mapping[int, Sequence[Ruled]]
    objections: Mapping[int, Sequence[Objected]]

    def answers(self, seat_kind: str, person: int, item: Item, at: datetime, *, declared: bool) -> list[TestResult]:
        """Every test for one member and one item, rulings and objections applied; days are counted in London."""
        ask = Question(
            member=self.members[person],
            case=self.cases[item.case_ref],
            seat=seat_kind,
            at=timezone.localtime(at),
            windows=self.plan.windows,
            tier=self.plan.kind,
        )
        return judge(ask, self.rulings.get(person, ()), self.objections.get(person, ()), declared=declared)


def read(
    panel: Panel, people: Iterable[int], items: Sequence[Item], on: date, *, new: Iterable[Declared] | None = None
) -> Known:
    """Everything the tests need on a day: nine queries, and one for each source registered in `panels.roles`.

    new: interests all these people declare now, not stored yet; none of them is a nil return.
    """
    people, learnt = set(people), Learnt()
    members, cases = member_facts(panel, people, items, on, new=new, learnt=learnt), case_facts(items, on, learnt)
    rulings, objections = rulings_and_objections(panel, people, learnt)
    return Known(SeatPlan.from_json(panel.plan), members, cases, rulings, objections)


def interest(kind: str, organisation: Organisation, starts: date | None = None, ends: date | None = None) -> Declared:
    """An interest in an organisation loaded with its parent, as the tests see it, declared now."""
    parent = organisation.parent.code if organisation.parent else ""
    now = timezone.localtime(clock.now())
    return Declared(kind, organisation.code, starts, ends, now, organisation.kind, parent)


def member_facts(
    panel: Panel,
    people: Collection[int],
    items: Sequence[Item],
    on: date,
    *,
    new: Iterable[Declared] | None = None,
    learnt: Learnt | None = None,
) -> dict[int, MemberFacts]:
    """Posts, declarations, parts taken in these cases, and seats that others have over one's own; four queries."""
    learnt = Learnt() if learnt is None else learnt
    posts, (made, declared) = _posts(people, learnt), _declared(panel, people, learnt)
    if new is not None:
        made = dict.fromkeys(people, timezone.localtime(clock.now()))
        added = set(new)
        declared = {pk: declared[pk] | added for pk in people}
    taken, past = _heard(people, items)
    for person, case_ref, tier, day in roles.roles(people, [item.case_ref for item in items]):
        taken[person].add(Role(tier, case_ref, day))
    left = _left(people, items, learnt)
    own = {pk: _own(posts[pk], declared[pk], on) for pk in people}
    seats = _reciprocal(set().union(*own.values()), items, on)
    return {
        pk: MemberFacts(
            tuple(posts[pk]),
            declared_at=made.get(pk),
            declared=frozenset(declared[pk]),
            roles=frozenset(taken[pk]),
            past=frozenset(past[pk]),
            judged_by=frozenset(each for each in seats if each.judged in own[pk]),
            left=frozenset(left[pk]),
        )
        for pk in people
    }


def _posts(people: Collection[int], learnt: Learnt) -> defaultdict[int, list[PostFact]]:
    posts: defaultdict[int, list[PostFact]] = defaultdict(list)
    columns = Post.objects.filter(person_id__in=people).values_list(
        "person_id",
        "organisation__code",
        "organisation__kind",
        "kind",
        "starts",
        "ends",
        "organisation__parent__code",
        "event_id",
    )
    for person, code, organisation_kind, kind, starts, ends, parent, event in columns.order_by("pk"):
        learnt.note(person, event)
        posts[person].append(PostFact(code, organisation_kind, kind, starts, ends, parent or ""))
    return posts


def _declared(
    panel: Panel, people: Collection[int], learnt: Learnt
) -> tuple[dict[int, datetime], dict[int, set[Declared]]]:
    """When each person last declared for the panel, and all they ever declared for it."""
    made: dict[int, datetime] = {}
    named: dict[int, set[Declared]] = {pk: set() for pk in people}
    lines = Declaration.objects.filter(panel=panel, person_id__in=people).select_related("organisation__parent")
    for line in lines:
        at = timezone.localtime(line.made_at)
        made[line.person_id] = max(at, made.get(line.person_id, at))
        if about := line.organisation:
            learnt.note(line.person_id, line.event_id)
            said = interest(line.kind, about, line.starts, line.ends)
            named[line.person_id].add(replace(said, made_at=at))
    return made, named


def _heard(
    people: Collection[int], items: Sequence[Item]
) -> tuple[defaultdict[int, set[Role]], defaultdict[int, set[PastCase]]]:
    """Cases of these organisations that each person was in the room for; not those they had to leave as it opened."""
    left = Recusal.objects.filter(item=OuterRef("item"), appointment=OuterRef("appointment"), event=OuterRef("event"))
    there = Attendance.objects.filter(
        ~Exists(left),
        present=True,
        appointment__person__in=people,
        item__organisation__in={item.organisation_id for item in items},
    )
    taken: defaultdict[int, set[Role]] = defaultdict(set)
    past: defaultdict[int, set[PastCase]] = defaultdict(set)
    columns = there.values_list(
        "appointment__person",
        "item__organisation__code",
        "item__case_ref",
        "item__cycle",
        "item__panel__kind",
        "item__sitting__on",
    )
    for person, code, case_ref, cycle, kind, day in columns.distinct().order_by():
        past[person].add(PastCase(code, case_ref, cycle, day))
        if kind in TIER_KINDS:
            taken[person].add(Role(kind, case_ref, day))
    return taken, past


def _left(people: Collection[int], items: Sequence[Item], learnt: Learnt) -> defaultdict[int, set[tuple[str, date]]]:
    """The cases each person left the room for, saying why; not those a test sent them out of, which is asked again."""
    gone: defaultdict[int, set[tuple[str, date]]] = defaultdict(set)
    rows = Recusal.objects.filter(
        event__event_type=LEFT,
        appointment__person__in=people,
        item__case_ref__in={item.case_ref for item in items},
    ).values_list("appointment__person", "item__case_ref", "item__sitting__on", "event_id")
    for person, case_ref, on, event in rows:
        gone[person].add((case_ref, on))
        learnt.note(person, event)
    return gone


def _own(posts: Iterable[PostFact], declared: Iterable[Declared], on: date) -> set[str]:
    """The codes of the organisations somebody belongs to on a day."""
    said = {each.organisation for each in declared if each.kind in {"own", "post"} and each.held_within(on, 0)}
    return said | {post.organisation for post in posts if post.held_within(on, 0)}


def _reciprocal(own: set[str], items: Sequence[Item], on: date) -> set[Reciprocal]:
    """Who of the organisations under review has, or used, a seat on a panel that hears one of `own`."""
    sat = Attendance.objects.filter(appointment=OuterRef("pk"), present=True)
    rows = Appointment.objects.filter(
        Q(state=AppointmentState.ACCEPTED) | Exists(sat),
        Q(person__posts__ends__isnull=True) | Q(person__posts__ends__gt=on),
        person__posts__starts__lte=on,
        person__posts__organisation__in={item.organisation_id for item in items},
        panel__items__organisation__code__in=own,
        panel__items__cycle__in={item.cycle for item in items},
    )
    columns = ("person__posts__organisation__code", "panel__items__organisation__code", "panel__items__cycle")
    return {Reciprocal(*row) for row in rows.values_list(*columns).distinct().order_by()}


def case_facts(items: Sequence[Item], on: date, learnt: Learnt | None = None) -> dict[str, CaseFacts]:
    """Whom the organisation of each case is tied to on a day, and how; by case reference, three queries."""
    keys = {item.organisation_id for item in items}
    found = _ties(keys, on, Learnt() if learnt is None else learnt)
    served = {key for key in keys if found[key, TieKind.MAIN_PROVIDER]}
    mates = _provider_mates(served, on) if served else defaultdict(dict)
    known = Organisation.objects.filter(pk__in=keys).values_list("pk", "code", "parent__code")
    codes = {pk: (code, parent or "") for pk, code, parent in known}
    named: defaultdict[str, set[str]] = defaultdict(set)
    for case_ref, code in roles.named({item.case_ref for item in items}):
        named[case_ref].add(code)
    return {
        item.case_ref: CaseFacts(
            codes[item.organisation_id][0],
            ref=item.case_ref,
            cycle=item.cycle,
            parent=codes[item.organisation_id][1],
            neighbours=frozenset(found[item.organisation_id, TieKind.NEIGHBOUR]),
            practices=frozenset(found[item.organisation_id, TieKind.MEMBER_PRACTICE]),
            sharers=frozenset(found[item.organisation_id, TieKind.SHARES_LEADERSHIP]),
            supporters=frozenset(found[item.organisation_id, TieKind.SUPPORTS]),
            providers=frozenset(found[item.organisation_id, TieKind.MAIN_PROVIDER]),
            provider_mates=mates[item.organisation_id],
            named=frozenset(named[item.case_ref]),
        )
        for item in items
    }


def _standing(on: date) -> Q:
    return Q(starts__lte=on) & (Q(ends__isnull=True) | Q(ends__gt=on))


def _ties(keys: Collection[int], on: date, learnt: Learnt) -> defaultdict[tuple[int, str], set[str]]:
    """The codes tied to each organisation, by its key and the kind of tie."""
    found: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    ties = Tie.objects.filter(_standing(on), Q(one__in=keys) | Q(other__in=keys))
    for kind, one, one_code, other, other_code, event in ties.values_list(
        "kind", "one_id", "one__code", "other_id", "other__code", "event_id"
    ):
        learnt.note(one_code, event)
        learnt.note(other_code, event)
        found[one, kind].add(other_code)
        found[other, kind].add(one_code)
    return found


def _provider_mates(keys: Collection[int], on: date) -> defaultdict[int, dict[str, str]]:
    """For each organisation, those that share a main provider with it, each with that provider (the first by code)."""
    main = Tie.objects.filter(_standing(on), kind=TieKind.MAIN_PROVIDER)
    shared = main.filter(one__in=main.filter(other__in=keys).values("one"))
    served: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for provider, other, code in shared.values_list("one__code", "other_id", "other__code"):
        served[provider][other] = code
    mates: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for provider, users in sorted(served.items()):
        for key in users.keys() & keys:
            for other, code in users.items():
                if other != key:
                    mates[key].setdefault(code, provider)
    return mates


def rulings_and_objections(
    panel: Panel, people: Collection[int], learnt: Learnt | None = None
) -> tuple[dict[int, list[Ruled]], dict[int, list[Objected]]]:
    """The conflicts guardian's rulings and the applicants' objections about each person on one panel; two queries.

    A dismissal of a test stands until anything more is learnt of the person or of the organisation's ties: nobody has
    ruled on that.
    """
    learnt = Learnt() if learnt is None else learnt
    rulings: defaultdict[int, list[Ruled]] = defaultdict(list)
    for each in Ruling.objects.filter(panel=panel, person__in=people).select_related("organisation").order_by("pk"):
        newest = max(learnt[each.person_id], learnt[each.organisation.code])
        if each.verdict == Verdict.DISMISSED and each.objection_id is None and each.event_id < newest:
            continue
        rulings[each.person_id].append(
            Ruled(
                each.rule,
                each.organisation.code,
                each.verdict,
                Effect(each.effect),
                timezone.localtime(each.ruled_at),
                each.objection_id,
            )
        )
    objections: defaultdict[int, list[Objected]] = defaultdict(list)
    raised = Objection.objects.filter(panel=panel, person__in=people).select_related("organisation").order_by("pk")
    for made in raised:
        objections[made.person_id].append(
            Objected(made.pk, made.organisation.code, made.case_ref, timezone.localtime(made.raised_at))
        )
    return rulings, objections
