"""A log of a few entries with signed heads, and a witness of it."""

from datetime import UTC, datetime

import pytest

from audit import clock
from audit.models import Checkpoint
from audit.notes import COSIGNATURE, ED25519, Head, Note, SigningKey, cosign, sign

ORIGIN = "panels.example/log"
SEEN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def log_key():
    return SigningKey(ORIGIN, ED25519, bytes(range(32)))


@pytest.fixture
def witness(settings):
    """The Coalition's key, known to this log."""
    key = SigningKey("coalition.example/witness", COSIGNATURE, bytes(range(1, 33)))
    settings.AUDIT_WITNESSES, settings.AUDIT_WITNESSES_FILE = [f"{key.verifier}"], ""
    return key


@pytest.fixture
def signed(db, log_key):
    """Make a checkpoint of so many entries; what counts here is the note, not the entries under it."""

    def make(size, *, origin=ORIGIN, root=None):
        head = Head(origin, size, root or bytes([size % 256]) * 32)
        note = Note(head.body(), (sign(head.body(), log_key),))
        return Checkpoint.objects.create(
            tree_size=size, root=head.root, note=f"{note}", key_id=log_key.name, created_at=clock.real_now()
        )

    return make


@pytest.fixture
def cosigned(witness):
    """The note of a checkpoint as the witness sends it back."""

    def make(checkpoint, *, key=witness, at=SEEN):
        note = Note.parse(checkpoint.note)
        return note.with_signatures(cosign(note.text, key, at))

    return make
