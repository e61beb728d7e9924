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
    Seat,
    Sitting,
)
from tests.factories import london, positions

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
    """Refused with a sentence, and no row and no head of a stream differs from before."""
    before = counts()
    with pytest.raises(error, match=sentence):
        yield
    assert counts() == before


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
    said = positions(item, **stances)
    return items.decide_item(item=item, outcome="full", reasons="So.", positions=said, by=world.secretary)


def positions_of(item):
    accepted = set(Appointment.objects.filter(panel=item.panel_id, state="accepted").values_list("pk", flat=True))
    return {pk: said for pk, said in positions(item).items() if pk in accepted}
