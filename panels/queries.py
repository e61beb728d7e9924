"""Reads worth a name, and the one write of checks that every action shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from panels.models import Appointment, AppointmentState, DisinterestCheck, Item
from panels.rules import Effect, Member, SeatPlan, TestResult, verdict

if TYPE_CHECKING:
    from audit.models import Event
    from panels.models import Panel


def accepted(panel: Panel) -> list[Appointment]:
    """The accepted appointments of a panel in seat order, with seat, person and nominating body."""
    return list(
        panel.appointments.filter(state=AppointmentState.ACCEPTED)
        .select_related("seat", "person", "nomination__body", "appointed_by")
        .order_by("seat__number")
    )


def present_by_appointment(item: Item) -> dict[int, bool]:
    """The latest attendance noted for each appointment."""
    return dict(item.attendances.order_by("id").values_list("appointment_id", "present"))


def recused(item: Item) -> set[int]:
    """Appointments recused from an item."""
    return set(item.recusals.values_list("appointment_id", flat=True))


def members(
    appointments: Iterable[Appointment],
    *,
    present: Mapping[int, bool],
    recused: set[int],
    effects: Mapping[int, Effect],
) -> list[Member]:
    """The members of a panel as one item finds them, as plain values for the rules."""
    return [
        Member(
            seat=each.seat.kind,
            required=each.seat.required,
            accepted=each.state == AppointmentState.ACCEPTED,
            present=present.get(each.pk, False),
            recused=each.pk in recused,
            effect=effects.get(each.pk, Effect.BARRED),
            nominated_by=each.nomination.body.kind if each.nomination else "",
        )
        for each in appointments
    ]


def store_checks(
    event: Event, moment: str, pairs: Sequence[tuple[Appointment, Item, list[TestResult]]], at: datetime
) -> None:
    """Keep every evaluation: the verdict as columns, the whole reasoning beside it."""
    rows = []
    for appointment, item, results in pairs:
        decisive = verdict(results)
        rows.append(
            DisinterestCheck(
                event=event,
                appointment=appointment,
                item=item,
                moment=moment,
                effect=decisive.effect,
                rule="" if decisive.effect is Effect.CLEAR else decisive.rule,
                sentence="Clear of every test." if decisive.effect is Effect.CLEAR else decisive.sentence,
                results=[
                    {"rule": each.rule, "effect": each.effect.value, "sentence": each.sentence} for each in results
                ],
                checked_at=at,
            )
        )
    DisinterestCheck.objects.bulk_create(rows)


def plan_of(panel: Panel) -> SeatPlan:
    """The seat plan the panel was made with."""
    return SeatPlan.from_json(panel.plan)
