import pytest

from audit import actions, signing
from audit.notes import Head


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
