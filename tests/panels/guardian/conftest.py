import pytest

from audit import clock
from tests.factories import Walk, sitting_on
from tests.panels.actions.steps import NOW


@pytest.fixture(autouse=True)
def _still(db):
    with clock.at(NOW):
        yield


@pytest.fixture
def case(world):
    return Walk(world).case


@pytest.fixture
def meeting(world, case):
    """A site visit of 01A with everybody seated, the day after tomorrow; nobody has a tie to 01A."""
    return sitting_on(world, "site_visit", [case], on=NOW.date())


@pytest.fixture
def rule_case(world):
    """The case of 06A's neighbour: the clinician is of 06A."""
    return Walk(world, ccg="05A").case
