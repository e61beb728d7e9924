"""A proof of inclusion step by step, as somebody with a pencil would check it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.merkle import node_hash


@dataclass(frozen=True)
class Step:
    """One step up the tree: the hash beside, on which side it stands, and what both make."""

    beside: str
    on_the_left: bool
    makes: str


def steps(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes]) -> list[Step]:
    """The way from a leaf to the root, as RFC 9162 (2.1.3.2) describes it."""
    here, last, reached = index, size - 1, leaf_hash
    found = []
    for beside in proof:
        on_the_left = bool(here & 1) or here == last
        reached = node_hash(beside, reached) if on_the_left else node_hash(reached, beside)
        found.append(Step(beside.hex(), on_the_left, reached.hex()))
        if on_the_left:
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        here, last = here >> 1, last >> 1
    return found
