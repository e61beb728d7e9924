"""What the tests past the actions share: rows as somebody with a database shell would write them."""

import pytest
from django.db import IntegrityError, transaction

from audit import clock
from audit.actions import record, settle
from panels.actions import seats
from panels.invariants import CHECKS
from panels.models import Appointment, Composition, Outcome, Panel, Position
from tests.factories import london, positions
from tests.factories.raw import insert, last_event, run

NOW = london(2012, 6, 4)


def outcome_of(item, composition, panel):
    return Outcome(
        event_id=last_event(panel),
        item=item,
        composition=composition,
        outcome="conditional",
        reasons="Because.",
        reached_at=clock.now(),
    )


def composition_of(item, panel):
    return Composition(event_id=last_event(panel), item=item, body={}, sha256="0" * 64, stored_at=clock.now())


def position_of(meeting, item, appointment, **given):
    """A position entered by the member, on the panel's last event."""
    row = {"stance": "concur", "entered_by_id": appointment.person_id, "taken_at": clock.now()} | given
    return Position(event_id=last_event(meeting.panel), item=item, appointment=appointment, **row)


def with_positions(meeting, item, *, of=None):
    """Positions by raw SQL of everybody who counts, and a stored composition."""
    for pk in positions(item) if of is None else of:
        run(*insert(position_of(meeting, item, Appointment.objects.get(pk=pk))))
    composition = composition_of(item, meeting.panel)
    run(*insert(composition))
    return Composition.objects.get(item=item)


def another_event(meeting, name="chair"):
    """A later event of the panel's own stream."""
    member = meeting.of(name)
    seats.declare_again(appointment=member, by=member.person)
    return last_event(meeting.panel)


def panel_refused(message, panel, **changes):
    """A panel's own row, new or changed and written with an event of its own, is refused all the same."""
    with pytest.raises(IntegrityError, match=message), transaction.atomic():
        if panel.pk:
            panel = Panel.objects.select_for_update().get(pk=panel.pk)
        record(panel, "panel.confirmed", by="system", public={"members": []})
        for name, value in changes.items():
            setattr(panel, name, value)
        settle(panel)


def broken(name):
    return CHECKS[name]()
