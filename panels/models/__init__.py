"""One file per aggregate; imported here so that Django finds them."""

from panels.models.interests import (
    STOPPED,
    Declaration,
    DisinterestCheck,
    InterestKind,
    Objection,
    Refusal,
    Ruling,
    Verdict,
)
from panels.models.panels import Panel, PanelGrant, PanelKind
from panels.models.seats import LIVE, Absence, Accreditation, Appointment, Nomination, Seat
from panels.models.sittings import (
    AgendaOrder,
    Attendance,
    Composition,
    Item,
    MinuteNote,
    Outcome,
    Position,
    Recusal,
    Sitting,
    Stance,
)
from panels.states import AppointmentState, ItemState, PanelState, SittingState

__all__ = [
    "LIVE",
    "STOPPED",
    "Absence",
    "Accreditation",
    "AgendaOrder",
    "Appointment",
    "AppointmentState",
    "Attendance",
    "Composition",
    "Declaration",
    "DisinterestCheck",
    "InterestKind",
    "Item",
    "ItemState",
    "MinuteNote",
    "Nomination",
    "Objection",
    "Outcome",
    "Panel",
    "PanelGrant",
    "PanelKind",
    "PanelState",
    "Position",
    "Recusal",
    "Refusal",
    "Ruling",
    "Seat",
    "Sitting",
    "SittingState",
    "Stance",
    "Verdict",
]
