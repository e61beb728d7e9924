"""Signing the log, proving with what was signed."""

from audit import actions, checkpoints, merkle, notes
from audit.models import Checkpoint, Leaf, Pending
from audit.nodes import Rows
from tests.audit.signer import key


def test_sign_head_introduces_its_key_and_signs_everything(case, clerk):
    signed = checkpoints.sign_head()
    assert signed.tree_size == Leaf.objects.count() == 2
    assert not Pending.objects.exists()
    note = notes.Note.parse(signed.note)
    assert notes.verified(note, [each.key for each in checkpoints.vkeys()]) == [key().verifier]
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
