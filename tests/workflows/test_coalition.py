"""The demonstration's Coalition: it cosigns by the verifier in a process of its own, and refuses a log rewritten."""

import json
import logging
import re
import stat
from base64 import b64encode
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from audit import checkpoints, fence, keyring, witnessing
from audit.actions import record_system
from audit.errors import SignerRefused
from audit.models import Attestation, Checkpoint, Event, Leaf, Pending, Private, Tile
from audit.notes import ED25519, Head, Note, SigningKey, VerifierKey, cosigned_at, sign
from tests.audit import signer
from tests.factories.raw import unfenced
from workflows import coalition, tasks
from workflows.management.commands import load_demonstration


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


def test_it_forgets_with_the_demonstrations_own_file_and_not_before(folder, grow):
    newest = grow()
    coalition.begin()
    key = (folder / "key").read_text()
    other = json.dumps({checkpoints.origin_of(newest): {"size": 1, "root": b64encode(b"r" * 32).decode()}})
    coalition._state().write_text(other)
    with unfenced():
        Attestation.objects.all().delete()
        assert coalition.begin() is False
        coalition.forget()
        assert coalition.begin() is True
        assert cosigned() == [newest.tree_size]
    assert (folder / "key").read_text() == key


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("more", [0, 5])
def test_emptied_tables_and_another_history_signed_with_the_real_key_are_refused(folder, grow, caplog, more):
    """The keeper of the log empties every table and starts the demonstration again: it was seen all the same."""
    grow()
    coalition.begin()
    grow()
    tasks.witness()
    seen = coalition._state().read_text()
    fence.remove(connection)
    for model in (Attestation, Checkpoint, Tile, Leaf, Pending, Private, Event):
        model.objects.all().delete()
    fence.install(connection)
    for _ in range(more):
        grow()
    assert grow().tree_size > 0
    with caplog.at_level(logging.WARNING):
        assert coalition.begin() is False
    assert re.search(r"was cut back or rewritten|does not continue what you cosigned last", caplog.text)
    assert coalition._state().read_text() == seen
    assert cosigned() == []


def test_lost_memory_is_no_first_time(folder, grow, caplog):
    grow()
    coalition.begin()
    grow()
    coalition._state().unlink()
    with caplog.at_level(logging.WARNING):
        assert tasks.witness() is False
        assert coalition.begin() is False
    assert "--first" in caplog.text
    assert not coalition._state().exists()


def test_first_time_cut_short_after_it_was_remembered_is_gone_on_with(folder, grow):
    grow()
    coalition.begin()
    coalition._keys().rename(coalition._draft(coalition._keys()))
    later = grow()
    assert tasks.witness() is True
    assert later.tree_size in cosigned()


def test_it_follows_a_key_that_one_it_trusts_has_introduced(folder, grow):
    grow()
    coalition.begin()
    old, new = signer.key(), SigningKey.generate(signer.key().name, ED25519)
    with transaction.atomic():
        keyring.introduce(new.verifier, vouch=lambda said: [sign(said.body(), old)])
    later = grow()
    with unfenced():
        resigned(later, new)
        assert tasks.witness() is True
        assert later.tree_size in cosigned()
    assert {str(key.verifier) for key in (old, new)} <= set(coalition._keys().read_text().split())


def test_it_believes_no_key_that_only_the_tables_name(folder, grow, caplog):
    grow()
    coalition.begin()
    stranger = SigningKey.generate(signer.key().name, ED25519)
    with transaction.atomic():
        keyring.introduce(stranger.verifier, vouch=lambda said: [sign(said.body(), stranger)])
    later = grow()
    with unfenced(), caplog.at_level(logging.WARNING):
        resigned(later, stranger)
        assert tasks.witness() is False
        assert later.tree_size not in cosigned()
    assert "signed by no key" in caplog.text
    assert str(stranger.verifier) not in coalition._keys().read_text()


def resigned(checkpoint, *keys):
    """The same head as other keys sign it."""
    body = Note.parse(checkpoint.note).text
    Checkpoint.objects.filter(pk=checkpoint.pk).update(note=str(Note(body, tuple(sign(body, key) for key in keys))))


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


def test_demonstration_of_an_older_copy_starts_and_says_what_shows(folder, grow, monkeypatch):
    newest = grow()
    coalition.begin()
    seen = {checkpoints.origin_of(newest): {"size": newest.tree_size + 9, "root": b64encode(b"r" * 32).decode()}}
    coalition._state().write_text(json.dumps(seen))
    monkeypatch.setattr(load_demonstration, "key_at_hand", lambda: None)
    monkeypatch.setattr(load_demonstration.demonstration, "is_loaded", lambda: True)
    told = StringIO()
    call_command("load_demonstration", stdout=told)
    assert f"ALARM: The Coalition cosigned {newest.tree_size + 9:,} entries of this log" in told.getvalue()
    assert "demo --reset begins anew" in told.getvalue()


def test_demonstration_whose_log_nobody_will_sign_starts_and_says_so(folder, grow, monkeypatch):
    def refuses():
        raise SignerRefused("Entries are missing.")

    monkeypatch.setattr(load_demonstration, "key_at_hand", lambda: None)
    monkeypatch.setattr(load_demonstration, "sign_head", refuses)
    monkeypatch.setattr(load_demonstration.demonstration, "is_loaded", lambda: True)
    told = StringIO()
    call_command("load_demonstration", stdout=told)
    assert told.getvalue().startswith("ALARM: Entries are missing.")
