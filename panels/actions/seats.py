"""Filling, accepting, declining and vacating seats. Grants follow in the same transaction (I12)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from directory.models import Organisation, Person
from directory.queries import today
from panels import grants
from panels.errors import SeatRefused
from panels.models import Appointment, AppointmentState, Declaration, Item, Nomination, Panel, Seat
from panels.permissions import check_administers, check_own_seat
from panels.policies import barred_from_all, check_interests, check_nomination, check_seat_free, check_useful
from panels.queries import answers_on_acceptance, examine, open_items, store_checks
from panels.states import APPOINTMENT

if TYPE_CHECKING:
    from audit.models import Event
    from panels.permissions import Actor
    from panels.rules import TestResult


@dataclass(frozen=True)
class Proposal:
    """Who is proposed for which seat, on whose nomination or appointment."""

    seat: Seat
    person: Person
    appointed_by: Organisation
    nomination: Nomination | None = None


@dataclass(frozen=True)
class Interest:
    """One declared interest; see `panels.models.interests.InterestKind`."""

    kind: str
    organisation: Organisation | None = None
    statement: str = ""
    starts: date | None = None
    ends: date | None = None


@transaction.atomic
def fill_seats(*, panel: Panel, proposals: Sequence[Proposal], by: Actor) -> list[Appointment]:
    """Propose people for seats. Each is tested against every listed item before the seat is offered.

    Raises SeatRefused, naming the person and the rule, for a taken seat, a second seat, a Coalition seat without a
    Coalition body's nomination, or a person barred from everything the panel has to judge.
    """
    check_administers(by)
    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    taken = list(panel.appointments.select_related("seat", "person"))
    new: list[Appointment] = []
    for each in proposals:
        if each.seat.panel_id != panel.pk:
            raise SeatRefused(f"{each.seat} is not a seat of {panel.ref}.")
        check_seat_free(each.seat, each.person, taken + new)
        check_nomination(each.nomination, each.seat, each.person, today())
        new.append(_appointment(panel, each))
    if not new:
        raise SeatRefused(f"Nobody is proposed for {panel.ref}: name a person and a seat.")
    event = record(panel, "seats.proposed", by=by, ruleset=panel.ruleset, public={"seats": _public(new)})
    settle(panel)
    for appointment in new:
        appointment.event = event
    Appointment.objects.bulk_create(new)
    answers = examine(event, panel, new, open_items(panel), moment="proposed")
    for appointment in new:
        check_useful(appointment.seat, appointment.person, answers[appointment.pk])
    return new


def _appointment(panel: Panel, proposal: Proposal) -> Appointment:
    return Appointment(
        panel=panel,
        seat=proposal.seat,
        person=proposal.person,
        nomination=proposal.nomination,
        appointed_by=proposal.nomination.body if proposal.nomination else proposal.appointed_by,
        proposed_at=clock.now(),
    )


def _public(appointments: Iterable[Appointment]) -> list[dict[str, str | int]]:
    return [
        {
            "seat": each.seat.kind,
            "number": each.seat.number,
            "person": each.person.stream,
            "by": each.appointed_by.code,
        }
        for each in appointments
    ]


@transaction.atomic
def accept_seat(*, appointment: Appointment, by: Person, interests: Sequence[Interest] = ()) -> Appointment:
    """The person proposed declares their interests and accepts. No interests is a nil return, recorded as one.

    A declaration is kept whatever it says. One that bars from everything the panel has to judge leaves the seat free:
    the appointment that comes back is declined. Raises SeatRefused when the nomination for the Coalition seat no
    longer stands.
    """
    check_own_seat(by, appointment)
    panel = Panel.objects.select_for_update().get(pk=appointment.panel_id)
    appointment = _locked(appointment, "accept_seat")
    appointment.panel = panel
    check_nomination(appointment.nomination, appointment.seat, appointment.person, today())
    check_interests(interests)
    listed = open_items(panel)
    answers = answers_on_acceptance(appointment, listed, interests)
    bar = barred_from_all(answers)
    event = _answered(panel, appointment, by, interests, bar)
    _declare(event, panel, by, interests)
    store_checks(
        event,
        "accepted",
        [(appointment, item, results) for item, results in zip(listed, answers, strict=True)],
        clock.now(),
    )
    after = AppointmentState.DECLINED if bar else AppointmentState.ACCEPTED
    APPOINTMENT.check("accept_seat", appointment.state, after)
    appointment.event, appointment.state, appointment.answered_at = event, after, clock.now()
    appointment.save()
    if not bar:
        grants.give_seat(appointment)
    return appointment


def _answered(
    panel: Panel, appointment: Appointment, by: Person, interests: Sequence[Interest], bar: TestResult | None
) -> Event:
    public: dict[str, Any] = {"seats": _public([appointment]), "declared": len(interests)}
    event = record(
        panel,
        "seat.declined" if bar else "seat.accepted",
        by=by,
        ruleset=panel.ruleset,
        public=public | {"barred_by": bar.rule} if bar else public,
        private=_statements(interests),
    )
    settle(panel)
    return event


def _statements(interests: Sequence[Interest]) -> dict[str, Any] | None:
    return {"interest": {"statements": [each.statement for each in interests]}} if interests else None


@transaction.atomic
def declare_again(*, appointment: Appointment, by: Person, interests: Sequence[Interest] = ()) -> Appointment:
    """A member renews their declaration before it is too old (D14), or adds an interest; they are tested again."""
    check_own_seat(by, appointment)
    panel = Panel.objects.select_for_update().get(pk=appointment.panel_id)
    appointment = _locked(appointment, "declare_again")
    check_interests(interests)
    event = record(
        panel,
        "interests.declared",
        by=by,
        ruleset=panel.ruleset,
        public={"seats": _public([appointment]), "declared": len(interests)},
        private=_statements(interests),
    )
    settle(panel)
    _declare(event, panel, by, interests)
    examine(event, panel, [appointment], open_items(panel), moment="declared")
    return appointment


def _declare(event: Event, panel: Panel, person: Person, interests: Sequence[Interest]) -> None:
    lines = [
        Declaration(
            nil=False,
            kind=each.kind,
            organisation=each.organisation,
            statement=each.statement,
            starts=each.starts,
            ends=each.ends,
        )
        for each in interests
    ] or [Declaration(nil=True)]
    for line in lines:
        line.event, line.panel, line.person, line.made_at = event, panel, person, clock.now()
    Declaration.objects.bulk_create(lines)


def _locked(appointment: Appointment, act: str) -> Appointment:
    """The appointment as it stands under the panel's lock; SeatRefused when the act is not possible any more."""
    rows = Appointment.objects.select_related("seat", "person", "appointed_by", "nomination__body")
    fresh = rows.get(pk=appointment.pk)
    if fresh.state not in APPOINTMENT.open_to(act):
        raise SeatRefused(
            f"The seat of {fresh.seat.title} offered to {fresh.person} is {fresh.get_state_display().lower()}: "
            "open the panel again to see where it stands."
        )
    return fresh


@transaction.atomic
def decline_seat(*, appointment: Appointment, by: Person, reason: str = "") -> Appointment:
    """The person proposed says no; the seat is free again."""
    check_own_seat(by, appointment)
    return _vacate(appointment, by, "decline_seat", "seat.declined", reason)


@transaction.atomic
def stand_down(*, appointment: Appointment, by: Actor, reason: str) -> Appointment:
    """A member leaves the panel. Nothing they did is undone; the seat is free and their grant is gone."""
    if by == "system" or by.pk != appointment.person_id:
        check_administers(by)
    if not reason.strip():
        raise SeatRefused("Say why the member stands down: the reason is part of the record.")
    return _vacate(appointment, by, "stand_down", "seat.stood_down", reason)


def _vacate(appointment: Appointment, by: Actor, act: str, kind: str, reason: str) -> Appointment:
    panel = Panel.objects.select_for_update().get(pk=appointment.panel_id)
    appointment = _locked(appointment, act)
    if Item.objects.filter(panel=panel, state="open").exists():
        raise SeatRefused(f"An item is open before {panel.ref}: recuse the member or close the item first.")
    event = record(
        panel,
        kind,
        by=by,
        ruleset=panel.ruleset,
        public={"seats": _public([appointment])},
        private={"free_text": {"reason": reason}} if reason else None,
    )
    settle(panel)
    appointment.event, appointment.state, appointment.answered_at = event, APPOINTMENT.after(act), clock.now()
    appointment.save()
    grants.take_seat(appointment)
    return appointment
