"""One file per aggregate; imported here so that Django finds them."""

from panels.models.interests import Declaration, DisinterestCheck
from panels.models.panels import Panel, PanelGrant, PanelKind
from panels.models.seats import LIVE, Appointment, Nomination, Seat
from panels.models.sittings import (
    Attendance,
    Composition,
    Item,
    Outcome,
    Position,
    Recusal,
    Sitting,
    Stance,
)
from panels.states import AppointmentState, ItemState, SittingState

__all__ = [
    "LIVE",
    "Appointment",
    "AppointmentState",
    "Attendance",
    "Composition",
    "Declaration",
    "DisinterestCheck",
    "Item",
    "ItemState",
    "Nomination",
    "Outcome",
    "Panel",
    "PanelGrant",
    "PanelKind",
    "Position",
    "Recusal",
    "Seat",
    "Sitting",
    "SittingState",
    "Stance",
]
