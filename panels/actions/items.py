"""Items of the agenda: open, leave, arrive, declare at the table, decide."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from audit.canonical import canonical
from directory.queries import today
from panels.actions.declarations import keep_declaration
from panels.actions.refusals import noting
from panels.composition import composed, roll
from panels.declared import declared
from panels.errors import SittingRefused
from panels.grounds import grounds
from panels.models import (
    STOPPED,
    Appointment,
    Attendance,
    Composition,
    Item,
    ItemState,
    Outcome,
    Panel,
    Recusal,
    Stance,
)
from panels.permissions import check_own_seat, check_runs_item
from panels.policies import check_competent, check_deciding, check_interests
from panels.policies.rooms import (
    check_alone,
    check_arrival,
    check_carried,
    check_not_put_out,
    check_position_stands,
    check_positions,
    check_presence,
)
from panels.queries import examine, open_items, store_checks
from panels.room import Room, positions, room
from panels.states import ITEM, SittingState

if TYPE_CHECKING:
    from audit.models import Event
    from panels.actions.seats import Interest
    from panels.permissions import Actor


REASON_LENGTH = 400
OUTCOME_LENGTH = 40


@dataclass(frozen=True)
class Said:
    """The position of one seat and its reasons."""

    stance: Stance
    reasons: str = ""


def lock_item(item: Item, act: str) -> tuple[Panel, Item]:
    """The item as it stands under its panel's lock; SittingRefused when the act is not possible any more."""
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


def _member(now: Room, appointment: Appointment) -> Appointment:
    """The accepted appointment as it stands; SittingRefused when there is none."""
    found = [each for each in now.appointments if each.pk == appointment.pk]
    if not found:
        raise SittingRefused(f"{appointment.person} holds no accepted seat on {now.panel.ref}.")
    return found[0]


def _move(item: Item, event: Event, act: str, state: ItemState) -> Item:
    ITEM.check(act, item.state, state)
    item.event, item.state = event, state
    if state == ItemState.OPEN and item.opened_at is None:
        item.opened_at = clock.now()
    if state == ItemState.CLOSED:
        item.closed_at = clock.now()
    item.save()
    return item


def _stopped_if(item: Item, *, stops: bool) -> ItemState:
    return ItemState.STOPPED if stops else ItemState(item.state)


@noting("open_item")
@transaction.atomic
def open_item(*, item: Item, present: Iterable[Appointment], by: Actor) -> Item:
    """Take an item: note who is present, test everyone, and let the barred leave the room, with the reason kept.

    Raises NotCompetent, and changes nothing, when no Coalition representative is left or quorum fails (I1, I3), when
    two would sit in one seat, or when an objection to somebody present waits for the conflicts guardian; SittingRefused
    while another item is open at the same sitting: a room takes one case at a time.
    """
    panel, item = lock_item(item, "open_item")
    check_runs_item(by, item)
    if item.sitting.state != SittingState.IN_SESSION:
        raise SittingRefused(f"{item.sitting} is not convened yet: convene it before opening {item.case_ref}.")
    check_alone(item, "you open another")
    now, here = room(panel, item), {each.pk for each in present}
    if strangers := here - {each.pk for each in now.appointments}:
        raise SittingRefused(f"{len(strangers)} of those noted as present hold no accepted seat on {panel.ref}.")
    barred = [each for each in now.appointments if each.pk in here and now.barred(each)]
    now = now.after(noted=_noted(now, here), out=frozenset(each.pk for each in barred))
    check_presence(now)
    check_competent(now.plan, now.members.values(), case_ref=item.case_ref)
    event = record(
        panel,
        "item.opened",
        by=by,
        ruleset=panel.ruleset,
        public={"case": item.case_ref, "members": roll(now)},
    )
    settle(panel)
    # Whoever is barred comes and leaves first: their seat is free before its alternate is noted in it.
    _attend(event, now, barred)
    _send_out(event, now, barred)
    _attend(event, now, [each for each in now.appointments if each not in barred and each.pk in now.noted])
    store_checks(event, "opened", [(each, item, [*now.results[each.pk]]) for each in now.appointments], clock.now())
    return _move(item, event, "open_item", ITEM.after("open_item"))


def _noted(now: Room, here: set[int]) -> dict[int, bool]:
    """Who is there, and who is not: each seat's own member, and everybody ranked before whoever came."""
    noted: dict[int, bool] = {}
    for each in reversed(now.appointments):
        after = any(noted.get(other.pk) for other in now.of_seat(each) if other.rank > each.rank)
        if each.pk in here or each.rank == 0 or after:
            noted[each.pk] = each.pk in here
    return noted


def _attend(event: Event, now: Room, members: Sequence[Appointment]) -> None:
    at = clock.now()
    Attendance.objects.bulk_create(
        Attendance(event=event, item=now.item, appointment=each, present=now.noted[each.pk], noted_at=at)
        for each in members
    )


def _send_out(event: Event, now: Room, barred: Iterable[Appointment]) -> None:
    """Those the tests bar leave the room, with the sentence of the test as the reason."""
    at = clock.now()
    Recusal.objects.bulk_create(
        Recusal(event=event, item=now.item, appointment=each, reason=now.verdict(each).sentence, recused_at=at)
        for each in barred
    )


@transaction.atomic
def recuse(*, item: Item, appointment: Appointment, reason: str, by: Actor) -> Item:
    """A member leaves the room. When that empties the Coalition seat, or breaks quorum, the item stops at once (I3)."""
    panel, item = lock_item(item, "recuse")
    if by == "system" or by.pk != appointment.person_id:
        check_runs_item(by, item)
    now = room(panel, item)
    member = _member(now, appointment)
    _check_reason(reason, "the member leaves")
    check_not_put_out(now, member, by)
    return _leave(now, member, reason, by)


def _leave(now: Room, member: Appointment, reason: str, by: Actor, interests: Sequence[Interest] = ()) -> Item:
    item, panel = now.item, now.panel
    if member.pk in now.out:
        raise SittingRefused(f"{member.person} has left the room for {item.case_ref} already.")
    stops = bool(now.after(out=frozenset({member.pk})).sitting_faults)
    public: dict[str, Any] = {"case": item.case_ref, "person": member.person.stream, "stops": stops}
    private: dict[str, Any] = {"reason": reason}
    if interests:
        public["declared"] = len(interests)
        private |= declared(interests)
    event = record(panel, "member.recused", by=by, ruleset=panel.ruleset, public=public, private={"interest": private})
    settle(panel)
    Recusal.objects.create(event=event, item=item, appointment=member, reason=reason, recused_at=clock.now())
    moved = _move(item, event, "recuse", _stopped_if(item, stops=stops))
    if interests:
        keep_declaration(event, panel, member.person, interests)
        examine(event, panel, [member], open_items(panel), moment="declared")
        settle_items(event, panel)
    return moved


@transaction.atomic
def declare_at_table(*, item: Item, appointment: Appointment, interests: Sequence[Interest], by: Actor) -> Item:
    """A member declares an interest while the item is taken: it is kept, they are tested again, and they leave at once.

    Raises SittingRefused when nothing is declared: to leave without an interest, they leave the room.
    """
    check_own_seat(by, appointment)
    panel, item = lock_item(item, "recuse")
    now = room(panel, item)
    member = _member(now, appointment)
    check_interests(interests, today())
    if not interests:
        raise SittingRefused(f"Name the interest in {item.case_ref}, or leave the room without declaring one.")
    about = {each.organisation.name for each in interests if each.organisation}
    reason = "Declared an interest at the table" + (f": {', '.join(sorted(about))}." if about else ".")
    return _leave(now, member, reason[:REASON_LENGTH], by, interests)


def settle_items(event: Event, panel: Panel, act: str = "declare_again") -> list[Item]:
    """After people were examined again: whoever is in the room of an item and now barred leaves it (I3).

    act: in the table of moves of an item, what made us look. The item stops when the panel is no longer competent.
    Nothing is recorded: all of it belongs to the event given, which is the panel's last. Gives the items that stopped.
    """
    stopped = []
    rows = Item.objects.filter(panel=panel, state__in=(ItemState.OPEN, ItemState.STOPPED))
    for item in rows.select_related("sitting", "organisation").order_by("pk"):
        item.panel = panel
        now = _without_barred(event, room(panel, item))
        if item.state == ItemState.OPEN and now.sitting_faults:
            # By these the minutes tell what stopped the item: nobody need have left it.
            store_checks(
                event, STOPPED, [(each, item, [*now.results[each.pk]]) for each in now.appointments], clock.now()
            )
            stopped.append(_move(item, event, act, ItemState.STOPPED))
    return stopped


def _without_barred(event: Event, now: Room) -> Room:
    """The room once everybody in it who is now barred has left, with the answer that barred them kept."""
    barred = [each for each in now.appointments if now.here(each) and now.barred(each)]
    if barred:
        _send_out(event, now, barred)
        store_checks(event, "settled", [(each, now.item, [*now.results[each.pk]]) for each in barred], clock.now())
    return now.after(out=frozenset(each.pk for each in barred))


@noting("note_arrival")
@transaction.atomic
def note_arrival(*, item: Item, appointment: Appointment, by: Actor) -> Item:
    """A member joins an item late, or an alternate takes the seat; a stopped item goes on when it is competent again.

    Raises SittingRefused, or NotCompetent, for whoever may not hold the seat now or is not next in line for
    it, and SittingRefused when a stopped item would go on while another is open.
    """
    panel, item = lock_item(item, "note_arrival")
    check_runs_item(by, item)
    now = room(panel, item)
    member = _member(now, appointment)
    check_arrival(now, member)
    now = now.after(noted={**now.noted, member.pk: True})
    stays = bool(now.sitting_faults)
    if item.state == ItemState.STOPPED and not stays:
        check_alone(item, f"{item.case_ref} goes on")
    event = record(
        panel,
        "member.arrived",
        by=by,
        ruleset=panel.ruleset,
        public={
            "case": item.case_ref,
            "person": member.person.stream,
            "seat": member.seat.kind,
            "rank": member.rank,
            "by": member.appointed_by.code,
            "goes_on": item.state == ItemState.STOPPED and not stays,
        },
    )
    settle(panel)
    _attend(event, now, [member])
    store_checks(event, "opened", [(member, item, [*now.results[member.pk]])], clock.now())
    _without_barred(event, now)
    return _move(item, event, "note_arrival", ItemState.STOPPED if stays else ItemState.OPEN)


@transaction.atomic
def note_departure(*, item: Item, appointment: Appointment, by: Actor) -> Item:
    """A member goes without an interest to declare, or cannot come to take the seat they are next for.

    The item stops at once when that leaves it incompetent (I3).
    """
    panel, item = lock_item(item, "note_departure")
    check_runs_item(by, item)
    now = room(panel, item)
    member = _member(now, appointment)
    if member.pk in now.noted and not now.noted[member.pk]:
        raise SittingRefused(f"{member.person} is not in the room for {item.case_ref}.")
    check_position_stands(now, member, by)
    now = now.after(noted={**now.noted, member.pk: False})
    stops = bool(now.sitting_faults)
    event = record(
        panel,
        "member.departed",
        by=by,
        ruleset=panel.ruleset,
        public={"case": item.case_ref, "person": member.person.stream, "stops": stops},
    )
    settle(panel)
    _attend(event, now, [member])
    return _move(item, event, "note_departure", _stopped_if(item, stops=stops))


@noting("decide_item")
@transaction.atomic
def decide_item(*, item: Item, outcome: str, reasons: str, by: Actor) -> Outcome:
    """Record the composition and the outcome the positions carry, and close the item.

    Everyone is tested again. Raises NotCompetent when the panel is no longer competent, when a counted member's
    position is missing or waits for their own hand, or when the outcome is not carried (I1, I2, I3).
    """
    panel, item = lock_item(item, "decide_item")
    check_runs_item(by, item)
    if not reasons.strip():
        raise SittingRefused(f"Give the panel's reasons for its outcome on {item.case_ref}.")
    if not 0 < len(outcome.strip()) <= OUTCOME_LENGTH:
        raise SittingRefused(f"Name the outcome on {item.case_ref} in 1 to {OUTCOME_LENGTH} characters.")
    now, said, at = room(panel, item), positions(item), clock.now()
    check_competent(now.plan, now.members.values(), case_ref=item.case_ref)
    check_deciding(now.plan, now.members.values(), case_ref=item.case_ref)
    check_positions(now, said, by)
    counted = {each.pk: said[each.pk] for each in now.appointments if now.votes(each)}
    check_carried(item, counted.values())
    body = composed(now, counted)
    sha256 = hashlib.sha256(canonical(body, "composition")).hexdigest()
    event = record(
        panel,
        "item.decided",
        by=by,
        ruleset=panel.ruleset,
        public={"case": item.case_ref, "outcome": outcome, "composition": body, "composition_sha256": sha256},
        private={
            "free_text": {"reasons": reasons, "positions": [each.reasons for each in counted.values()]},
            "interest": grounds(now.basis, now.appointments, item),
        },
    )
    settle(panel)
    store_checks(event, "decided", [(each, item, [*now.results[each.pk]]) for each in now.appointments], at)
    composition = Composition.objects.create(event=event, item=item, body=body, sha256=sha256, stored_at=at)
    reached = Outcome.objects.create(
        event=event, item=item, composition=composition, outcome=outcome, reasons=reasons, reached_at=at
    )
    _move(item, event, "decide_item", ITEM.after("decide_item"))
    return reached
