"""What cannot be meant is tried on one panel, on one day."""

import pytest

from audit import clock
from panels.actions import seats
from tests.factories import Walk, days, sitting_on
from tests.panels.bad_input.steps import NOW


@pytest.fixture(autouse=True)
def _still(db):
    with clock.at(NOW):
        yield


@pytest.fixture
def case(world):
    return Walk(world).case


@pytest.fixture
def meeting(world, case):
    """A moderation panel of tomorrow, its lay seat and its Coalition seats free."""
    made = sitting_on(world, "moderation", [case], on=(NOW + days(1)).date(), voices=())
    seats.stand_down(appointment=made.of("lay"), by=world.secretary, reason="Away.")
    return made
