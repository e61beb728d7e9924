"""The tables as they stand, to tell that a refusal left no trace but its own row."""

import contextlib

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max

from audit.errors import Refused
from audit.models import Event
from directory.models import Message, Post, Tie
from panels.models import (
    Absence,
    Accreditation,
    AgendaOrder,
    Appointment,
    Attendance,
    Composition,
    Declaration,
    DisinterestCheck,
    Item,
    MinuteNote,
    Nomination,
    Objection,
    Outcome,
    Panel,
    PanelGrant,
    Position,
    Recusal,
    Refusal,
    Ruling,
    Seat,
    Sitting,
)

# Rows that change name the event that changed them; those that never change are counted.
MOVING = (Absence, Accreditation, Appointment, Item, Nomination, Sitting, Post, Tie)
FIXED = (
    *(AgendaOrder, Attendance, Composition, Declaration, DisinterestCheck, MinuteNote, Objection),
    *(Outcome, PanelGrant, Position, Recusal, Ruling, Seat, Message),
)


def traces():
    """Everything but refusals and the heads of panels, in a form that can be compared."""
    found = {model.__name__: list(model.objects.order_by("pk").values_list("pk", "event")) for model in MOVING}
    found |= {model.__name__: tuple(model.objects.aggregate(Count("pk"), Max("pk")).values()) for model in FIXED}
    found["Panel"] = list(Panel.objects.order_by("pk").values_list("pk", "confirmed_at", "closed_at", "title"))
    return found


@contextlib.contextmanager
def answered():
    """An act that is done, or refused in words; a refusal leaves its own row at most, and no act fails otherwise."""
    before, events, kept = traces(), Event.objects.count(), Refusal.objects.count()
    told = None
    try:
        yield
    except (Refused, PermissionDenied) as error:
        told = error
    if told is None:
        return
    assert str(told).strip().endswith((".", "?")), f"no sentence: {told!r}"
    assert traces() == before, f"a refusal left something behind: {told}"
    new = Refusal.objects.count() - kept
    assert new in ({0} if isinstance(told, PermissionDenied) else {0, 1})
    assert Event.objects.count() == events + new
    assert not new or Refusal.objects.latest("pk").sentence == str(told)
