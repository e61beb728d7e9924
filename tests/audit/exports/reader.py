"""A second reading of C2SP tlog-tiles, written from the specification alone: it shares nothing with the writer."""

import re
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

WIDE = 256


def mth(leaves):
    """RFC 6962 section 2.1, word for word, with the hashes of leaves given."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + mth(leaves[:half]) + mth(leaves[half:])).digest()


def path_of(number):
    digits = str(number)
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = re.findall("...", digits)
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def files_of(size):
    """Every file a log of that size has, and how many hashes or entries are in it."""
    found, level = {}, 0
    while count := size // WIDE**level:
        names = [str(level)] if level else ["0", "entries"]
        for name in names:
            for number in range(count // WIDE):
                found[f"tile/{name}/{path_of(number)}"] = WIDE
            if rest := count % WIDE:
                found[f"tile/{name}/{path_of(count // WIDE)}.p/{rest}"] = rest
        level += 1
    return found


def entries_in(bundle):
    found = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        found.append(bundle[2 : 2 + length])
        assert len(found[-1]) == length
        bundle = bundle[2 + length :]
    return found


def read(folder: Path):
    """The entries of the log in a folder; raises AssertionError where anything is not as the specification says."""
    _origin, size, root = (folder / "checkpoint").read_text().split("\n")[:3]
    size = int(size)
    expected = files_of(size)
    there = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    assert there == {*expected, "checkpoint"}
    entries = []
    hashes = {}
    for path, wide in expected.items():
        content = (folder / path).read_bytes()
        if path.startswith("tile/entries/"):
            inside = entries_in(content)
            assert len(inside) == wide
            entries += inside
        else:
            assert len(content) == 32 * wide
            hashes.setdefault(int(path.split("/")[1]), []).extend(
                content[at : at + 32] for at in range(0, len(content), 32)
            )
    leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
    assert hashes.get(0, []) == leaves
    for level in range(1, len(hashes)):
        below = hashes[level - 1]
        full = len(below) // WIDE
        assert hashes[level] == [mth(below[at * WIDE : (at + 1) * WIDE]) for at in range(full)]
    assert mth(leaves) == b64decode(root)
    return entries
