"""What must hold of the log, recomputed from its rows: entries, tiles, signed heads.

Sentences for each break, one after the other; hashes are read a tile at a time, so memory does not grow.
"""

from collections.abc import Iterator

from django.db.models import Q

from audit import attesting, keyring
from audit.errors import NoteRefused
from audit.merkle import TILE, Frontier, root_of_full
from audit.models import Attestation, Checkpoint, Leaf, Tile
from audit.nodes import Rows
from audit.notes import Head, Note, VerifierKey, verified

_CHUNK = 2000


def entries() -> Iterator[str]:
    """Indices are dense from 0, and each entry has its event's hash."""
    rows = Leaf.objects.order_by("leaf_index").values_list("leaf_index", "leaf_hash", "event_id", "event__leaf_hash")
    expected = 0
    for index, leaf_hash, event, event_hash in rows.iterator(_CHUNK):
        if index != expected:
            yield f"Entry {expected} of the log is missing: entry {index} follows."
        if bytes(leaf_hash) != bytes(event_hash):
            yield f"Entry {index} of the log: its hash is not that of event {event}."
        expected = index + 1


def tiles() -> Iterator[str]:
    """Every tile is the root of the 256 hashes below it, and none is left out."""
    below, level = Leaf.objects.count(), 1
    while found := Tile.objects.filter(level=level).count():
        rows = Tile.objects.filter(level=level).order_by("idx").values_list("idx", "hash")
        for expected, (idx, kept) in enumerate(rows.iterator(_CHUNK)):
            if idx != expected:
                yield f"Tile {level}/{expected} of the log is missing."
                break
            children = _below(level, idx)
            if len(children) != TILE:
                yield f"Tile {level}/{idx} of the log stands for {len(children)} hashes, not {TILE}."
            elif root_of_full(children) != bytes(kept):
                yield f"Tile {level}/{idx} of the log is not the root of what it stands for."
        # On SQLite the newest entries are not folded yet; tiles are, in the same transaction as those below.
        if level > 1 and found != below // TILE:
            yield f"The log has {found} tiles of level {level} above {below}; {below // TILE} were expected."
        below, level = found, level + 1


def heads() -> Iterator[str]:
    """Every checkpoint is the root of the entries before it, signed by a published key of its own log."""
    keys = list(keyring.known())
    frontier = Frontier()
    for checkpoint in Checkpoint.objects.order_by("tree_size").iterator(_CHUNK):
        size, name = checkpoint.tree_size, f"The checkpoint of {checkpoint.tree_size} entries"
        _grow(frontier, size)
        if frontier.size < size:
            yield f"{name} is of a longer log: this one has {frontier.size}."
            return
        if frontier.root() != bytes(checkpoint.root):
            yield f"{name} has another root than the log: entries before it were changed."
        yield from _unsigned(checkpoint, name, keys)


def attestations() -> Iterator[str]:
    """Nothing is attested but a checkpoint that is there, and by what verifies."""
    there = Q(checkpoint__in=Checkpoint.objects.all())
    lost = Attestation.objects.exclude(there)
    for pk, size in lost.values_list("pk", "checkpoint_id").iterator(_CHUNK):
        yield f"Attestation {pk} is of a checkpoint of {size} entries that is not there."
    yield from attesting.faults(Attestation.objects.filter(there).order_by("pk"))


def _unsigned(checkpoint: Checkpoint, name: str, keys: list[VerifierKey]) -> Iterator[str]:
    try:
        note = Note.parse(checkpoint.note)
        head = Head.parse(note.text)
        verified(note, [key for key in keys if key.name == head.origin])
    except NoteRefused as error:
        yield f"{name} is not signed by a published key: {error.message}"
        return
    if (head.size, head.root) != (checkpoint.tree_size, bytes(checkpoint.root)):
        yield f"{name} has columns that differ from what was signed."


def _grow(frontier: Frontier, size: int) -> None:
    nodes = Rows()
    while frontier.size < size:
        hashes = nodes.leaves(frontier.size, min(frontier.size + _CHUNK, size))
        for leaf_hash in hashes:
            frontier.append(leaf_hash)
        if not hashes:
            return


def _below(level: int, idx: int) -> list[bytes]:
    start, stop = idx * TILE, (idx + 1) * TILE
    return list(Rows().leaves(start, stop) if level == 1 else Rows().tiles(level - 1, start, stop))
