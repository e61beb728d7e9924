"""The order in which a sitting takes its items, and how often it makes people leave the room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from panels.models import AgendaOrder, DisinterestCheck, Item, Sitting
from panels.rules import Effect


def orders(sittings: Iterable[int]) -> dict[int, list[int]]:
    """The latest order of each sitting that has one: the keys of its items, first to last; one query."""
    rows = AgendaOrder.objects.filter(sitting__in=list(sittings)).order_by("pk")
    return dict(rows.values_list("sitting_id", "items"))


def in_order(rows: Iterable[Item]) -> list[Item]:
    """Items as their sittings take them: day by day, each day in its order, or as listed where there is none."""
    rows = list(rows)
    found = orders({row.sitting_id for row in rows})
    places = {key: place for order in found.values() for place, key in enumerate(order)}
    return sorted(
        rows, key=lambda row: (row.sitting.on, row.sitting_id, places.get(row.pk, row.number + len(rows)), row.number)
    )


def agenda_of(sitting: Sitting) -> list[Item]:
    """The items of one sitting in the order it takes them, with their organisations."""
    return in_order(sitting.items.select_related("sitting", "organisation"))


def barred_from(items: Sequence[Item], appointments: Iterable[int]) -> Mapping[int, frozenset[int]]:
    """For each item, in the order given, whom of these appointments the tests last barred from it; one query."""
    rows = DisinterestCheck.objects.filter(item__in=items, appointment__in=list(appointments)).order_by("pk")
    latest = {(item, each): effect for item, each, effect in rows.values_list("item_id", "appointment_id", "effect")}
    return {
        item.pk: frozenset(each for (key, each), effect in latest.items() if key == item.pk and effect == Effect.BARRED)
        for item in items
    }
