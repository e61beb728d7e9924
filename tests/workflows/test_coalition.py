"""The demonstration's Coalition: it cosigns by the verifier in a process of its own, and refuses a log rewritten."""

import json
import logging
import stat
from base64 import b64encode

import pytest
from django.db import transaction

from audit import checkpoints, witnessing
from audit.actions import record_system
from audit.models import Attestation, Checkpoint
from audit.notes import Head, Note, VerifierKey, cosigned_at, sign
from tests.audit import signer
from tests.factories.raw import unfenced
from workflows import coalition, tasks


@pytest.fixture
def folder(settings, tmp_path, monkeypatch):
    where = tmp_path / "coalition"
    monkeypatch.setattr(coalition, "FOLDER", where)
    settings.AUDIT_WITNESSES, settings.AUDIT_WITNESSES_FILE = [], str(where / "vkey")
    return where


@pytest.fixture
def grow(db):
    def more():
        with transaction.atomic():
            record_system("probe.happened", by="system")
        return checkpoints.sign_head()

    return more


def cosigned():
    return sorted(Attestation.objects.filter(kind="cosignature").values_list("checkpoint", flat=True))


def test_it_makes_a_key_of_its_own_and_cosigns(folder, grow):
    newest = grow()
    assert coalition.begin() is True
    kept = Attestation.objects.get(kind="cosignature")
    assert (kept.checkpoint, kept.who) == (newest, coalition.NAME)
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600
    key = VerifierKey.parse((folder / "vkey").read_text().strip())
    note = Note.parse(witnessing.note_with_cosignatures(newest))
    assert cosigned_at(note, key) == kept.at


def test_it_cosigns_what_is_new_and_not_its_own_echo(folder, grow):
    first = grow()
    coalition.begin()
    assert tasks.witness() is False
    checkpoints.sign_head()
    assert tasks.witness() is False
    later = grow()
    assert tasks.witness() is True
    assert cosigned() == [first.tree_size, later.tree_size]


def test_a_cosignature_lost_on_the_way_is_asked_for_again(folder, grow, monkeypatch):
    grow()
    coalition.begin()
    later = grow()
    with monkeypatch.context() as patch:
        patch.setattr(coalition, "keep_cosignature", lambda text, by: None)
        coalition.cosign()
    assert later.tree_size not in cosigned()
    assert tasks.witness() is True
    assert later.tree_size in cosigned()


def test_it_refuses_a_log_that_was_rewritten_and_signed_with_the_real_key(folder, grow, caplog):
    grow()
    coalition.begin()
    newest = grow()
    forged = Head(checkpoints.origin_of(newest), newest.tree_size, b"r" * 32)
    note = Note(forged.body(), (sign(forged.body(), signer.key()),))
    with unfenced():
        Checkpoint.objects.filter(pk=newest.pk).update(root=forged.root, note=f"{note}")
        with caplog.at_level(logging.WARNING):
            assert tasks.witness() is False
    assert "does not continue what you cosigned last" in caplog.text
    assert newest.tree_size not in cosigned()


def test_a_new_demonstration_is_a_new_log_for_it(folder, grow):
    newest = grow()
    coalition.begin()
    key = (folder / "key").read_text()
    other = json.dumps({checkpoints.origin_of(newest): {"size": 500, "root": b64encode(b"r" * 32).decode()}})
    with unfenced():
        Attestation.objects.all().delete()
        coalition._state().write_text(other)
        assert coalition.begin() is True
        assert cosigned() == [newest.tree_size]
    assert (folder / "key").read_text() == key


def test_beginning_again_with_the_same_log_forgets_nothing(folder, grow):
    grow()
    coalition.begin()
    seen = coalition._state().read_text()
    assert coalition.begin() is False
    assert coalition._state().read_text() == seen


def test_without_a_head_or_a_key_there_is_nothing_to_do(folder, grow):
    assert coalition.cosign() is None
    assert coalition.begin() is False
    assert coalition.cosign() is None
