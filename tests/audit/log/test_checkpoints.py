"""Signing the log, proving with what was signed."""

import os
import sqlite3
from pathlib import Path

import pytest
from django.db import connection

from audit import actions, checkpoints, keyring, merkle, notes
from audit.errors import SignerRefused
from audit.models import Checkpoint, Leaf, Pending
from audit.nodes import Rows
from tests.audit import signer
from tests.audit.signer import key


def test_sign_head_introduces_its_key_and_signs_everything(case, clerk):
    signed = checkpoints.sign_head()
    assert signed.tree_size == Leaf.objects.count() == 2
    assert not Pending.objects.exists()
    note = notes.Note.parse(signed.note)
    assert notes.verified(note, [each.key for each in keyring.vkeys()]) == [key().verifier]
    head = notes.Head.parse(note.text)
    assert (head.size, head.root) == (2, merkle.root(Rows(), 2)) == (2, bytes(signed.root))


def test_sign_head_without_growth_signs_nothing(case):
    first = checkpoints.sign_head()
    assert checkpoints.sign_head() is None
    assert checkpoints.sign_head(force=True) == first
    assert Checkpoint.objects.count() == 1


def test_event_is_covered_once_signed(case, clerk):
    event = actions.record_system("person.signed_in", by=clerk)
    assert checkpoints.covering(event) is None
    signed = checkpoints.ensure_covering(event)
    assert checkpoints.covering(event) == signed
    index, proof, note, extra = notes.parse_proof(checkpoints.inclusion(event, signed))
    assert extra == event.leaf_hash
    assert merkle.root_of_inclusion(extra, index, signed.tree_size, proof) == notes.Head.parse(note.text).root


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL brings each commit to the disk itself")
@pytest.mark.django_db(transaction=True)
def test_what_is_signed_is_on_the_disk_before_also_while_somebody_reads(monkeypatch):
    """A reader keeps SQLite from moving commits into the database: they must be safe where they are."""
    database = Path(connection.settings_dict["NAME"])
    commits = database.with_name(f"{database.name}-wal")
    synced, signed_with = [], []
    sync, sign = os.fsync, signer.KeepingSigner.sign
    monkeypatch.setattr(checkpoints.os, "fsync", lambda file: (sync(file), synced.append(os.fstat(file)))[0])
    monkeypatch.setattr(
        signer.KeepingSigner, "sign", lambda *given: signed_with.append((list(synced), commits.stat())) or sign(*given)
    )
    reader = sqlite3.connect(database, isolation_level=None)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM audit_event").fetchall()
        assert checkpoints.sign_head()
    finally:
        reader.close()
    [(before, file)] = signed_with
    assert (file.st_ino, file.st_size) in {(each.st_ino, each.st_size) for each in before}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL brings each commit to the disk itself")
@pytest.mark.django_db(transaction=True)
def test_nothing_is_signed_when_the_disk_takes_nothing(monkeypatch):
    def fails(_file):
        raise OSError("input/output error")

    monkeypatch.setattr(checkpoints.os, "fsync", fails)
    with pytest.raises(SignerRefused, match="cannot be brought to the disk"):
        checkpoints.sign_head()
    assert not Checkpoint.objects.exists()
