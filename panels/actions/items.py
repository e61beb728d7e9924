"""Items of the agenda: open, recuse, arrive, decide."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from audit.canonical import canonical
from directory.queries import today
from panels import facts
from panels.errors import NotCompetent, SittingRefused
from panels.models import (
    Appointment,
    Attendance,
    Composition,
    Item,
    ItemState,
    Outcome,
    Panel,
    Position,
    Recusal,
    Stance,
)
from panels.permissions import check_runs_item
from panels.policies import check_competent, check_deciding
from panels.queries import accepted, members, plan_of, present_by_appointment, recused, store_checks
from panels.rules import COALITION_SEAT, Effect, Member, SeatPlan, TestResult, competence_faults, verdict
from panels.states import ITEM, SittingState

if TYPE_CHECKING:
    from audit.models import Event
    from panels.permissions import Actor


REASON_LENGTH = 400
OUTCOME_LENGTH = 40


@dataclass(frozen=True)
class Said:
    """The position of one seat and its reasons."""

    stance: Stance
    reasons: str = ""


def _lock_item(item: Item, act: str) -> tuple[Panel, Item]:
    panel = Panel.objects.select_for_update().get(pk=item.panel_id)
    fresh = Item.objects.select_related("sitting", "organisation").get(pk=item.pk)
    fresh.panel = panel
    if fresh.state not in (states := ITEM.open_to(act)):
        raise SittingRefused(
            f"{fresh.case_ref} is {fresh.get_state_display().lower()} before {panel.ref}: "
            f"this needs it to be {' or '.join(state.label.lower() for state in states)}."
        )
    if fresh.sitting.state == SittingState.OVER:
        raise SittingRefused(f"{fresh.sitting} is over: list {fresh.case_ref} for another day of {panel.ref}.")
    return panel, fresh


def _check_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise SittingRefused(f"Say why {what}: the reason is part of the record.")
    if len(reason) > REASON_LENGTH:
        raise SittingRefused(f"The reason is longer than {REASON_LENGTH} characters: shorten it.")


def _check_member(panel: Panel, appointments: Sequence[Appointment], appointment: Appointment) -> None:
    if appointment.pk not in {each.pk for each in appointments}:
        raise SittingRefused(f"{appointment.person} holds no accepted seat on {panel.ref}.")


def _check_active(item: Item, appointment: Appointment) -> None:
    """Raise NotCompetent for a member shut out since; they hold their seat until somebody stands them down."""
    if not appointment.person.is_active:
        raise NotCompetent(
            f"{appointment.person} is no longer active and does not sit on {item.case_ref}: note that they are not "
            "in the room."
        )


@transaction.atomic
def open_item(*, item: Item, present: Iterable[Appointment], by: Actor) -> Item:
    """Take an item: note who is present, test everyone, and let the barred leave the room, with the reason kept.

    Raises NotCompetent, and changes nothing, when no Coalition representative is left or quorum fails (I1, I3).
    """
    panel, item = _lock_item(item, "open_item")
    check_runs_item(by, item)
    if item.sitting.state != SittingState.IN_SESSION:
        raise SittingRefused(f"{item.sitting} is not convened yet: convene it before opening {item.case_ref}.")
    plan, appointments, now = plan_of(panel), accepted(panel), clock.now()
    here = {each.pk: False for each in appointments} | {each.pk: True for each in present}
    if strangers := here.keys() - {each.pk for each in appointments}:
        raise SittingRefused(f"{len(strangers)} of those noted as present hold no accepted seat on {panel.ref}.")
    results = _tests(plan, panel, item, appointments)
    barred = {each.pk for each in appointments if here[each.pk] and _effect(results[each.pk]) is Effect.BARRED}
    check_competent(plan, _members(item, appointments, here, barred, results), case_ref=item.case_ref)
    for each in appointments:
        if here[each.pk]:
            _check_active(item, each)
    event = record(
        panel,
        "item.opened",
        by=by,
        ruleset=panel.ruleset,
        public={"case": item.case_ref, "members": _roll(appointments, here, barred, results)},
    )
    settle(panel)
    Attendance.objects.bulk_create(
        Attendance(event=event, item=item, appointment=each, present=here[each.pk], noted_at=now)
        for each in appointments
    )
    store_checks(event, "opened", [(each, item, results[each.pk]) for each in appointments], now)
    Recusal.objects.bulk_create(
        Recusal(event=event, item=item, appointment=each, reason=verdict(results[each.pk]).sentence, recused_at=now)
        for each in appointments
        if each.pk in barred
    )
    return _move(item, event, "open_item", ITEM.after("open_item"))


def _tests(
    plan: SeatPlan, panel: Panel, item: Item, appointments: Sequence[Appointment]
) -> dict[int, list[TestResult]]:
    known = facts.member_facts(panel, [each.person_id for each in appointments])
    case = facts.case_facts([item.organisation], today())[item.organisation_id]
    return facts.evaluate_all(plan, appointments, known, case, clock.now())


def _effect(results: Sequence[TestResult]) -> Effect:
    return verdict(results).effect


def _members(
    item: Item,
    appointments: Sequence[Appointment],
    here: Mapping[int, bool],
    out: set[int],
    results: Mapping[int, Sequence[TestResult]],
) -> list[Member]:
    effects = {key: _effect(each) for key, each in results.items()}
    # The day it is, and the day that is on record, should the panel meet on another.
    return members(appointments, present=here, recused=out, effects=effects, on=(today(), item.sitting.on))


def _roll(
    appointments: Sequence[Appointment],
    here: Mapping[int, bool],
    out: set[int],
    results: Mapping[int, Sequence[TestResult]],
) -> list[dict[str, Any]]:
    """Who sat where, for the event: enough to check the Coalition seat and quorum without the database."""
    return [
        {
            "seat": each.seat.kind,
            "person": each.person.stream,
            "by": each.appointed_by.code,
            "present": here.get(each.pk, False),
            "recused": each.pk in out,
            "effect": _effect(results[each.pk]).value,
            "rule": verdict(results[each.pk]).rule if _effect(results[each.pk]) is not Effect.CLEAR else "",
        }
        for each in appointments
    ]


def _move(item: Item, event: Event, act: str, state: ItemState) -> Item:
    ITEM.check(act, item.state, state)
    item.event, item.state = event, state
    if state == ItemState.OPEN and item.opened_at is None:
        item.opened_at = clock.now()
    if state == ItemState.CLOSED:
        item.closed_at = clock.now()
    item.save()
    return item


@transaction.atomic
def recuse(*, item: Item, appointment: Appointment, reason: str, by: Actor) -> Item:
    """A member leaves the room. When that empties the Coalition seat, or breaks quorum, the item stops at once (I3)."""
    panel, item = _lock_item(item, "recuse")
    if by == "system" or by.pk != appointment.person_id:
        check_runs_item(by, item)
    appointments, out = accepted(panel), recused(item)
    _check_member(panel, appointments, appointment)
    _check_reason(reason, "the member leaves")
    if appointment.pk in out:
        raise SittingRefused(f"{appointment.person} has left the room for {item.case_ref} already.")
    results = _tests(plan_of(panel), panel, item, appointments)
    roll = _members(item, appointments, present_by_appointment(item), out | {appointment.pk}, results)
    stops = bool(competence_faults(plan_of(panel), roll))
    event = record(
        panel,
        "member.recused",
        by=by,
        ruleset=panel.ruleset,
        public={"case": item.case_ref, "person": appointment.person.stream, "stops": stops},
        private={"interest": {"reason": reason}},
    )
    settle(panel)
    Recusal.objects.create(event=event, item=item, appointment=appointment, reason=reason, recused_at=clock.now())
    return _move(item, event, "recuse", ItemState.STOPPED if stops else ItemState(item.state))


@transaction.atomic
def note_arrival(*, item: Item, appointment: Appointment, by: Actor) -> Item:
    """A member joins an item late; a stopped item goes on when the panel is competent again."""
    panel, item = _lock_item(item, "note_arrival")
    check_runs_item(by, item)
    plan, appointments, now = plan_of(panel), accepted(panel), clock.now()
    _check_member(panel, appointments, appointment)
    if appointment.pk in recused(item):
        raise SittingRefused(f"{appointment.person} left the room for {item.case_ref} and stays out of it.")
    _check_active(item, appointment)
    results = _tests(plan, panel, item, appointments)
    decisive = verdict(results[appointment.pk])
    if decisive.effect is Effect.BARRED:
        raise NotCompetent(f"{appointment.person} may not join {item.case_ref}. {decisive.sentence}")
    here = present_by_appointment(item) | {appointment.pk: True}
    stays = competence_faults(plan, _members(item, appointments, here, recused(item), results))
    event = record(
        panel,
        "member.arrived",
        by=by,
        ruleset=panel.ruleset,
        public={"case": item.case_ref, "person": appointment.person.stream},
    )
    settle(panel)
    Attendance.objects.create(event=event, item=item, appointment=appointment, present=True, noted_at=now)
    store_checks(event, "opened", [(appointment, item, results[appointment.pk])], now)
    return _move(item, event, "note_arrival", ItemState.STOPPED if stays else ItemState.OPEN)


@transaction.atomic
def note_departure(*, item: Item, appointment: Appointment, by: Actor) -> Item:
    """A member goes without an interest to declare. The item stops at once when that leaves it incompetent (I3)."""
    panel, item = _lock_item(item, "note_departure")
    check_runs_item(by, item)
    plan, appointments, now = plan_of(panel), accepted(panel), clock.now()
    _check_member(panel, appointments, appointment)
    here = present_by_appointment(item)
    if not here.get(appointment.pk):
        raise SittingRefused(f"{appointment.person} is not in the room for {item.case_ref}.")
    results = _tests(plan, panel, item, appointments)
    roll = _members(item, appointments, here | {appointment.pk: False}, recused(item), results)
    stops = bool(competence_faults(plan, roll))
    event = record(
        panel,
        "member.departed",
        by=by,
        ruleset=panel.ruleset,
        public={"case": item.case_ref, "person": appointment.person.stream, "stops": stops},
    )
    settle(panel)
    Attendance.objects.create(event=event, item=item, appointment=appointment, present=False, noted_at=now)
    return _move(item, event, "note_departure", ItemState.STOPPED if stops else ItemState(item.state))


@transaction.atomic
def decide_item(*, item: Item, outcome: str, reasons: str, positions: Mapping[int, Said], by: Actor) -> Outcome:
    """Record the positions by appointment key, the composition and the outcome, and close the item.

    Everyone is tested again. Raises NotCompetent when the panel is no longer competent, a counted member's position
    is missing, someone who does not count took one, or the outcome is not carried (I1, I2, I3).
    """
    panel, item = _lock_item(item, "decide_item")
    check_runs_item(by, item)
    if not reasons.strip():
        raise SittingRefused(f"Give the panel's reasons for its outcome on {item.case_ref}.")
    if not 0 < len(outcome.strip()) <= OUTCOME_LENGTH:
        raise SittingRefused(f"Name the outcome on {item.case_ref} in 1 to {OUTCOME_LENGTH} characters.")
    plan, appointments, now = plan_of(panel), accepted(panel), clock.now()
    here, out = present_by_appointment(item), recused(item)
    results = _tests(plan, panel, item, appointments)
    roll = _members(item, appointments, here, out, results)
    check_competent(plan, roll, case_ref=item.case_ref)
    check_deciding(plan, roll, case_ref=item.case_ref)
    _check_positions(item, dict(zip((each.pk for each in appointments), roll, strict=True)), positions, appointments)
    body = {
        "ruleset": panel.ruleset,
        "quorum": {"needed": plan.quorum_to_decide, "counted": sum(member.counts for member in roll)},
        "members": _composed(appointments, here, out, results, positions),
    }
    sha256 = hashlib.sha256(canonical(body, "composition")).hexdigest()
    event = record(
        panel,
        "item.decided",
        by=by,
        ruleset=panel.ruleset,
        public={"case": item.case_ref, "outcome": outcome, "composition": body, "composition_sha256": sha256},
        private={"free_text": {"reasons": reasons, "positions": [said.reasons for said in positions.values()]}},
    )
    settle(panel)
    store_checks(event, "decided", [(each, item, results[each.pk]) for each in appointments], now)
    Position.objects.bulk_create(
        Position(event=event, item=item, appointment_id=key, stance=said.stance, reasons=said.reasons, taken_at=now)
        for key, said in positions.items()
    )
    composition = Composition.objects.create(event=event, item=item, body=body, sha256=sha256, stored_at=now)
    reached = Outcome.objects.create(
        event=event, item=item, composition=composition, outcome=outcome, reasons=reasons, reached_at=now
    )
    _move(item, event, "decide_item", ITEM.after("decide_item"))
    return reached


def _check_positions(
    item: Item, roll: Mapping[int, Member], positions: Mapping[int, Said], appointments: Sequence[Appointment]
) -> None:
    for each in appointments:
        member = roll[each.pk]
        if member.present and not member.recused:
            _check_active(item, each)
        if member.counts and each.pk not in positions:
            raise NotCompetent(f"The position of {each.person}, {each.seat.title}, on {item.case_ref} is missing.")
        if not member.counts and each.pk in positions:
            raise NotCompetent(f"{each.person} does not count for {item.case_ref} and may not take a position.")
    if strangers := positions.keys() - roll.keys():
        raise NotCompetent(f"{len(strangers)} positions on {item.case_ref} come from nobody on the panel.")
    stances = [said.stance for said in positions.values()]
    if stances.count(Stance.CONCUR) <= stances.count(Stance.DISSENT):
        raise NotCompetent(
            f"The outcome on {item.case_ref} is not carried: {stances.count(Stance.CONCUR)} concur and "
            f"{stances.count(Stance.DISSENT)} dissent. Record the outcome the panel did reach."
        )
    for key, said in positions.items():
        if said.stance == Stance.DISSENT and not said.reasons.strip():
            raise NotCompetent(f"A dissent on {item.case_ref} needs its reasons (appointment {key}).")


def _composed(
    appointments: Sequence[Appointment],
    here: Mapping[int, bool],
    out: set[int],
    results: Mapping[int, Sequence[TestResult]],
    positions: Mapping[int, Said],
) -> list[dict[str, Any]]:
    roll = _roll(appointments, here, out, results)
    for row, each in zip(roll, appointments, strict=True):
        row["number"] = each.seat.number
        row["required"] = each.seat.required
        row["stance"] = positions[each.pk].stance.value if each.pk in positions else ""
        row["coalition"] = each.seat.kind == COALITION_SEAT
    return roll
