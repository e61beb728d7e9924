"""Each break of the log's tables is found and named."""

import pytest

from audit import checkpoints, invariants, sequencing
from audit.models import Attestation, Checkpoint, Leaf, Tile


@pytest.fixture
def log(happen, unfenced):
    """A log of 600 entries with two signed heads, and no fence."""
    happen(300)
    checkpoints.sign_head()
    happen(299)
    checkpoints.sign_head()
    assert not any(check() for check in invariants.CHECKS.values())
    unfenced()
    return Leaf.objects.count()


def sentences(name):
    return invariants.CHECKS[f"audit: {name}"]()


ENTRIES = "every entry of the log is its event"
TILES = "every tile of the log is the root of what it stands for"
HEADS = "every checkpoint is a signed head of this log"


def test_gap_is_found(log):
    Leaf.objects.filter(leaf_index=7).delete()
    assert sentences(ENTRIES) == ["Entry 7 of the log is missing: entry 8 follows."]
    assert sentences(TILES)
    assert sentences(HEADS)


def test_entry_with_another_hash_is_found(log):
    Leaf.objects.filter(leaf_index=7).update(leaf_hash=b"x" * 32)
    assert [sentence.split(":")[0] for sentence in sentences(ENTRIES)] == ["Entry 7 of the log"]
    assert sentences(TILES) == ["Tile 1/0 of the log is not the root of what it stands for."]
    assert len([sentence for sentence in sentences(HEADS) if "has another root than the log" in sentence]) == 2


def test_tile_missing_altered_or_invented_is_found(log):
    Tile.objects.filter(idx=1).update(hash=b"x" * 32)
    assert sentences(TILES) == ["Tile 1/1 of the log is not the root of what it stands for."]
    Tile.objects.filter(idx=0).delete()
    assert sentences(TILES) == ["Tile 1/0 of the log is missing."]
    Tile.objects.create(level=1, idx=0, hash=b"x" * 32)
    Tile.objects.create(level=1, idx=2, hash=b"x" * 32)
    assert "Tile 1/2 of the log stands for 88 hashes, not 256." in sentences(TILES)
    Tile.objects.create(level=2, idx=0, hash=b"x" * 32)
    assert "The log has 1 tiles of level 2 above 3; 0 were expected." in sentences(TILES)


def test_log_cut_below_its_head_is_found(log):
    Leaf.objects.filter(leaf_index=log - 1).delete()
    assert sentences(ENTRIES) == []
    assert sentences(HEADS) == [f"The checkpoint of {log} entries is of a longer log: this one has {log - 1}."]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"root": b"x" * 32}, "has another root than the log"),
        ({"root": b"x" * 32}, "has columns that differ from what was signed"),
        ({"note": "nonsense"}, "is not signed by a published key"),
    ],
)
def test_checkpoint_changed_is_found(log, change, said):
    Checkpoint.objects.filter(tree_size=log).update(**change)
    assert any(said in sentence for sentence in sentences(HEADS))


def test_checkpoint_signed_by_an_unpublished_key_is_found(log):
    newest = Checkpoint.objects.get(tree_size=log)
    Checkpoint.objects.filter(tree_size=log).update(note=newest.note.replace("\u2014 ", "\u2014 x"))
    assert any("is not signed by a published key" in sentence for sentence in sentences(HEADS))


def test_attestation_without_its_checkpoint_is_found(log):
    checkpoint = checkpoints.latest()
    proof = checkpoints.inclusion(7, checkpoint).encode()
    kept = Attestation.objects.create(
        checkpoint=checkpoint, kind="letter", who="CCG", blob=proof, at=checkpoint.created_at
    )
    name = "every attestation verifies for its checkpoint"
    assert sentences(name) == []
    Checkpoint.objects.filter(pk=checkpoint.pk)._raw_delete("default")
    assert sentences(name) == [
        f"Attestation {kept.pk} is of a checkpoint of {checkpoint.pk} entries that is not there."
    ]
    kept.delete()
    sequencing.catch_up()
