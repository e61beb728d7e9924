import pytest

from audit import actions, signing
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
def key_files(tmp_path, settings):
    """A key of this test's own in files, as in production."""
    settings.AUDIT_SIGNER = "audit.signing.from_files"
    settings.AUDIT_ORIGIN = "log.example/one"
    settings.AUDIT_SIGNING_KEY_FILE = tmp_path / "audit.key"
    settings.AUDIT_SIGNER_STATE = tmp_path / "audit.signed"
    signing.make_key(settings.AUDIT_ORIGIN)
    return tmp_path


@pytest.fixture
def signed(key_files, happen):
    """A log of some entries, signed with that key."""
    happen(5)
    return sign_head()
