"""The Coalition's seat, recomputed (I1)."""

from __future__ import annotations

import json

from django.db.models import Exists, OuterRef, Q

from panels.invariants.common import CHUNK, NOMINATED, SAT, coalition_of, name_cases, told
from panels.models import (
    Accreditation,
    Appointment,
    AppointmentState,
    Attendance,
    Declaration,
    Item,
    ItemState,
    Panel,
    Seat,
    Sitting,
)
from panels.queries import plan_of
from panels.rules import COALITION_SEAT, plan_faults


def convened_without_coalition() -> list[str]:
    """I1: every panel that was convened has had a Coalition representative in its seat."""
    held = Appointment.objects.filter(panel=OuterRef("panel"), state__in=SAT, seat__kind=COALITION_SEAT)
    held = held.filter(NOMINATED)
    rows = Sitting.objects.filter(convened_at__isnull=False).exclude(Exists(held)).select_related("panel")
    rows = rows.order_by("pk")
    return told([f"{row.panel.ref} was convened for {row.on} without a Coalition representative." for row in rows])


def plans_without_coalition() -> list[str]:
    """I1: every panel's plan requires the Coalition seat, and the panel has it."""
    required = Seat.objects.filter(panel=OuterRef("pk"), kind=COALITION_SEAT, required=True)
    unseated = [f"{panel.ref} has no required Coalition seat." for panel in Panel.objects.exclude(Exists(required))]
    seen: set[str] = set()
    faulty = []
    for panel in Panel.objects.order_by("pk").only("pk", "plan").iterator(CHUNK):
        body = json.dumps(panel.plan, sort_keys=True)
        if body in seen:
            continue
        if faults := plan_faults(plan_of(panel)):
            faulty.append(f"{panel.ref}: {'; '.join(faults)}.")
        else:
            seen.add(body)
    return told(unseated + faulty)


def coalition_seats_without_nomination() -> list[str]:
    """I1: nobody holds the Coalition seat but on a Coalition body's nomination of that person."""
    rows = Appointment.objects.filter(seat__kind=COALITION_SEAT).exclude(NOMINATED).select_related("panel", "person")
    return told(
        [f"{row.panel.ref}: {row.person.stream} has a Coalition seat without a nomination for it." for row in rows]
    )


def open_without_coalition() -> list[str]:
    """I1, I3: no item stays open when its Coalition representative has gone."""
    items = Item.objects.filter(state=ItemState.OPEN).exclude(Exists(coalition_of("pk").filter(state="accepted")))
    return name_cases(items, "{panel}: {case} is open and no Coalition representative counts for it.")


def taken_unconvened() -> list[str]:
    """I1: no item is taken before its sitting is convened."""
    items = Item.objects.filter(state__in=(ItemState.OPEN, ItemState.CLOSED), sitting__convened_at__isnull=True)
    return name_cases(items, "{panel}: {case} was taken at a sitting that was never convened.")


def accepted_without_declaration() -> list[str]:
    """I1: whoever accepted a seat declared their interests for that panel (D14)."""
    made = Declaration.objects.filter(panel=OuterRef("panel"), person=OuterRef("person"))
    rows = Appointment.objects.filter(state__in=SAT, answered_at__isnull=False).exclude(Exists(made))
    rows = rows.filter(state=AppointmentState.ACCEPTED).select_related("panel", "person")
    return told([f"{row.panel.ref}: {row.person.stream} accepted without a declaration." for row in rows])


def confirmed_without_coalition() -> list[str]:
    """I1: every confirmed panel has its Coalition representative, or had one who left once it was confirmed.

    Whoever leaves between two items of a sitting leaves the panel confirmed: it opens nothing until it has another.
    """
    left = Q(state=AppointmentState.STOOD_DOWN, answered_at__gte=OuterRef("confirmed_at"))
    held = Appointment.objects.filter(
        NOMINATED, left | Q(state=AppointmentState.ACCEPTED), panel=OuterRef("pk"), seat__kind=COALITION_SEAT
    )
    rows = Panel.objects.filter(~Exists(held), confirmed_at__isnull=False, closed_at__isnull=True).order_by("pk")
    return told([f"{row.ref} is confirmed and has no Coalition representative." for row in rows])


def present_untrained() -> list[str]:
    """I1: whoever was in the room had the training their seat asks for on that day."""
    on = OuterRef("item__sitting__on")
    trained = Accreditation.objects.filter(
        Q(ends__isnull=True) | Q(ends__gte=on),
        person=OuterRef("appointment__person"),
        kind=OuterRef("appointment__seat__accreditation"),
        starts__lte=on,
    )
    rows = Attendance.objects.filter(~Exists(trained), present=True).exclude(appointment__seat__accreditation="")
    rows = rows.select_related("item", "appointment__person").order_by("pk")
    return told(
        [
            f"{Panel(pk=row.item.panel_id).ref}: {row.appointment.person.stream} was present for {row.item.case_ref} "
            "without the training the seat asks for."
            for row in rows.iterator(CHUNK)
        ]
    )
