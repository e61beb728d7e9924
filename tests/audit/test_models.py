from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from audit.models import Attestation, Checkpoint, Erasure, Event, Leaf, Pending, Private, Tile

AT = datetime(2012, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (Event(stream="case:1", stream_seq=2, event_type="case.opened"), "case:1 2: case.opened"),
        (Event(stream="system", event_type="person.signed_in"), "system: person.signed_in"),
        (Private(event_id=1, grp="person"), "person of event 1"),
        (Erasure(event_id=1, grp="person", ground="asked", at=AT), "person of event 1 erased: asked"),
        (Pending(event_id=1), "event 1"),
        (Leaf(leaf_index=0, event_id=1), "leaf 0: event 1"),
        (Tile(level=1, idx=0), "tile 1/0"),
        (Checkpoint(tree_size=256), "checkpoint at 256"),
        (Attestation(kind="letter", checkpoint_id=256, who="Leeds"), "letter of 256 by Leeds"),
    ],
)
def test_row_has_a_readable_name(row, name):
    assert str(row) == name


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", "audit", "ledger", check=True, dry_run=True, verbosity=0)
