"""What the tests of acts share: the moment, and how an act is told from a refusal."""

import contextlib

import pytest

from audit.invariants import CHECKS as RECORD
from audit.models import Event
from panels import invariants
from panels.actions import items
from panels.models import (
    Appointment,
    Attendance,
    Composition,
    Declaration,
    DisinterestCheck,
    Item,
    Nomination,
    Outcome,
    Panel,
    PanelGrant,
    Position,
    Recusal,
    Refusal,
    Seat,
    Sitting,
)
from tests.factories import london, positions
from tests.factories.panels import spoken

NOW = london(2012, 6, 4)
TABLES = [
    Panel,
    Seat,
    Appointment,
    Declaration,
    DisinterestCheck,
    Sitting,
    Item,
    Attendance,
    Recusal,
    Refusal,
    Position,
    Composition,
    Outcome,
    PanelGrant,
    Nomination,
    Event,
]


def counts():
    heads = {bytes(panel.audit_head) for panel in Panel.objects.all()}
    return {model.__name__: model.objects.count() for model in TABLES} | {"heads": heads}


@contextlib.contextmanager
def refused(error, sentence):
    """Refused with a sentence, and no row differs from before but, for acts that keep it, the one of the refusal."""
    before, kept = counts(), Refusal.objects.count()
    with pytest.raises(error, match=sentence) as caught:
        yield
    after = counts()
    if Refusal.objects.count() == kept:
        assert after == before
        return
    event = Event.objects.latest("pk")
    assert (Refusal.objects.count(), event.event_type) == (kept + 1, "panel.refused")
    assert Refusal.objects.get(event=event).sentence == str(caught.value)
    after["Event"] -= 1
    after["Refusal"] -= 1
    assert without_heads(after) == without_heads(before)


def without_heads(found):
    return {name: number for name, number in found.items() if name != "heads"}


@contextlib.contextmanager
def records(aggregate, event_type):
    """Exactly one event, of this aggregate, of this type."""
    before = Event.objects.count()
    yield
    assert Event.objects.count() == before + 1
    event = Event.objects.latest("pk")
    assert (event.event_type, event.stream) == (
        event_type,
        aggregate().stream if callable(aggregate) else aggregate.stream,
    )


def nothing_broken():
    checks = RECORD | invariants.CHECKS
    assert {name: found for name, check in checks.items() if (found := check())} == {}


def decide_open(world, item, **stances):
    item = spoken(item, **stances)
    return items.decide_item(item=item, outcome="full", reasons="So.", by=world.secretary)


def positions_of(item):
    accepted = set(Appointment.objects.filter(panel=item.panel_id, state="accepted").values_list("pk", flat=True))
    return {pk: said for pk, said in positions(item).items() if pk in accepted}
