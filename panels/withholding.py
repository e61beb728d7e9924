"""Which messages about panels are no longer to be sent when their turn comes: what they say has become wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.messages import withhold_if
from panels.models import Appointment, AppointmentState, Panel

if TYPE_CHECKING:
    from directory.models import Message

# Whoever is told these holds a seat, or a place behind one, on the panel.
TO_MEMBERS = ("panel.confirmed", "panel.handed_on", "panel.alternate")
KINDS = ("panel.invited", *TO_MEMBERS, "objection.raised", "conflict.ruled")


def register() -> None:
    """Have every message about a panel judged just before it is sent."""
    for kind in KINDS:
        withhold_if(kind, panel_closed)
    withhold_if("panel.invited", invitation_over)
    for kind in TO_MEMBERS:
        withhold_if(kind, seat_left)


def panel_closed(message: Message) -> str:
    """Nothing about a panel is sent once it is closed."""
    closed = Panel.objects.filter(stream=message.about, closed_at__isnull=False).exists()
    return "The panel has closed." if closed else ""


def invitation_over(message: Message) -> str:
    """An invitation is sent while it waits for an answer: any answer moves the appointment on to another event."""
    waits = Appointment.objects.filter(
        person=message.to, event=message.event_id, state=AppointmentState.INVITED
    ).exists()
    return "" if waits else "The invitation was answered or taken back."


def seat_left(message: Message) -> str:
    """What a member is told is sent while they hold a seat, or a place behind one, on that panel."""
    holds = Appointment.objects.filter(
        person=message.to, panel__stream=message.about, state=AppointmentState.ACCEPTED
    ).exists()
    return "" if holds else "The recipient no longer holds a seat on the panel."
