"""The same questions put to implementations that others wrote."""

import json

import pymerkle
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.canonical import canonical
from audit.merkle import check_consistency, consistency_proof, inclusion_proof, root
from tests.audit.merkle.trees import Held, leaf_hashes

pytestmark = pytest.mark.oracle

NUMBER = 300
TREE = Held(leaf_hashes(NUMBER))


@pytest.fixture(scope="module")
def theirs():
    return pymerkle.InmemoryTree.init_from_entries([f"entry {place}".encode() for place in range(NUMBER)])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 255, 256, 257, 300])
def test_root_and_every_inclusion_proof_agree_with_pymerkle(size, theirs):
    assert root(TREE, size) == theirs.get_root(size)
    for index in range(size):
        proof = theirs.prove_inclusion(index + 1, size)
        assert [TREE.rows[0][index], *inclusion_proof(TREE, index, size)] == proof.path


@pytest.mark.parametrize("new", [2, 3, 7, 8, 9, 64, 255, 257, 300])
def test_consistency_proofs_agree_with_pymerkle(new, theirs):
    for old in range(1, new):
        # Their proofs are written in another way, so each side's proof is held against the other's roots.
        check_consistency(old, new, theirs.get_root(old), theirs.get_root(new), consistency_proof(TREE, old, new))
        pymerkle.verify_consistency(root(TREE, old), root(TREE, new), theirs.prove_consistency(old, new))


WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
)


@given(st.dictionaries(KEYS, DOCUMENTS, max_size=6))
def test_canonical_bytes_stay_the_same_when_rfc8785_writes_them_again(document):
    written = canonical(document)
    assert rfc8785.dumps(json.loads(written)) == written
