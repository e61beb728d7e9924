"""Making, changing and recovering keys, by the commands people run."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from audit import checkpoints, clock, fence, invariants, keyring, merkle, notes, signing, verify_log
from audit.errors import SignerRefused
from audit.models import Checkpoint, Event, Leaf
from audit.nodes import Rows
from audit.notes import Head, Note


def run(name, *arguments):
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def signers(checkpoint):
    return {signature.key_id for signature in Note.parse(checkpoint.note).signatures}


def verdict():
    """What an auditor with the whole log and the published keys says of the newest checkpoint."""
    return verify_log.check_checkpoint(checkpoints.latest().note, checkpoints.vkeys_text()).verdict


@pytest.fixture
def signed(key_files, happen):
    happen(3)
    return checkpoints.sign_head()


@pytest.fixture
def later(monkeypatch):
    """Move the machine's own clock."""

    def move(by):
        moment = clock.real_now() + by
        monkeypatch.setattr(clock, "real_now", lambda: moment)

    return move


def test_keygen_prints_the_public_key_and_refuses_a_second_time(key_files, settings, db):
    settings.AUDIT_SIGNING_KEY_FILE, settings.AUDIT_SIGNER_STATE = key_files / "two.key", key_files / "two.signed"
    printed = notes.VerifierKey.parse(run("audit_keygen").strip())
    assert [printed] == signing.signer().verifiers()
    with pytest.raises(CommandError, match="audit_rotate_key"):
        run("audit_keygen")


def test_keygen_where_nothing_can_be_written_says_so(key_files, settings):
    (key_files / "file").write_text("")
    settings.AUDIT_SIGNING_KEY_FILE, settings.AUDIT_SIGNER_STATE = key_files / "file" / "key", key_files / "new"
    with pytest.raises(CommandError, match="cannot be written"):
        run("audit_keygen")


def test_checkpoint_command_prints_the_note(key_files, happen):
    happen(3)
    text = run("audit_checkpoint")
    assert Head.parse(Note.parse(text).text).size == Leaf.objects.count()
    told = json.loads(run("audit_checkpoint", "--json"))
    assert (told["note"], told["signed_now"], told["size"]) == (text, False, Leaf.objects.count())
    happen(1)
    assert json.loads(run("audit_checkpoint", "--json"))["signed_now"]


def test_rotation_introduces_the_new_key_under_both_signatures(signed, happen, later):
    (old,) = signing.signer().verifiers()
    new = notes.VerifierKey.parse(run("audit_rotate_key").strip())
    during = checkpoints.latest()
    assert signers(during) == {old.key_id, new.key_id}
    assert verdict() == "verified"
    later(timedelta(days=31))
    happen(1)
    assert signers(checkpoints.sign_head()) == {new.key_id}
    assert verdict() == "verified"
    ends = {each.key: each.until for each in keyring.vkeys()}
    assert ends[new] is None
    assert ends[old] < clock.real_now()
    assert f"Dropped {old}" in run("audit_rotate_key", "--drop")
    assert "still signs" in run("audit_rotate_key", "--drop")
    assert signing.signer().verifiers() == [new]
    assert not any(check() for check in invariants.CHECKS.values())


def test_second_rotation_waits_for_the_first_to_end(signed):
    run("audit_rotate_key")
    with pytest.raises(CommandError, match="A change of keys is under way until"):
        run("audit_rotate_key")


def test_rotation_cut_short_is_finished_by_the_same_command(signed, happen, monkeypatch):
    def dies(*_args, **_kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(keyring, "introduce", dies)
        run("audit_rotate_key")
    happen(1)
    with pytest.raises(SignerRefused, match="finish a change that was cut short"):
        checkpoints.sign_head()
    run("audit_rotate_key")
    assert len(signers(checkpoints.latest())) == 2
    assert Event.objects.filter(event_type="log.key_introduced").count() == 2


@pytest.mark.parametrize("days", ["-1", "99999"])
def test_rotation_for_impossible_days_is_refused(signed, days):
    with pytest.raises(CommandError, match="give a number from 0"):
        run("audit_rotate_key", f"--days={days}")


def test_rotation_of_a_log_never_signed_is_refused(key_files, db):
    with pytest.raises(CommandError, match="never signed"):
        run("audit_rotate_key")


def test_rotation_without_a_key_file_is_refused(key_files, db):
    (key_files / "audit.key").unlink()
    with pytest.raises(CommandError, match="There is no key file"):
        run("audit_rotate_key")


def test_key_that_was_never_introduced_does_not_sign(signed, happen, settings):
    signing.write_keys(
        settings.AUDIT_SIGNING_KEY_FILE,
        [signing.KeptKey(notes.SigningKey.generate(settings.AUDIT_ORIGIN, notes.ED25519))],
    )
    happen(1)
    with pytest.raises(SignerRefused, match="No key of this log introduced"):
        checkpoints.sign_head()


def recover(tmp_path, note):
    (tmp_path / "last.txt").write_text(note)
    return run("audit_recover", str(tmp_path / "last.txt"))


def new_name(settings, folder):
    settings.AUDIT_ORIGIN = "log.example/two"
    settings.AUDIT_SIGNING_KEY_FILE, settings.AUDIT_SIGNER_STATE = folder / "two.key", folder / "two.signed"


def lose_everything_after(size):
    lost = list(Leaf.objects.filter(leaf_index__gte=size).values_list("event_id", flat=True))
    Checkpoint.objects.filter(tree_size__gt=size).delete()
    Leaf.objects.filter(event_id__in=lost).delete()
    Event.objects.filter(pk__in=lost).delete()


def test_lost_memory_comes_back_from_a_checkpoint(signed, key_files, happen, remembered):
    (key_files / "audit.signed").unlink()
    happen(1)
    with pytest.raises(SignerRefused, match="is lost"):
        checkpoints.sign_head()
    recover(key_files, signed.note)
    assert remembered().size == Leaf.objects.count() == checkpoints.latest().tree_size


def test_memory_that_is_not_lost_is_not_replaced(signed, key_files):
    with pytest.raises(CommandError, match="nothing is to be recovered"):
        recover(key_files, signed.note)


def test_memory_does_not_come_back_from_an_older_checkpoint(signed, key_files, happen):
    happen(1)
    checkpoints.sign_head()
    (key_files / "audit.signed").unlink()
    with pytest.raises(CommandError, match="holds a newer checkpoint"):
        recover(key_files, signed.note)


@pytest.mark.parametrize("text", ["", "nonsense", "log.example/one\n4\nAAAA\n"])
def test_recovery_from_something_else_is_refused(signed, key_files, text):
    with pytest.raises(CommandError, match="This is no checkpoint that a known key"):
        recover(key_files, text)


def test_recovery_from_a_file_that_is_not_there_is_refused(key_files, db):
    with pytest.raises(CommandError, match="cannot be read"):
        run("audit_recover", str(key_files / "none"))


def test_recovery_from_a_strangers_checkpoint_is_refused(signed, key_files):
    stranger = notes.SigningKey.generate("log.example/one", notes.ED25519)
    body = Head("log.example/one", 9, b"r" * 32).body()
    with pytest.raises(CommandError, match="None of the known keys signed this"):
        recover(key_files, str(Note(body, (notes.sign(body, stranger),))))


def test_log_that_lost_signed_entries_goes_on_under_a_new_name(signed, key_files, settings, happen, unfenced):
    happen(5)
    last = checkpoints.sign_head()
    unfenced()
    lose_everything_after(signed.tree_size)
    # The same name again would contradict what people hold.
    (key_files / "audit.signed").unlink()
    with pytest.raises(CommandError, match="entries were lost or rewritten"):
        recover(key_files, last.note)
    new_name(settings, key_files)
    with pytest.raises(CommandError, match="has no key yet"):
        recover(key_files, last.note)
    run("audit_keygen")
    with pytest.raises(SignerRefused, match="was signed as log.example/one, not as log.example/two"):
        checkpoints.sign_head()
    connection.check_constraints()
    fence.install(connection)
    recover(key_files, last.note)
    first = Event.objects.get(event_type="log.recovered")
    assert first.document["public"]["old_checkpoint"] == last.note
    assert (first.document["public"]["old_size"], first.document["public"]["contains_old"]) == (last.tree_size, False)
    assert first.log_leaf.leaf_index == signed.tree_size
    newest = checkpoints.latest()
    assert checkpoints.origin_of(newest) == "log.example/two"
    assert bytes(newest.root) == merkle.root(Rows(), newest.tree_size)
    assert verdict() == "verified"
    happen(1)
    assert checkpoints.sign_head().tree_size == newest.tree_size + 1
    with pytest.raises(CommandError, match="give that one, or a newer one|has begun already"):
        recover(key_files, last.note)


def test_database_of_another_log_is_not_signed_by_a_new_key(signed, key_files, settings, happen):
    new_name(settings, key_files)
    run("audit_keygen")
    happen(1)
    with pytest.raises(SignerRefused, match="or begin a new log with manage.py audit_recover"):
        checkpoints.sign_head()
