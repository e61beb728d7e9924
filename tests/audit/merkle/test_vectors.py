import json
from pathlib import Path

import pytest

from audit.errors import ProofRefused
from audit.merkle import check_consistency, root_of_inclusion

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())


def value(text):
    return bytes.fromhex(text[2:] if text.startswith("0x") else VECTORS["hashes"][text])


def rows(kind):
    return [pytest.param(*row[1:], id=row[0]) for row in VECTORS[kind]]


def included(index, size, root, leaf, proof):
    try:
        return root_of_inclusion(value(leaf), index, size, [value(one) for one in proof]) == value(root)
    except ProofRefused:
        return False


def consistent(old, new, old_root, new_root, proof):
    try:
        check_consistency(old, new, value(old_root), value(new_root), [value(one) for one in proof])
    except ProofRefused:
        return False
    return True


@pytest.mark.parametrize(("index", "size", "root", "leaf", "proof", "refused"), rows("inclusion"))
def test_inclusion_vector(index, size, root, leaf, proof, refused):
    assert included(index, size, root, leaf, proof) is not refused


@pytest.mark.parametrize(("old", "new", "old_root", "new_root", "proof", "refused"), rows("consistency"))
def test_consistency_vector(old, new, old_root, new_root, proof, refused, request):
    on_purpose = request.node.callspec.id in VECTORS["refused_on_purpose"]
    assert consistent(old, new, old_root, new_root, proof) is not (refused or on_purpose)


def test_vectors_are_all_there():
    assert len(VECTORS["inclusion"]) == len(VECTORS["consistency"]) == 98
    assert sum(not row[-1] for kind in ("inclusion", "consistency") for row in VECTORS[kind]) == 12
