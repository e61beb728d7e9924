import pytest

from audit import actions, signing
from audit.notes import Head


@pytest.fixture
def key_files(tmp_path, settings):
    """A key of this test's own in files, as in production, and the signer that goes with it."""
    settings.AUDIT_SIGNER = "audit.signing.from_files"
    settings.AUDIT_ORIGIN = "log.example/one"
    settings.AUDIT_SIGNING_KEY_FILE = tmp_path / "audit.key"
    settings.AUDIT_SIGNER_STATE = tmp_path / "audit.signed"
    signing.make_key(settings.AUDIT_ORIGIN)
    return tmp_path


@pytest.fixture
def remembered(key_files, settings):
    """What the signer remembers now."""

    def read() -> Head | None:
        return signing.FileMemory(settings.AUDIT_SIGNER_STATE).last()

    return read


@pytest.fixture
def happen(db):
    """Call to have so many things happen that belong to nobody."""

    def make(count=1):
        return [actions.record_system("probe.happened", by="system", public={"number": n}) for n in range(count)]

    return make
