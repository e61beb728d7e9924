"""A case before moderation, whose site visit is over."""

from copy import deepcopy

import pytest
from django.db import transaction

from authorisation.enums import Stage
from tests.factories import Walk, build_world


@pytest.fixture(scope="module")
def _walked(django_db_setup, django_db_blocker):
    """Built once for this module; every test undoes what it did, and has a copy of what is held in hand."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Walk(build_world()).to(Stage.MODERATION)
        transaction.set_rollback(True)


@pytest.fixture
def walk(_walked, db):
    """A case before moderation; its site visit, with nothing out of the ordinary, is over."""
    return deepcopy(_walked)
