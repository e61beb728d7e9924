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
    Appointment,
    AppointmentState,
    Attendance,
    Composition,
    DisinterestCheck,
    Item,
    ItemState,
    Outcome,
    Panel,
    Position,
    Recusal,
    Seat,
    Sitting,
)
from panels.queries import plan_of
from panels.rules import Effect, Member, competence_faults
from panels.states import SittingState

MOVES: Mapping[str, AppointmentState] = {
    "seats.proposed": AppointmentState.PROPOSED,
    "seat.accepted": AppointmentState.ACCEPTED,
    "seat.declined": AppointmentState.DECLINED,
    "seat.stood_down": AppointmentState.STOOD_DOWN,
}
DAYS = frozenset({"sitting.listed", "sitting.convened", "sitting.closed"})


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
    """An appointment with every state it had been in by the moment, and since when."""

    appointment: Appointment
    steps: Sequence[tuple[AppointmentState, datetime]]

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
        return self.state in {AppointmentState.PROPOSED, AppointmentState.ACCEPTED}


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
            stream=self.panel.stream, stream_seq__lte=self.until.number, event_type__in=[*MOVES, *DAYS]
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
        for place, state, at in _moves(self.events):
            if state is AppointmentState.PROPOSED:
                standing[place] = waiting[place].pop()
            steps[standing[place].pk].append((state, at))
        found = [Holding(row, steps[row.pk]) for row in newest_first if row.pk in steps]
        return sorted(found, key=lambda each: (each.appointment.seat.number, each.appointment.pk))

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
        for position in Position.objects.filter(**seen):
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

    def members(self, item: Item) -> dict[int, Member]:
        """Who sat for an item, as plain values for the rules, by appointment."""
        facts, on = self.facts[item.pk], timezone.localdate(self.until.at)
        return {
            each.appointment.pk: Member(
                seat=each.appointment.seat.kind,
                required=each.appointment.seat.required,
                accepted=each.state == AppointmentState.ACCEPTED,
                present=facts.present.get(each.appointment.pk, False),
                recused=each.appointment.pk in facts.left,
                effect=_effect(facts.checks.get(each.appointment.pk)),
                nominated_by=_nominated_by(each.appointment, on),
            )
            for each in self.holdings
        }

    def faults(self, item: Item) -> list[str]:
        """Why the panel was not competent for an item then; empty when it was."""
        return competence_faults(plan_of(self.panel), self.members(item).values())

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


def _moves(events: Iterable[Event]) -> Iterable[tuple[tuple[int, str], AppointmentState, datetime]]:
    for event in events:
        if state := MOVES.get(event.event_type):
            for row in event.document["public"]["seats"]:
                yield (row["number"], row["person"]), state, event.occurred_at


def _effect(check: DisinterestCheck | None) -> Effect:
    return Effect(check.effect) if check else Effect.BARRED


def _nominated_by(appointment: Appointment, on: date) -> str:
    nomination = appointment.nomination
    return nomination.body.kind if nomination and nomination.covers(on) else ""
