"""One panel as it stood at a moment: seats, declarations, tests, sittings and items, as plain values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from panels.history import Day, Facts, Holding, Record
from panels.models import AppointmentState, Declaration, DisinterestCheck, Item, PanelState, Seat, Stance
from panels.policies import convening_faults
from panels.presenters.contested import Objected, Refused, RulingLine, objections, refusals, rulings
from panels.presenters.explorer import COLOURS
from panels.presenters.panels import EFFECTS
from panels.presenters.seating import STANCES, STATES, Outcomes, outcome_text
from panels.queries import plan_of
from panels.rules import COALITION_SEAT, Effect, Member, SeatPlan
from panels.states import ItemState

# Of a longer agenda the members are shown for one item at a time: a review takes 130 cases.
SHORT_AGENDA = 20
STATE_COLOURS = {"proposed": "yellow", "invited": "blue", "accepted": "green", "declined": "grey", "stood_down": "grey"}
PANEL_COLOURS = {
    PanelState.PROPOSED: "grey",
    PanelState.INVITED: "yellow",
    PanelState.CONFIRMED: "green",
    PanelState.SITTING: "blue",
    PanelState.CLOSED: "grey",
}
DISSENTED = STANCES[Stance.DISSENT][0]


@dataclass(frozen=True)
class HolderView:
    """One person who was offered a seat, with every answer by then."""

    appointment: int
    name: str
    appointed_by: str
    nominated: date | None
    state: str
    state_colour: str
    lives: bool
    steps: Sequence[tuple[str, datetime]]
    alternate: int
    training: str
    away: Sequence[tuple[date, date]]


@dataclass(frozen=True)
class SeatView:
    """One seat with everybody it was ever offered to by then, the present holder last."""

    number: int
    title: str
    required: bool
    coalition: bool
    holders: Sequence[HolderView]

    @property
    def filled(self) -> bool:
        """Whether somebody had accepted it, not as an alternate."""
        return any(each.state == AppointmentState.ACCEPTED.label and not each.alternate for each in self.holders)

    @property
    def offered(self) -> bool:
        """Whether somebody held it or had been asked, not as an alternate."""
        return any(each.lives and not each.alternate for each in self.holders)


@dataclass(frozen=True)
class Line:
    """One line of a declaration."""

    name: str
    made_at: datetime
    text: str
    statement: str


@dataclass(frozen=True)
class Answer:
    """One evaluation of the tests; `results` are every test with the facts it used, when they were asked for."""

    moment: str
    effect: str
    sentence: str
    at: datetime
    results: Sequence[str] = ()


@dataclass(frozen=True)
class Tested:
    """What the tests said of one member: by case, oldest first. Unless `whole`, only of cases with something to say."""

    appointment: int
    name: str
    seat: str
    summary: str
    cases: Mapping[str, Sequence[Answer]]
    whole: bool


@dataclass(frozen=True)
class MemberView:
    """One member for one item."""

    seat: str
    name: str
    appointed_by: str
    coalition: bool
    present: bool
    left: str
    stance: str
    stance_colour: str
    reasons: str
    entered: str
    check: str
    sits: bool
    counts: bool


@dataclass(frozen=True)
class ItemView:
    """One item: who was in the room, the arithmetic of the quorum, and what was reached.

    members: nobody when the agenda is long and nothing on this item is out of the ordinary, unless it is asked for.
    """

    key: int
    ref: str
    organisation: str
    number: int
    state: str
    state_colour: str
    members: Sequence[MemberView]
    counted: int | None
    needed: int
    there: int | None
    needed_to_sit: int
    faults: Sequence[str]
    voting_faults: Sequence[str]
    outcome: str
    reasons: str
    reached_at: datetime | None
    sha256: str

    @property
    def spare(self) -> int:
        """How many more voted than were needed."""
        return (self.counted or 0) - self.needed

    @property
    def spare_to_sit(self) -> int:
        """How many more sat than were needed."""
        return (self.there or 0) - self.needed_to_sit


@dataclass(frozen=True)
class DayView:
    """One sitting with its agenda."""

    key: int
    on: date
    place: str
    state: str
    state_colour: str
    convened_at: datetime | None
    closed_at: datetime | None
    items: Sequence[ItemView]
    ordered_at: datetime | None
    notes: Sequence[tuple[str, str, datetime]]


@dataclass(frozen=True)
class Standing:
    """A panel at a moment."""

    state: str
    state_colour: str
    since: datetime | None
    quorum: int
    quorum_to_decide: int
    seats: Sequence[SeatView]
    refusals: Sequence[Refused]
    objections: Sequence[Objected]
    rulings: Sequence[RulingLine]
    faults: Sequence[str]
    declared: Sequence[Line]
    tested: Sequence[Tested]
    days: Sequence[DayView]

    @property
    def filled(self) -> int:
        """How many seats had been accepted."""
        return sum(each.filled for each in self.seats)

    @property
    def required(self) -> int:
        """How many seats the panel may not sit without."""
        return sum(each.required for each in self.seats)


def standing(record: Record, outcomes: Outcomes, *, whole: int = 0, chosen: int = 0) -> Standing:
    """The panel as its record stood.

    whole: the appointment whose tests are shown with all their facts. chosen: the item whose members are shown.
    """
    plan = plan_of(record.panel)
    items: defaultdict[int, list[ItemView]] = defaultdict(list)
    for item in record.items:
        view = _item(record, item, outcomes, plan)
        shown = len(record.items) <= SHORT_AGENDA or item.pk == chosen or _unusual(view)
        items[item.sitting_id].append(view if shown else replace(view, members=()))
    state, since = record.settled
    return Standing(
        state=state.label,
        state_colour=PANEL_COLOURS[state],
        since=since,
        quorum=plan.quorum_to_sit,
        quorum_to_decide=plan.quorum_to_decide,
        seats=_seats(record),
        refusals=refusals(record),
        objections=objections(record),
        rulings=rulings(record),
        faults=convening_faults(plan, record.holdings) if state is not PanelState.CLOSED else (),
        declared=_declared(record),
        tested=_tested(record, whole),
        days=[_day(record, day, items[day.sitting.pk]) for day in record.days],
    )


def _day(record: Record, day: Day, items: Sequence[ItemView]) -> DayView:
    """A sitting with its items in the order it was to take them."""
    order = record.orders.get(day.sitting.pk)
    place = {key: number for number, key in enumerate(order.items)} if order else {}
    taken = sorted(items, key=lambda each: place.get(each.key, each.number + len(place)))
    return DayView(
        day.sitting.pk,
        day.sitting.on,
        day.sitting.place,
        day.state.label,
        COLOURS[day.state],
        day.convened_at,
        day.closed_at,
        [replace(each, number=number) for number, each in enumerate(taken, start=1)],
        order.made_at if order else None,
        [
            (each.text or f"Signed: SHA-256 {each.signed_sha256}", each.written_by.display_name, each.written_at)
            for each in record.notes
            if each.sitting_id == day.sitting.pk
        ],
    )


def _seats(record: Record) -> list[SeatView]:
    held: defaultdict[int, list[HolderView]] = defaultdict(list)
    on = timezone.localdate(record.until.at)
    for each in record.holdings:
        held[each.seat.pk].append(_holder(each, _training(record, each, on)))
    return [
        SeatView(seat.number, seat.title, seat.required, seat.kind == COALITION_SEAT, held[seat.pk])
        for seat in Seat.objects.filter(panel=record.panel).order_by("number")
    ]


def _training(record: Record, held: Holding, on: date) -> str:
    """What training the seat asks for, and since when its holder has it."""
    if not held.seat.accreditation:
        return ""
    asked, found = held.seat.accreditation.replace("_", " "), record.trained(held, on)
    return f"{asked} since {found.starts.day} {found.starts:%B %Y}" if found else f"no {asked} on record"


def _holder(held: Holding, training: str) -> HolderView:
    row = held.appointment
    steps = [(state.label, at) for state, at in held.steps]
    if held.handed_on:
        steps.append(("Took the seat over", held.handed_on))
    return HolderView(
        appointment=row.pk,
        name=row.person.display_name,
        appointed_by=row.appointed_by.name,
        nominated=row.nomination.starts if row.nomination else None,
        state=held.state.label,
        state_colour=STATE_COLOURS[held.state],
        lives=held.lives,
        steps=sorted(steps, key=lambda step: step[1]),
        alternate=held.rank,
        training=training,
        away=held.away,
    )


def _declared(record: Record) -> list[Line]:
    rows = Declaration.objects.filter(panel=record.panel, event__lte=record.until.event)
    return [
        Line(row.person.display_name, row.made_at, _declaration(row), row.statement)
        for row in rows.select_related("person", "organisation").order_by("made_at", "pk")
    ]


def _declaration(row: Declaration) -> str:
    if row.nil:
        return "Nothing to declare"
    place = f", {row.organisation.name} ({row.organisation.code})" if row.organisation else ""
    since = f", from {row.starts.day} {row.starts:%B %Y}" if row.starts else ""
    until = f", until {row.ends.day} {row.ends:%B %Y}" if row.ends else ""
    return f"{row.get_kind_display()}{place}{since}{until}"


def _tested(record: Record, whole: int) -> list[Tested]:
    cases: defaultdict[int, defaultdict[str, list[Answer]]] = defaultdict(lambda: defaultdict(list))
    facts = _results(record, whole)
    for row in record.checks:
        said = facts.get(row.pk, ())
        ref = row.item.case_ref if row.item else ""
        cases[row.appointment_id][ref].append(Answer(row.moment, row.effect, row.sentence, row.checked_at, said))
    return [
        _tested_one(each, cases[each.appointment.pk], whole=each.appointment.pk == whole)
        for each in record.holdings
        if each.appointment.pk in cases
    ]


def _tested_one(held: Holding, cases: Mapping[str, Sequence[Answer]], *, whole: bool) -> Tested:
    last = [answers[-1].effect for answers in cases.values()]
    counted = [f"{last.count(effect)} {words}" for effect, words in EFFECTS.items() if effect in last]
    return Tested(
        held.appointment.pk,
        held.appointment.person.display_name,
        held.place,
        EFFECTS[Effect.CLEAR] if {*last} == {Effect.CLEAR} else ", ".join(counted),
        {ref: said for ref, said in cases.items() if whole or any(each.effect != Effect.CLEAR for each in said)},
        whole,
    )


def _results(record: Record, whole: int) -> Mapping[int, Sequence[str]]:
    """Every test with its facts, of one member: of all at once a page would be too long to read."""
    rows = DisinterestCheck.objects.filter(
        appointment=whole, appointment__panel=record.panel, event__lte=record.until.event
    )
    return {pk: [each["sentence"] for each in results] for pk, results in rows.values_list("pk", "results")}


def _item(record: Record, item: Item, outcomes: Outcomes, plan: SeatPlan) -> ItemView:
    facts, state = record.facts[item.pk], record.state(item)
    members = record.members(item)
    reached, stored = facts.outcome, facts.composition
    begun = state is not ItemState.LISTED
    needed, counted, needed_to_sit, there = _arithmetic(plan, members.values(), stored.body["quorum"] if stored else {})
    return ItemView(
        key=item.pk,
        ref=item.case_ref,
        organisation=item.organisation.name,
        number=item.number,
        state=state.label,
        state_colour=STATES[state],
        members=[
            _member(each, facts, members[each.appointment.pk])
            for each in record.holdings
            if each.appointment.pk in facts.present or (each.state == AppointmentState.ACCEPTED and not stored)
        ],
        counted=counted if begun else None,
        needed=needed,
        there=there if begun else None,
        needed_to_sit=needed_to_sit,
        faults=record.faults(item) if begun and not stored else (),
        voting_faults=record.voting_faults(item) if begun and not stored else (),
        outcome=outcome_text(record.panel.kind, reached.outcome, outcomes) if reached else "",
        reasons=reached.reasons if reached else "",
        reached_at=reached.reached_at if reached else None,
        sha256=stored.sha256 if stored else "",
    )


def _arithmetic(
    plan: SeatPlan, members: Collection[Member], stored: Mapping[str, Any]
) -> tuple[int, int, int, int | None]:
    """Both quorums: needed and voting to decide, needed and there to sit. As stored once an item is decided.

    A composition stored before there were two quorums says nothing of the one to sit.
    """
    if not stored:
        voting, there = sum(each.counts for each in members), sum(each.sits for each in members)
        return plan.quorum_to_decide, voting, plan.quorum_to_sit, there
    to_sit = stored.get("to_sit", {"needed": plan.quorum_to_sit, "there": None})
    return stored["needed"], stored["counted"], to_sit["needed"], to_sit["there"]


def _unusual(item: ItemView) -> bool:
    """Whether somebody left, stayed away or dissented, or the item has not run its course."""
    some = any(each.left or not each.present or each.stance == DISSENTED for each in item.members)
    return item.state not in {ItemState.LISTED.label, ItemState.CLOSED.label} or (item.counted is not None and some)


def _member(held: Holding, facts: Facts, member: Member) -> MemberView:
    row = held.appointment
    position, check = facts.positions.get(row.pk), facts.checks.get(row.pk)
    stance, colour = STANCES[position.stance] if position else ("", "")
    entered = position.entered_by if position and position.entered_by_id != row.person_id else None
    return MemberView(
        seat=held.place,
        name=row.person.display_name,
        appointed_by=row.appointed_by.name,
        coalition=row.seat.kind == COALITION_SEAT,
        present=facts.present.get(row.pk, False),
        left=facts.left.get(row.pk, ""),
        stance=stance,
        stance_colour=colour,
        reasons=position.reasons if position else "",
        entered=entered.display_name if entered else "",
        check=check.sentence if check else "",
        sits=member.sits or position is not None,
        counts=member.counts or position is not None,
    )
