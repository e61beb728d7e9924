"""Positions: what each seat says of an item, entered by the member or by whoever runs the item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from panels.actions.items import Said, lock_item
from panels.errors import NotCompetent
from panels.models import Appointment, Item, Position, Stance
from panels.permissions import check_runs_item
from panels.policies.rooms import check_fit, check_speaks
from panels.room import Room, positions, room

if TYPE_CHECKING:
    from panels.permissions import Actor


__all__ = ["Said", "enter_positions"]


@transaction.atomic
def enter_positions(*, item: Item, positions: Mapping[int, Said], by: Actor) -> list[Position]:
    """Enter positions by appointment key: one's own, or anybody's by whoever runs the item. The latest row counts.

    A member confirms or replaces theirs by entering it until the outcome is recorded. Raises NotCompetent for whoever
    does not count for the item and for a dissent without reasons, SittingRefused for one over a member's own.
    """
    panel, item = lock_item(item, "decide_item")
    now, at = room(panel, item, ask=False), clock.now()
    entered = _entered(now, positions)
    if by == "system" or any(each.person_id != by.pk for each, _ in entered):
        check_runs_item(by, item)
    _check(now, entered, by)
    event = record(
        panel,
        "positions.entered",
        by=by,
        ruleset=panel.ruleset,
        public={
            "case": item.case_ref,
            "positions": [
                {"seat": each.seat.kind, "person": each.person.stream, "stance": said.stance.value}
                for each, said in entered
            ],
        },
        private={"free_text": {"reasons": [said.reasons for _, said in entered]}},
    )
    settle(panel)
    return Position.objects.bulk_create(
        Position(
            event=event,
            item=item,
            appointment=each,
            stance=said.stance,
            reasons=said.reasons.strip(),
            entered_by=None if by == "system" else by,
            taken_at=at,
        )
        for each, said in entered
    )


def _entered(now: Room, given: Mapping[int, Said]) -> list[tuple[Appointment, Said]]:
    entered = [(each, given[each.pk]) for each in now.appointments if each.pk in given]
    if len(given) > len(entered):
        raise NotCompetent(f"A position on {now.item.case_ref} comes from nobody on the panel.")
    if not entered:
        raise NotCompetent(f"No position on {now.item.case_ref} was given: choose one.")
    return entered


def _check(now: Room, entered: list[tuple[Appointment, Said]], by: Actor) -> None:
    standing = positions(now.item)
    for each, said in entered:
        check_fit(now, each)
        check_speaks(now, each, standing, by)
        if said.stance == Stance.DISSENT and not said.reasons.strip():
            raise NotCompetent(f"A dissent on {now.item.case_ref} needs its reasons: give those of {each.person}.")
