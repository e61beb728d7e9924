"""The Merkle tree of RFC 6962: roots and proofs, made from rows and checked without them.

The log keeps the hash of each leaf and the root of each *full* subtree of 256, 256**2, ... leaves
(a tile). Nothing of it ever changes, and any root or proof needs one range of at most 256 hashes
for each tile on its path and on the tree's right edge: at most 7 ranges up to 4 thousand million leaves.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Protocol

from audit.errors import ProofRefused

EMPTY_ROOT = sha256(b"").digest()
TILE_HEIGHT = 8
TILE = 1 << TILE_HEIGHT
HASH_LENGTH = 32


class Nodes(Protocol):
    """Where the hashes are kept. Both answer the range [start, stop), in order, without gaps."""

    def leaves(self, start: int, stop: int) -> Sequence[bytes]:
        """Hashes of leaves."""

    def tiles(self, level: int, start: int, stop: int) -> Sequence[bytes]:
        """Roots of full subtrees of ``256**level`` leaves, level 1 and above."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node; the first byte keeps it apart from leaves."""
    return sha256(b"\x01" + left + right).digest()


def root(nodes: Nodes, size: int) -> bytes:
    """Return the root of the tree of the first ``size`` leaves."""
    _check_size(size)
    return _Reader(nodes, size).root(0, size) if size else EMPTY_ROOT


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Return what connects the leaf at ``index`` with the root at ``size``, from the leaf upwards."""
    _check_index(index, size)
    reader = _Reader(nodes, size)
    proof: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(reader.root(middle, stop))
            stop = middle
        else:
            proof.append(reader.root(start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """Return what shows that the tree of size ``old`` is the beginning of that of size ``new``."""
    _check_growth(old, new)
    if old in (0, new):
        return []
    reader = _Reader(nodes, new)
    proof: list[bytes] = []
    start, stop = 0, new
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append(reader.root(middle, stop))
            stop = middle
        else:
            proof.append(reader.root(start, middle))
            start = middle
    if start:
        # Otherwise the old tree is one full subtree, and whoever checks holds its root already.
        proof.append(reader.root(start, stop))
    return proof[::-1]


def root_of_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that ``proof`` leads to; raises ``ProofRefused`` when it cannot be a proof."""
    _check_index(index, size)
    _check_hashes((leaf_hash, *proof))
    inner, border = _path(index, size)
    _check_length(proof, inner + border)
    return _climb_left(_climb(leaf_hash, proof[:inner], index), proof[inner:])


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise ``ProofRefused`` unless ``proof`` shows that the new tree begins with the old one."""
    _check_growth(old, new)
    _check_hashes((old_root, new_root, *proof))
    if old in (0, new):
        _check_length(proof, 0)
        _check_same(old_root, EMPTY_ROOT if old == 0 else new_root, old)
        if new == 0:
            _check_same(new_root, EMPTY_ROOT, new)
        return
    # The largest full subtree at the old tree's right edge is where both climbs begin.
    height = (old & -old).bit_length() - 1
    inner, border = _path(old - 1, new)
    inner -= height
    whole = old == 1 << height
    _check_length(proof, inner + border + (not whole))
    seed, rest = (old_root, proof) if whole else (proof[0], proof[1:])
    turns = (old - 1) >> height
    lefts = [sibling for level, sibling in enumerate(rest[:inner]) if turns >> level & 1]
    _check_same(_climb_left(_climb_left(seed, lefts), rest[inner:]), old_root, old)
    _check_same(_climb_left(_climb(seed, rest[:inner], turns), rest[inner:]), new_root, new)


class Frontier:
    """A tree that only grows, kept as the roots of its full subtrees, the largest first.

    Somebody who checks month by month keeps these (at most one for each binary digit of the
    size) and needs no earlier leaf again.
    """

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        _check_size(size)
        _check_hashes(self.hashes)
        if len(self.hashes) != size.bit_count():
            msg = (
                f"A frontier of {size} entries has {size.bit_count()} hashes, this one {len(self.hashes)}. "
                "Take the file as it was saved, or begin again from the first entry."
            )
            raise ProofRefused(msg)

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf."""
        joined = leaf_hash
        size = self.size
        while size & 1:
            joined = node_hash(self.hashes.pop(), joined)
            size >>= 1
        self.hashes.append(joined)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of all leaves so far."""
        return _joined(self.hashes) if self.hashes else EMPTY_ROOT


class _Reader:
    """Reads each range of hashes at most once, and never beyond the tree's size."""

    def __init__(self, nodes: Nodes, size: int) -> None:
        self._nodes = nodes
        self._size = size
        self._read: dict[tuple[int, int], Sequence[bytes]] = {}

    def root(self, start: int, stop: int) -> bytes:
        """Return the root over [start, stop), where ``start`` divides by the largest full subtree inside."""
        parts: list[bytes] = []
        while start < stop:
            height = (stop - start).bit_length() - 1
            parts.append(self._full(height, start >> height))
            start += 1 << height
        return _joined(parts)

    def _full(self, height: int, place: int) -> bytes:
        """Return the root of the full subtree of ``2**height`` leaves that ``place`` others precede."""
        level, rest = divmod(height, TILE_HEIGHT)
        tile, first = divmod(place << rest, TILE)
        return root_of_full(self._range(level, tile)[first : first + (1 << rest)])

    def _range(self, level: int, tile: int) -> Sequence[bytes]:
        if (level, tile) not in self._read:
            start = tile * TILE
            stop = min(start + TILE, self._size >> TILE_HEIGHT * level)
            found = self._nodes.tiles(level, start, stop) if level else self._nodes.leaves(start, stop)
            if len(found) != stop - start:
                what = f"tiles of level {level}" if level else "entries"
                msg = (
                    f"The log holds {len(found)} of its {stop - start} {what} from {start} on. "
                    "Nothing can be proved from it; run manage.py audit_doctor to see what is missing."
                )
                raise ProofRefused(msg)
            self._read[level, tile] = found
        return self._read[level, tile]


def root_of_full(row: Sequence[bytes]) -> bytes:
    """Return the root over a row of nodes whose number is a power of two."""
    while len(row) > 1:
        row = [node_hash(row[place], row[place + 1]) for place in range(0, len(row), 2)]
    return row[0]


def _joined(parts: Sequence[bytes]) -> bytes:
    """Return the root over full subtrees, the largest first."""
    joined = parts[-1]
    for part in reversed(parts[:-1]):
        joined = node_hash(part, joined)
    return joined


def _split(size: int) -> int:
    """Return how many of ``size`` leaves lie in the left subtree: the largest power of two below it."""
    return 1 << (size - 1).bit_length() - 1


def _path(index: int, size: int) -> tuple[int, int]:
    """Return the length of a proof: levels until the path joins the right edge, and left turns after that."""
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _climb(node: bytes, siblings: Sequence[bytes], turns: int) -> bytes:
    """Hash upwards; where the bit of ``turns`` is set the sibling is on the left."""
    for level, sibling in enumerate(siblings):
        node = node_hash(sibling, node) if turns >> level & 1 else node_hash(node, sibling)
    return node


def _climb_left(node: bytes, siblings: Iterable[bytes]) -> bytes:
    for sibling in siblings:
        node = node_hash(sibling, node)
    return node


def _check_size(size: int) -> None:
    if size < 0:
        raise ProofRefused(f"A log cannot hold {size} entries. Give a size of 0 or more.")


def _check_index(index: int, size: int) -> None:
    if not 0 <= index < size:
        msg = f"There is no entry {index} in a log of {size}: entries are counted from 0. Give one it holds."
        raise ProofRefused(msg)


def _check_growth(old: int, new: int) -> None:
    _check_size(old)
    if new < old:
        msg = f"A log of {new} entries cannot begin with one of {old}. Give the smaller size first."
        raise ProofRefused(msg)


def _check_hashes(hashes: Iterable[bytes]) -> None:
    for one in hashes:
        if len(one) != HASH_LENGTH:
            msg = f"A hash has {HASH_LENGTH} bytes, this one {len(one)}. Take the proof or root as it was issued."
            raise ProofRefused(msg)


def _check_length(proof: Sequence[bytes], expected: int) -> None:
    if len(proof) != expected:
        msg = (
            f"The proof for these sizes has {expected} hashes, this one {len(proof)}. "
            "It belongs to another entry or another head, or was altered: ask for it again."
        )
        raise ProofRefused(msg)


def _check_same(found: bytes, claimed: bytes, size: int) -> None:
    if found != claimed:
        msg = (
            f"The log of {size} entries and the proof do not agree: the root is not the one claimed. "
            "Either the proof was altered, or the log's history was rewritten. Keep both heads: together they show it."
        )
        raise ProofRefused(msg)
