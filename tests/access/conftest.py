import pytest
from django.db import transaction

from tests.access.papers import build_sealed


@pytest.fixture(scope="package")
def sealed(django_db_setup, django_db_blocker):
    """One world for every test of this folder, undone at its end: no test may leave anything changed in it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield build_sealed()
        transaction.set_rollback(True)
