"""The verifier shares no code with the log, so the published vectors are put to it as well."""

import pytest

from audit import verify_log
from tests.audit.merkle.test_vectors import rows, value

# Lengths are checked where files are read, before any hash gets here; and to this log's witnesses
# every history continues the empty one (tlog-witness asks for an empty proof from size 0).
ELSEWHERE = {
    "single-entry/empty root and leaf",
    "additional/sizes are equal (zero) and proof is empty",
    "additional/size1 is zero and size2 is not zero",
}


def expected(refused, request):
    return not refused or request.node.callspec.id in ELSEWHERE


@pytest.mark.parametrize(("index", "size", "root", "leaf", "proof", "refused"), rows("inclusion"))
def test_inclusion_vector(index, size, root, leaf, proof, refused, request):
    try:
        found = verify_log.root_of_inclusion(value(leaf), index, size, [value(one) for one in proof])
    except verify_log.Tampered:
        found = None
    assert (found == value(root)) is expected(refused, request)


@pytest.mark.parametrize(("old", "new", "old_root", "new_root", "proof", "refused"), rows("consistency"))
def test_consistency_vector(old, new, old_root, new_root, proof, refused, request):
    hashes = [value(one) for one in proof]
    found = verify_log.is_consistent(old, value(old_root), new, value(new_root), hashes)
    assert found is expected(refused, request)
