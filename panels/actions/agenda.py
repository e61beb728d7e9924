"""Putting an agenda in the order that makes people leave the room least often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from panels.agenda import agenda_of, barred_from
from panels.errors import SittingRefused
from panels.models import AgendaOrder, Panel, Sitting
from panels.permissions import check_runs
from panels.rules import agenda_order, leavings
from panels.seating import holders_on
from panels.states import SittingState

if TYPE_CHECKING:
    from panels.permissions import Actor


@transaction.atomic
def order_agenda(*, sitting: Sitting, by: Actor) -> AgendaOrder:
    """Order the items of a sitting by what the tests last said of those who hold its seats that day.

    Raises SittingRefused once the panel sits: people have been told when they are wanted. Whoever holds the panel's
    row in hand reads it again afterwards.
    """
    panel = Panel.objects.select_for_update().get(pk=sitting.panel_id)
    sitting = Sitting.objects.get(pk=sitting.pk)
    sitting.panel = panel
    check_runs(by, panel)
    if sitting.state != SittingState.LISTED:
        raise SittingRefused(f"{sitting} has begun: its agenda keeps its order.")
    items = agenda_of(sitting)
    held = {each.pk for each in holders_on(panel, sitting.on).values()}
    barred = barred_from(items, held)
    before = [item.pk for item in items]
    order = agenda_order(barred)
    refs = {item.pk: item.case_ref for item in items}
    event = record(
        panel,
        "agenda.ordered",
        by=by,
        ruleset=panel.ruleset,
        public={
            "on": sitting.on.isoformat(),
            "cases": [refs[key] for key in order],
            "leavings_before": leavings(before, barred),
            "leavings_after": leavings(order, barred),
        },
    )
    settle(panel)
    return AgendaOrder.objects.create(event=event, sitting=sitting, items=list(order), made_at=clock.now())
