"""The whole log, or what is new in it, as files that anybody can check without us."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audit import checkpoints, merkle, verify_log
from audit.errors import ProofRefused
from audit.exporting.errors import ExportRefused
from audit.exporting.folder import filled, private_file
from audit.exporting.readme import readme
from audit.exporting.rows import disclosures, entries, snapshot
from audit.exporting.tiles import Tiles
from audit.leaf import hash_of
from audit.models import Checkpoint
from audit.nodes import Rows
from audit.witnessing import note_with_cosignatures

Progress = Callable[[int, int], None]
_EVERY = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export: the entries from ``start`` up to the size of ``checkpoint``."""

    checkpoint: Checkpoint
    start: int = 0
    private: bool = False
    tiles: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be, before anybody records that it was asked for."""
        size = self.checkpoint.tree_size
        if not 0 <= self.start <= size:
            raise ExportRefused(
                f"There is no entry {self.start} to begin with: the newest checkpoint holds {size} entries, "
                "and the first is entry 0."
            )
        if self.tiles and self.start:
            raise ExportRefused("Tiles are always of the whole log: leave out the entry to begin with.")


@dataclass(frozen=True, slots=True)
class Written:
    """How much was written; ``fault`` says why it will not verify, when it will not."""

    entries: int
    disclosures: int
    fault: str


class _Entries:
    """The entries on their way out, each looked at: is it there, and is it what its hash says."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.done = 0
        self.fault = ""

    def __iter__(self) -> Iterator[bytes]:
        start, size = self._wanted.start, self._wanted.checkpoint.tree_size
        for index, leaf, leaf_hash in entries(start, size):
            if not self.fault and index != start + self.done:
                self.fault = f"entry {start + self.done} is missing"
            elif not self.fault and hash_of(leaf) != leaf_hash:
                self.fault = f"entry {index} is not the one the log took"
            self.done += 1
            yield leaf
        if not self.fault and self.done < size - start:
            self.fault = f"entry {start + self.done} is missing"
        self.fault = self.fault or _fault_above(self._wanted.checkpoint)


def export(folder: Path, wanted: Wanted, *, progress: Progress = lambda _done, _total: None) -> Written:
    """Write the export into a new or empty folder, in constant memory; after a failure nothing is left.

    The log is written as it stands, also when somebody tampered with it: then the verifier is to see it, and
    ``fault`` says so here. The caller has checked who asks and recorded it. Raises ExportRefused.
    """
    with filled(folder) as writing, snapshot():
        found = _Entries(wanted)
        _write_entries(writing, found, wanted, progress)
        disclosed = _write_private(writing, wanted) if wanted.private else 0
        _write_beside(writing, wanted)
    return Written(found.done, disclosed, found.fault)


def _write_entries(folder: Path, found: _Entries, wanted: Wanted, progress: Progress) -> None:
    tiles = Tiles(folder / "tiles") if wanted.tiles else None
    total = wanted.checkpoint.tree_size - wanted.start
    with (folder / "export.jsonl").open("wb") as file:
        for leaf in found:
            file.write(leaf + b"\n")
            if tiles:
                tiles.add(leaf)
            if found.done % _EVERY == 0:
                progress(found.done, total)
    if tiles:
        tiles.close(note_with_cosignatures(wanted.checkpoint))


def _write_private(folder: Path, wanted: Wanted) -> int:
    done = 0
    with private_file(folder / "private.jsonl") as file:
        for row in disclosures(wanted.start, wanted.checkpoint.tree_size):
            opened = {"index": row.index, "group": row.group, "salt": row.salt.hex(), "body": row.body.decode()}
            file.write(json.dumps(opened, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            done += 1
    return done


def _write_beside(folder: Path, wanted: Wanted) -> None:
    """The checkpoint, the keys, the verifier, and what to do with them."""
    page = readme(wanted.checkpoint, start=wanted.start, private=wanted.private, tiles=wanted.tiles)
    (folder / "checkpoint.txt").write_bytes(note_with_cosignatures(wanted.checkpoint).encode())
    (folder / "vkeys.txt").write_bytes(checkpoints.vkeys_text().encode())
    (folder / "README.txt").write_bytes(page.encode())
    shutil.copyfile(verify_log.__file__, folder / "verify_log.py")


def _fault_above(checkpoint: Checkpoint) -> str:
    """What is wrong with the hashes above the entries; they are all that the earlier part of an export rests on."""
    try:
        root = merkle.root(Rows(), checkpoint.tree_size)
    except ProofRefused as refused:
        return refused.message
    return "" if root == bytes(checkpoint.root) else "the entries do not give the root that the checkpoint signs"
