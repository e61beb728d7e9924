"""Trees to prove from: real hashes held in memory, the RFC's own words, and a log too large to hold."""

from audit.leaf import hash_of
from audit.merkle import EMPTY_ROOT, TILE, node_hash


def leaf_hashes(number):
    return [hash_of(f"entry {place}".encode()) for place in range(number)]


def naive_root(leaves):
    """MTH of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = largest_power_below(len(leaves))
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def naive_inclusion(index, leaves):
    """PATH of RFC 6962, section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    split = largest_power_below(len(leaves))
    if index < split:
        return [*naive_inclusion(index, leaves[:split]), naive_root(leaves[split:])]
    return [*naive_inclusion(index - split, leaves[split:]), naive_root(leaves[:split])]


def naive_consistency(old, leaves, whole=True):
    """SUBPROOF of RFC 6962, section 2.1.2, word for word."""
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    split = largest_power_below(len(leaves))
    if old <= split:
        return [*naive_consistency(old, leaves[:split], whole), naive_root(leaves[split:])]
    return [*naive_consistency(old - split, leaves[split:], whole=False), naive_root(leaves[:split])]


def largest_power_below(number):
    power = 1
    while power * 2 < number:
        power *= 2
    return power


class Held:
    """Leaves in a list, and the tiles that are full at this size: no others are stored."""

    def __init__(self, leaves):
        self.rows = [list(leaves)]
        while len(self.rows[-1]) >= TILE:
            below = self.rows[-1]
            full = range(0, len(below) - len(below) % TILE, TILE)
            self.rows.append([naive_root(below[start : start + TILE]) for start in full])

    def leaves(self, start, stop):
        return self.rows[0][start:stop]

    def tiles(self, level, start, stop):
        return self.rows[level][start:stop] if level < len(self.rows) else []


class Arithmetic:
    """A log of any size whose leaves are all alike, so that every hash can be computed; notes what is asked."""

    def __init__(self, size):
        self.size = size
        self.asked = []
        self.full = [hash_of(b"the same")]
        while len(self.full) <= 64:
            self.full.append(node_hash(self.full[-1], self.full[-1]))

    def leaves(self, start, stop):
        return self.tiles(0, start, stop)

    def tiles(self, level, start, stop):
        assert 0 <= start < stop
        assert TILE**level * stop <= self.size, "a tile that is not full yet is not stored"
        self.asked.append((level, start, stop))
        return [self.full[8 * level]] * (stop - start)

    def root(self, size=None):
        root = None
        size = self.size if size is None else size
        for height in range(size.bit_length()):
            if size >> height & 1:
                root = self.full[height] if root is None else node_hash(self.full[height], root)
        return root
