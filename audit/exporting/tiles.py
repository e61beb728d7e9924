"""The log as C2SP tlog-tiles: static files that software we did not write can fetch and check.

``tile/<level>/<n>`` holds up to 256 hashes, of leaves at level 0 and of full tiles of the level below above it;
``tile/entries/<n>`` holds the leaves themselves. What is not full ends in ``.p/<width>``. The format is that of
https://c2sp.org/tlog-tiles.
"""

from pathlib import Path
from struct import pack

from audit.leaf import hash_of
from audit.merkle import TILE, root_of_full


class Tiles:
    """Writes the tiles of a log whose entries are added one by one; memory does not grow with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bundle: list[bytes] = []
        self._bundles = 0
        self._levels: list[list[bytes]] = []
        self._full: list[int] = []

    def add(self, leaf: bytes) -> None:
        """The next entry."""
        self._bundle.append(pack(">H", len(leaf)) + leaf)
        if len(self._bundle) == TILE:
            self._write("entries", self._bundles, self._bundle)
            self._bundles += 1
            self._bundle = []
        self._push(0, hash_of(leaf))

    def close(self, checkpoint: str) -> None:
        """Write the tiles that are not full, and the checkpoint they belong to."""
        if self._bundle:
            self._write("entries", self._bundles, self._bundle)
        for level, hashes in enumerate(self._levels):
            if hashes:
                self._write(str(level), self._full[level], hashes)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "checkpoint").write_bytes(checkpoint.encode())

    def _push(self, level: int, digest: bytes) -> None:
        if level == len(self._levels):
            self._levels.append([])
            self._full.append(0)
        hashes = self._levels[level]
        hashes.append(digest)
        if len(hashes) == TILE:
            self._write(str(level), self._full[level], hashes)
            self._full[level] += 1
            self._levels[level] = []
            self._push(level + 1, root_of_full(hashes))

    def _write(self, level: str, number: int, parts: list[bytes]) -> None:
        partial = f".p/{len(parts)}" if len(parts) < TILE else ""
        path = self.folder / "tile" / level / f"{numbered(number)}{partial}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(parts))


def numbered(number: int) -> str:
    """The path of a tile's number: 1234067 is ``x001/x234/067``."""
    path = f"{number % 1000:03d}"
    while number := number // 1000:
        path = f"x{number % 1000:03d}/{path}"
    return path
