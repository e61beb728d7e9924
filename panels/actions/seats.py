"""Filling, accepting, declining, handing on and vacating seats. Grants follow in the same transaction (I12)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from directory.actions import messages
from directory.models import Organisation, Person
from directory.queries import record_keepers, today
from directory.rows import NewMessage
from panels import grants
from panels.actions.declarations import keep_declaration
from panels.actions.items import settle_items
from panels.actions.panels import live_of
from panels.actions.refusals import noting
from panels.declared import declared
from panels.errors import PanelsRefused, SeatRefused
from panels.models import Appointment, AppointmentState, Item, Nomination, Panel, Seat
from panels.permissions import check_administers, check_own_seat, check_runs
from panels.policies import (
    barred_from_all,
    check_alive,
    check_body,
    check_capacity,
    check_day_free,
    check_heir,
    check_interests,
    check_keeps_no_record,
    check_nomination,
    check_nothing_said,
    check_seat_free,
    check_useful,
)
from panels.queries import answers_on_acceptance, examine, open_items, store_checks
from panels.seating import days_of, held_elsewhere, hold_still, load_of, rounds_of
from panels.states import APPOINTMENT

if TYPE_CHECKING:
    from datetime import date

    from audit.models import Event
    from panels.permissions import Actor
    from panels.rules import TestResult


@dataclass(frozen=True)
class Proposal:
    """Who is proposed for which seat, on whose nomination or appointment. rank: 0 the member, 1, 2, ... alternates."""

    seat: Seat
    person: Person
    appointed_by: Organisation
    nomination: Nomination | None = None
    rank: int = 0


@dataclass(frozen=True)
class Interest:
    """One declared interest; see `panels.models.interests.InterestKind`.

    starts: since when, or for a public statement its day; ends: the first day it no longer holds; None for not known.
    """

    kind: str
    organisation: Organisation | None = None
    statement: str = ""
    starts: date | None = None
    ends: date | None = None


@noting("fill_seats")
@transaction.atomic
def fill_seats(*, panel: Panel, proposals: Sequence[Proposal], by: Actor) -> list[Appointment]:
    """Propose people for seats. Each is tested against every listed item before the seat is offered.

    Raises SeatRefused, naming the person and the rule, for a taken place, a second seat, somebody the seat's own kind
    of organisation has not appointed, a keeper of the Board's record, a Coalition seat without a Coalition body's
    nomination or beyond its capacity, somebody who sits elsewhere that day, or a person barred from everything the
    panel has to judge.
    """
    check_administers(by)
    panel = _lock(panel.pk)
    if not proposals:
        raise SeatRefused(f"Nobody is proposed for {panel.ref}: name a person and a seat.")
    new = _proposed(panel, proposals)
    event = record(panel, "seats.proposed", by=by, ruleset=panel.ruleset, public={"seats": _public(new)})
    settle(panel)
    for appointment in new:
        appointment.event = event
    Appointment.objects.bulk_create(new)
    answers = examine(event, panel, new, open_items(panel), moment="proposed")
    for appointment in new:
        check_useful(appointment.seat, appointment.person, answers[appointment.pk])
    return new


def _lock(pk: int) -> Panel:
    panel = Panel.objects.select_for_update().get(pk=pk)
    check_alive(panel)
    return panel


def _proposed(panel: Panel, proposals: Sequence[Proposal]) -> list[Appointment]:
    hold_still(each.person.pk for each in proposals)
    taken = list(panel.appointments.select_related("seat", "person"))
    members = [each.person for each in proposals if each.rank == 0]
    days, elsewhere = days_of(panel), held_elsewhere(panel, [each.pk for each in members])
    rounds, keepers = rounds_of(panel), record_keepers()
    new: list[Appointment] = []
    for each in _reread(proposals):
        if each.seat.panel_id != panel.pk:
            raise SeatRefused(f"{each.seat} is not a seat of {panel.ref}.")
        with _about(each.person, each.seat):
            check_keeps_no_record(each.person, keepers)
            check_seat_free(each.seat, each.person, taken + new, rank=each.rank)
            check_nomination(each.nomination, each.seat, each.person, today())
            if each.nomination is None:
                check_body(each.seat, each.appointed_by)
            elif each.rank == 0:
                check_capacity(each.nomination, rounds, load_of(each.nomination, without=panel))
            if each.rank == 0:
                check_day_free(panel, [each.person], days, elsewhere)
        new.append(_appointment(panel, each))
    return new


def _reread(proposals: Sequence[Proposal]) -> list[Proposal]:
    """The proposals with their nominations as they stand now: whoever proposes may hold an old copy."""
    keys = [each.nomination.pk for each in proposals if each.nomination]
    rows = Nomination.objects.select_related("body", "person").in_bulk(keys)
    return [replace(each, nomination=rows[each.nomination.pk]) if each.nomination else each for each in proposals]


@contextmanager
def _about(person: Person, seat: Seat) -> Iterator[None]:
    """Whom a refusal is about, for the record of refusals."""
    try:
        yield
    except PanelsRefused as error:
        error.person, error.seat = error.person or person, error.seat or seat
        raise


def _appointment(panel: Panel, proposal: Proposal) -> Appointment:
    return Appointment(
        panel=panel,
        seat=proposal.seat,
        person=proposal.person,
        nomination=proposal.nomination,
        appointed_by=proposal.nomination.body if proposal.nomination else proposal.appointed_by,
        rank=proposal.rank,
        proposed_at=clock.now(),
    )


def _public(appointments: Iterable[Appointment]) -> list[dict[str, str | int]]:
    return [
        {
            "seat": each.seat.kind,
            "number": each.seat.number,
            "rank": each.rank,
            "person": each.person.stream,
            "by": each.appointed_by.code,
        }
        for each in appointments
    ]


@noting("invite")
@transaction.atomic
def invite(*, panel: Panel, appointments: Sequence[Appointment] | None = None, by: Actor) -> list[Appointment]:
    """Ask those proposed, all of them unless some are named, by a message with a link to the answer.

    Their papers stay closed until they accept and declare. Raises SeatRefused when nobody waits for an invitation, and
    for somebody who is not proposed for this panel, or no longer active.
    """
    check_administers(by)
    panel = _lock(panel.pk)
    proposed = [each for each in live_of(panel) if each.state in APPOINTMENT.open_to("invite")]
    if appointments is not None:
        wanted = {each.pk: each for each in appointments}
        for pk in wanted.keys() - {each.pk for each in proposed}:
            raise SeatRefused(f"{wanted[pk].person} is not proposed for {panel.ref} and waits for no invitation.")
        proposed = [each for each in proposed if each.pk in wanted]
    if not proposed:
        raise SeatRefused(f"Nobody proposed for {panel.ref} waits for an invitation: offer a seat first.")
    for each in proposed:
        if not each.person.is_active:
            raise SeatRefused(
                f"{each.person} is no longer active: stand them down first.", person=each.person, seat=each.seat
            )
    event = record(panel, "seats.invited", by=by, ruleset=panel.ruleset, public={"seats": _public(proposed)})
    settle(panel)
    after, now = APPOINTMENT.after("invite"), clock.now()
    Appointment.objects.filter(pk__in=[each.pk for each in proposed]).update(event=event, state=after, invited_at=now)
    for each in proposed:
        each.panel, each.event, each.state, each.invited_at = panel, event, after, now
    messages.write_many(event=event, rows=[_invitation(panel, each, days_of(panel)) for each in proposed])
    return proposed


def _invitation(panel: Panel, each: Appointment, days: Sequence[date]) -> NewMessage:
    when = ", ".join(f"{on.day} {on:%B %Y}" for on in days) or "no day is listed yet"
    return NewMessage(
        to=each.person,
        kind="panel.invited",
        subject=f"You are asked to sit on {panel.ref}",
        text=(
            f"{each.appointed_by.name} proposes you for {panel.title}: {each.place}. It sits on: {when}. Say what "
            "could bind you to a case before it, or that nothing does, and take the seat or decline it. The papers "
            "open when you have accepted."
        ),
        link=f"/panels/{panel.ref}/answer/{each.pk}/",
        about=panel.stream,
    )


@noting("accept_seat")
@transaction.atomic
def accept_seat(*, appointment: Appointment, by: Person, interests: Sequence[Interest] = ()) -> Appointment:
    """The person invited declares their interests and accepts. No interests is a nil return, recorded as one.

    A declaration is kept whatever it says. One that bars from everything the panel has to judge leaves the seat free:
    the appointment that comes back is declined. Raises SeatRefused when the nomination for the Coalition seat no
    longer stands or has been used up, and for an interest that cannot be meant.
    """
    check_own_seat(by, appointment)
    panel = _lock(appointment.panel_id)
    appointment = _locked(appointment, "accept_seat")
    appointment.panel = panel
    hold_still([appointment.person_id])
    check_nomination(appointment.nomination, appointment.seat, appointment.person, today())
    if appointment.nomination and appointment.rank == 0:
        load = load_of(appointment.nomination, without=panel)
        check_capacity(appointment.nomination, rounds_of(panel), load)
    check_interests(interests, today())
    listed = open_items(panel)
    answers = answers_on_acceptance(appointment, listed, interests)
    bar = barred_from_all(answers)
    if not bar and appointment.rank == 0:
        _unsettle(panel)
    event = _answered(panel, appointment, by, interests, bar)
    keep_declaration(event, panel, by, interests)
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


def _unsettle(panel: Panel) -> None:
    """A panel whose members change is confirmed again before it next sits; `settle` writes it."""
    if not panel.sittings.filter(convened_at__isnull=False, closed_at__isnull=True).exists():
        panel.confirmed_at = None


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
        private={"interest": declared(interests)} if interests else None,
    )
    settle(panel)
    return event


@noting("declare_again")
@transaction.atomic
def declare_again(*, appointment: Appointment, by: Person, interests: Sequence[Interest] = ()) -> Appointment:
    """A member renews their declaration before it is too old (D14), or adds an interest; they are tested again."""
    check_own_seat(by, appointment)
    panel = _lock(appointment.panel_id)
    appointment = _locked(appointment, "declare_again")
    check_interests(interests, today())
    event = record(
        panel,
        "interests.declared",
        by=by,
        ruleset=panel.ruleset,
        public={"seats": _public([appointment]), "declared": len(interests)},
        private={"interest": declared(interests)} if interests else None,
    )
    settle(panel)
    keep_declaration(event, panel, by, interests)
    examine(event, panel, [appointment], open_items(panel), moment="declared")
    settle_items(event, panel)
    return appointment


def _locked(appointment: Appointment, act: str) -> Appointment:
    """The appointment as it stands under the panel's lock; SeatRefused when the act is not possible any more."""
    rows = Appointment.objects.select_related("seat", "person", "appointed_by", "nomination__body")
    fresh = rows.get(pk=appointment.pk)
    if fresh.state not in APPOINTMENT.open_to(act):
        raise SeatRefused(
            f"The seat of {fresh.place} offered to {fresh.person} is {fresh.get_state_display().lower()}: "
            "open the panel again to see where it stands."
        )
    return fresh


@noting("decline_seat")
@transaction.atomic
def decline_seat(*, appointment: Appointment, by: Person, reason: str = "") -> Appointment:
    """The person invited says no; the seat is free again."""
    check_own_seat(by, appointment)
    return _vacate(appointment, by, "decline_seat", "seat.declined", reason)


@noting("stand_down")
@transaction.atomic
def stand_down(*, appointment: Appointment, by: Actor, reason: str) -> Appointment:
    """A member leaves the panel. Nothing they did is undone; the seat is free and their grant is gone.

    Raises SeatRefused without a reason, and while an item is open: the member is recused first, or the item stopped.
    """
    if by == "system" or by.pk != appointment.person_id:
        check_administers(by)
    if not reason.strip():
        raise SeatRefused("Say why the member stands down: the reason is part of the record.")
    return _vacate(appointment, by, "stand_down", "seat.stood_down", reason)


def _vacate(appointment: Appointment, by: Actor, act: str, kind: str, reason: str) -> Appointment:
    panel = _lock(appointment.panel_id)
    appointment = _locked(appointment, act)
    held = appointment.state == AppointmentState.ACCEPTED
    if held and Item.objects.filter(panel=panel, state="open").exists():
        raise SeatRefused(f"An item is open before {panel.ref}: recuse the member or close the item first.")
    if by == "system" or by.pk != appointment.person_id:
        check_nothing_said(appointment)
    if held and appointment.rank == 0:
        _unsettle(panel)
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


@noting("substitute")
@transaction.atomic
def substitute(*, seat: Seat, by: Actor) -> Appointment:
    """A seat nobody holds passes to its first accepted alternate, who is tested again and told.

    Possible while an item is stopped for want of the seat; the alternate then arrives like any member. Raises
    SeatRefused while the seat is held, when no alternate has accepted, and when the alternate may not take it: no
    nomination any more, none to spare in the round, on another panel that day, or barred from every case.
    """
    check_runs(by, seat.panel)
    panel = _lock(seat.panel_id)
    heir = check_heir(seat, [each for each in live_of(panel) if each.seat_id == seat.pk])
    heir.panel = panel
    hold_still([heir.person_id])
    with _about(heir.person, seat):
        check_nomination(heir.nomination, heir.seat, heir.person, today())
        if heir.nomination:
            check_capacity(heir.nomination, rounds_of(panel), load_of(heir.nomination, without=panel))
        check_day_free(panel, [heir.person], days_of(panel), held_elsewhere(panel, [heir.person_id]))
    APPOINTMENT.check("substitute", heir.state, heir.state)
    _unsettle(panel)
    heir.rank = 0
    event = record(panel, "seat.handed_on", by=by, ruleset=panel.ruleset, public={"seats": _public([heir])})
    settle(panel)
    heir.event = event
    heir.save(update_fields=["event", "rank"])
    answers = examine(event, panel, [heir], open_items(panel), moment="substituted")
    check_useful(heir.seat, heir.person, answers[heir.pk])
    messages.write(
        event=event,
        to=heir.person,
        kind="panel.handed_on",
        subject=f"You now hold a seat on {panel.ref}",
        text=f"The seat of {heir.seat.title} on {panel.title} has passed to you, its first alternate.",
        link=f"/panels/{panel.ref}/",
        about=panel.stream,
    )
    return heir
