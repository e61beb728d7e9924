"""Putting an agenda in the order that makes people leave the room least often."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    from audit.models import Event
    from panels.permissions import Actor


@dataclass(frozen=True)
class Ordered:
    """The order found for one sitting, by the keys of its items, and how often people leave the room in it."""

    sitting: Sitting
    items: tuple[int, ...]
    public: dict[str, Any]


@transaction.atomic
def order_agenda(*, sitting: Sitting, by: Actor) -> AgendaOrder:
    """Order the items of a sitting by what the tests last said of those who hold its seats that day.

    Raises SittingRefused once the panel sits: people have been told when they are wanted.
    """
    panel = Panel.objects.select_for_update().get(pk=sitting.panel_id)
    sitting = Sitting.objects.get(pk=sitting.pk)
    sitting.panel = panel
    check_runs(by, panel)
    if sitting.state != SittingState.LISTED:
        raise SittingRefused(f"{sitting} has begun: its agenda keeps its order.")
    found = ordered(panel, sitting)
    event = record(panel, "agenda.ordered", by=by, ruleset=panel.ruleset, public=found.public)
    settle(panel)
    [row] = keep_orders(event, [found])
    return row


def agendas_ordered(panel: Panel) -> list[Ordered]:
    """An order for every day listed that takes more than one case; nothing is stored."""
    rows = panel.sittings.filter(convened_at__isnull=True).order_by("on")
    found = [ordered(panel, row) for row in rows]
    return [each for each in found if len(each.items) > 1]


def ordered(panel: Panel, sitting: Sitting) -> Ordered:
    """The order with the fewest leavings for those who hold the panel's seats that day."""
    items = agenda_of(sitting)
    barred = barred_from(items, [each.pk for each in holders_on(panel, sitting.on).values()])
    order = agenda_order(barred)
    refs = {item.pk: item.case_ref for item in items}
    return Ordered(
        sitting,
        order,
        {
            "on": sitting.on.isoformat(),
            "cases": [refs[key] for key in order],
            "leavings_before": leavings([item.pk for item in items], barred),
            "leavings_after": leavings(order, barred),
        },
    )


def keep_orders(event: Event, found: Iterable[Ordered]) -> list[AgendaOrder]:
    """Store orders under the event that tells of them."""
    at = clock.now()
    rows = [AgendaOrder(event=event, sitting=each.sitting, items=list(each.items), made_at=at) for each in found]
    return AgendaOrder.objects.bulk_create(rows)
