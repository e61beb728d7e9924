import pytest

from audit import clock
from tests.factories import Walk
from tests.panels.actions.steps import NOW


@pytest.fixture(autouse=True)
def _still(db):
    with clock.at(NOW):
        yield


@pytest.fixture
def case(world):
    return Walk(world).case


@pytest.fixture
def other_case(world):
    return Walk(world, ccg="03A").case
