from copy import deepcopy

import pytest

from audit import checkpoints, clock
from authorisation.enums import Stage
from tests.access.papers import SealedWalk
from tests.factories import build_world
from tests.factories.pages import Reader
from tests.factories.raw import undone


@pytest.fixture(scope="package")
def _sealed_walk(django_db_setup, django_db_blocker):
    """A case whose every paper is a canary, its letter out and the log signed; built once for this folder."""
    with django_db_blocker.unblock(), undone():
        walk = SealedWalk(build_world(), direction="Ask first.").to(Stage.PUBLICATION)
        checkpoints.sign_head()
        yield walk


@pytest.fixture
def walk(_sealed_walk, db):
    return deepcopy(_sealed_walk)


@pytest.fixture
def read(walk):
    """Open a page as one of the people of the world."""

    def page(path, name="auditor", **query):
        with clock.at(walk.now):
            return Reader(walk.world.people[name]).get(path, **query)

    return page


@pytest.fixture
def auditor(walk):
    return Reader(walk.world.auditor).client
