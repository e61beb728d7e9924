import pytest

from audit import clock
from tests.factories import Walk
from tests.panels.triggers.steps import NOW


@pytest.fixture
def at_now(world):
    with clock.at(NOW):
        yield world


@pytest.fixture
def case(world):
    return Walk(world).case


@pytest.fixture
def other_case(world):
    return Walk(world, ccg="03A").case
