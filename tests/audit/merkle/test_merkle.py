import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import ProofRefused
from audit.leaf import hash_of
from audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    check_consistency,
    consistency_proof,
    inclusion_proof,
    root,
    root_of_inclusion,
)
from tests.audit.merkle.trees import (
    Arithmetic,
    Held,
    leaf_hashes,
    naive_consistency,
    naive_inclusion,
    naive_root,
)

LEAVES = leaf_hashes(700)
TREE = Held(LEAVES)
EDGES = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537]
RFC_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
SIZES = st.integers(1, len(LEAVES))


def rfc_roots():
    hashes = json.loads((Path(__file__).parent / "vectors.json").read_text())["hashes"]
    return [sha256(b"").digest(), *(bytes.fromhex(hashes[f"root{size}"]) for size in range(1, 9))]


def grown(leaves):
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier


@pytest.fixture(scope="module")
def large():
    return Held(leaf_hashes(max(EDGES)))


@pytest.fixture(scope="module")
def large_roots(large):
    frontier, roots = Frontier(), {0: EMPTY_ROOT}
    for leaf in large.rows[0]:
        frontier.append(leaf)
        if frontier.size in EDGES:
            roots[frontier.size] = frontier.root()
    return roots


@pytest.mark.parametrize("size", range(9))
def test_root_of_the_rfcs_leaves(size):
    leaves = [hash_of(bytes.fromhex(leaf)) for leaf in RFC_LEAVES[:size]]
    assert root(Held(leaves), size) == grown(leaves).root() == rfc_roots()[size]


@pytest.mark.once
@pytest.mark.parametrize("size", EDGES)
def test_tree_around_full_tiles(size, large, large_roots):
    assert root(large, size) == large_roots[size]
    for index in {0, 1, 254, 255, 256, 65_535, size - 2, size - 1} & set(range(size)):
        proof = inclusion_proof(large, index, size)
        assert root_of_inclusion(large.rows[0][index], index, size, proof) == large_roots[size]
    for old in [edge for edge in EDGES if edge <= size]:
        proof = consistency_proof(large, old, size)
        check_consistency(old, size, large_roots[old], large_roots[size], proof)


@given(SIZES, st.data())
def test_proofs_are_the_rfcs(size, data):
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    leaves = LEAVES[:size]
    assert root(TREE, size) == naive_root(leaves)
    assert inclusion_proof(TREE, index, size) == naive_inclusion(index, leaves)
    assert consistency_proof(TREE, old, size) == naive_consistency(old, leaves)


@given(SIZES, st.data())
def test_proofs_hold_for_what_they_prove_and_for_nothing_else(size, data):
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(TREE, index, size)
    assert root_of_inclusion(LEAVES[index], index, size, proof) == root(TREE, size)
    elsewhere = data.draw(st.integers(0, size - 1).filter(lambda other: other != index)) if size > 1 else None
    if elsewhere is not None:
        assert reached(LEAVES[index], elsewhere, size, proof) != root(TREE, size)
        assert reached(LEAVES[elsewhere], index, size, proof) != root(TREE, size)
    for wrong in damaged(proof, data):
        assert reached(LEAVES[index], index, size, wrong) != root(TREE, size)


@given(SIZES, st.data())
def test_growth_is_proved_by_its_own_proof_alone(new, data):
    old = data.draw(st.integers(0, new))
    proof = consistency_proof(TREE, old, new)
    old_root, new_root = root(TREE, old), root(TREE, new)
    check_consistency(old, new, old_root, new_root, proof)
    for wrong in damaged(proof, data):
        with pytest.raises(ProofRefused):
            check_consistency(old, new, old_root, new_root, wrong)
    with pytest.raises(ProofRefused):
        check_consistency(old, new, hash_of(b"another history"), new_root, proof)
    if old:
        with pytest.raises(ProofRefused):
            check_consistency(old, new, old_root, hash_of(b"another present"), proof)


def reached(leaf, index, size, proof):
    try:
        return root_of_inclusion(leaf, index, size, proof)
    except ProofRefused:
        return None


def damaged(proof, data):
    """Return the proof too long, too short, in another order, with one bit changed, with one hash cut."""
    yield [*proof, hash_of(b"one more")]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[place]) ^ 1 << bit).to_bytes(32)
        yield proof[:place] + proof[place + 1 :]
        yield [*proof[:place], flipped, *proof[place + 1 :]]
        yield [*proof[:place], proof[place][:-1], *proof[place + 1 :]]
    if len(proof) > 1:
        yield proof[::-1]


@given(st.integers(0, 300), st.integers(0, 300))
def test_frontier_goes_on_from_where_it_was_saved(before, after):
    saved = grown(LEAVES[:before])
    restored = Frontier(saved.size, tuple(saved.hashes))
    for leaf in LEAVES[before : before + after]:
        restored.append(leaf)
    assert restored.root() == naive_root(LEAVES[: before + after])
    assert restored.size == before + after
    assert saved.root() == naive_root(LEAVES[:before])


@pytest.mark.parametrize(
    ("size", "hashes"),
    [
        (3, LEAVES[:1]),
        (2, LEAVES[:2]),
        (0, LEAVES[:1]),
        (1, [b"short"]),
        (-1, LEAVES[:1]),
    ],
)
def test_frontier_that_was_altered_is_refused(size, hashes):
    with pytest.raises(ProofRefused):
        Frontier(size, hashes)


@pytest.mark.parametrize("size", [1_000_000, 999_999, 50_000_000, 2**24, 2**24 - 1, 2**32])
def test_a_proof_reads_at_most_seven_short_ranges(size):
    middle = size // 3 * 2 + 1
    for make, *given_to in [
        (inclusion_proof, 0, size),
        (inclusion_proof, middle, size),
        (inclusion_proof, size - 1, size),
        (consistency_proof, middle, size),
        (consistency_proof, size - 1, size),
        (root, size),
    ]:
        log = Arithmetic(size)
        made = make(log, *given_to)
        assert len(log.asked) <= (5 if size == 1_000_000 else 7)
        assert len(set(log.asked)) == len(log.asked)
        assert all(stop - start <= 256 for _, start, stop in log.asked)
        if make is inclusion_proof:
            assert root_of_inclusion(log.full[0], given_to[0], size, made) == log.root()
        elif make is consistency_proof:
            check_consistency(given_to[0], size, log.root(given_to[0]), log.root(), made)
        else:
            assert made == log.root()


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (0, -1), (2**80, 2**64)])
def test_entries_outside_the_log_are_refused(index, size):
    with pytest.raises(ProofRefused, match="There is no entry"):
        inclusion_proof(TREE, index, size)
    with pytest.raises(ProofRefused, match="There is no entry"):
        root_of_inclusion(LEAVES[0], index, size, [])


@pytest.mark.parametrize(("old", "new"), [(-1, 5), (6, 5), (0, -1), (2**80, 2**70)])
def test_growth_backwards_is_refused(old, new):
    with pytest.raises(ProofRefused):
        consistency_proof(TREE, old, new)
    with pytest.raises(ProofRefused):
        check_consistency(old, new, EMPTY_ROOT, EMPTY_ROOT, [])


def test_huge_sizes_need_a_proof_of_their_length():
    with pytest.raises(ProofRefused, match="has 4000 hashes, this one 1"):
        root_of_inclusion(LEAVES[0], 0, 2**4000, [LEAVES[1]])


def test_a_log_with_a_hole_proves_nothing():
    holed = Held(LEAVES)
    del holed.rows[0][600:]
    with pytest.raises(ProofRefused, match="The log holds 88 of its 188 entries from 512 on"):
        root(holed, 700)
    assert root(holed, 512) == naive_root(LEAVES[:512])


@pytest.mark.parametrize("old_root", [EMPTY_ROOT, LEAVES[0]])
def test_any_log_grows_from_the_empty_one_and_from_no_other(old_root):
    if old_root == EMPTY_ROOT:
        check_consistency(0, 9, old_root, LEAVES[1], [])
    else:
        with pytest.raises(ProofRefused, match="history was rewritten"):
            check_consistency(0, 9, old_root, LEAVES[1], [])
