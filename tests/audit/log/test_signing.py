"""What the signer refuses, whatever the database says."""

import stat

import pytest
from django.conf import settings as configured

from audit import checkpoints, merkle, signing
from audit.errors import SignerRefused
from audit.leaf import hash_of
from audit.models import Checkpoint
from audit.notes import ED25519, Head, SigningKey, verified

ORIGIN = "log.example/one"
KEY = SigningKey(ORIGIN, ED25519, b"k" * 32)


class Tree:
    """A log in memory, whose entries a test may choose."""

    def __init__(self, *contents):
        self.hashes = [hash_of(content) for content in contents]

    def leaves(self, start, stop):
        return self.hashes[start:stop]

    def tiles(self, level, start, stop):
        raise AssertionError("these trees are smaller than a tile")

    def head(self, size, origin=ORIGIN):
        return Head(origin, size, merkle.root(self, size))

    def extends(self, size):
        return lambda old: merkle.consistency_proof(self, old, size)


GROWN = Tree(*(bytes([number]) for number in range(9)))
REWRITTEN = Tree(b"other", *(bytes([number]) for number in range(1, 9)))


@pytest.fixture
def memory(tmp_path):
    kept = signing.FileMemory(tmp_path / "signed")
    kept.keep(Head(ORIGIN, 0, merkle.EMPTY_ROOT))
    return kept


@pytest.fixture
def signed_by_files(key_files, happen):
    happen()
    return checkpoints.sign_head()


@pytest.fixture
def signed_five(memory):
    signer = signing.KeepingSigner([KEY], memory)
    signer.sign(GROWN.head(5), GROWN.extends(5))
    return signer


def test_each_extension_is_signed_and_remembered(signed_five, memory):
    note = signed_five.sign(GROWN.head(9), GROWN.extends(9))
    assert verified(note, [KEY.verifier]) == [KEY.verifier]
    assert memory.last() == GROWN.head(9)


def test_the_same_head_is_signed_again(signed_five):
    """A crash between signing and publishing must not stop the log."""
    assert signed_five.sign(GROWN.head(5), GROWN.extends(5)).signatures


@pytest.mark.parametrize(
    ("head", "tree", "reason"),
    [
        (GROWN.head(4), GROWN, "The log has 4 entries and 5 were signed before"),
        (REWRITTEN.head(5), REWRITTEN, "does not continue the one of 5"),
        (REWRITTEN.head(8), REWRITTEN, "it was rewritten"),
        (GROWN.head(9, "log.example/two"), GROWN, "set AUDIT_ORIGIN to the key's name"),
    ],
)
def test_what_does_not_continue_the_last_head_is_refused(signed_five, memory, head, tree, reason):
    with pytest.raises(SignerRefused, match=reason):
        signed_five.sign(head, tree.extends(head.size))
    assert memory.last() == GROWN.head(5)


def test_proof_of_another_tree_is_refused(signed_five):
    with pytest.raises(SignerRefused, match="rewritten"):
        signed_five.sign(GROWN.head(9), lambda _old: [b"x" * 32] * 4)


def test_memory_of_another_log_is_refused(memory):
    memory.keep(Head("log.example/two", 3, b"r" * 32))
    with pytest.raises(SignerRefused, match="This signer's memory is of log.example/two"):
        signing.KeepingSigner([KEY], memory).sign(GROWN.head(5), GROWN.extends(5))


def test_lost_memory_is_refused(tmp_path):
    with pytest.raises(SignerRefused, match="is lost: restore the file .* audit_recover"):
        signing.KeepingSigner([KEY], signing.FileMemory(tmp_path / "none")).sign(GROWN.head(5), GROWN.extends(5))


@pytest.mark.parametrize("content", [b"", b"half", b"\xff\xfe", b"log\n12\n"])
def test_damaged_memory_is_refused(tmp_path, content):
    (tmp_path / "signed").write_bytes(content)
    with pytest.raises(SignerRefused, match="is damaged: restore"):
        signing.FileMemory(tmp_path / "signed").last()


def test_memory_is_written_before_the_signature_leaves(memory, monkeypatch):
    seen = []
    monkeypatch.setattr(signing.notes, "sign", lambda *_: seen.append(memory.last()))
    signing.KeepingSigner([KEY], memory).sign(GROWN.head(5), GROWN.extends(5))
    assert seen == [GROWN.head(5)]


def test_nothing_is_signed_when_the_memory_cannot_be_written(memory, monkeypatch):
    def full(_head):
        raise OSError("no space left")

    monkeypatch.setattr(memory, "keep", full)
    monkeypatch.setattr(signing.notes, "sign", lambda *_: pytest.fail("signed"))
    with pytest.raises(OSError, match="no space"):
        signing.KeepingSigner([KEY], memory).sign(GROWN.head(5), GROWN.extends(5))


def test_process_without_a_key_signs_nothing(key_files, db):
    (key_files / "audit.key").unlink()
    assert signing.signer() is None
    with pytest.raises(SignerRefused, match="This process holds no key"):
        checkpoints.sign_head()


def test_new_key_is_its_owners_alone_and_never_written_over(key_files, settings):
    path = key_files / "audit.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    with pytest.raises(SignerRefused, match="a key is never written over: run audit_rotate_key"):
        signing.make_key(settings.AUDIT_ORIGIN)
    (key_files / "audit.signed").unlink()
    with pytest.raises(SignerRefused, match="its memory .* is lost: run audit_recover"):
        signing.make_key(settings.AUDIT_ORIGIN)
    assert path.read_text() == before
    assert {each.name for each in key_files.iterdir()} <= {"audit.key", "audit.signed.lock"}


def test_memory_of_what_was_signed_needs_its_own_key(signed_by_files, key_files, settings):
    (key_files / "audit.key").unlink()
    with pytest.raises(SignerRefused, match="remembers what another key signed"):
        signing.make_key(settings.AUDIT_ORIGIN)


@pytest.mark.parametrize("left", ["nothing", "memory", "empty key"])
def test_making_a_key_cut_short_is_finished_by_the_same_command(key_files, settings, monkeypatch, happen, left):
    for each in key_files.iterdir():
        each.unlink()
    died = {"nothing": "keep", "memory": "write_keys", "empty key": "write_keys"}[left]

    def dies(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(signing.FileMemory if died == "keep" else signing, died, dies)
        signing.make_key(settings.AUDIT_ORIGIN)
    if left == "empty key":
        (key_files / "audit.key").write_text("")
    made = signing.make_key(settings.AUDIT_ORIGIN)
    assert signing.signer().verifiers() == [made.verifier]
    happen()
    assert checkpoints.sign_head()


def test_key_file_is_whole_or_absent(key_files, settings, monkeypatch):
    """Whatever fails while it is written, nothing of the key is left, and the former one stands."""
    path, before = key_files / "audit.key", (key_files / "audit.key").read_text()

    def full(_file):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(signing.os, "fsync", full)
        for target, new in ((path, False), (key_files / "other.key", True)):
            with pytest.raises(OSError, match="no space"):
                signing.write_keys(target, [signing.KeptKey(KEY)], new=new)
    assert path.read_text() == before
    assert {each.name for each in key_files.iterdir()} == {"audit.key", "audit.signed", "audit.signed.lock"}


@pytest.mark.parametrize("text", ["", "nonsense\n", "PRIVATE+KEY+a+00000000+AQ==\n"])
def test_damaged_key_file_is_refused(key_files, text):
    (key_files / "audit.key").write_text(text)
    with pytest.raises(SignerRefused, match="may sign any more|is damaged|cannot be read"):
        signing.signer()


def test_fresh_memory_beside_signed_heads_is_refused(key_files, happen):
    """Somebody deleted the memory and made a new one: the database still knows better."""
    checkpoints.sign_head()
    for name in ("audit.key", "audit.signed"):
        (key_files / name).unlink()
    signing.make_key(configured.AUDIT_ORIGIN)
    happen()
    with pytest.raises(SignerRefused, match="has never signed, and the database holds signed heads"):
        checkpoints.sign_head()


def test_database_restored_from_an_older_backup_is_refused(key_files, remembered, happen, unfenced):
    happen(3)
    old = checkpoints.sign_head()
    happen(2)
    new = checkpoints.sign_head()
    unfenced()
    Checkpoint.objects.filter(pk=new.pk).delete()
    _forget_entries_from(old.tree_size)
    with pytest.raises(SignerRefused, match="entries are missing. Restore a database"):
        checkpoints.sign_head(force=True)
    assert remembered().size == new.tree_size


def test_older_backup_that_grew_past_the_signed_size_is_refused(key_files, happen, unfenced):
    happen(3)
    checkpoints.sign_head()
    happen(2)
    new = checkpoints.sign_head()
    unfenced()
    Checkpoint.objects.filter(pk=new.pk).delete()
    _forget_entries_from(new.tree_size - 1)
    _written_without_triggers(happen(4))
    with pytest.raises(SignerRefused, match="it was rewritten"):
        checkpoints.sign_head()
    assert Checkpoint.objects.count() == 1


def _forget_entries_from(index):
    from audit.models import Event, Leaf

    lost = list(Leaf.objects.filter(leaf_index__gte=index).values_list("event_id", flat=True))
    Leaf.objects.filter(event_id__in=lost).delete()
    Event.objects.filter(pk__in=lost).delete()


def _written_without_triggers(events):
    from audit.models import Pending

    Pending.objects.bulk_create(Pending(event=event) for event in events)
