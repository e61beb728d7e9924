"""The hashes of the log, read from its tables: one query for each range."""

from collections.abc import Sequence

from audit.models import Leaf, Tile


class Rows:
    """``merkle.Nodes`` on the rows. What is missing is left out; whoever computes notices the gap."""

    def leaves(self, start: int, stop: int) -> Sequence[bytes]:
        """Return the hashes of the entries in [start, stop)."""
        rows = Leaf.objects.filter(leaf_index__gte=start, leaf_index__lt=stop).order_by("leaf_index")
        return [bytes(leaf_hash) for leaf_hash in rows.values_list("leaf_hash", flat=True)]

    def tiles(self, level: int, start: int, stop: int) -> Sequence[bytes]:
        """Return the roots of the full subtrees of ``256**level`` entries in [start, stop)."""
        rows = Tile.objects.filter(level=level, idx__gte=start, idx__lt=stop).order_by("idx")
        return [bytes(tile_hash) for tile_hash in rows.values_list("hash", flat=True)]
