"""A panel as its record stood at one of its events: who held which seat, what was listed, opened, stopped, decided.

Facts that are never changed carry the event that made them true, so those up to the moment are those with an earlier
event. Appointments, sittings and items are rows that move on; where they stood comes from the panel's own events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.utils import timezone

from audit.models import Event
from panels.models import (
    LIVE,
    Accreditation,
    AgendaOrder,
    Appointment,
    AppointmentState,
    Attendance,
    Composition,
    DisinterestCheck,
    Item,
    ItemState,
    MinuteNote,
    Objection,
    Outcome,
    Panel,
    PanelState,
    Position,
    Recusal,
    Refusal,
    Ruling,
    Seat,
    Sitting,
)
from panels.queries import plan_of
from panels.rules import Effect, Member, deciding_faults, sitting_faults
from panels.states import SittingState

MOVES: Mapping[str, AppointmentState] = {
    "seats.proposed": AppointmentState.PROPOSED,
    "seats.invited": AppointmentState.INVITED,
    "seat.accepted": AppointmentState.ACCEPTED,
    "seat.declined": AppointmentState.DECLINED,
    "seat.stood_down": AppointmentState.STOOD_DOWN,
}
HANDED_ON = "seat.handed_on"
DAYS = frozenset({"sitting.listed", "sitting.convened", "sitting.closed"})
SETTLING = frozenset({"panel.confirmed", "panel.closed"})
ABSENCES = frozenset({"absence.noted", "absence.ended", "absence.withdrawn"})


@dataclass(frozen=True)
class Moment:
    """The record of a panel up to and including one of its events."""

    number: int
    event: int
    at: datetime


def moment_at(panel: Panel, at: datetime) -> Moment | None:
    """The panel's last event until then; None while there was no panel."""
    return _moment(Event.objects.filter(stream=panel.stream, occurred_at__lte=at))


def moment_after(panel: Panel, number: int) -> Moment | None:
    """The panel's event of that number, or its last when there are not so many."""
    return _moment(Event.objects.filter(stream=panel.stream, stream_seq__lte=number))


def _moment(events: Any) -> Moment | None:
    found = events.order_by("-stream_seq").values_list("stream_seq", "pk", "occurred_at").first()
    return Moment(*found) if found else None


@dataclass(frozen=True)
class Holding:
    """An appointment with every state it had been in by the moment, and since when.

    rank: 0 when it held the seat, otherwise its place among the alternates. handed_on: when it passed on.
    away: the days of absence noted by then, first and last.
    """

    appointment: Appointment
    steps: Sequence[tuple[AppointmentState, datetime]]
    rank: int = 0
    handed_on: datetime | None = None
    away: Sequence[tuple[date, date]] = ()

    @property
    def state(self) -> AppointmentState:
        """Where it stood."""
        return self.steps[-1][0]

    @property
    def seat(self) -> Seat:
        """Of which seat."""
        return self.appointment.seat

    @property
    def since(self) -> datetime:
        """Since when."""
        return self.steps[-1][1]

    @property
    def lives(self) -> bool:
        """Whether the seat was offered to, or held by, this person."""
        return self.state in LIVE

    @property
    def place(self) -> str:
        """The seat as people name it, with the place among its alternates."""
        return f"{self.seat.title}, alternate {self.rank}" if self.rank else self.seat.title

    def is_away(self, on: date) -> bool:
        """Whether an absence noted by then covers a day."""
        return any(first <= on <= last for first, last in self.away)


@dataclass(frozen=True)
class Day:
    """A sitting as it stood."""

    sitting: Sitting
    convened_at: datetime | None
    closed_at: datetime | None

    @property
    def state(self) -> SittingState:
        """Where it stood."""
        if self.closed_at:
            return SittingState.OVER
        return SittingState.IN_SESSION if self.convened_at else SittingState.LISTED


@dataclass
class Facts:
    """What had been noted on one item by the moment; the latest of each, by appointment."""

    present: dict[int, bool] = field(default_factory=dict)
    left: dict[int, str] = field(default_factory=dict)
    positions: dict[int, Position] = field(default_factory=dict)
    checks: dict[int, DisinterestCheck] = field(default_factory=dict)
    composition: Composition | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True)
class Record:
    """The panel at a moment. Reads what it is asked for once; a fixed number of queries for any panel."""

    panel: Panel
    until: Moment

    @cached_property
    def events(self) -> Sequence[Event]:
        """What moved seats and sittings, oldest first."""
        rows = Event.objects.filter(
            stream=self.panel.stream,
            stream_seq__lte=self.until.number,
            event_type__in=[*MOVES, HANDED_ON, *DAYS, *SETTLING, *ABSENCES],
        )
        return list(rows.order_by("stream_seq"))

    @cached_property
    def holdings(self) -> Sequence[Holding]:
        """Every appointment proposed by then, in the order of seats and proposals."""
        rows = self.panel.appointments.select_related("seat", "person", "appointed_by", "nomination__body")
        newest_first = list(rows.order_by("-pk"))
        waiting: defaultdict[tuple[int, str], list[Appointment]] = defaultdict(list)
        for row in newest_first:
            waiting[row.seat.number, row.person.stream].append(row)
        steps: defaultdict[int, list[tuple[AppointmentState, datetime]]] = defaultdict(list)
        standing: dict[tuple[int, str], Appointment] = {}
        ranks: dict[int, int] = {}
        handed: dict[int, datetime] = {}
        for place, rank, state, at in _moves(self.events):
            if state is AppointmentState.PROPOSED:
                standing[place] = waiting[place].pop()
            row = standing[place]
            ranks[row.pk] = rank
            if state is None:
                handed[row.pk] = at
            else:
                steps[row.pk].append((state, at))
        away = self.absences
        found = [
            Holding(
                row,
                steps[row.pk],
                ranks[row.pk],
                handed.get(row.pk),
                away.get((row.seat.number, row.person.stream), ()),
            )
            for row in newest_first
            if row.pk in steps
        ]
        return sorted(found, key=lambda each: (each.seat.number, each.rank, each.appointment.pk))

    @cached_property
    def absences(self) -> Mapping[tuple[int, str], Sequence[tuple[date, date]]]:
        """The days of absence noted by then, by seat and person; one that ended early ends where it did.

        One that was withdrawn is not among them.
        """
        found: defaultdict[tuple[int, str], dict[date, date]] = defaultdict(dict)
        for event in self.events:
            if event.event_type in ABSENCES:
                said = event.document["public"]
                first, last = date.fromisoformat(said["starts"]), date.fromisoformat(said["ends"])
                days = found[said["number"], said["person"]]
                if event.event_type == "absence.withdrawn":
                    days.pop(first, None)
                else:
                    days[first] = last
        return {place: [each for each in days.items() if each[0] <= each[1]] for place, days in found.items()}

    @cached_property
    def settled(self) -> tuple[PanelState, datetime | None]:
        """Where the panel stood, and since when it was so settled; a new member unsettles it between sittings."""
        confirmed: datetime | None = None
        sitting = asked = False
        accepted: set[str] = set()
        for event in self.events:
            said, kind = event.document["public"], event.event_type
            sitting = {"sitting.convened": True, "sitting.closed": False}.get(kind, sitting)
            asked = asked or kind in {"seats.invited", "seat.accepted"}
            if kind == "panel.closed":
                return PanelState.CLOSED, event.occurred_at
            if kind == "panel.confirmed":
                confirmed = event.occurred_at
            elif not sitting and _unsettles(kind, said, accepted):
                confirmed = None
        if sitting:
            return PanelState.SITTING, confirmed
        if confirmed:
            return PanelState.CONFIRMED, confirmed
        return (PanelState.INVITED if asked else PanelState.PROPOSED), None

    @cached_property
    def days(self) -> Sequence[Day]:
        """Every sitting listed by then."""
        moved: dict[str, dict[date, datetime]] = {kind: {} for kind in DAYS}
        for event in self.events:
            if event.event_type in DAYS:
                on = date.fromisoformat(event.document["public"]["on"])
                moved[event.event_type][on] = event.occurred_at
        convened, closed = moved["sitting.convened"], moved["sitting.closed"]
        return [
            Day(row, convened.get(row.on), closed.get(row.on))
            for row in self.panel.sittings.order_by("on")
            if row.on in moved["sitting.listed"]
        ]

    @cached_property
    def items(self) -> Sequence[Item]:
        """Every item on the agenda of those sittings."""
        listed = {day.sitting.pk for day in self.days}
        rows = self.panel.items.select_related("organisation", "sitting").order_by("sitting", "number")
        return [row for row in rows if row.sitting_id in listed]

    @cached_property
    def facts(self) -> Mapping[int, Facts]:
        """What had been noted on each item; six queries."""
        found: defaultdict[int, Facts] = defaultdict(Facts)
        seen: dict[str, Any] = {"item__panel": self.panel, "event__lte": self.until.event}
        for each in Attendance.objects.filter(**seen).order_by("pk"):
            found[each.item_id].present[each.appointment_id] = each.present
        for left in Recusal.objects.filter(**seen):
            found[left.item_id].left[left.appointment_id] = left.reason
        for position in Position.objects.filter(**seen).select_related("entered_by").order_by("pk"):
            found[position.item_id].positions[position.appointment_id] = position
        for check in self.checks:
            if check.item_id is not None:
                found[check.item_id].checks[check.appointment_id] = check
        for composition in Composition.objects.filter(**seen):
            found[composition.item_id].composition = composition
        for outcome in Outcome.objects.filter(**seen):
            found[outcome.item_id].outcome = outcome
        return found

    @cached_property
    def checks(self) -> Sequence[DisinterestCheck]:
        """Every evaluation of the disinterest tests by then, oldest first, without its reasoning."""
        rows = DisinterestCheck.objects.filter(appointment__panel=self.panel, event__lte=self.until.event)
        return list(rows.defer("results").select_related("item").order_by("pk"))

    @cached_property
    def refusals(self) -> Sequence[Refusal]:
        """What was asked of the panel and refused by then, oldest first."""
        rows = Refusal.objects.filter(panel=self.panel, event__lte=self.until.event)
        return list(rows.select_related("person", "seat", "refused_to").order_by("pk"))

    @cached_property
    def objections(self) -> Sequence[Objection]:
        """The objections raised by then, oldest first."""
        rows = Objection.objects.filter(panel=self.panel, event__lte=self.until.event)
        return list(rows.select_related("person", "organisation", "raised_by").order_by("pk"))

    @cached_property
    def rulings(self) -> Sequence[Ruling]:
        """What the conflicts guardian had ruled by then, oldest first."""
        rows = Ruling.objects.filter(panel=self.panel, event__lte=self.until.event)
        return list(rows.select_related("person", "organisation", "ruled_by").order_by("pk"))

    @cached_property
    def orders(self) -> Mapping[int, AgendaOrder]:
        """The order of each agenda as it stood, by sitting."""
        rows = AgendaOrder.objects.filter(sitting__panel=self.panel, event__lte=self.until.event).order_by("pk")
        return {each.sitting_id: each for each in rows}

    @cached_property
    def notes(self) -> Sequence[MinuteNote]:
        """What had been added to the minutes, or signed, by then, oldest first."""
        rows = MinuteNote.objects.filter(sitting__panel=self.panel, event__lte=self.until.event)
        return list(rows.select_related("written_by").order_by("pk"))

    @cached_property
    def training(self) -> Mapping[int, Sequence[Accreditation]]:
        """The training on record, by person."""
        found: defaultdict[int, list[Accreditation]] = defaultdict(list)
        people = {each.appointment.person_id for each in self.holdings}
        for each in Accreditation.objects.filter(person__in=people).order_by("starts", "pk"):
            found[each.person_id].append(each)
        return found

    def trained(self, held: Holding, on: date) -> Accreditation | None:
        """The training that counts for somebody's seat on a day; None without one, or where none is asked."""
        rows = self.training.get(held.appointment.person_id, ())
        return next((each for each in rows if each.kind == held.seat.accreditation and each.covers(on)), None)

    def members(self, item: Item) -> dict[int, Member]:
        """Who sat for an item, as plain values for the rules, by appointment."""
        facts, on, day = self.facts[item.pk], timezone.localdate(self.until.at), item.sitting.on
        return {
            each.appointment.pk: Member(
                seat=each.appointment.seat.kind,
                required=each.appointment.seat.required,
                accepted=each.state == AppointmentState.ACCEPTED and not each.is_away(day),
                present=facts.present.get(each.appointment.pk, False),
                recused=each.appointment.pk in facts.left,
                effect=_effect(facts.checks.get(each.appointment.pk)),
                nominated_by=_nominated_by(each.appointment, on),
                accredited=not each.seat.accreditation or self.trained(each, day) is not None,
            )
            for each in self.holdings
        }

    def faults(self, item: Item) -> list[str]:
        """Why the panel could not hold an item then; empty when it could."""
        return sitting_faults(plan_of(self.panel), self.members(item).values())

    def voting_faults(self, item: Item) -> list[str]:
        """Why the panel could not decide an item then; empty when it could."""
        return deciding_faults(plan_of(self.panel), self.members(item).values())

    def state(self, item: Item) -> ItemState:
        """Where an item stood. Between opening and outcome it is stopped just while the panel is not competent."""
        if item.event_id <= self.until.event:
            return ItemState(item.state)
        facts = self.facts[item.pk]
        if facts.outcome:
            return ItemState.CLOSED
        if not facts.present:
            return ItemState.LISTED
        return ItemState.STOPPED if self.faults(item) else ItemState.OPEN


def _moves(events: Iterable[Event]) -> Iterable[tuple[tuple[int, str], int, AppointmentState | None, datetime]]:
    """Every move of an appointment: its place, its rank from then on, its new state (None: it took the seat)."""
    for event in events:
        if event.event_type == HANDED_ON or event.event_type in MOVES:
            for row in event.document["public"]["seats"]:
                place = (row["number"], row["person"])
                yield place, row.get("rank", 0), MOVES.get(event.event_type), event.occurred_at


def _unsettles(kind: str, said: Mapping[str, Any], accepted: set[str]) -> bool:
    """Whether an event changes who holds a seat, so that the panel is confirmed again; keeps who has accepted."""
    rows = said.get("seats", ())
    principal = any(row.get("rank", 0) == 0 for row in rows)
    if kind == "seat.accepted":
        accepted.update(row["person"] for row in rows)
        return principal
    if kind == "seat.stood_down":
        return principal and any(row["person"] in accepted for row in rows)
    return kind == HANDED_ON


def _effect(check: DisinterestCheck | None) -> Effect:
    return Effect(check.effect) if check else Effect.BARRED


def _nominated_by(appointment: Appointment, on: date) -> str:
    nomination = appointment.nomination
    return nomination.body.kind if nomination and nomination.covers(on) else ""
