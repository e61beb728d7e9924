#!/usr/bin/env python3
"""Check the audit log of the panels without trusting whoever keeps it.

    python3 verify_log.py export.jsonl checkpoint.txt --keys vkeys.txt

One file and Python 3.9 or later; nothing else is needed and nothing is fetched. If the
``cryptography`` package is installed its Ed25519 is used, else the one below. The file shares
no code with the program that writes the log, so that one mistake cannot hide in both.

What is checked, and against what:

* Every line of the export is one entry. Its SHA-256 is a leaf of a Merkle tree (RFC 6962), and
  the root of that tree must be the one in the checkpoint, which the log's key has signed.
* Every entry has one possible spelling, the required fields, the number that follows the last
  one of its stream, and the hash of that last one. So none can be left out, doubled or moved.
* Names and free text are not in the entries, only SHA-256(salt + text). Who was given the text
  checks it against that; who was not learns nothing; and it can be erased without a trace of it
  remaining, while the log still verifies.

What no check of one export can show is that the keeper of the key wrote a second, different
history. Compare with checkpoints from elsewhere (``--old``: one from a letter, from last year's
audit, from a colleague) and ask for a witness's cosignature (``--require-witness``).

Exit status: 0 verified, 1 tampered with (or, asked for ``rules``, one is broken), 2 unusable (a
file is missing or malformed, or no key that you trust has signed). Run ``verify_log.py --help``
for the other commands.

To read this file in one sitting: ``check_export`` is the whole check in thirty lines and names
the rest. "Notes, keys and checkpoints", "The tree" and "Entries" are what the evidence rests on.
"The rules of the process" matters to those who ask not whether the record is whole but whether
the panels kept their rules. "Ed25519" can be passed over by who trusts the published vectors.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from hashlib import sha256, sha512
from operator import itemgetter
from struct import Struct
from struct import error as struct_error
from typing import Any, BinaryIO, NamedTuple
from unicodedata import combining, is_normalized

VERIFIED, TAMPERED, BREACHED, UNUSABLE = "verified", "tampered", "breached", "unusable"
EXIT = {VERIFIED: 0, TAMPERED: 1, BREACHED: 1, UNUSABLE: 2}
LARGEST_NUMBER = 2**53 - 1
LARGEST_SIZE = 2**63 - 1
LARGEST_LEAF = 65_535
TOO_LONG = f"it is longer than {LARGEST_LEAF} bytes"
LARGEST_FILE = 1 << 28
SYSTEM = "system"


# --- Reports: what was checked, and what came of it -----------------------------------------


class Fault(Exception):
    """A check that ends the matter, with the sentence for the report."""

    verdict = UNUSABLE
    what = ""


class Unusable(Fault):
    """Nothing can be said: a file is malformed or missing, or nobody trusted has signed."""


class Tampered(Fault):
    """The evidence contradicts itself."""

    verdict = TAMPERED


class Breached(Fault):
    """The log is whole, and what it records breaks a rule of the process."""

    verdict = BREACHED


@dataclass
class Step:
    """One thing that was checked."""

    what: str
    ok: bool
    detail: str = ""


@dataclass
class Report:
    """All that was checked, in order, and the verdict."""

    verdict: str = VERIFIED
    steps: list[Step] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    frontier: str = ""  # after a full check: what the auditor keeps to go on from here
    but: str = ""  # what the verdict does not cover

    def passed(self, what: str, detail: str) -> None:
        """Note a check that held, or a remark."""
        self.steps.append(Step(what, True, detail))

    def failed(self, what: str, fault: Fault) -> None:
        """Note a check that did not hold; tampering outweighs what could not be read."""
        self.steps.append(Step(fault.what or what, False, str(fault)))
        self.verdict = max(self.verdict, fault.verdict, key=[VERIFIED, UNUSABLE, BREACHED, TAMPERED].index)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Note the fault that ends this block, and go on after it."""
        try:
            yield
        except Fault as fault:
            self.failed(what, fault)
        except OSError as error:
            which = f"{shown(error.filename)}: " if error.filename else ""
            self.failed(what, Unusable(f"{which}{error.strerror or error}. Is it the right file?"))


@contextmanager
def about(what: str) -> Iterator[None]:
    """Let a fault in this block stand in the report under this name."""
    try:
        yield
    except Fault as fault:
        fault.what = what
        raise


def shown(value: object) -> str:
    """Return text from outside so that no terminal obeys it and no screen is filled by it."""
    text = ascii(value)
    return text if len(text) <= 90 else text[:87] + "..."


def plain(sentence: str) -> str:
    """Return a sentence that may hold words from outside, fit for a terminal and not endless."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in sentence[:2000])


def counted(number: int, one: str = "entry", many: str = "entries") -> str:
    """Return ``1 entry`` or ``2,000 entries``."""
    return f"{number:,} {one if number == 1 else many}"


# --- Ed25519 (RFC 8032), for machines without the cryptography package: short, not fast -----

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
Point = tuple[int, int]


def _add(one: Point, other: Point) -> Point:
    (a, b), (c, d) = one, other
    t = _D * a * b * c * d
    return (a * d + b * c) * pow(1 + t, -1, _P) % _P, (b * d + a * c) * pow(1 - t, -1, _P) % _P


def _times(number: int, point: Point) -> Point:
    total = (0, 1)
    while number:
        if number & 1:
            total = _add(total, point)
        point, number = _add(point, point), number >> 1
    return total


def _point(packed: bytes) -> Point | None:
    number = int.from_bytes(packed, "little")
    y, odd = number & ((1 << 255) - 1), number >> 255
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - square) % _P or y >= _P or len(packed) != 32 or (x == 0 and odd):
        return None
    return (_P - x if x & 1 != odd else x), y


def _packed(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


_BASE = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little")) or (0, 1)


def _digest(*parts: bytes) -> int:
    return int.from_bytes(sha512(b"".join(parts)).digest(), "little") % _L


def _secret(seed: bytes) -> tuple[int, bytes]:
    digest = sha512(seed).digest()
    return int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254), digest[32:]


def plain_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether this is the key's signature of the message."""
    point, first, s = _point(public), signature[:32], int.from_bytes(signature[32:], "little")
    if point is None or len(signature) != 64 or s >= _L:
        return False
    minus = _times(_digest(first, public, message), (-point[0], point[1]))
    return _packed(_add(_times(s, _BASE), minus)) == first


def plain_public(seed: bytes) -> bytes:
    """Return the public key of a seed."""
    return _packed(_times(_secret(seed)[0], _BASE))


def plain_sign(seed: bytes, message: bytes) -> bytes:
    """Return the signature of the message."""
    scalar, prefix = _secret(seed)
    nonce = _digest(prefix, message)
    first = _packed(_times(nonce, _BASE))
    return first + ((nonce + _digest(first, plain_public(seed), message) * scalar) % _L).to_bytes(32, "little")


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature holds; by ``cryptography`` where it can be had."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        key = Ed25519PublicKey.from_public_bytes(public)
    except (ImportError, AttributeError, ValueError):
        return plain_verify(public, message, signature)
    try:
        key.verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- Notes, keys and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature) ------

LOG_KEY, WITNESS_KEY = 1, 4
MOST_SIGNATURES = 100
PRIVATE = "PRIVATE+KEY+"
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f]")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Key(NamedTuple):
    """A public key that the auditor trusts, with the name it signs under."""

    name: str
    key_id: bytes
    kind: int
    public: bytes
    since: str = ""
    until: str = ""

    def __str__(self) -> str:
        since = f" from {self.since}" if self.since else ""
        until = f" until {self.until}" if self.until else ""
        return f"{shown(self.name)} (key {self.key_id.hex()}{since}{until})"

    def covers(self, seconds: int) -> bool:
        """Return whether a moment lies within the key's dates."""
        since, at = _moment(self.since), _EPOCH + timedelta(seconds=min(seconds, 250_000_000_000))
        return not (since and at < since) and not self.is_over(seconds)

    def is_over(self, seconds: int) -> bool:
        """Return whether a moment lies after the key's dates."""
        until, at = _moment(self.until), _EPOCH + timedelta(seconds=min(seconds, 250_000_000_000))
        return bool(until and at > until)


class Signature(NamedTuple):
    """A signature line of a note."""

    name: str
    key_id: bytes
    blob: bytes


class Checkpoint(NamedTuple):
    """A signed head of the log: its name, how many entries it has, and the root over them."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: tuple[Signature, ...]


class Signers(NamedTuple):
    """Who signed a checkpoint: the log's own keys, witnesses with their time, and strangers."""

    log: list[Key]
    witnesses: list[tuple[Key, int]]
    strangers: list[str]


def base64(value: bytes) -> str:
    """Return bytes as the formats of C2SP spell them."""
    return b64encode(value).decode()


def _bytes(text: str, what: str, length: int = 0) -> bytes:
    """Read base64 of which no bit can be changed without changing its meaning."""
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        raise Unusable(f"{what} is not base64: {shown(text)}.") from None
    if base64(value) != text or (length and len(value) != length):
        raise Unusable(f"{what} is not {length or 'the'} bytes in base64 as the format spells it: {shown(text)}.")
    return value


def _number(text: str, what: str) -> int:
    if not _DECIMAL.fullmatch(text) or int(text) > LARGEST_SIZE:
        raise Unusable(f"{what} is {shown(text)}, not a whole number below 2**63 in plain digits.")
    return int(text)


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(map(str.isspace, name))


def _key_id(name: str, blob: bytes) -> bytes:
    return sha256(f"{name}\n".encode() + blob).digest()[:4]


def _key(vkey: str) -> Key:
    """Read ``name+id+base64(kind, key)``."""
    name, key_id, encoded = [*vkey.split("+", 2), "", ""][:3]
    if not encoded or not _is_name(name):
        raise Unusable(f"{shown(vkey)} is no key; a key is name+id+base64.")
    blob = _bytes(encoded, f"The key of {shown(name)}")
    expected = _key_id(name, blob)
    if key_id != expected.hex() or len(blob) < 2 or (blob[0] in (LOG_KEY, WITNESS_KEY) and len(blob) != 33):
        raise Unusable(f"The key of {shown(name)} and its id {shown(key_id)} do not belong together. Copy it again.")
    return Key(name, expected, blob[0], blob[1:])


def parse_keys(text: str) -> list[Key]:
    """Read ``vkeys.txt``: a key a line, then ``from=`` and ``until=``; ``#`` begins a comment."""
    keys = []
    for line in text.split("\n"):
        vkey, *options = line.split() or ["#"]
        if vkey.startswith("#"):
            continue
        times = dict(option.partition("=")[::2] for option in options)
        if set(times) - {"from", "until"} or not all(map(_moment, times.values())):
            raise Unusable(f"After the key only from=DATE and until=DATE may stand: {shown(line)}.")
        keys.append(_key(vkey)._replace(since=times.get("from", ""), until=times.get("until", "")))
    if not keys:
        raise Unusable("There is no key in the list of keys you trust; without one nothing can be verified.")
    return keys


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _spelt(seconds: int) -> str:
    try:
        return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S UTC")
    except OverflowError:
        return f"{seconds} seconds after 1970"


def parse_checkpoint(text: str, what: str = "The checkpoint") -> Checkpoint:
    """Read a signed head; nothing in it is to be believed before ``signed_by``."""
    body, gap, tail = text.rpartition("\n\n")
    if not gap or not tail.endswith("\n") or _CONTROL.search(text):
        raise Unusable(f"{what} is no signed note (text, an empty line, signatures). Fetch the file again, as it is.")
    lines = tail[:-1].split("\n")
    signatures = tuple(map(_signature, lines))
    if len(lines) > MOST_SIGNATURES or len(set(lines)) != len(lines):
        raise Unusable(f"{what} has one signature twice, or more than {MOST_SIGNATURES}.")
    origin, *rest = body.split("\n")
    if len(rest) < 2 or not origin or not all(rest):
        raise Unusable(f"{what} lacks the name of the log, its size or its root.")
    size, root = _number(rest[0], f"{what}'s size"), _bytes(rest[1], f"{what}'s root", 32)
    return Checkpoint(body + "\n", origin, size, root, signatures)


def _signature(line: str) -> Signature:
    dash, name, encoded = [*line.split(" ", 2), "", ""][:3]
    if dash != "\u2014" or not _is_name(name):
        raise Unusable(f"{shown(line)} is no signature line (a dash, a name and base64).")
    blob = _bytes(encoded, f"The signature of {shown(name)}")
    if len(blob) < 5:
        raise Unusable(f"The signature of {shown(name)} is cut short.")
    return Signature(name, blob[:4], blob[4:])


def _cosigned(text: str, seconds: int) -> bytes:
    """Return what a witness signs: the time and the whole text."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def signed_by(checkpoint: Checkpoint, keys: Iterable[Key], what: str = "The checkpoint") -> Signers:
    """Return who signed it. A known key's false signature is tampering; no known key is no evidence."""
    known = {(key.name, key.key_id): key for key in keys if key.kind in (LOG_KEY, WITNESS_KEY)}
    signers = Signers([], [], [])
    for name, key_id, signature in checkpoint.signatures:
        key = known.get((name, key_id))
        if key is None or (key.kind == LOG_KEY and key.name != checkpoint.origin):
            signers.strangers.append(f"{name} ({key_id.hex()})")
            continue
        message, at, blob = checkpoint.text.encode(), 0, signature
        if key.kind == WITNESS_KEY:  # its time comes first: eight bytes, big end first
            at, blob = int.from_bytes(signature[:8], "big"), signature[8:]
            message = _cosigned(checkpoint.text, at)
        if at > LARGEST_SIZE or not verifies(key.public, message, blob):
            raise Tampered(f"{what} is not what {shown(name)} signed: text, signature or key was altered.")
        if key.kind == LOG_KEY:
            signers.log.append(key)
        else:
            signers.witnesses.append((key, at))
    if not signers.log:
        raise Unusable(
            f"{what} of the log {shown(checkpoint.origin)} is signed by no key of that name that you trust, only by "
            f"{shown(', '.join(signers.strangers))}. Have you the log's keys, from a source other than this one?"
        )
    return signers


# --- The tree (RFC 6962) --------------------------------------------------------------------

BLOCK = 1024


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry; the first byte keeps it apart from inner nodes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """The root over all hashes given so far, keeping one hash for each power of two."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = (), wanted: Iterable[int] = ()) -> None:
        """``hashes`` belong to ``size``, largest first; ``wanted`` are sizes to note the root at."""
        self.size = size
        levels = [level for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]
        self.peaks: dict[int, bytes] = dict(zip(levels, hashes))
        self.wanted = sorted(set(wanted))
        self.roots: dict[int, bytes] = {}
        self._note()

    def extend(self, hashes: list[bytes]) -> None:
        """Add leaf hashes, a full subtree at a time."""
        start = 0
        while start < len(hashes):
            until = self.wanted[0] - self.size if self.wanted else BLOCK
            room = min(len(hashes) - start, until, BLOCK, self.size & -self.size or BLOCK)
            level = room.bit_length() - 1
            row, start = hashes[start : start + (1 << level)], start + (1 << level)
            self.size += 1 << level
            while len(row) > 1:
                row = [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2])]
            while level in self.peaks:
                row, level = [node_hash(self.peaks.pop(level), row[0])], level + 1
            self.peaks[level] = row[0]
            self._note()

    def root(self) -> bytes:
        """Return the root over everything added."""
        root = b""
        for level in sorted(self.peaks):
            root = node_hash(self.peaks[level], root) if root else self.peaks[level]
        return root or sha256(b"").digest()

    def hashes(self) -> list[bytes]:
        """Return what has to be kept to go on later: at most one hash for each power of two."""
        return [self.peaks[level] for level in sorted(self.peaks, reverse=True)]

    def _note(self) -> None:
        while self.wanted and self.wanted[0] <= self.size:
            size = self.wanted.pop(0)
            if size == self.size:
                self.roots[size] = self.root()


def _climb(at: int, last: int, proof: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each hash of a proof, from the leaf up, and whether it stands on the left (RFC 9162, 2.1.3.2)."""
    for step in proof:
        if not last:
            raise Tampered("The proof has more hashes than the tree has levels.")
        left = at & 1 or at == last
        yield step, bool(left)
        while left and at and not at & 1:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    if last:
        raise Tampered("The proof has fewer hashes than the tree has levels.")


def root_of_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root to which the proof leads."""
    if index >= size:
        raise Tampered(f"Entry {index:,} cannot be in a log of {counted(size)}.")
    node = leaf
    for step, left in _climb(index, size - 1, proof):
        node = node_hash(step, node) if left else node_hash(node, step)
    return node


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether the proof shows the old tree at the beginning of the new (RFC 9162, 2.1.4.2)."""
    if old == new or not old:
        empty = not old and old_root == sha256(b"").digest()
        return not proof and (old_root == new_root if old == new else empty)
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path or old > new:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    try:
        for step, left in _climb(at, last, path[1:]):
            first = node_hash(step, first) if left else first
            second = node_hash(step, second) if left else node_hash(second, step)
    except Tampered:
        return False
    return first == old_root and second == new_root


# --- JSON that has one spelling -------------------------------------------------------------


class BadEntry(ValueError):
    """What is wrong with an entry, without its number; ``or_else`` is an earlier one that may be the altered one."""

    or_else: int | None = None


class Newer(BadEntry):
    """Of a version this file does not know; what is wrong with it cannot be said."""


def _no_float(text: str) -> None:
    raise BadEntry(f"the number {shown(text)} is not a whole number")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in pairs:
        if name in document:
            raise BadEntry(f"the key {shown(name)} stands twice in one object")
        document[name] = value
    return document


class _Numbers(dict[str, int]):
    """The numbers met so far, by their digits: within bounds and in their canonical spelling."""

    def __missing__(self, digits: str) -> int:
        if len(digits) > 17 or digits == "-0" or not -LARGEST_NUMBER <= int(digits) <= LARGEST_NUMBER:
            raise BadEntry(f"the number {shown(digits)} is too large for JSON, or not in its canonical spelling")
        if len(self) < 10_000:
            self[digits] = int(digits)
        return int(digits)


_NAME = re.compile(r"[a-z][a-z0-9_]*")
_STRICT: dict[str, Any] = {"parse_float": _no_float, "parse_constant": _no_float}
_parse = json.JSONDecoder(object_pairs_hook=_no_twins, **_STRICT).decode
_spell = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def _object(text: str, what: str) -> dict[str, Any]:
    """Read a JSON object of a file that is not an entry."""
    try:
        document = _parse(text)
    except RecursionError:
        raise Unusable(f"{what} is nested too deeply.") from None
    except ValueError as error:
        raise Unusable(f"{what} is not JSON as expected: {error}.") from None
    if not isinstance(document, dict):
        raise Unusable(f"{what} is not a JSON object.")
    return document


# --- Entries: what each must hold, and how each follows from the last of its stream ---------

FIELDS = ("actor", "at", "prev", "private", "public", "reason_code", "role", "ruleset", "seq", "stream", "type", "v")
_HASH = re.compile("[0-9a-f]{64}")
_AT = re.compile(
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
)
_MANY = re.compile("[\u0300-\U0010ffff]{31}")  # no letter before U+0300 is a mark
_texts = itemgetter("stream", "type", "actor", "at", "role", "ruleset", "reason_code")
_HEAD = Struct(">32sQQ")  # of a stream: the hash, the number and the index of its last entry


class Reader:
    """Reads entries, and remembers which keys their objects had once those were found to be in order."""

    def __init__(self) -> None:
        self._objects: list[dict[str, Any]] = []
        self._shapes: set[tuple[str, ...]] = set()
        keep = self._objects.append

        def met(document: dict[str, Any]) -> dict[str, Any]:
            keep(document)
            return document

        decoder: Any = json.JSONDecoder(object_hook=met, parse_int=_Numbers().__getitem__, **_STRICT)
        self._scan = decoder.scan_once

    def read(self, entry: bytes) -> dict[str, Any]:
        """Return the entry's document; raises ``BadEntry`` unless it is complete and in its only spelling."""
        self._objects.clear()
        if len(entry) > LARGEST_LEAF:
            raise BadEntry(TOO_LONG)
        try:
            text = entry.decode()
            document, end = self._scan(text, 0)
            # Known objects, no key lost to a twin, no blank and no escape: then there is no other spelling.
            shapes, keys = set(map(tuple, self._objects)), sum(map(len, self._objects))
            odd = " " in text or "\\" in text or "\t" in text or "\n" in text or "\r" in text or end != len(text)
            if odd or not shapes <= self._shapes or keys != text.count('":'):
                self._look_closely(text, shapes)
            _check_fields(document)
        except BadEntry:
            raise
        except RecursionError:
            raise BadEntry("it is nested too deeply") from None
        except UnicodeDecodeError:
            raise BadEntry("it is not UTF-8 text") from None
        except (StopIteration, ValueError):
            raise BadEntry("it is not JSON") from None
        if not entry.isascii() and not _is_composed(text):
            _require_composed(document)
        return document  # type: ignore[no-any-return] # _check_fields has seen that it is an object

    def _look_closely(self, text: str, shapes: set[tuple[str, ...]]) -> None:
        """Write the entry out again to compare, and look at every key."""
        expected = _spell(_parse(text))
        if text != expected:
            at = next((i for i, (a, b) in enumerate(zip(text, expected)) if a != b), min(len(text), len(expected)))
            raise BadEntry(
                "it is not in its canonical spelling (a blank, a needless escape, or keys that are not in order): "
                f"at character {at} stands {shown(text[at : at + 20])}"
            )
        for name in (name for shape in shapes - self._shapes for name in shape):
            if not _NAME.fullmatch(name):
                raise BadEntry(f"the key {shown(name)} is not ASCII snake_case")
        if len(self._shapes) < 1_000:  # remembered, but neither without end nor at any length
            self._shapes.update(shape for shape in shapes if len(shape) < 100)


def _check_fields(document: Any) -> None:
    version = document.get("v") if type(document) is dict else None
    if type(version) is not int or version < 1:
        raise BadEntry(f"it is no JSON object with a version, a whole number from 1: its version is {shown(version)}")
    if version > 1:
        raise Newer(f"it is of version {version}, newer than this verifier; take the one of the export")
    if tuple(document) != FIELDS:
        raise BadEntry(f"its fields are not those of an entry: {shown(sorted(set(document) ^ set(FIELDS)))} differ")
    texts, private = _texts(document), document["private"]
    if set(map(type, texts)) != {str} or "" in texts[:3]:
        raise BadEntry("its stream, type, actor, time, role, rule set or reason code is not text, or is empty")
    if not _AT.fullmatch(texts[3]):
        raise BadEntry(f"its time {shown(texts[3])} is no moment in UTC with microseconds")
    if type(document["public"]) is not dict or type(private) is not dict:
        raise BadEntry("its public or private part is not an object")
    for group in private:
        if type(private[group]) is not str or not _HASH.fullmatch(private[group]):
            raise BadEntry(f"its private group {shown(group)} is not a SHA-256 in hexadecimal")


def _is_composed(text: str) -> bool:
    """Whether text is in NFC, with at most 30 marks on a letter (as Unicode's stream-safe text): more take for ever."""
    run = 0
    for letter in text if _MANY.search(text) else "":
        run = run + 1 if combining(letter) else 0
        if run > 30:
            return False
    return is_normalized("NFC", text)


def _require_composed(value: object) -> None:
    if isinstance(value, str) and not _is_composed(value):
        raise BadEntry(f"the text {shown(value)} is not in Unicode's composed form (NFC)")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _require_composed(part)


class Entries:
    """Checks entries one after the other; holds only the last hash and number of each stream."""

    def __init__(self, heads: dict[str, bytes] | None = None) -> None:
        self.heads: dict[str, bytes] = heads or {}
        self.read = Reader().read
        self.count = self.orphans = 0  # of those that could be read; of those whose stream began before this export
        self.misplaced: bool | None = None  # whether the first with a number did not begin or continue its stream

    def document(self, index: int, entry: bytes, its_hash: bytes) -> dict[str, Any]:
        """Return the entry's document; raises ``BadEntry`` with what is wrong with it."""
        document = self.read(entry)
        self.count += 1
        stream, seq, prev = document["stream"], document["seq"], document["prev"]
        if stream == SYSTEM:
            if seq is not None or prev is not None:
                raise BadEntry("entries of the stream system have no number and no link")
            return document
        head = self.heads.get(stream)
        last, number, before = _HEAD.unpack(head) if head else (b"", 0, 0)
        if type(seq) is not int or not 0 < seq <= LARGEST_NUMBER:
            raise BadEntry(f"its number in {shown(stream)} is {shown(seq)}, not a whole number from 1")
        self.heads[stream] = _HEAD.pack(its_hash, seq, index)
        if self.misplaced is None:
            self.misplaced = seq != number + 1
        self.orphans += not head and seq > 1
        place = f"entry {before:,}" if before < index else "the last one that you checked earlier"
        if seq != number + 1:
            what = "an entry stands twice or out of order"
            if seq > number + 1:
                gap = f"between {place} and this one" if head else "before this one"
                what = f"an entry before it is missing or was moved, {gap}"
            raise BadEntry(f"it is number {seq} of {shown(stream)}, where {number + 1} is due: {what}")
        if prev != (last.hex() or None):
            if not head:
                raise BadEntry(f"it is the first of {shown(stream)} but names an entry before it")
            fault = BadEntry(
                f"the later does not name the hash of {place}, the one before it in {shown(stream)}: "
                f"{place} or this one was altered"
            )
            fault.or_else = before if before < index else None
            raise fault
        return document


def _lines(export: BinaryIO) -> Iterator[tuple[list[bytes], str]]:
    """Yield batches of whole lines; with the last one what is wrong with the end of the file, if anything."""
    rest = b""
    while len(rest) <= LARGEST_LEAF:
        piece = export.read(1 << 18)
        if not piece:
            yield ([rest], "the file ends in the middle of it, or its newline was removed") if rest else ([], "")
            return
        *lines, rest = (rest + piece).split(b"\n")
        if max(map(len, lines), default=0) > LARGEST_LEAF:
            at = next(number for number, line in enumerate(lines) if len(line) > LARGEST_LEAF)
            lines, rest = lines[:at], lines[at]
        yield lines, ""
    yield [rest], TOO_LONG


# --- Disclosures: private text that somebody was given, against what the entries hold -------


class Disclosures:
    """Private groups in the order of the entries, read along with them; and what was erased."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.lines = enumerate(lines, 1)
        self.next: dict[str, Any] | None = None
        self.last = -1
        self.disclosed = self.withheld = 0
        self.advance()

    def advance(self) -> None:
        """Read the next line."""
        number, line = next(self.lines, (0, b""))
        what, self.next = f"Line {number} of the disclosures", None
        if number:
            self.next = _disclosure(_object(_text(line, what), what), what, "index", int)
            if self.next["index"] < self.last:
                raise Unusable(f"{what} is out of order; they go by index.")
            self.last = self.next["index"]

    def of(self, index: int, document: dict[str, Any]) -> dict[str, bytes]:
        """Return the groups disclosed of this entry, each checked against its commitment."""
        found: dict[str, bytes] = {}
        while self.next and self.next["index"] <= index:
            one = self.next
            if one["index"] < index or one["group"] in found:
                raise Tampered(f"Entry {one['index']:,}: the group {shown(one['group'])} is disclosed twice.")
            found[one["group"]] = _checked(one, document, f"Entry {index:,}")
            self.advance()
        self.disclosed += len(found)
        self.withheld += len(document["private"]) - len(found)
        return found


def _text(content: bytes, what: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Unusable(f"{what} is not UTF-8 text.") from None


def _disclosure(one: Any, what: str, *where: Any) -> dict[str, Any]:
    """Check the form of a disclosure; ``where`` are the names and types that say of which entry."""
    fields = dict(zip(where[::2], where[1::2]), group=str, salt=str, body=str)
    if type(one) is not dict or {name: type(value) for name, value in one.items()} != fields:
        raise Unusable(f"{what} does not consist of {', '.join(fields)}, each of its kind.")
    if not _HASH.fullmatch(one["salt"]):
        raise Unusable(f"{what}: the salt is not 32 bytes in hexadecimal.")
    return one


def _checked(one: dict[str, Any], document: dict[str, Any], which: str) -> bytes:
    body: bytes = one["body"].encode("utf-8", "surrogatepass")
    expected = document["private"].get(one["group"])
    if expected is None:
        raise Tampered(f"{which} has no private group {shown(one['group'])}; the disclosure belongs elsewhere.")
    if sha256(bytes.fromhex(one["salt"]) + body).hexdigest() != expected:
        raise Tampered(
            f"{which}: what is disclosed as {shown(one['group'])} is not what the entry committed to; "
            "it was altered, or belongs to another entry."
        )
    return body


# --- The checks: text in, report out; our pages call these too ------------------------------


def check_checkpoint(text: str, keys: str, *, require_witness: bool = False) -> Report:
    """Check a checkpoint's signatures by the keys of a ``vkeys.txt``."""
    report = Report()
    with report.step("Checkpoint"):
        _head(report, text, parse_keys(keys), require_witness=require_witness)
    return report


def check_export(
    export: BinaryIO,
    checkpoint: str,
    keys: str,
    *,
    old: Sequence[str] = (),
    disclosures: BinaryIO | None = None,
    erased: bool = False,
    frontier: str = "",
    quick: bool = False,
    require_witness: bool = False,
    rules: Any = None,
) -> Report:
    """Check an export against its checkpoint.

    ``old`` are earlier checkpoints (or proofs that hold one), ``frontier`` is what an earlier
    check kept (the export then begins there), ``quick`` checks hashes only, ``erased`` lists
    erasures. ``rules`` sees every entry in the same pass, by ``entry(index, document, line,
    disclosed)``, and answers with ``finish(report)``.
    """
    report = Report()
    with report.step("Export"):
        trusted = parse_keys(keys)
        head = _head(report, checkpoint, trusted, require_witness=require_witness and not old)
        with about("Earlier checkpoint"):
            earlier = [_earlier(text, head, trusted, number) for number, text in enumerate(old, 1)]
        with about("Frontier"):
            tree, entries = _begin(frontier, head, earlier)
        reading = _Reading(report, tree, None if quick else entries, rules)
        if disclosures or erased:
            reading.erased = _erasures(export)
        if erased:
            told = [f"{group} of {leaf[:16]}… by entry {index:,}" for (leaf, group), index in reading.erased.items()]
            what = counted(len(told), "private text", "private texts")
            report.passed("Erasures", f"{what} recorded as erased{': ' if told else ''}{'; '.join(told)}")
        if disclosures:
            with report.step("Disclosures"):
                reading.disclosures = Disclosures(iter(lambda: disclosures.readline(1 << 22), b""))
        reading.run(export, head.size)
        _roots(report, reading, head, earlier)
        if require_witness and old:
            _require_witness(report, [head, *earlier], trusted)
        if reading.rules:
            reading.rules.finish(report)
        if not quick and report.verdict == VERIFIED:
            report.frontier = _frontier(head, tree, entries)
    return report


class _Reading:
    """One pass over an export: every hash goes into the tree, every entry past its checks."""

    def __init__(self, report: Report, tree: Tree, entries: Entries | None, rules: Any) -> None:
        self.report, self.tree, self.entries, self.rules = report, tree, entries, rules
        self.start = tree.size
        self.disclosures: Disclosures | None = None
        self.erased: dict[tuple[str, str], int] = {}
        self.gone = 0
        self.bad: list[tuple[int, str]] = []  # the first few
        self.first: tuple[int, int, str] | None = None  # the first bad one, or else the second, and why
        self.bad_count = self.lines = 0
        self.whole = self.unfit = False  # whether there were as many lines as entries; whether this is another export

    def run(self, export: BinaryIO, size: int) -> None:
        """Read entries up to ``size`` and say what came of it."""
        for lines, end in _lines(export):
            room = size - self.tree.size
            self.lines += len(lines)
            if end:
                self.fault(self.tree.size, end)
                break
            self._batch(lines[:room])
            if len(lines) > room:
                self.fault(size, f"the checkpoint ends before it, at {counted(size)}")
                break
        else:
            self.whole = self.tree.size == size
            if not self.whole:
                self.fault(self.tree.size, f"it is missing; the log has {counted(size)}")
        self._finish()
        with self.report.step("Disclosures"):
            self._finish_disclosures()

    def _batch(self, lines: list[bytes]) -> None:
        hashes = [sha256(b"\x00" + line).digest() for line in lines]
        for index, (line, its_hash) in enumerate(zip(lines, hashes) if self.entries else (), self.tree.size):
            self._entry(index, line, its_hash)
        self.tree.extend(hashes)

    def _entry(self, index: int, line: bytes, its_hash: bytes) -> None:
        try:
            if not self.entries:
                return
            document = self.entries.document(index, line, its_hash)
        except Newer as fault:
            self.entries = self.rules = self.disclosures = None
            self.report.failed("Entries", Unusable(f"Entry {index:,} cannot be checked: {fault}."))
            return
        except BadEntry as fault:
            self.fault(index, str(fault), fault.or_else)
            return
        found: dict[str, bytes] | None = None
        if self.disclosures:
            with self.report.step("Disclosures"):
                found = self._disclosed(self.disclosures, index, document, its_hash)
        if self.rules:
            self.rules.entry(index, document, line, found)

    def _disclosed(
        self, disclosures: Disclosures, index: int, document: dict[str, Any], its_hash: bytes
    ) -> dict[str, bytes]:
        self.disclosures = None  # a fault ends the reading of disclosures
        found = disclosures.of(index, document)
        self.disclosures = disclosures
        for group in document["private"] if self.erased else ():
            by = self.erased.get((its_hash.hex(), group))
            self.gone += by is not None and group not in found
            if by is not None and group in found:
                what = f"Entry {index:,}: {group} is disclosed although entry {by:,} records that it was erased."
                self.report.passed("Disclosures, a remark", what)
        return found

    def fault(self, index: int, what: str, or_else: int | None = None) -> None:
        """Note a bad entry; what depends on its content is not checked any further."""
        one = (index if or_else is None else or_else, index, what)
        self.first = min(self.first or one, one)
        self.bad_count += 1
        self.rules = self.disclosures = None
        if len(self.bad) < 10:
            self.bad.append((index, what))

    def _finish(self) -> None:
        report, number = self.report, self.tree.size - self.start
        report.facts.update(entries=number, bad_entries=self.bad_count)
        unfit = self._unfit()
        self.unfit = bool(unfit)
        if unfit:
            report.failed("Entries", Unusable(unfit))
        elif self.first:
            lower, index, what = self.first
            which = f"Entry {index:,}" if lower == index else f"Entry {lower:,} or entry {index:,}"
            if self.bad_count > 1:
                what += f" ({counted(self.bad_count - 1, 'more bad entry', 'more bad entries')})"
            report.facts.update(first_bad=lower, bad=[f"Entry {at:,}: {why}." for at, why in self.bad])
            report.failed("Entries", Tampered(f"{which} is the first bad one: {what}."))
        elif self.entries:
            report.facts.update(streams=len(self.entries.heads))
            report.passed(
                "Entries",
                f"{counted(number)} from {self.start:,} on: each in its one spelling and complete, numbered without "
                f"gaps and linked, in {counted(len(self.entries.heads), 'stream', 'streams')}",
            )

    def _unfit(self) -> str:
        """Say why this is not the export that it should be, rather than one that was tampered with."""
        if not self.first or not self.entries:
            return ""
        if self.lines and not self.entries.count:
            return f"This is no export, or its lines were changed on the way: none is an entry. First, {self.first[2]}."
        only_orphans = self.entries.orphans == self.bad_count - 1 > 1  # nothing else is wrong, but that it ends early
        if self.whole or not (self.entries.misplaced or only_orphans):
            return ""
        cure = "Give --frontier with what your last check kept, or ask for an export from entry 0 (rules needs that)."
        if self.start:
            cure = "Your frontier ends there: ask for an export from there, or give one from entry 0 without it."
        return f"This export does not begin at entry {self.start:,}. {cure}"

    def _finish_disclosures(self) -> None:
        read = self.disclosures
        if read is None:
            return
        if read.next:
            raise Tampered(f"There is a disclosure for entry {read.next['index']:,}, which the export does not hold.")
        silent = read.withheld - self.gone
        self.report.facts.update(disclosed=read.disclosed, not_disclosed=silent, erased=self.gone)
        self.report.passed(
            "Disclosures",
            f"{counted(read.disclosed, 'private text', 'private texts')} as committed to; {silent:,} not disclosed to "
            f"you (or erased without a record in this export); {self.gone:,} recorded as erased",
        )


def _head(
    report: Report, text: str, keys: Sequence[Key], *, require_witness: bool = False, what: str = "The checkpoint"
) -> Checkpoint:
    """Check a checkpoint and say who signed it, and which witnesses saw it."""
    with about("Checkpoint"):
        head = parse_checkpoint(text, what)
        report.facts.update(origin=head.origin, size=head.size, root=base64(head.root))
        signers = signed_by(head, keys, what)
    report.facts.update(
        signers=[
            {"name": key.name, "id": key.key_id.hex(), "from": key.since, "until": key.until} for key in signers.log
        ],
        witnesses=[{"name": key.name, "id": key.key_id.hex(), "at": _spelt(at)} for key, at in signers.witnesses],
        unknown_signers=signers.strangers,
    )
    strangers = f"; not counted, as you do not trust their keys: {shown(', '.join(signers.strangers))}"
    report.passed(
        "Checkpoint",
        f"log {shown(head.origin)}, {counted(head.size)}, root {base64(head.root)}; "
        f"signed by {', '.join(map(str, signers.log))}{strangers if signers.strangers else ''}",
    )
    for key, at in signers.witnesses:
        if not key.covers(at):
            report.passed("Witnesses, a remark", f"{key} signed on {_spelt(at)}, outside the key's dates.")
    seen = [f"{key} on {_spelt(at)}" for key, at in signers.witnesses if key.covers(at)]
    with about("Witnesses"):
        if require_witness and not seen:
            raise Unusable("No witness whose key you trust has cosigned the checkpoint. Ask for a cosigned one.")
    _require_current(report, signers, [at for key, at in signers.witnesses if key.covers(at)])
    none = "none: compare with a checkpoint that you had from elsewhere (--old)"
    report.passed("Witnesses", f"seen by {', '.join(seen)}" if seen else none)
    return head


def _require_witness(report: Report, heads: Iterable[Checkpoint], keys: Sequence[Key]) -> None:
    """What was signed since a witness last saw the log is vouched for by an earlier, cosigned checkpoint."""
    seen = [one for one in heads if any(key.covers(at) for key, at in signed_by(one, keys).witnesses)]
    with about("Witnesses"):
        if not seen:
            raise Unusable(
                "No witness whose key you trust has cosigned a checkpoint here. Give a cosigned one (--old)."
            )
    newest = max(seen, key=lambda one: one.size)
    report.passed("Witnesses", f"a witness has seen the log up to its first {counted(newest.size)}")


def _require_current(report: Report, signers: Signers, times: Sequence[int]) -> None:
    """A log's key may sign only until its date: what shows when it did is a witness's time, if there is one."""
    over = [key for key in signers.log if key.is_over(min(times or [int(time.time())]))]
    if times and len(over) == len(signers.log):
        with about("Checkpoint"):
            raise Unusable("Every key that signed was past its date (until=) before any witness saw the checkpoint.")
    for key in over:
        when = "before a witness saw this" if times else "and no witness's time shows that it signed before"
        report.passed("Checkpoint, a remark", f"{key} has ended, {when}")


def _earlier(text: str, head: Checkpoint, keys: Sequence[Key], number: int) -> Checkpoint:
    """Read an earlier checkpoint, bare or inside a letter's proof or a request."""
    what = f"Earlier checkpoint {number}"
    if text.startswith((PROOF, "old ")):
        text = text.partition("\n\n")[2]
    earlier = parse_checkpoint(text, what)
    signed_by(earlier, keys, what)
    if earlier.origin != head.origin:
        raise Unusable(
            f"{what} is of another log, {shown(earlier.origin)}; the two cannot be compared. Where this log follows "
            "one that was lost (an entry log.recovered says so), check its first entries against the old checkpoint: "
            f"head -n {earlier.size} export.jsonl > part.jsonl, then part.jsonl in place of the export."
        )
    if earlier.size > head.size:
        raise Tampered(
            f"{what} covers {counted(earlier.size)}, the one to be checked only {head.size:,}: "
            "history was cut off, or an outdated state was handed to you."
        )
    return earlier


FORK = (
    "The log's key has signed two different histories. These two checkpoints together prove it to anybody, "
    "without any other file: keep both."
)


def _roots(report: Report, reading: _Reading, head: Checkpoint, earlier: Sequence[Checkpoint]) -> None:
    """Compare the roots: at the signed size, and at the sizes of earlier checkpoints."""
    if reading.unfit:
        return
    tree, start = reading.tree, reading.start
    good, bad = start, head.size
    for one in sorted(earlier, key=lambda one: one.size):
        with report.step("Earlier checkpoint"):
            if one.size == head.size and one.root != head.root:
                raise Tampered(f"Both have {counted(head.size)}, but other roots. {FORK}")
            if tree.roots.get(one.size) != one.root:
                bad = min(bad, one.size)
                raise Tampered(f"The first {one.size:,} entries are not those that you had a checkpoint for.")
            good = max(good, one.size if bad >= one.size else good)
            report.passed("Earlier checkpoint", f"the first {counted(one.size)} are unchanged")
    with report.step("Root"):
        if tree.size != head.size or tree.root() != head.root:
            raise Tampered(_where(reading, good, bad, earlier=bool(earlier)))
        signed = ": the log's keeper signed it with this fault in it" if reading.bad else ""
        report.passed("Root", f"the hashes of all entries lead to the signed root{signed}")


def _where(reading: _Reading, good: int, bad: int, *, earlier: bool) -> str:
    text = "The entries do not lead to the signed root: this is not the history that was signed."
    if reading.tree.size == bad and not reading.bad and reading.entries:
        text += (
            " Only the root differs: each entry fits the others. So one was changed and whatever refers to it with it, "
            "or the last of a stream was, or two of different streams were exchanged."
        )
    if bad > good and (earlier or good):
        where = f"It was changed between entries {good:,} and {bad - 1:,}; those before {good:,} are as they were."
        return f"{text} {where}"
    return f"{text} Give earlier checkpoints with --old to find out where."


def _erasures(export: BinaryIO) -> dict[tuple[str, str], int]:
    """Return what the export records as erased: (hash of the entry, group) and the entry that says so.

    Erasures come after what they erase, so this is a pass of its own. Entries that are
    malformed are left to the main pass.
    """
    if not export.seekable():
        raise Unusable("To account for erasures the export is read twice: give it as a file.")
    found: dict[tuple[str, str], int] = {}
    start, read = export.tell(), Reader().read
    for index, line in enumerate(line for lines, _ in _lines(export) for line in lines):
        if b'"type":"erasure.performed"' not in line:
            continue
        try:
            public = read(line)["public"]
            pairs = [(leaf, group) for leaf in public["events"] for group in public["groups"]]
            found.update((pair, index) for pair in pairs if _HASH.fullmatch(pair[0]) and _NAME.fullmatch(pair[1]))
        except (BadEntry, KeyError, TypeError):
            continue
    export.seek(start)
    return found


# --- Going on from an earlier check ---------------------------------------------------------


def _begin(frontier: str, head: Checkpoint, earlier: Sequence[Checkpoint]) -> tuple[Tree, Entries]:
    """Return an empty tree and no streams, or those with which the earlier check ended."""
    sizes = [one.size for one in earlier]
    if not frontier:
        return Tree(wanted=sizes), Entries()
    kept = _object(frontier, "The frontier")
    try:
        size, hashes = kept["size"], [_bytes(one, "A hash of the frontier", 32) for one in kept["hashes"]]
        heads = {
            stream: _HEAD.pack(bytes.fromhex(last), seq, LARGEST_SIZE) for stream, (seq, last) in kept["heads"].items()
        }
        tree = Tree(size, hashes, sizes)
        fits = kept["v"] == 1 and len(hashes) == bin(size).count("1") and base64(tree.root()) == kept["root"]
    except (KeyError, TypeError, ValueError, AttributeError, struct_error):
        raise Unusable("This is no frontier as --save-frontier writes it; begin again with a full export.") from None
    if not fits or size < 0:
        raise Unusable("The frontier does not fit together; begin again with a full export.")
    if kept.get("origin") != head.origin:
        raise Unusable(f"The frontier is of another log, {shown(kept.get('origin'))}.")
    if size > head.size:
        raise Tampered(f"You have already checked {size:,} entries; this checkpoint covers only {head.size:,}.")
    if any(one < size for one in sizes):
        raise Unusable(f"The frontier begins at entry {size:,}; earlier checkpoints need a full export.")
    return tree, Entries(heads)


def _frontier(head: Checkpoint, tree: Tree, entries: Entries) -> str:
    lasts = {stream: _HEAD.unpack(packed) for stream, packed in entries.heads.items()}
    kept = {
        "v": 1,
        "origin": head.origin,
        "size": tree.size,
        "root": base64(tree.root()),
        "hashes": [base64(one) for one in tree.hashes()],
        "heads": {stream: [seq, its_hash.hex()] for stream, (its_hash, seq, _) in lasts.items()},
    }
    return json.dumps(kept, sort_keys=True) + "\n"


# --- One entry's proof, one case's bundle ---------------------------------------------------

PROOF = "c2sp.org/tlog-proof@v1\n"


def check_proof(text: str, keys: str, leaf: bytes | None = None, *, require_witness: bool = False) -> Report:
    """Check a letter's code: that an entry (known by its hash, or given) is in the signed log."""
    report = Report()
    with report.step("Proof"):
        trusted = parse_keys(keys)
        top, gap, note = text.partition("\n\n")
        if not text.startswith(PROOF) or not gap:
            raise Unusable(f"This is no proof: its first line is not {PROOF.strip()}, or it holds no checkpoint.")
        lines = top.split("\n")[1:]
        extra = _bytes(lines.pop(0)[6:], "The extra data") if lines and lines[0].startswith("extra ") else b""
        if not lines or not lines[0].startswith("index "):
            raise Unusable("The proof does not say for which entry it is.")
        index = _number(lines.pop(0)[6:], "The index")
        report.facts.update(index=index)
        its_hash = extra if leaf is None else _given(report, leaf, extra)
        if len(its_hash) != 32:
            raise Unusable("The proof does not hold the hash of its entry; give the entry with --leaf.")
        report.facts.update(leaf_hash=its_hash.hex())
        head = _head(report, note, trusted, require_witness=require_witness)
        if root_of_inclusion(its_hash, index, head.size, _hashes(lines)) != head.root:
            raise Tampered(f"The proof does not lead from entry {index:,} to the signed root.")
        report.passed("Proof", f"entry {index:,} with the hash {its_hash.hex()} is in the log")
    return report


def _hashes(lines: Sequence[Any]) -> list[bytes]:
    if len(lines) > 63 or not all(type(line) is str for line in lines):
        raise Unusable("A proof is a list of at most 63 hashes.")
    return [_bytes(line, "A hash of the proof", 32) for line in lines]


def _given(report: Report, leaf: bytes, extra: bytes) -> bytes:
    """Check the entry that was given with its proof, and return its hash."""
    its_hash = leaf_hash(leaf)
    if extra and extra != its_hash:
        raise Tampered("The entry is not the one that the proof is for: its hash is another.")
    with _refusing("The entry"):
        document = Reader().read(leaf)
    report.facts.update(document=document)
    report.passed("Entry", f"{shown(document['type'])} of {shown(document['stream'])} at {document['at']}")
    return its_hash


@contextmanager
def _refusing(which: str) -> Iterator[None]:
    """Let what is wrong with an entry that stands alone be the end of the check."""
    try:
        yield
    except Newer as fault:
        raise Unusable(f"{which} cannot be checked: {fault}.") from None
    except BadEntry as fault:
        raise Tampered(f"{which} is bad: {fault}.") from None


BUNDLE = "panel-authority/bundle@v1"
CASE = "application:"
_BUNDLE = {"format": str, "about": str, "checkpoint": str, "vkeys": str, "streams": list, "disclosures": list}
_STREAM = {"stream": str, "leaves": list, "index": int, "proof": list}
Places = dict[tuple[str, int], dict[str, Any]]  # stream and number: the entry


def check_bundle(text: str, keys: str, *, old: Sequence[str] = (), require_witness: bool = False) -> Report:
    """Check the bundle of one case: every stream whole from its first entry to its last."""
    report = Report()
    with report.step("Bundle"):
        trusted = parse_keys(keys)
        bundle = _bundle(text)
        report.facts.update(about=bundle["about"])
        head = _head(report, bundle["checkpoint"], trusted, require_witness=require_witness and not old)
        earlier_ones = []
        for number, earlier in enumerate(old, 1):
            with report.step("Earlier checkpoint"):
                earlier_ones.append(_same_head(report, _earlier(earlier, head, trusted, number), head))
        if require_witness and old:
            _require_witness(report, [head, *earlier_ones], trusted)
        places: Places = {}
        entries = Entries()
        for part in bundle["streams"]:
            _check_stream(report, part, head, entries, places)
        report.facts.update(entries=len(places))
        firsts = (one["public"].get("ref") for (name, seq), one in places.items() if (name[:12], seq) == (CASE, 1))
        if bundle["about"] not in firsts:
            raise Tampered(f"The bundle says it is about {shown(bundle['about'])}; none of its applications is that.")
        report.passed("Subject", f"{shown(bundle['about'])}, as the first entry of its application says")
        _check_disclosures(report, bundle["disclosures"], places)
        _other_keys(report, bundle["vkeys"], trusted)
    return report


def _bundle(text: str) -> dict[str, Any]:
    bundle = _object(text, "The bundle")
    if {name: type(value) for name, value in bundle.items()} != _BUNDLE or bundle["format"] != BUNDLE:
        raise Unusable(f"This is no bundle of the form {BUNDLE}.")
    if _spell(bundle) + "\n" != text:
        raise Unusable("The bundle was written anew by some program. Take the file as it was handed out.")
    if not bundle["streams"]:
        raise Unusable("The bundle holds no stream.")
    return bundle


def _same_head(report: Report, earlier: Checkpoint, head: Checkpoint) -> Checkpoint:
    if earlier.size != head.size:
        raise Unusable("Of another size than the bundle's checkpoint: connect the two with verify_log.py compare.")
    if earlier.root != head.root:
        raise Tampered(FORK)
    report.passed("Earlier checkpoint", "is the bundle's own")
    return earlier


def _check_stream(report: Report, part: Any, head: Checkpoint, entries: Entries, places: Places) -> None:
    """Check the chain of a stream, and the proof of its last entry."""
    if type(part) is not dict or {name: type(value) for name, value in part.items()} != _STREAM:
        raise Unusable(f"A stream of the bundle does not consist of {', '.join(_STREAM)}, each of its kind.")
    name, leaves, index, its_hash = part["stream"], part["leaves"], part["index"], b""
    if index < 0 or not leaves or not all(type(leaf) is str for leaf in leaves):
        raise Unusable(f"The leaves of {shown(name)} are not a list of text with at least one entry.")
    for number, leaf in enumerate(leaves, 1):
        raw = leaf.encode("utf-8", "surrogatepass")
        its_hash = leaf_hash(raw)
        with _refusing(f"Entry {number} of {shown(name)}"):
            document = entries.document(number, raw, its_hash)
        if document["stream"] != name or document["seq"] != number:
            raise Tampered(f"Entry {number} of {shown(name)} belongs to {shown(document['stream'])}.")
        places[name, number] = document
    if root_of_inclusion(its_hash, index, head.size, _hashes(part["proof"])) != head.root:
        raise Tampered(
            f"The last entry of {shown(name)}, number {len(leaves)}, is not entry {index:,} of the signed log: "
            "it or the proof was altered."
        )
    report.passed(
        f"Stream {shown(name)}",
        f"{counted(len(leaves))}, from the first without gaps up to entry {index:,} of the log; "
        "had more been cut off after that, only a newer letter, checkpoint or export would show it",
    )


def _check_disclosures(report: Report, given: list[Any], places: Places) -> None:
    seen = set()
    for number, item in enumerate(given, 1):
        one = _disclosure(item, f"Disclosure {number}", "stream", str, "seq", int)
        place = (one["stream"], one["seq"])
        if place not in places or (place, one["group"]) in seen:
            raise Tampered(f"Disclosure {number} is of an entry that the bundle does not hold, or is there twice.")
        seen.add((place, one["group"]))
        _checked(one, places[place], f"Entry {place[1]} of {shown(place[0])}")
    silent = sum(len(document["private"]) for document in places.values()) - len(seen)
    report.facts.update(disclosed=len(seen), not_disclosed=silent)
    texts = counted(len(seen), "private text", "private texts")
    report.passed("Disclosures", f"{texts} as committed to; {silent:,} not disclosed (or erased)")


def _other_keys(report: Report, vkeys: str, trusted: Sequence[Key]) -> None:
    known = {key[:4] for key in trusted}
    try:
        others = [key for key in parse_keys(vkeys) if key[:4] not in known] if vkeys else []
    except Unusable:
        return report.passed("Keys, a remark", "the bundle's own list of keys is malformed; it was not used anyway")
    if others:
        names = ", ".join(map(str, others))
        report.passed("Keys, a remark", f"the bundle brings keys that you do not trust, not used: {names}")
    return None


# --- Two checkpoints, and the witness -------------------------------------------------------


def compare(old: str, new: str, keys: str, *, request: str = "", export: BinaryIO | None = None) -> Report:
    """Check that the later of two checkpoints continues the earlier, by a request file or an export."""
    report = Report()
    with report.step("Comparison"):
        trusted = parse_keys(keys)
        first = _head(report, old, trusted, what="The first checkpoint")
        second = _head(report, new, trusted, what="The second checkpoint")
        if first.origin != second.origin:
            raise Unusable("The checkpoints are of different logs; there is nothing to compare.")
        first, second = sorted((first, second), key=lambda one: one.size)
        if first.size == second.size:
            if first.root != second.root:
                raise Tampered(FORK)
            report.passed("Comparison", "the same head of the same log")
        elif request:
            _by_request(report, request, first, second, trusted)
        elif export:
            reading = _Reading(report, Tree(wanted=[first.size]), None, None)
            reading.run(export, second.size)
            _roots(report, reading, second, [first])
        else:
            raise Unusable("Checkpoints of different size: give --proof (from the log) or --export to connect them.")
    return report


def _by_request(report: Report, text: str, first: Checkpoint, second: Checkpoint, keys: Sequence[Key]) -> None:
    size, proof, note = _request(text)
    head = parse_checkpoint(note, "The proof's checkpoint")
    signed_by(head, keys, "The proof's checkpoint")
    if size != first.size or head.text != second.text:
        raise Unusable("The proof is not for these two checkpoints. Ask the log for one from the first to the second.")
    if not is_consistent(first.size, first.root, second.size, second.root, proof):
        raise Tampered(
            "The proof does not connect the two: either it was altered, or the log was rewritten after the "
            "first checkpoint. If the log has no better proof, keep both checkpoints: they are the evidence."
        )
    report.passed("Comparison", f"the second continues the first: its first {first.size:,} entries are the same")


def _request(text: str) -> tuple[int, list[bytes], str]:
    """Read a request for a cosignature: ``old N``, the consistency proof, the checkpoint."""
    top, gap, note = text.partition("\n\n")
    first, *lines = top.split("\n")
    if not gap or not first.startswith("old "):
        raise Unusable("This is no request: its first line is not old and a size.")
    return _number(first[4:], "The old size"), _hashes(lines), note


def witness(
    request: str, keys: str, state: str, private_key: str, now: int, *, first: bool = False
) -> tuple[Report, str, str]:
    """Decide about cosigning a checkpoint: the report, the state to keep, and the cosigned note.

    The caller writes the state down for good before anybody sees the note: a witness that
    forgets what it signed can be led to sign a second history.
    """
    report, kept, cosigned = Report(), "", ""
    with report.step("Witness"):
        key, seed = _private_key(private_key)
        size, proof, note = _request(request)
        head = _head(report, note, parse_keys(keys))
        heads = _object(state, "The state file") if state else {}
        if first == (head.origin in heads):
            raise Unusable(NOT_FIRST if first else NO_RECORD)
        _continues(report, heads.get(head.origin), head, size, proof)
        signature = key.key_id + now.to_bytes(8, "big") + plain_sign(seed, _cosigned(head.text, now))
        heads[head.origin] = {"root": base64(head.root), "size": head.size}
        report.passed("Witness", f"cosigned as {key} on {_spelt(now)}")
        kept = json.dumps(heads, sort_keys=True) + "\n"
        cosigned = f"{note}\u2014 {key.name} {base64(signature)}\n"
    return report, kept, cosigned


NO_RECORD = (
    "There is no record of having cosigned this log. Restore the state file: without it you could be led to sign a "
    "second history. Only if you have never cosigned this log, say so with --first."
)
NOT_FIRST = "You have cosigned this log before: leave out --first."


def _continues(report: Report, last: Any, head: Checkpoint, size: int, proof: Sequence[bytes]) -> None:
    """Check that the checkpoint continues what this witness signed last of this log."""
    if last is None:
        if size or proof:
            raise Unusable(f"The request starts from {size:,}; the first one has to start from 0. Ask for one.")
        remark = "the first checkpoint of this log: there was nothing to compare it with"
        return report.passed("Witness, a remark", remark)
    if not isinstance(last, dict) or type(last.get("size")) is not int or type(last.get("root")) is not str:
        raise Unusable("The state file is damaged. Restore it from a copy; do not begin with an empty one.")
    root = _bytes(last["root"], "The root in the state file", 32)
    if head.size < last["size"]:
        raise Tampered(
            f"You have cosigned {last['size']:,} entries, this checkpoint covers only {head.size:,}: "
            "either an old file was given, or the log was set back. Nothing was signed."
        )
    if head.size == last["size"]:
        if head.root != root:
            raise Tampered(f"You have cosigned another history of this size. Nothing was signed. {FORK}")
    elif size != last["size"]:
        raise Unusable(f"The request starts from {size:,}; you cosigned {last['size']:,} last. Ask for one from there.")
    elif not is_consistent(size, root, head.size, head.root, proof):
        raise Tampered("The checkpoint does not continue what you cosigned last. Nothing was signed.")
    return None


def _private_key(text: str) -> tuple[Key, bytes]:
    line, *more = text.split("\n")
    name, key_id, encoded = [*line[len(PRIVATE) :].split("+", 2), "", ""][:3]
    try:
        blob = b64decode(encoded, validate=True)
    except ValueError:
        blob = b""
    if not line.startswith(PRIVATE) or "".join(more).strip() or len(blob) != 33 or blob[0] != WITNESS_KEY:
        raise Unusable("The key file does not hold one line with a witness's key; make one with witness-key.")
    key = _key(witness_vkey(name, blob[1:]))
    if key.key_id.hex() != key_id:
        raise Unusable("The key in the key file and its id do not belong together. Restore the file.")
    return key, blob[1:]


def witness_vkey(name: str, seed: bytes) -> str:
    """Return the public half of a witness's key."""
    blob = bytes([WITNESS_KEY]) + plain_public(seed)
    return f"{name}+{_key_id(name, blob).hex()}+{base64(blob)}"


# --- The rules of the process, from the entries alone (`rules`) -----------------------------
#
# Of every item a panel decided, to anybody: its composition is the one hashed; seats and quorums
# are those of the rule set loaded before; everybody in it took that seat by their own hand; the
# Coalition's voice was nominated by a Coalition body, was there, stayed, and spoke for herself;
# every test was asked and the strictest answer counts; nobody barred sat or voted; nobody acted
# at two tiers (D9); the declaration was fresh (D14); nobody confirmed what they had entered, or
# read again what they had assessed. To whom the facts are disclosed: every test is asked again.
# What an entry has to say stands with the method that takes it (`of`); to leave it out is a breach,
# or somebody would. Entries from before a release that says more pass with `--allow-old`, counted.

Json = dict[str, Any]
Answer = tuple[str, str]  # a test and its effect
VOICE, BODY = "coalition_representative", "coalition_body"
SEVERITY = ("clear", "declare_only", "discuss_no_vote", "barred")
VOTES = frozenset({"clear", "declare_only"})
TESTS = [f"D{number}" for number in range(1, 15)] + ["DI"]
NEVER_OVERRIDDEN = frozenset({"D1", "D9", "D13", "D14"})
TIERS = frozenset({"desk_top", "second_reading", "site_visit", "moderation", "conditions", "decision"})
PANEL_TIERS = TIERS - {"desk_top", "second_reading"}
OFFICES = frozenset({"secretariat", "conflicts_guardian", "nominations_secretary"})
OF_THE_BOARD = frozenset({"board", "region", "area_team"})
SEAT_NAMES = ("seat", "appointed_by", "accreditation", "minimum", "maximum", "required_to_sit", "required_to_decide")
SEAT = itemgetter(*SEAT_NAMES)
# What entries say, for `_wrong`.
DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")


class Row:
    """Objects that say so much, each of a type: what there are many of is seen at one look."""

    def __init__(self, **says: Any) -> None:
        self.says, self.types = says, tuple(says.values())
        self._values = itemgetter(*says)

    def fits(self, value: Any) -> bool:
        """Whether an object is such a row."""
        try:
            return tuple(map(type, self._values(value))) == self.types
        except (KeyError, TypeError):
            return False


_RULE: Json = {**dict.fromkeys(SEAT_NAMES[:3], str), **dict.fromkeys(SEAT_NAMES[3:5], int)}
_RULE.update(dict.fromkeys(SEAT_NAMES[5:], bool))
_HERE: Json = {**dict.fromkeys(("seat", "person", "by", "effect", "rule"), str), "rank": int}
_HERE.update(present=bool, recused=bool)
_SAID = ("by_kind", "nominated_by", "accreditation", "declared_at", "stance", "entered_by")
_TRUTHS = dict.fromkeys(("accredited", "away", "sits", "votes"), bool)
A_PLACE = Row(seat=str, number=int, rank=int, person=str, by=str)
HERE, PLAN = Row(**_HERE), {"kind": str, "quorum_to_sit": int, "quorum_to_decide": int, "seats": [Row(**_RULE)]}
MEMBER = Row(**_HERE, **dict.fromkeys(_SAID, str), **_TRUTHS, number=int, checks=list)
QUORUM = {"to_sit": Row(needed=int, there=int), "to_decide": Row(needed=int, voting=int)}
COMPOSED = {"ruleset": str, "kind": str, "on": DAY, "asked_at": _AT, "quorum": QUORUM}
COMPOSED.update(seats=[Row(**_RULE, filled=int)], members=[MEMBER])
RULED = {"rule": frozenset([*TESTS, "OB"]), "verdict": frozenset({"confirmed", "dismissed"})}
RULED["effect"] = frozenset(SEVERITY)
STANCES = frozenset({"concur", "dissent", "abstain"})
# How far each test looks back where the rule set is silent: its key, and months (days for D14).
REACH = {
    **{f"D{number}": (f"d{number}_months", 12) for number in (6, 7, 12, 13)},
    **{f"D{number}": (f"d{number}_months", 24) for number in (2, 10)},
    "D1": ("d1_months", 36),
    "D9": ("d9_preparer_months", 24),
    "D14": ("d14_days", 28),
}
# The places whose ties bar from a case, by test, as the case's facts name them (D1: none but the place itself).
PLACES = {"D1": "", "D2": "practices", "D3": "sharers", "D4": "", "D5": "named", "D6": "supporters", "D7": "providers"}
# The test that judges a declared interest which names the organisation under review itself.
JUDGED_BY = {"own": "D1", "post": "D1", "practice": "D2", "neighbour": "D4", "support": "D6", "provider": "D7"}
# The step that rests on a panel's outcome, and the kind of panel.
STEPS = {
    "site_visit.recorded": "site_visit",
    "moderation.recommended": "moderation",
    "conditions.proposed": "conditions",
    "decision.recorded": "decision",
    "conditions.reviewed": "review",
}
# What comes before what, in the stream of an application; the last three come once.
AFTER = {
    "desk_top.assessed": "application.submitted",
    "desk_top.second_read": "desk_top.assessed",
    "site_visit.recorded": "desk_top.second_read",
    "moderation.recommended": "site_visit.recorded",
    "conditions.proposed": "moderation.recommended",
    "conditions.reviewed": "decision.published",
    "decision.recorded": "moderation.recommended",
    "letter.issued": "decision.recorded",
    "decision.published": "letter.issued",
}
ONCE = frozenset([*AFTER][-3:])
MOMENTS = timedelta(seconds=60)  # an entry and the rows written with it are moments apart
ALWAYS = "9999-12-31"


def _utc(text: str) -> datetime:
    """A moment as leaves spell it, without its zone: UTC."""
    return datetime.fromisoformat(text[:-1])


@lru_cache(maxsize=100)
def _summer(year: int) -> tuple[datetime, datetime]:
    """When the clocks of London go forward and back: at one in the morning, on the last Sunday of two months."""
    last = (datetime.fromisoformat(f"{year:04}-{month}-31T01:00") for month in ("03", "10"))
    first, then = (day - timedelta((day.weekday() + 1) % 7) for day in last)
    return first, then


def in_london(moment: datetime) -> datetime:
    """What the clocks of London show at a moment in UTC: an hour more in summer."""
    first, then = _summer(moment.year)
    return moment + timedelta(hours=1) if first <= moment < then else moment


def months_before(on: date, months: int) -> date:
    """The same day so many months earlier, or that month's last day."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(1)).day
    return date(year, month + 1, min(on.day, last))


@lru_cache(maxsize=1000)
def _heard(answers: tuple[Answer, ...]) -> tuple[tuple[str, ...], dict[str, str], list[str], Answer]:
    """Which tests were asked, what each said, what the objections weigh, and the strictest answer."""
    objections = [effect for test, effect in answers if test == "OB"]
    return tuple(test for test, _ in answers), dict(answers), objections, strictest(answers)


@lru_cache(maxsize=1000)
def _london(text: str) -> datetime:
    return in_london(_utc(text))


@lru_cache(maxsize=1000)
def strictest(answers: tuple[Answer, ...]) -> Answer:
    """The severest answer; the first among equals."""
    severest = max({effect for _, effect in answers} or {"clear"}, key=SEVERITY.index)
    return next((answer for answer in answers if answer[1] == severest), ("", severest))


class Question:
    """One member and one case, as disclosed: `answers()` asks every test and lets rulings and objections speak."""

    def __init__(self, facts: Json, member: Json, since: datetime | None = None) -> None:
        """``since``: only what came to be known after a moment."""
        self.facts, self.member, self.case, self.since = facts, member, facts["case"], since
        self.now = in_london(_utc(facts["at"]))
        self.on, self.code = self.now.date().isoformat(), facts["case"]["code"]

    def rows(self, name: str) -> list[Json]:
        """Facts of one kind."""
        rows: list[Json] = self.member.get(name, [])
        if self.since is None or name == "left":
            return rows
        if name == "declared":
            return [row for row in rows if row["made_at"] and in_london(_utc(row["made_at"])) > self.since]
        day, since = "starts" if name == "posts" else "on", self.since.date().isoformat()
        return [row for row in rows if row[day] > since] if name != "judged_by" else []

    def reach(self, test: str) -> int:
        """How far back a test looks, in months, or days for D14."""
        key, default = REACH.get(test, ("", 0))
        return int(self.facts["windows"].get(key, default))

    def edge(self, test: str) -> str:
        """The first day a test still looks at."""
        return months_before(self.now.date(), self.reach(test)).isoformat()

    def stands(self, row: Json, test: str) -> bool:
        """Whether it has begun, and goes on or ended within the test's window; `ends` is the first day without it."""
        starts, ends = row["starts"], row["ends"]
        return (starts is None or starts <= self.on) and (ends is None or ends > self.edge(test))

    def ties(self, row: Json, judged: str, test: str) -> bool:
        """Whether what a member holds ties them, for a test, to the case; `judged` if it is held there itself."""
        case, at = self.case, row["at"]
        if at == self.code and judged == test:
            return True
        if test == "D4" and at != self.code:
            mates = {mate for mate, _provider in case.get("provider_mates", [])}
            same_team = row["parent"] and row["parent"] == case["parent"]
            return bool(same_team) or at in mates or at in case.get("neighbours", [])
        return at in case.get(PLACES[test], [])

    def first_seven(self, held: Sequence[tuple[Json, str]]) -> tuple[Answer, ...]:
        """D1 to D7 over what a member, or their close family, holds."""
        lighter = "barred" if self.member["seat"] == VOICE else "declare_only"
        hit = {test: any(self.stands(row, test) and self.ties(row, its, test) for row, its in held) for test in PLACES}
        return tuple((test, "clear" if not hit[test] else lighter if test == "D4" else "barred") for test in PLACES)

    def tests(self) -> list[Answer]:
        """Every test, before any ruling."""
        declared, case = self.rows("declared"), self.case
        said = [row for row in declared if row["at"] == self.code]
        held = [(row, "D1") for row in self.rows("posts")]
        held += [(row, JUDGED_BY[row["kind"]]) for row in declared if row["kind"] in JUDGED_BY]
        answers = dict(self.first_seven(held))
        answers["D8"] = strictest(self.first_seven([(row, "D1") for row in declared if row["kind"] == "family"]))[1]
        of_the_board = (row for row, _ in held if row["at_kind"] in OF_THE_BOARD and self.stands(row, "D13"))
        each_other = (row["cycle"] for row in self.rows("judged_by") if row["judge"] == self.code != row["judged"])
        bars = {
            "D9": self._other_tier(said),
            "D10": self._familiar(),
            "D11": case["cycle"] in each_other,
            "D13": self.member["seat"] == VOICE and any(of_the_board),
            "D14": self._stale(),
        }
        answers.update((test, "barred" if hit else "clear") for test, hit in bars.items())
        answers["D12"] = "declare_only" if self._stated(said) else "clear"
        others = any(row["kind"] == "other" and self.stands(row, "DI") for row in said)
        left = any(row["case"] == case["ref"] for row in self.rows("left"))
        answers["DI"] = "barred" if left else "discuss_no_vote" if others else "clear"
        return [(test, answers[test]) for test in TESTS]

    def _other_tier(self, said: Iterable[Json]) -> bool:
        ref, tier = self.case["ref"], self.facts["tier"]
        roles = [row for row in self.rows("roles") if ref and row["case"] == ref]
        prepared = any(row["tier"] == "prepared" and row["on"] >= self.edge("D9") for row in roles)
        elsewhere = tier in TIERS and any(row["tier"] not in (tier, "prepared") for row in roles)
        return prepared or elsewhere or any(row["kind"] == "prepared" and self.stands(row, "D9") for row in said)

    def _familiar(self) -> bool:
        case, edge = self.case, self.edge("D10")
        earlier = {
            str(row["cycle"] or row["case"])
            for row in self.rows("past")
            if row["at"] == self.code and row["on"] >= edge and row["case"] != case["ref"]
            if not row["cycle"] or row["cycle"] != case["cycle"]
        }
        return len(earlier) > 1

    def _stated(self, said: Iterable[Json]) -> bool:
        since = [
            row["starts"] or (row["made_at"] and in_london(_utc(row["made_at"])).date().isoformat())
            for row in said
            if row["kind"] == "statement"
        ]
        return any(not day or day >= self.edge("D12") for day in since)

    def _stale(self) -> bool:
        made = self.member["declared_at"]
        return not made or (self.now - in_london(_utc(made))).days > self.reach("D14")

    def answers(self) -> list[Answer]:
        """The tests as the conflicts guardian's newest rulings leave them, then each objection."""
        newest = {}
        for ruling in sorted(self.member.get("rulings", []), key=lambda row: in_london(_utc(row["at"]))):
            if ruling["organisation"] == self.code:
                key = ruling["objection"]
                newest[ruling["rule"] if key is None else "OB", key] = ruling
        answers = [(test, self._ruled(test, effect, newest.get((test, None)))) for test, effect in self.tests()]
        for row in sorted(self.member.get("objections", []), key=lambda row: row["key"]):
            if row["organisation"] == self.code and row["case"] in ("", self.case["ref"]):
                ruled = newest.get(("OB", row["key"]))
                answers.append(("OB", ruled["effect"] if ruled else "declare_only"))
        return answers

    def _ruled(self, test: str, effect: str, ruling: Json | None) -> str:
        """A dismissal softens, but never four of the tests, and never what became known after it."""
        if ruling is None:
            return effect
        confirmed = ruling["verdict"] == "confirmed"
        kept = confirmed or test in NEVER_OVERRIDDEN
        after: str = max(effect, ruling["effect"], key=SEVERITY.index) if kept else ruling["effect"]
        if after == effect and not confirmed:
            return effect
        later = dict(Question(self.facts, self.member, in_london(_utc(ruling["at"]))).tests())
        later.pop("D14")
        return max(after, later.get(test, "clear"), key=SEVERITY.index)


# What is kept of the entries before: little for each person, panel and case, as there may be many.


class Person:
    """What a person's own stream says of them: spans are (kind or body, kind of body, first day, last day)."""

    __slots__ = ("earlier", "nominated", "out", "trained")

    def __init__(self) -> None:
        self.out = False
        self.earlier: tuple[tuple[Any, ...], ...] = ()  # until when they were out or not, with which training
        self.nominated: tuple[tuple[Any, ...], ...] = ()
        self.trained: tuple[tuple[Any, ...], ...] = ()


@dataclass
class Item:
    """A case while a panel has it open: who was noted as there, who left, what was said by whose hand."""

    days: tuple[str, ...]  # of the sittings in session when it was taken
    there: dict[str, bool]
    left: set[str]
    said: dict[str, tuple[str, str]] = field(default_factory=dict)
    stopped: bool = False


class Panel:
    """What a panel's stream says of it."""

    __slots__ = (
        *("at", "away", "confirmed", "days", "declared", "interests", "items"),
        *("kind", "members", "objections", "offered", "ruleset", "rulings"),
    )

    def __init__(self, kind: str, ruleset: str) -> None:
        self.kind, self.ruleset, self.confirmed, self.at = kind, ruleset, False, ""
        self.days: list[str] = []  # of its sittings in session
        self.offered: dict[str, Place] = {}
        self.members: dict[str, Place] = {}
        self.declared: dict[str, datetime] = {}
        self.interests: list[tuple[str, datetime, list[str]]] = []  # who declared, when, what (if disclosed)
        self.away: dict[str, dict[str, str]] = {}  # person: first day: last day
        self.items: dict[str, Item] = {}
        self.objections: dict[tuple[str, str], dict[Any, str]] = {}  # case, person: which: what was ruled
        self.rulings: list[tuple[tuple[str, ...], datetime]] = []


class Case:
    """What was done on a case, by whom; what panels decided of it, by kind of panel."""

    __slots__ = ("acted", "ccg", "decided", "decision", "done", "letter", "ruleset")

    def __init__(self) -> None:
        self.acted: dict[str, frozenset[str]] = {}  # tiers, and "applied", "judged" and "left"
        self.decided: dict[str, tuple[str, str, str]] = {}  # outcome, hash of the composition, rule set
        self.done: frozenset[str] = frozenset()
        self.decision: tuple[int, str] = (-1, "")  # its entry, and the outcome
        self.ccg = self.ruleset = self.letter = ""


Place = tuple[Any, ...]  # seat, number, rank, code of who appoints
RULING = itemgetter("person", "rule", "organisation", "verdict", "effect")
COUNTED = (
    "panels",
    "items decided",
    "items recomputed",
    "items not recomputable",
    "entries of an earlier release passed over",
    "Coalition voices heard",
    "dissents recorded",
    "four-eyes checks",
    "tests recomputed publicly",
    "tests recomputed by disclosure",
)
Handler = Callable[["Rules", Json], None]
HANDLERS: dict[str, tuple[str, Json, Handler]] = {}


def of(kind: str, /, *types: str, **says: Any) -> Callable[[Handler], Handler]:
    """Let a method of ``Rules`` take entries of these types, on this kind of stream, that say so much."""

    def mark(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(types, (kind, says, handler)))
        return handler

    return mark


def _wrong(value: Any, wanted: Any) -> str:
    """Why a value is not as wanted: a type, a pattern, words, [what each is], {name: what}; (what,) may be left out."""
    if type(wanted) is Row:
        if wanted.fits(value):
            return ""
        wanted = wanted.says
    kind = type(wanted)
    if kind is dict and type(value) is dict:
        for name, what in wanted.items():
            maybe = type(what) is tuple
            wrong = _wrong(value[name], what[0] if maybe else what) if name in value else "is missing" * (not maybe)
            if wrong:
                return f"{name} {wrong}"
        return ""
    if kind is list and type(value) is list:
        return next(filter(None, (_wrong(each, wanted[0]) for each in value)), "")
    if kind is type:
        return "" if type(value) is wanted else f"is not of type {wanted.__name__}"
    word = wanted.__contains__ if kind is frozenset else getattr(wanted, "fullmatch", bool)
    fits = type(value) is str and kind not in (dict, list) and word(value)
    return "" if fits else f"is {shown(value)}"


class Breach(NamedTuple):
    """A rule that an entry breaks."""

    entry: int
    stream: str
    seq: int | None
    sentence: str

    def __str__(self) -> str:
        where = f"number {self.seq} of {self.stream}" if self.seq else self.stream
        return f"Entry {self.entry:,} ({where}): {self.sentence}."


class Rules:
    """Reads entries in log order, with what is disclosed of each; `breaches` and `counts` are what it found."""

    MOST = 1_000  # breaches kept; all are counted

    def __init__(self, *, allow_old: bool = False) -> None:
        self.allow_old, self.unlisted = allow_old, False  # whether an old import named no rows
        self.new: set[tuple[str, str]] = set()  # what was said at least once, by type and field
        self.silent: list[str] = []  # items of which no facts were disclosed
        self.offices: dict[tuple[str, str], tuple[str, ...]] = {}  # person, office: where
        self.officers: set[tuple[str, str]] = set()  # organisation under review, who acted for it
        self.breaches: list[Breach] = []
        self.broken = 0
        self.counts: dict[str, int] = dict.fromkeys(COUNTED, 0)
        self.rulesets: dict[str, Json] = {}
        self.kinds: dict[str, str] = {}  # code of an organisation: its kind
        self.people: dict[str, Person] = {}
        self.panels: dict[str, Panel] = {}
        self.cases: dict[str, Case] = {}
        self.refs: dict[str, str] = {}  # stream of an application: its reference
        self.shared: dict[Any, Any] = {}  # values that many hold
        self.one: Json = {}  # the entry at hand
        self.shown: Mapping[str, bytes] = {}  # and what is disclosed of it
        self.index, self.line = 0, b""

    def entry(self, index: int, document: Json, line: bytes, disclosed: Mapping[str, bytes] | None) -> None:
        """Take one checked entry, and what is disclosed of it (None: nothing of any); all in order, from the first."""
        if document["type"] not in HANDLERS:
            return
        kind, says, handler = HANDLERS[document["type"]]
        self.index, self.one, self.line, public = index, document, line, document["public"]
        self.shown = disclosed or {}
        try:
            if document["stream"].partition(":")[0] != kind:
                self.breach(f"it does not belong on the stream of a {kind}")
            wrong = _wrong(public, says)
            wrong or handler(self, public)
            if disclosed is not None and document["type"] == "item.decided" and not wrong:
                if "interest" in disclosed:
                    self._disclosed(public, json.loads(disclosed["interest"]))
                else:
                    self.silent.append(f"{public['case']} (entry {index:,})")
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
            wrong = shown(repr(error))
        if wrong:
            self._lacks(wrong)

    def finish(self, report: Report) -> None:
        """Say what was recomputed, and every breach."""
        report.facts.update(rules=self.counts, breaches=self.broken)
        said = "; ".join(f"{number:,} {what}" for what, number in self.counts.items())
        for breach in self.breaches:
            report.failed("Rules", Breached(str(breach)))
        if self.broken > len(self.breaches):
            report.failed("Rules", Breached(f"and {self.broken - len(self.breaches):,} more"))
        report.passed("Rules", f"recomputed: {said}" if self.broken else f"none is broken: {said}")
        if self.silent:
            report.facts.update(facts_not_disclosed=self.silent)
            names = ", ".join(self.silent[:100]) + " and others" * (len(self.silent) > 100)
            what = f"withheld, or erased, are the facts of {counted(len(self.silent), 'item', 'items')}: {names}"
            report.passed("Rules, not asked again", f"{what}. Of these the tests stand as they are stated.")
        if old := self.counts["entries of an earlier release passed over"]:
            report.but = f", except for {counted(old)} of an earlier release, which --allow-old passed over"

    def breach(self, sentence: str) -> bool:
        """Note that the entry breaks a rule: what stands before an ``or`` does not hold."""
        self.broken += 1
        if self.broken <= self.MOST:
            self.breaches.append(Breach(self.index, self.one["stream"], self.one["seq"], plain(sentence)))
        return False

    def _lacks(self, what: str) -> None:
        self.breach(f"it lacks, or misspells, what {self.one['type']} has to say: {what}")

    def _says(self, said: Json, name: str) -> bool:
        """Whether it says what those of earlier releases did not: they are passed over up to the first that does."""
        what = self.one["type"], name
        if name in said:
            self.new.add(what)
        elif self.allow_old and what not in self.new:
            self.counts["entries of an earlier release passed over"] += 1
        else:
            self.breach(f"it lacks {name}, without which the rules cannot be recomputed")
        return name in said

    def _panel(self) -> Panel:
        panel = self.panels.get(self.one["stream"])
        if panel is None:
            raise LookupError("a panel that was proposed and is not closed")
        if self.one["at"] < panel.at and _utc(panel.at) - self._at() > MOMENTS:
            self.breach("it is dated before what the panel did last")
        panel.at = max(panel.at, self.one["at"])
        return panel

    def _office(self, office: str, at: str) -> bool:
        """Whether an earlier entry gives whoever acts an office at an organisation, by its code or kind."""
        held = self.offices.get((self.one["actor"], office), ())
        return any(at in (code, self.kinds.get(code)) for code in held) or (self.allow_old and self.unlisted)

    def _runs(self, panel: Panel, item: Item) -> None:
        """The room is run by the chair or the secretariat, unless they left it."""
        actor = self.one["actor"]
        chairs = panel.members.get(actor, ("",))[0] == "chair"
        runs = actor not in item.left and (chairs or self._office("secretariat", "board"))
        runs or self.breach(f"{actor} runs the room, and neither chairs the panel nor is of the Board's secretariat")

    def _has_left(self, panel: Panel, case: str, person: str) -> bool:
        """Whether somebody left the room for this case, which bars them from it (DI), and no ruling lets them back."""
        left = "left" in self._case(case).acted.get(person, ())
        return left and not any(ruling[:2] == (person, "DI") for ruling, _ in panel.rulings)

    def _case(self, ref: str) -> Case:
        return self.cases.get(ref) or self.cases.setdefault(sys.intern(ref), Case())

    def _application(self) -> tuple[str, Case]:
        """The case of this stream, and that the step comes in its order."""
        ref, step = self.refs[self.one["stream"]], self.one["type"]
        case, before = self._case(ref), AFTER.get(self.one["type"])
        before in (None, *case.done) or self.breach(f"{ref}: {step} comes before any {before}")
        if step in ONCE and step in case.done:
            self.breach(f"{ref}: {step} comes a second time")
        case.done = self._share(case.done | {step})
        return ref, case

    def _person(self, person: str) -> Person:
        return self.people.get(person) or self.people.setdefault(sys.intern(person), Person())

    def _actor(self) -> str:
        return sys.intern(self.one["actor"])

    def _at(self) -> datetime:
        return _utc(self.one["at"])

    def _share(self, value: Any) -> Any:
        return self.shared.setdefault(value, value)

    def _place(self, row: Json) -> Place:
        """Which place on a panel a row is about, and who appoints to it."""
        return self._share((row["seat"], row.get("number"), row["rank"], row["by"]))  # type: ignore[no-any-return]

    def _acted(self, case: str, person: str, what: str) -> None:
        acted = self._case(case).acted
        if what not in acted.get(person, ()):
            acted[sys.intern(person)] = self._share(acted.get(person, frozenset()) | {what})

    # The rule sets, the organisations and the people.

    @of("system", "ruleset.loaded", version=str, plans=([PLAN],), windows=(dict,))
    def _loaded(self, public: Json) -> None:
        version, plans = public["version"], {plan["kind"]: plan for plan in public.get("plans", [])}
        if version in self.rulesets:
            self.breach(f"rule set {version} is loaded a second time; rules are never edited")
            return
        for name in ("plans", "windows"):
            self._says(public, name)
        len(plans) == len(public.get("plans", [])) or self.breach("it has two plans for one kind of panel")
        for kind, plan in plans.items():
            voices = [seat for seat in plan["seats"] if seat["seat"] == VOICE]
            asked = any(s["required_to_sit"] and s["required_to_decide"] and s["minimum"] > 0 for s in voices)
            sound = asked and all(seat["appointed_by"] == BODY for seat in voices)
            sound or self.breach(f"by its plan a {kind} panel may sit without the voice of the Coalition")
            least = min(plan["quorum_to_sit"], plan["quorum_to_decide"])
            least > 0 or self.breach(f"by its plan a {kind} panel needs nobody")
        self.rulesets[version] = {"plans": plans if "plans" in public else None, "windows": public.get("windows")}

    @of("system", "organisation.added", code=str, kind=str)
    def _added(self, public: Json) -> None:
        self._body(public["kind"], public["code"])

    def _body(self, kind: str, code: str, *_rest: Any) -> None:
        code not in self.kinds or self.breach(f"{code} is recorded a second time, as {kind}: a code has one body")
        self.kinds.setdefault(sys.intern(code), sys.intern(kind))

    @of("system", "directory.imported", rows=([list],))
    def _imported(self, public: Json) -> None:
        """Many rows at once: of bodies their kind and code, of posts the person, where, and what."""
        for what, take in (("organisations", self._body), ("bodies", self._body), ("posts", self._post)):
            if what in public:
                self.unlisted |= not self._says(public, "rows")
                for row in public.get("rows", []):
                    take(*row)
        if "file_sha256" in public:  # a file of organisations: an entry of its own lists the bodies
            self.unlisted |= not self._says(public, "listed")

    @of("person", "post.appointed", organisation=str, kind=str)
    def _appointed(self, public: Json) -> None:
        self._post(self.one["stream"], public["organisation"], public["kind"])

    def _kind(self, code: str, said: str) -> str:
        """What kind of body a code stands for; as is said where an import of an earlier release named none."""
        return self.kinds.get(code, said if self.allow_old and self.unlisted else "no known organisation")

    def _post(self, person: str, at: str, office: str, *_rest: Any) -> None:
        if office in OFFICES:
            person != self.one["actor"] or self.breach(f"{person} makes themselves {office} of {at}")
            held = self.offices.get((person, office), ())
            self.offices[sys.intern(person), sys.intern(office)] = self._share((*held, at))

    def _span(self, name: Any, kind: Any, public: Json) -> Any:
        return self._share((name, kind, public["starts"], public.get("ends", ALWAYS)))

    def _ended(self, spans: tuple[tuple[Any, ...], ...], name: str, ends: str) -> tuple[tuple[Any, ...], ...]:
        """Give the newest span of that name its last day."""
        at = max(number for number, span in enumerate(spans) if span[0] == name)
        spans[at][3] == ALWAYS or self.breach(f"it ends what had an end already, on {spans[at][3]}")
        return (*spans[:at], self._share((*spans[at][:3], ends)), *spans[at + 1 :])

    @of("person", "person.nominated", body=str, body_kind=(str,), starts=DAY, ends=(DAY,))
    def _nominated(self, public: Json) -> None:
        body, stream, actor = public["body"], self.one["stream"], self.one["actor"]
        self._says(public, "body_kind")
        told = self._kind(body, BODY)
        told == BODY or self.breach(f"{body} nominates for the Coalition and is recorded as {told}")
        actor != stream or self.breach(f"{actor} nominates themselves")
        self._office("nominations_secretary", body) or self.breach(f"{actor} nominates for {body}, without its office")
        person = self._person(stream)
        person.nominated += (self._span(body, public.get("body_kind"), public),)

    @of("person", "person.nomination_ended", body=str, ends=DAY)
    def _nomination_ended(self, public: Json) -> None:
        person = self._person(self.one["stream"])
        person.nominated = self._ended(person.nominated, public["body"], public["ends"])

    def _news(self) -> Person:
        """Somebody of whom there is news; a panel that decides in that minute may still see what stood before it."""
        person, now = self._person(self.one["stream"]), self._at()
        recent = (each for each in person.earlier if abs(now - each[0]) <= MOMENTS)
        person.earlier = (*recent, (now, person.out, person.trained))
        return person

    @of("person", "person.accredited", kind=str, starts=DAY, ends=(DAY,))
    def _accredited(self, public: Json) -> None:
        self._news().trained += (self._span(public["kind"], "", public),)

    @of("person", "person.accreditation_ended", kind=str, ends=DAY)
    def _accreditation_ended(self, public: Json) -> None:
        person = self._news()
        person.trained = self._ended(person.trained, public["kind"], public["ends"])

    @of("person", "person.deactivated", "person.reactivated", "person.erased")
    def _activity(self, _public: Json) -> None:
        self._news().out = self.one["type"] != "person.reactivated"

    # The panels: who accepted which seat, when they declared, when they sit.

    @of("panel", "panel.proposed", kind=str)
    def _proposed(self, public: Json) -> None:
        stream, ruleset = self.one["stream"], self.one["ruleset"]
        if self.one["seq"] != 1:
            self.breach("the panel was proposed before: what was noted of it since stands")
            return
        ruleset in self.rulesets or self.breach(f"no entry loads the rule set of the panel, {ruleset}")
        self.counts["panels"] += 1
        self.panels[stream] = Panel(sys.intern(public["kind"]), sys.intern(ruleset))

    @of("panel", "panel.closed")
    def _closed(self, _public: Json) -> None:
        del self.panels[self.one["stream"]]

    @of("panel", "panel.confirmed")
    def _confirmed(self, _public: Json) -> None:
        self._panel().confirmed = True

    def _changed(self, panel: Panel, place: Place | None) -> None:
        """A panel whose members change between its sittings is confirmed again before the next."""
        panel.confirmed = panel.confirmed and (bool(panel.days) or not place or place[2] > 0)

    @of("panel", "seats.proposed", seats=[A_PLACE])
    def _offered(self, public: Json) -> None:
        panel = self._panel()
        for seat in public["seats"]:
            person = sys.intern(seat["person"])
            twice = person in panel.members or person in panel.offered
            not twice or self.breach(f"{person} is offered a second seat")
            panel.offered[person] = self._place(seat)
            panel.away.pop(person, None)

    @of("panel", "seat.accepted", seats=[A_PLACE], declared=int)
    def _accepted(self, public: Json) -> None:
        panel, (seat,), actor = self._panel(), public["seats"], self._actor()
        own = seat["person"] == actor
        own or self.breach(f"{actor} accepts the seat of {seat['person']}; only they themselves may")
        place = panel.members[actor] = self._place(seat)
        panel.offered.pop(actor, None) == place or self.breach(f"{actor} accepts a seat that was not offered to them")
        self._changed(panel, place)
        self._declared(public)

    @of("panel", "interests.declared", declared=int)
    def _declared(self, public: Json) -> None:
        panel, actor = self._panel(), self._actor()
        if "declared" in public:
            panel.declared[actor] = self._at()
            said = json.loads(self.shown.get("interest", b"{}")).get("interests", [])
            told = ([row["kind"], row["organisation"]] for row in said if row["organisation"])
            panel.interests += [(actor, self._at(), what) for what in told]

    @of("panel", "seat.declined", "seat.stood_down", seats=[A_PLACE], declared=(int,))
    def _vacated(self, public: Json) -> None:
        panel, actor = self._panel(), self.one["actor"]
        for person in (seat["person"] for seat in public["seats"]):
            panel.offered.pop(person, None)
            self._changed(panel, panel.members.pop(person, None))
            if actor != person and any(item.said.get(person, ("", ""))[1] == person for item in panel.items.values()):
                self.breach(f"{actor} stands {person} down, who has given a position on an item not decided yet")
        self._declared(public)  # a seat is declined with a declaration that bars from everything

    @of("panel", "seat.handed_on", seats=[A_PLACE])
    def _handed_on(self, public: Json) -> None:
        panel, (seat,) = self._panel(), public["seats"]
        person, place = sys.intern(seat["person"]), self._place(seat)
        before = panel.members.get(person, ("", 0, 0, ""))
        before[0] or self.breach(f"the seat passes to {person}, who accepted none")
        same = (*before[:2], 0, before[3]) == place and place not in panel.members.values()
        same or self.breach(f"{person} takes another seat than the one they are an alternate for, or one that is held")
        panel.members[person] = place
        self._changed(panel, place)

    @of("panel", "absence.noted", "absence.ended", "absence.withdrawn", person=str, starts=DAY, ends=DAY)
    def _absence(self, public: Json) -> None:
        days = self._panel().away.setdefault(public["person"], {})
        if self.one["type"] == "absence.withdrawn":
            days.pop(public["starts"], None)
        else:
            days[public["starts"]] = public["ends"]

    @of("panel", "sitting.convened", on=DAY)
    def _convened(self, public: Json) -> None:
        panel, on = self._panel(), public["on"]
        panel.confirmed or self.breach("the panel sits before it was confirmed")
        on not in panel.days or self.breach(f"the sitting of {on} is in session already")
        on <= in_london(self._at()).date().isoformat() or self.breach(f"the sitting of {on} is convened before its day")
        panel.days.append(on)

    @of("panel", "sitting.closed", on=DAY)
    def _adjourned(self, public: Json) -> None:
        panel = self._panel()
        panel.days.remove(public["on"])
        panel.items = {case: item for case, item in panel.items.items() if {*item.days} & {*panel.days}}

    @of("panel", "objection.raised", case=str, person=str)
    def _objected(self, public: Json) -> None:
        self._panel().objections.setdefault((public["case"], public["person"]), {})[self.one["seq"]] = ""
        self.officers.add((self._case(public["case"]).ccg, self._actor()))

    @of("panel", "conflict.ruled", person=str, organisation=str, case=str, objection=(int,), **RULED)
    def _decreed(self, public: Json) -> None:
        """A ruling by the Board's guardian: never on four of the tests, never by somebody whose matter it is."""
        panel, actor, rule = self._panel(), self._actor(), public["rule"]
        rule not in NEVER_OVERRIDDEN or self.breach(f"a ruling on {rule}, which nobody may override")
        beside = actor == public["person"] or actor in panel.members
        not beside or self.breach(f"{actor} rules on a panel of which they are one")
        theirs = (public["organisation"], actor) in self.officers
        not theirs or self.breach(f"{actor} rules for {public['organisation']}, for which they acted themselves")
        self._office("conflicts_guardian", "board") or self.breach(f"{actor} rules, and is not the Board's guardian")
        panel.rulings.append((RULING(public), self._at()))
        if rule == "OB":
            raised = panel.objections[public["case"], public["person"]]
            which = [public["objection"]] if self._says(public, "objection") else [*raised]
            {*which} <= raised.keys() or self.breach(f"it rules on an objection to {public['person']} nobody raised")
            raised.update(dict.fromkeys(which, public["effect"]))
        self.counts["four-eyes checks"] += 1

    # The room: who came, who left, what was said.

    @of("panel", "item.opened", case=str, members=[HERE])
    def _opened(self, public: Json) -> None:
        """An item is taken: the Coalition's voice is there, and nobody the tests bar stays."""
        panel, case, rows = self._panel(), public["case"], public["members"]
        panel.days or self.breach(f"{case} is taken while no sitting of the panel is in session")
        voices, item = 0, Item((*panel.days,), {}, set())
        again = case in panel.items and {*panel.items[case].days} <= {*panel.days}
        not again or self.breach(f"{case} is taken a second time at the sitting that took it")
        self._runs(panel, item)
        for row in rows:
            person = row["person"]
            row["seat"] == panel.members.get(person, ("",))[0] or self.breach(f"{person} {STRANGER}")
            item.there[person] = row["present"]
            if row["recused"]:
                item.left.add(person)
            elif row["present"]:
                row["effect"] != "barred" or self.breach(f"{person} is barred from {case} and stays ({row['rule']})")
                gone = self._has_left(panel, case, person)
                not gone or self.breach(f"{person} left the room for {case} and comes back")
                voices += row["seat"] == VOICE and row["effect"] in VOTES
                self._took_part(panel, case, person)
        for person in sorted(panel.members.keys() - item.there.keys()):
            self.breach(f"{person} accepted a seat, and {case} is taken without a word of them")
        voices or self.breach(
            f"{case} is taken without a Coalition representative who is present, not recused and clear"
        )
        panel.items[case] = item

    def _took_part(self, panel: Panel, case: str, person: str) -> None:
        if panel.kind in TIERS:
            self._acted(case, person, panel.kind)

    @of("panel", "member.arrived", case=str, person=str, goes_on=bool)
    def _arrived(self, public: Json) -> None:
        panel, person, case = self._panel(), public["person"], public["case"]
        item = panel.items[case]
        person not in item.left or self.breach(f"{person} left the room for {case} and comes back")
        person in panel.members or self.breach(f"{person} {STRANGER}")
        self._runs(panel, item)
        item.there[person] = True
        item.stopped = item.stopped and not public["goes_on"]
        self._took_part(panel, case, person)

    @of("panel", "member.departed", "member.recused", case=str, person=str, stops=bool, declared=(int,))
    def _departed(self, public: Json) -> None:
        panel, case, person = self._panel(), public["case"], public["person"]
        item = panel.items[case]
        item.stopped = item.stopped or public["stops"]
        if self.one["type"] == "member.departed" or self.one["actor"] != person:
            self._runs(panel, item)
        if self.one["type"] == "member.departed":
            item.there[person] = False
        else:
            item.left.add(person)
            self._acted(case, person, "left")
            self._declared(public)

    @of("panel", "positions.entered", case=str, positions=[{"person": str, "stance": STANCES}])
    def _spoke(self, public: Json) -> None:
        panel, actor, case = self._panel(), self._actor(), public["case"]
        said = panel.items[case].said
        if any(row["person"] != actor for row in public["positions"]):
            self._runs(panel, panel.items[case])
        for row in public["positions"]:
            person = row["person"]
            own = said.get(person, ("", ""))[1] == person
            actor == person or not own or self.breach(f"{actor} replaces the position {person} entered themselves")
            said[person] = row["stance"], actor
            if panel.kind in PANEL_TIERS:
                self._acted(case, person, "judged")

    # The cases: who did what, and what rests on which outcome.

    @of("application", "application.opened", ref=str, ccg=str)
    def _applied(self, public: Json) -> None:
        case, ruleset = self._case(public["ref"]), self.one["ruleset"]
        if self.one["seq"] != 1 or case.ccg:
            self.breach(f"{public['ref']} is opened a second time, or its stream was another case's")
            return
        ruleset in self.rulesets or self.breach(f"no entry loads the rule set of {public['ref']}, {ruleset}")
        self.refs[self.one["stream"]] = sys.intern(public["ref"])
        case.ruleset, case.ccg = sys.intern(ruleset), sys.intern(public["ccg"])

    @of("application", "application.submitted", "window.answered")
    def _submitted(self, _public: Json) -> None:
        (ref, case), actor = self._application(), self._actor()
        self._acted(ref, actor, "applied")
        self.officers.add((case.ccg, actor))

    @of("application", "desk_top.assessed", "desk_top.second_read")
    def _assessed(self, _public: Json) -> None:
        """The desk: not by whoever put the application in, or judged it in a panel; read again by another."""
        (ref, case), actor = self._application(), self._actor()
        again, acted = self.one["type"] == "desk_top.second_read", case.acted.get(actor, ())
        for what, said in (("applied", "submitted it"), ("judged", "judged it in a panel")):
            what not in acted or self.breach(f"{actor} judges {ref} at the desk, having {said}")
        if again and "desk_top" in acted:
            self.breach(f"{actor} reads {ref} again, having assessed it: nobody signs what they prepared")
        self._acted(ref, actor, "second_reading" if again else "desk_top")
        self.counts["four-eyes checks"] += 1

    @of("application", "site_visit.recorded", "conditions.proposed")
    @of("application", "moderation.recommended", outcome=str)
    @of("application", "decision.recorded", outcome=str, composition=dict, composition_sha256=_HASH)
    @of("application", "conditions.reviewed", composition_sha256=_HASH)
    def _stepped(self, public: Json) -> None:
        """A step rests on what a panel of its kind decided; a decision on that very composition."""
        (ref, case), kind = self._application(), STEPS[self.one["type"]]
        outcome, sha, ruleset = case.decided.pop(kind, ("", "", ""))
        if not sha:
            self.breach(f"{ref}: {self.one['type']} rests on no item that a {kind} panel decided")
            return
        public.get("outcome", outcome) == outcome or self.breach(f"{ref}: the panel's outcome was {outcome}")
        same = public.get("composition_sha256", sha) == sha
        same or self.breach(f"{ref}: the composition is not that of the panel that decided")
        if "composition" in public:
            self._hashed(public)
            case.decision = self.index, outcome
        same = case.ruleset == ruleset == self.one["ruleset"]
        same or self.breach(f"{ref} is judged under another rule set than the one pinned to it")

    @of("application", "letter.issued", sha256=_HASH, checkpoint=({"index": int},))
    def _written(self, public: Json) -> None:
        ref, case = self._application()
        case.letter = public["sha256"]
        same = not self._says(public, "checkpoint") or public["checkpoint"]["index"] == case.decision[0]
        same or self.breach(f"{ref}: the letter does not prove the entry of the decision")

    @of("application", "decision.published", letter_sha256=_HASH, outcome=str)
    def _published(self, public: Json) -> None:
        ref, case = self._application()
        same = case.letter and case.letter == public["letter_sha256"]
        same or self.breach(f"{ref} is published before its letter")
        public["outcome"] == case.decision[1] or self.breach(f"{ref} is published with another outcome than decided")

    # An item is decided: everything about its composition that can be asked without a name.

    @of("panel", "item.decided", case=str, outcome=str, composition=dict, composition_sha256=_HASH)
    def _decided(self, public: Json) -> None:
        panel, case, body = self._panel(), public["case"], public["composition"]
        item = panel.items.pop(case, None)
        self.counts["items decided"] += 1
        self._hashed(public)
        result = public["outcome"], public["composition_sha256"], sys.intern(body["ruleset"])
        self._case(case).decided[panel.kind] = result
        self._says(self.one["private"], "interest")
        if not self._says(body, "asked_at"):
            self.counts["items not recomputable"] += 1
            return
        if wrong := _wrong(body, COMPOSED):
            self._lacks(wrong)
            return
        whole, rows = self._planned(panel, body), body["members"]
        self.counts["items recomputed" if whole else "items not recomputable"] += 1
        in_session = item and body["on"] in panel.days
        in_session or self.breach(f"{case} is decided outside an open item of a sitting in session")
        item = item or Item((), {}, set())
        self._runs(panel, item)
        not item.stopped or self.breach(f"{case} is decided while it is stopped")
        asked, now = _utc(body["asked_at"]), self._at()
        abs(now - asked) <= MOMENTS or self.breach(f"{case}: the tests were asked at another time")
        self._seated(panel, body)
        for row in rows:
            self._member(panel, item, body, case, row, now)
            self._tested(panel, body, case, row, in_london(asked))
        self._quorate(body, case)
        self._voiced(body, case, in_london(now).date().isoformat())
        self._spoken(item, rows, case)

    def _hashed(self, public: Json) -> None:
        """The composition is the one its hash names; a line that has its two keys once holds it ready to be hashed."""
        text = self.line.partition(b'"composition":')[2].partition(b',"composition_sha256":')[0]
        if self.line.count(b'"composition') != 2:
            text = _spell(public["composition"]).encode()
        same = sha256(text).hexdigest() == public["composition_sha256"]
        same or self.breach("the composition is not the one its hash names")

    def _planned(self, panel: Panel, body: Json) -> bool:
        """Seats and quorums are those of the rule set; whether there is one in the log to compare with."""
        version, kind, quorum = body["ruleset"], body["kind"], body["quorum"]
        known = kind == panel.kind and version == panel.ruleset == self.one["ruleset"]
        known or self.breach(
            f"the panel was proposed as {panel.kind} under {panel.ruleset}, not as the composition says"
        )
        plans = self.rulesets.get(version, {}).get("plans")
        if plans is None:  # or the rule set was loaded by an entry of an earlier release, which was passed over
            version in self.rulesets or self.breach(f"no entry loads rule set {version}")
            return False
        plan = plans.get(kind, {"quorum_to_sit": None, "quorum_to_decide": None, "seats": []})
        needed = (quorum["to_sit"]["needed"], quorum["to_decide"]["needed"], [*map(SEAT, body["seats"])])
        same = needed == (plan["quorum_to_sit"], plan["quorum_to_decide"], [*map(SEAT, plan["seats"])])
        same or self.breach(f"its seats and quorums are not those of rule set {version} for a {kind} panel")
        return True

    def _seated(self, panel: Panel, body: Json) -> None:
        """Whoever accepted stands in the composition, and nobody else, each in the seat they accepted."""
        listed = {row["person"] for row in body["members"]}
        for person in sorted(panel.members.keys() - listed):
            self.breach(f"{person} accepted a seat and is left out of the composition")
        len(listed) == len(body["members"]) or self.breach("somebody stands twice in the composition")
        asks = {seat["seat"]: seat for seat in body["seats"]}
        for row in body["members"]:
            person, seat, by_kind = row["person"], row["seat"], row["by_kind"]
            place, asked = panel.members.get(person), asks.get(seat, {})
            if place != PLACE(row):
                what = STRANGER if place is None else "accepted another seat than the composition says"
                self.breach(f"{person} {what}")
            by = asked.get("appointed_by")
            told = self._kind(row["by"], by_kind)
            told == by_kind or self.breach(f"{row['by']} fills a seat as {by_kind}; it is {told}")
            theirs = by_kind == by or (by == "region" and by_kind == "area_team")
            theirs or self.breach(f"a {by_kind} fills the seat of {seat}, which is not theirs")
            row["accreditation"] == asked.get("accreditation") or self.breach(f"{seat} asks for other training")
        holders = [row["number"] for row in body["members"] if row["sits"]]
        len(holders) == len(set(holders)) or self.breach("two members sit in one seat")

    def _member(self, panel: Panel, item: Item, body: Json, case: str, row: Json, now: datetime) -> None:
        """One member: there or not, away or not, trained or not, and so sitting and voting or not."""
        who, on, effect, recused = row["person"], body["on"], row["effect"], row["recused"]
        here = row["present"] == item.there.get(who, False)
        here or self.breach(f"{who} was {'not ' * row['present']}in the room")
        if not recused:
            who not in item.left or self.breach(f"{who} left the room and is counted as if they had not")
        elif who not in item.left and effect != "barred" and all(who != ruling[0] for ruling, _ in panel.rulings):
            self.breach(f"{who} is counted as having left, and no entry says so")
        away = who in panel.away and any(first <= on <= last for first, last in panel.away[who].items())
        row["away"] == away or self.breach(f"{who} was {'not ' * (not away)}noted as away on {on}")
        self._fit(row, on, now, row["present"] and not row["away"] and not recused and effect != "barred")
        votes = "votes" if row["votes"] else "has no vote"
        row["votes"] == (row["sits"] and effect in VOTES) or self.breach(f"{who} {votes}: their tests say {effect}")
        if row["sits"] and not all(panel.objections.get((case, who), {}).values()):
            self.breach(f"{who} sits while an objection to them waits for its ruling")

    def _fit(self, row: Json, on: str, now: datetime, able: bool) -> None:
        """Trained and so sitting, or not, as the member's own stream says."""
        who, kind, told = row["person"], row["accreditation"], (row["accredited"], row["sits"])
        known = self._person(who)

        def seen(out: bool, spans: Iterable[tuple[Any, ...]]) -> tuple[bool, bool]:
            trained = not kind or any(name == kind and first <= on <= last for name, _, first, last in spans)
            return trained, able and trained and not out

        trained, sits = seen(known.out, known.trained)
        # What another stream said in that minute the panel may not have seen, though it stands before in the log.
        if told == (trained, sits) or any(
            abs(now - until) <= MOMENTS and told == seen(*before) for until, *before in known.earlier
        ):
            return
        told[0] == trained or self.breach(f"{who} has {'' if trained else 'no '}{kind} on record")
        sits = told[1] == sits
        sits or self.breach(f"{who} is counted as sitting, or not, against what is recorded ({row['effect']})")

    def _tested(self, panel: Panel, body: Json, case: str, row: Json, asked: datetime) -> None:
        """Every test was asked of a member, and the strictest answer counts; D9, D14, DI, OB as earlier entries say."""
        who, kind = row["person"], body["kind"]
        tests, said, weigh, (rule, effect) = _heard(tuple(map(ANSWER, row["checks"])))
        raised = panel.objections.get((case, who), {}).values()
        due = (*TESTS, *("OB" for _ in raised))
        if tests != due:
            missing = ", ".join(test for test in due if test not in said)
            what = f"{missing} is missing" if missing else f"{len(tests)} answers to {len(due)} tests"
            self.breach(f"not every test was asked of {who}: {what}")
        same = weigh == [ruled or "declare_only" for ruled in raised]
        same or self.breach(f"{who}: the objections to them weigh other than was ruled on them ({', '.join(weigh)})")
        same = (row["effect"], row["rule"]) == (effect, "" if effect == "clear" else rule)
        same or self.breach(f"{who}: the verdict is {row['effect']} and the strictest test says {effect} ({rule})")
        if acted := self._case(case).acted.get(who):
            others = (acted & TIERS) - {kind}
            if others and kind in TIERS and said.get("D9") != "barred":
                self.breach(f"{who} acted on {case} at another tier ({', '.join(sorted(others))}) and D9 is clear")
            if said.get("DI") != "barred" and self._has_left(panel, case, who):
                self.breach(f"{who} left the room for {case}, and DI is {said.get('DI')}")
        self._fresh(panel, body, row, asked, said.get("D14"))
        self.counts["tests recomputed publicly"] += 2 + len(raised)

    def _fresh(self, panel: Panel, body: Json, row: Json, asked: datetime, said: str | None) -> None:
        """D14: the declaration is the last that an earlier entry holds, and not too old."""
        who, made, known = row["person"], row["declared_at"], panel.declared.get(row["person"])
        same = abs(_utc(made) - known) <= MOMENTS if made and known else not made and not known
        same or self.breach(f"{who} did not last declare when the composition says")
        windows = self.rulesets.get(body["ruleset"], {}).get("windows") or {}
        age = (asked - _london(made)).days if made else None
        stale = age is None or age > windows.get(*REACH["D14"])
        if said != ("barred" if stale else "clear"):
            old = "no declaration" if age is None else f"a declaration {age} days old"
            self.breach(f"{who} has {old} and D14 is {said}")

    def _quorate(self, body: Json, case: str) -> None:
        """Both quorums, and the seats that neither goes without."""
        to_sit, to_decide = body["quorum"]["to_sit"], body["quorum"]["to_decide"]
        sit, vote = ([row["seat"] for row in body["members"] if row[does]] for does in ("sits", "votes"))
        sitting, voting = len(sit), len(vote)
        same = (to_sit["there"], to_decide["voting"]) == (sitting, voting)
        same or self.breach(f"{case}: {sitting} sit and {voting} vote, which is not what the quorum counts")
        for does, needed, there in (("sit", to_sit["needed"], sitting), ("decide", to_decide["needed"], voting)):
            verb = "sit" if does == "sit" else "vote"
            there >= needed or self.breach(f"{case}: quorum to {does} is {needed} and {there} {verb}")
        for seat in body["seats"]:
            name, least, filled = seat["seat"], seat["minimum"], sit.count(seat["seat"])
            seat["filled"] == filled or self.breach(f"{case}: {filled} sit as {name}, not {seat['filled']}")
            filled <= seat["maximum"] or self.breach(f"{case}: {filled} sit as {name}, {seat['maximum']} at most may")
            if name == VOICE:
                continue  # judged by its own rule
            if seat["required_to_sit"] and filled < least:
                self.breach(f"{case}: nobody sits in the seat of {name}, which is required")
            if seat["required_to_decide"] and vote.count(name) < least:
                self.breach(f"{case}: nobody votes from the seat of {name}, which is required to decide")

    def _voiced(self, body: Json, case: str, today: str) -> None:
        """The Coalition's voice votes, nominated by a Coalition body for the day of the sitting and of the decision."""
        mute, heard = [], 0
        for row in (row for row in body["members"] if row["seat"] == VOICE):
            if not row["votes"]:
                said = "recused" if row["recused"] else f"tests say {row['effect']}"
                mute.append(said if row["present"] else "absent")
                continue
            named = any(
                name == row["nominated_by"] == row["by"]
                and kind in (BODY, None)
                and all(first <= day <= last for day in (body["on"], today))
                for name, kind, first, last in self._person(row["person"]).nominated
            )
            heard += named
            named or self.breach(
                f"{row['person']} speaks for the Coalition and no Coalition body nominated them for that day"
            )
        least = max([1, *(seat["minimum"] for seat in body["seats"] if seat["seat"] == VOICE)])
        why = ", ".join(mute) or "none whose nomination stands"
        heard >= least or self.breach(f"{case} is decided without the voice of the Coalition: {why}")
        self.counts["Coalition voices heard"] += heard

    def _spoken(self, item: Item, rows: Iterable[Json], case: str) -> None:
        """Whoever votes has a position: their own, or entered by another than whoever records the outcome."""
        stances = []
        for row in rows:
            who, position = row["person"], (row["stance"], row["entered_by"])
            if not row["votes"]:
                position == ("", "") or self.breach(f"{who} has no vote on {case} and a position is counted")
                continue
            stances.append(row["stance"])
            stance, hand = item.said.get(who, ("", ""))
            same = hand and position == (stance, "" if hand == SYSTEM else hand)
            same or self.breach(f"the position of {who} on {case} is not the last they gave")
            if hand != who and row["seat"] == VOICE:
                self.breach(f"the position of {who}, for the Coalition, was entered by {hand or 'nobody'}")
            if hand != who and hand == self.one["actor"]:
                self.breach(f"{hand} entered the position of {who} and records the outcome on {case} themselves")
            self.counts["four-eyes checks"] += 1
            self.counts["dissents recorded"] += row["stance"] == "dissent"
        carried = stances.count("concur") > stances.count("dissent")
        carried or self.breach(f"the outcome on {case} is not carried by the positions")

    def _disclosed(self, public: Json, facts: Json) -> None:
        """Ask every test again, of the facts that were disclosed."""
        body, case, members = public["composition"], public["case"], facts["members"]
        windows = self.rulesets.get(body["ruleset"], {}).get("windows")
        same = windows in (None, facts["windows"])
        same or self.breach("the tests looked back other than the rule set says")
        told = facts["at"], facts["tier"], facts["case"]["ref"], [(row["person"], row["seat"]) for row in members]
        stated = body["asked_at"], body["kind"], case, [(row["person"], row["seat"]) for row in body["members"]]
        same = told == stated and self._case(case).ccg in ("", facts["case"]["code"])
        same or self.breach("the disclosed facts are those of another question")
        for row, member in zip(body["members"], members):
            who, said = row["person"], [*map(ANSWER, row["checks"])]
            found = Question(facts, member).answers()
            wrong = [f"{rule} is {effect}, not {was}" for (rule, effect), (_, was) in zip(found, said) if effect != was]
            found == said or self.breach(
                f"{who}: by the disclosed facts {', '.join(wrong) or 'other tests were asked'}"
            )
            self._agrees(self._panel(), case, row, member)
            self.counts["tests recomputed by disclosure"] += len(said)

    def _agrees(self, panel: Panel, case: str, row: Json, member: Json) -> None:
        """What is disclosed of a member leaves out nothing that earlier entries say, and adds no ruling to them."""
        who = row["person"]
        same = (member["declared_at"] or "") == row["declared_at"]
        same or self.breach(f"{who}: another declaration is disclosed")
        tiers = {each["tier"] for each in member.get("roles", []) if each["case"] == case} | {panel.kind}
        acted = self._case(case).acted.get(who, frozenset()) & TIERS
        acted <= tiers or self.breach(f"{who} acted on {case} at a tier that the disclosed facts leave out")
        declared = [(row["kind"], row["at"], row["made_at"]) for row in member.get("declared", []) if row["made_at"]]
        for at, what in ((at, what) for person, at, what in panel.interests if person == who):
            kept = any(what == named and abs(at - _utc(made)) <= MOMENTS for *named, made in declared)
            kept or self.breach(f"{who} declared an interest ({what[0]}) that the disclosed facts leave out")
        for ruling in member.get("rulings", []):
            told, at = RULING({**ruling, "person": who}), _utc(ruling["at"])
            made = any(told == known and abs(at - when) <= MOMENTS for known, when in panel.rulings)
            made or self.breach(f"{who}: a ruling on {ruling['rule']} is disclosed that no entry holds")


STRANGER = "is listed as a member and never accepted a seat on this panel"
ANSWER = itemgetter("rule", "effect")
PLACE = itemgetter("seat", "number", "rank", "by")


# --- The command line -----------------------------------------------------------------------


def _read(path: str) -> str:
    """Return a text file's content, newlines as they are."""
    return _text(_read_bytes(path), shown(path)) if path else ""


def _read_bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise Unusable(f"{shown(path)} is too large to be what it should be.")
    return content


def _write(path: str, text: str) -> None:
    """Replace a file as a whole, and not return before the disk has it."""
    with open(f"{path}.new", "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(f"{path}.new", path)


def _keys_of(options: argparse.Namespace) -> str:
    return "\n".join([_read(options.keys), *options.key, *options.witness])


def _run_export(options: argparse.Namespace, rules: Any = None) -> Report:
    if options.quick and (options.save_frontier or options.disclosures):
        raise Unusable("--quick looks at hashes only: leave it out to check disclosures or to keep a frontier.")
    with ExitStack() as files:
        private = files.enter_context(open(options.disclosures, "rb")) if options.disclosures else None
        report = check_export(
            files.enter_context(open(options.export, "rb")),
            _read(options.checkpoint),
            _keys_of(options),
            old=[_read(path) for path in options.old],
            disclosures=private,
            erased=options.erased,
            frontier=_read(options.frontier),
            quick=options.quick,
            require_witness=options.require_witness,
            rules=rules,
        )
    if options.save_frontier and report.frontier:
        _write(options.save_frontier, report.frontier)
    return report


def _run_rules(options: argparse.Namespace) -> Report:
    """The whole log, from its first entry: a rule rests on what came before."""
    options.quick, options.frontier, options.save_frontier = False, "", ""
    return _run_export(options, Rules(allow_old=options.allow_old))


def _run_bundle(options: argparse.Namespace) -> Report:
    old = [_read(path) for path in options.old]
    return check_bundle(_read(options.bundle), _keys_of(options), old=old, require_witness=options.require_witness)


def _run_proof(options: argparse.Namespace) -> Report:
    leaf = _read_bytes(options.leaf) if options.leaf else None
    leaf = leaf[:-1] if leaf and leaf.endswith(b"\n") else leaf
    return check_proof(_read(options.proof), _keys_of(options), leaf, require_witness=options.require_witness)


def _run_compare(options: argparse.Namespace) -> Report:
    with ExitStack() as files:
        export = files.enter_context(open(options.export, "rb")) if options.export else None
        old, new, keys = _read(options.old), _read(options.new), _keys_of(options)
        return compare(old, new, keys, request=_read(options.proof), export=export)


def _run_witness(options: argparse.Namespace) -> Report:
    if os.name == "posix" and os.stat(options.key_file).st_mode & 0o077:
        raise Unusable(f"Others may read the key file {shown(options.key_file)}: chmod 600 it, or make a new key.")
    with _alone(options.state):
        state = _read(options.state if os.path.exists(options.state) else "")
        given = _read(options.request), _keys_of(options), state, _read(options.key_file)
        report, kept, note = witness(*given, int(time.time()), first=options.first)
        if note:
            _write(options.state, kept)
            options.note = note
    return report


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """Let no second witness decide by the same state file at the same time."""
    with open(f"{path}.lock", "w") as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        except ImportError:  # Windows
            pass
        yield


def _run_witness_key(options: argparse.Namespace) -> Report:
    if not _is_name(options.name) or _CONTROL.search(options.name):
        raise Unusable("A key's name has no blanks and no plus sign; witness.example.org/coalition is a good one.")
    seed = os.urandom(32)
    vkey = witness_vkey(options.name, seed)
    try:
        file = os.open(options.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        said = "is there already, and a key is never overwritten: give another --key-file, or put that one away."
        raise Unusable(f"{shown(options.key_file)} {said}") from None
    with os.fdopen(file, "w", encoding="utf-8", newline="\n") as out:
        out.write(f"{PRIVATE}{options.name}+{_key(vkey).key_id.hex()}+{base64(bytes([WITNESS_KEY]) + seed)}\n")
    report = Report(facts={"vkey": vkey})
    report.passed("Key", f"made; keep {shown(options.key_file)} to yourself and give the log's keeper the line below")
    options.note = vkey + "\n"
    return report


# What each command runs, its files, and its options: with a value (FILE, VKEY), repeated (...), needed (!), or none.
_LOG = {"export": "export.jsonl", "checkpoint": "checkpoint.txt"}
_KEYS = {
    "--keys": "FILE the keys you trust (vkeys.txt)",
    "--key": "VKEY... one more such key",
    "--witness": "VKEY... a witness's key you trust",
}
_SEEN = {**_KEYS, "--require-witness": "refuse what no trusted witness cosigned"}
_OLD = {**_SEEN, "--old": "FILE... an earlier checkpoint; repeat"}
_PRIVATE = {
    **_OLD,
    "--disclosures": "FILE private texts you were given (private.jsonl)",
    "--erased": "account for what was erased",
}
_WHOLE = {
    **_PRIVATE,
    "--frontier": "FILE go on from an earlier check; the export begins where that ended",
    "--save-frontier": "FILE keep what the next check needs to go on from here",
    "--quick": "hashes and root only",
}
_ALLOW_OLD = "pass over what entries of earlier releases do not say, up to the first that does"
_BY = {"--proof": "FILE the log's answer: old N, hashes, checkpoint", "--export": "FILE a full export"}
_WITNESS = {
    "--state": "FILE! what you cosigned last",
    "--key-file": "FILE! your private key",
    "--first": "you have never cosigned this log, so there is no state yet",
}
_NEW_KEY = {"--key-file": "FILE! where to put the private key"}
COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], Report], dict[str, str]]] = {
    "export": (_run_export, {**_LOG, **_WHOLE}),
    "rules": (_run_rules, {**_LOG, **_PRIVATE, "--allow-old": _ALLOW_OLD}),
    "bundle": (_run_bundle, {"bundle": "one case's bundle", **_OLD}),
    "proof": (
        _run_proof,
        {"proof": "a letter's code, or a .tlog-proof file", **_SEEN, "--leaf": "FILE the entry itself"},
    ),
    "compare": (_run_compare, {"old": "a checkpoint", "new": "a later one", **_KEYS, **_BY}),
    "witness": (_run_witness, {"request": "what the log asks you to cosign", **_KEYS, **_WITNESS}),
    "witness-key": (_run_witness_key, {"name": "the witness's name, such as coalition.example/witness", **_NEW_KEY}),
}


def _parser(command: str) -> argparse.ArgumentParser:
    name = "" if command == "export" else f" {command}"
    others = f"Other commands: {', '.join(one for one in COMMANDS if one != 'export')}; each has its own --help."
    first = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(f"verify_log.py{name}", description=first, epilog=others, allow_abbrev=False)
    for argument, text in {**COMMANDS[command][1], "--json": "print the report as JSON"}.items():
        kind, _, said = text.partition(" ")
        if not argument.startswith("--"):
            parser.add_argument(argument, help=text)
        elif not kind.startswith(("FILE", "VKEY")):
            parser.add_argument(argument, action="store_true", help=text)
        elif kind.endswith("..."):
            parser.add_argument(argument, metavar=kind[:4], action="append", default=[], help=said)
        else:
            parser.add_argument(argument, metavar=kind[:4], default="", help=said, required=kind.endswith("!"))
    return parser


def _print(report: Report, options: argparse.Namespace) -> None:
    """Print the report; a cosigned note or a key goes to standard output alone."""
    note: str = getattr(options, "note", "")
    lines = [f"{'ok  ' if step.ok else 'FAIL'}  {step.what}: {step.detail}" for step in report.steps]
    text = "\n".join([*lines, f"{report.verdict.upper()}{report.but}", ""])
    if options.json:
        whole = {"verdict": report.verdict, "steps": [vars(step) for step in report.steps], "facts": report.facts}
        text = json.dumps({**whole, "note": note} if note else whole, indent=1) + "\n"
    elif note:
        sys.stderr.write(text)
        text = note
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def run(arguments: Sequence[str]) -> int:
    """Run a command and return the exit status."""
    command, rest = (arguments[0], arguments[1:]) if arguments and arguments[0] in COMMANDS else ("export", arguments)
    options = _parser(command).parse_args(rest)
    report = Report()
    with report.step("Files"):
        report = COMMANDS[command][0](options)
    try:
        _print(report, options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads on; Python must not complain at its end
    return EXIT[report.verdict]


def main(arguments: Sequence[str]) -> int:
    """Run a command; whatever happens, end with an exit status and not with a traceback."""
    try:
        return run(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped before the end: nothing is verified.\nUNUSABLE\n")
    except Exception as error:  # noqa: BLE001 - an auditor is told, in words
        sys.stderr.write(f"A fault of this verifier ({type(error).__name__}: {shown(str(error))}).\nUNUSABLE\n")
    return EXIT[UNUSABLE]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
