import pytest

from tests.access.papers import build_sealed
from tests.factories.raw import undone


@pytest.fixture(scope="package")
def sealed(django_db_setup, django_db_blocker):
    """One world for every test of this folder, undone at its end: no test may leave anything changed in it."""
    with django_db_blocker.unblock(), undone():
        yield build_sealed()
