"""A log that goes on under a new name: what an auditor does, by the how-to, with checkpoints of the old one."""

import json

import pytest
from django.db import DEFAULT_DB_ALIAS, connection

from audit import checkpoints, fence, recovery, signing
from audit.actions import record_system
from audit.exporting.export import Wanted, export
from audit.models import Checkpoint, Event, Leaf
from tests.audit.exports.conftest import FULL, verify


@pytest.fixture
def named(settings, tmp_path):
    """Call to sign as a log of this name, by a key of its own in files."""

    def begin(name):
        settings.AUDIT_SIGNER = "audit.signing.from_files"
        settings.AUDIT_ORIGIN = f"log.example/{name}"
        settings.AUDIT_SIGNING_KEY_FILE = tmp_path / f"{name}.key"
        settings.AUDIT_SIGNER_STATE = tmp_path / f"{name}.signed"
        signing.make_key(settings.AUDIT_ORIGIN)

    return begin


@pytest.fixture
def held(db, named):
    """What an auditor has of the old log: its keys, and three checkpoints."""
    named("one")
    notes = []
    for _ in range(3):
        for number in range(4):
            record_system("probe.happened", by="system", public={"number": number})
        notes.append(checkpoints.sign_head())
    return notes, checkpoints.vkeys_text()


def new_export(held, tmp_path):
    """The new log's, beside what the auditor holds; with the entry that says what became of the old one."""
    notes, keys = held
    folder = tmp_path / "new"
    export(folder, Wanted(checkpoints.latest()))
    (folder / "my-vkeys.txt").write_text(keys)
    for each in notes:
        (folder / f"older-{each.tree_size}.txt").write_text(each.note)
    entries = map(json.loads, (folder / "export.jsonl").read_text().splitlines())
    (told,) = [each["public"] for each in entries if each["type"] == "log.recovered"]
    return folder, told


def compare(folder, older):
    """The first entries of the new log against a checkpoint of the old one."""
    entries = (folder / "export.jsonl").read_text().splitlines(keepends=True)
    (folder / "part.jsonl").write_text("".join(entries[: older.tree_size]))
    return verify(folder, "part.jsonl", f"older-{older.tree_size}.txt", "--keys", "my-vkeys.txt").returncode


def test_what_was_not_lost_is_compared_with_every_old_checkpoint(held, named, tmp_path):
    notes, _ = held
    named("two")
    recovery.recover(notes[-1].note)
    folder, told = new_export(held, tmp_path)
    assert (told["contains_old"], told["old_checkpoint"]) == (True, notes[-1].note)
    assert verify(folder, *FULL).returncode == 0
    old = verify(folder, *FULL, "--old", f"older-{notes[0].tree_size}.txt")
    assert (old.returncode, "is of another log" in old.stdout + old.stderr) == (2, True)
    assert [compare(folder, each) for each in notes] == [0, 0, 0]


def test_loss_is_told_and_what_is_left_is_compared(held, named, tmp_path, unfenced):
    notes, _ = held
    left, last = notes[1].tree_size, notes[2].tree_size
    unfenced()
    Checkpoint.objects.filter(tree_size__gt=left).delete()
    lost = list(Leaf.objects.filter(leaf_index__gte=left).values_list("event_id", flat=True))
    Leaf.objects.filter(event_id__in=lost)._raw_delete(DEFAULT_DB_ALIAS)
    Event.objects.filter(pk__in=lost)._raw_delete(DEFAULT_DB_ALIAS)
    connection.check_constraints()
    fence.install(connection)
    named("two")
    recovery.recover(notes[-1].note)
    folder, told = new_export(held, tmp_path)
    assert (told["contains_old"], told["size"], told["old_size"]) == (False, left, last)
    assert [compare(folder, each) for each in notes] == [0, 0, 1]
