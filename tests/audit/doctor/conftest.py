import pytest

from audit import actions
from audit.checkpoints import sign_head
from audit.doctor import examine

# What is so in every test: no worker, and no witness unless named.
USUAL = ("No worker answered", "The broker does not answer", "No witness and no", "This process holds no key")


@pytest.fixture
def happen(db):
    """Call to have so many things happen that belong to nobody."""

    def make(count=1):
        return [actions.record_system("probe.happened", by="system", public={"number": n}) for n in range(count)]

    return make


@pytest.fixture
def found():
    """What is found, thoroughly unless told: severity and sentence, but for what is usual."""

    def look(*, thorough=True):
        told = examine(thorough=thorough)
        return [(str(each.severity), each.what) for each in told if not each.what.startswith(USUAL)]

    return look


@pytest.fixture
def signed(key_files, happen):
    """A log of some entries, signed with that key."""
    happen(5)
    return sign_head()
