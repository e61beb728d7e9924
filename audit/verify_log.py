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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from hashlib import sha256, sha512
from operator import itemgetter
from struct import Struct
from struct import error as struct_error
from typing import (
    Any,
    BinaryIO,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)
from unicodedata import normalize

VERIFIED, TAMPERED, BREACHED, UNUSABLE = "verified", "tampered", "breached", "unusable"
EXIT = {VERIFIED: 0, TAMPERED: 1, BREACHED: 1, UNUSABLE: 2}
LARGEST_NUMBER = 2**53 - 1
LARGEST_SIZE = 2**63 - 1
LARGEST_LEAF = 65_535
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
    steps: List[Step] = field(default_factory=list)
    facts: Dict[str, Any] = field(default_factory=dict)
    frontier: str = ""  # after a full check: what the auditor keeps to go on from here

    def passed(self, what: str, detail: str = "") -> None:
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
            self.failed(what, Unusable(f"{error.strerror or error}. Is it the right file?"))


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


def counted(number: int, one: str, many: str = "") -> str:
    """Return ``1 entry`` or ``2,000 entries``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


# --- Ed25519 (RFC 8032), for machines without the cryptography package ----------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_I = pow(2, (_P - 1) // 4, _P)
Point = Tuple[int, int, int, int]


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = _add(total, point)
        point = _add(point, point)
        number >>= 1
    return total


def _x_of(y: int, odd: int) -> Optional[int]:
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _I % _P
    if (x * x - square) % _P or y >= _P or (x == 0 and odd):
        return None
    return _P - x if x & 1 != odd else x


def _point(packed: bytes) -> Optional[Point]:
    number = int.from_bytes(packed, "little")
    y, odd = number & ((1 << 255) - 1), number >> 255
    x = _x_of(y, odd)
    return None if x is None else (x, y, 1, x * y % _P)


def _packed(point: Point) -> bytes:
    inverse = pow(point[2], _P - 2, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE_Y = 4 * pow(5, _P - 2, _P) % _P
_BASE_X = _x_of(_BASE_Y, 0) or 0
_BASE: Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)


def _digest(*parts: bytes) -> int:
    return int.from_bytes(sha512(b"".join(parts)).digest(), "little") % _L


def _secret(seed: bytes) -> Tuple[int, bytes]:
    digest = sha512(seed).digest()
    return int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254), digest[32:]


def plain_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether this is the key's signature of the message."""
    point = _point(public) if len(public) == 32 else None
    if point is None or len(signature) != 64:
        return False
    first, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= _L:
        return False
    x, y, z, t = point
    challenge = _digest(first, public, message)
    return _packed(_add(_times(s, _BASE), _times(challenge, (-x % _P, y, z, -t % _P)))) == first


def plain_public(seed: bytes) -> bytes:
    """Return the public key of a seed."""
    return _packed(_times(_secret(seed)[0], _BASE))


def plain_sign(seed: bytes, message: bytes) -> bytes:
    """Return the signature of the message."""
    scalar, prefix = _secret(seed)
    nonce = _digest(prefix, message)
    first = _packed(_times(nonce, _BASE))
    s = (nonce + _digest(first, plain_public(seed), message) * scalar) % _L
    return first + s.to_bytes(32, "little")


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
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f]")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Key:
    """A public key that the auditor trusts, with the name it signs under."""

    name: str
    key_id: bytes
    kind: int
    public: bytes
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Signature:
    """A signature line of a note."""

    name: str
    key_id: bytes
    blob: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A signed head of the log: its name, how many entries it has, and the root over them."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: Tuple[Signature, ...]


def base64(value: bytes) -> str:
    """Return bytes as the formats of C2SP spell them."""
    return b64encode(value).decode()


def _bytes(text: str, what: str, length: Optional[int] = None) -> bytes:
    """Read base64 of which no bit can be changed without changing its meaning."""
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        raise Unusable(f"{what} is not base64: {shown(text)}.") from None
    if base64(value) != text or (length is not None and len(value) != length):
        raise Unusable(f"{what} is not {length or 'the'} bytes in base64 as the format spells it: {shown(text)}.")
    return value


def _number(text: str, what: str) -> int:
    if not _DECIMAL.fullmatch(text) or int(text) > LARGEST_SIZE:
        raise Unusable(f"{what} is {shown(text)}, not a whole number below 2**63 in plain digits.")
    return int(text)


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(map(str.isspace, name))


def _key(vkey: str) -> Key:
    """Read ``name+id+base64(kind, key)``."""
    parts = vkey.split("+", 2)
    if len(parts) != 3 or not _is_name(parts[0]):
        raise Unusable(f"{shown(vkey)} is no key; a key is name+id+base64.")
    name, key_id, encoded = parts
    blob = _bytes(encoded, f"The key of {shown(name)}")
    expected = sha256(f"{name}\n".encode() + blob).digest()[:4]
    if key_id != expected.hex() or len(blob) < 2 or (blob[0] in (LOG_KEY, WITNESS_KEY) and len(blob) != 33):
        raise Unusable(f"The key of {shown(name)} and its id {shown(key_id)} do not belong together. Copy it again.")
    return Key(name, expected, blob[0], blob[1:])


def parse_keys(text: str) -> List[Key]:
    """Read ``vkeys.txt``: a key a line, then ``from=`` and ``until=``; ``#`` begins a comment."""
    keys = []
    for line in text.split("\n"):
        vkey, *options = line.split() or ["#"]
        if vkey.startswith("#"):
            continue
        times = dict(option.partition("=")[::2] for option in options)
        if set(times) - {"from", "until"} or not all(map(_moment_of, times.values())):
            raise Unusable(f"After the key only from=DATE and until=DATE may stand: {shown(line)}.")
        key = _key(vkey)
        keys.append(Key(key.name, key.key_id, key.kind, key.public, times.get("from", ""), times.get("until", "")))
    if not keys:
        raise Unusable("There is no key in the list of keys you trust; without one nothing can be verified.")
    return keys


def _moment_of(text: str) -> Optional[datetime]:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except ValueError:
        return None


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
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "\u2014" or not _is_name(name):
        raise Unusable(f"{shown(line)} is no signature line (a dash, a name and base64).")
    blob = _bytes(encoded, f"The signature of {shown(name)}")
    if len(blob) < 5:
        raise Unusable(f"The signature of {shown(name)} is cut short.")
    return Signature(name, blob[:4], blob[4:])


def _holds(key: Key, signature: Signature, text: str) -> bool:
    if key.kind == LOG_KEY:
        return verifies(key.public, text.encode(), signature.blob)
    return verifies(key.public, _cosigned(text, signature.blob[:8]), signature.blob[8:])


def _cosigned(text: str, seconds: bytes) -> bytes:
    """Return what a witness signs: the time (eight bytes, big end first) and the whole text."""
    return f"cosignature/v1\ntime {int.from_bytes(seconds, 'big')}\n{text}".encode()


@dataclass
class Signers:
    """Who signed a checkpoint: the log's own keys, witnesses with their time, and strangers."""

    log: List[Key]
    witnesses: List[Tuple[Key, int]]
    strangers: List[str]


def signed_by(checkpoint: Checkpoint, keys: Iterable[Key], what: str = "The checkpoint") -> Signers:
    """Return who signed it. A known key's false signature is tampering; no known key is no evidence."""
    known = {(key.name, key.key_id): key for key in keys if key.kind in (LOG_KEY, WITNESS_KEY)}
    signers = Signers([], [], [])
    for signature in checkpoint.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None or (key.kind == LOG_KEY and key.name != checkpoint.origin):
            signers.strangers.append(f"{signature.name} ({signature.key_id.hex()})")
            continue
        if not _holds(key, signature, checkpoint.text):
            raise Tampered(f"{what} is not what {shown(key.name)} signed: text, signature or key was altered.")
        if key.kind == LOG_KEY:
            signers.log.append(key)
        else:
            signers.witnesses.append((key, int.from_bytes(signature.blob[:8], "big")))
    if not signers.log:
        theirs = shown(", ".join(signers.strangers))
        raise Unusable(
            f"{what} of the log {shown(checkpoint.origin)} is signed by no key of that name that you trust, "
            f"only by {theirs}. Have you the log's keys, from a source other than this one?"
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
        self.peaks: Dict[int, bytes] = dict(zip(levels, hashes))
        self.wanted = sorted(set(wanted))
        self.roots: Dict[int, bytes] = {}
        self._note()

    def extend(self, hashes: List[bytes]) -> None:
        """Add leaf hashes."""
        start = 0
        while start < len(hashes):
            until = self.wanted[0] - self.size if self.wanted else BLOCK
            room = min(len(hashes) - start, until, BLOCK, self.size & -self.size or BLOCK)
            level = room.bit_length() - 1
            self._push(level, hashes[start : start + (1 << level)])
            start += 1 << level
            self._note()

    def root(self) -> bytes:
        """Return the root over everything added."""
        root = b""
        for level in sorted(self.peaks):
            root = node_hash(self.peaks[level], root) if root else self.peaks[level]
        return root or sha256(b"").digest()

    def hashes(self) -> List[bytes]:
        """Return what has to be kept to go on later: at most one hash for each power of two."""
        return [self.peaks[level] for level in sorted(self.peaks, reverse=True)]

    def _push(self, level: int, row: List[bytes]) -> None:
        self.size += 1 << level
        while len(row) > 1:
            row = [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2])]
        top = row[0]
        while level in self.peaks:
            top = node_hash(self.peaks.pop(level), top)
            level += 1
        self.peaks[level] = top

    def _note(self) -> None:
        while self.wanted and self.wanted[0] <= self.size:
            size = self.wanted.pop(0)
            if size == self.size:
                self.roots[size] = self.root()


def root_of_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root to which the proof leads (RFC 9162, 2.1.3.2)."""
    if index >= size:
        raise Tampered(f"Entry {index:,} cannot be in a log of {counted(size, 'entry', 'entries')}.")
    at, last, node = index, size - 1, leaf
    for step in proof:
        if not last:
            raise Tampered("The proof has more hashes than the tree has levels.")
        if at & 1 or at == last:
            node = node_hash(step, node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, step)
        at, last = at >> 1, last >> 1
    if last:
        raise Tampered("The proof has fewer hashes than the tree has levels.")
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
    for step in path[1:]:
        if not last:
            return False
        if at & 1 or at == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, step)
        at, last = at >> 1, last >> 1
    return not last and first == old_root and second == new_root


# --- JSON that has one spelling -------------------------------------------------------------


class BadEntry(ValueError):
    """What is wrong with an entry, without its number."""


class Newer(BadEntry):
    """Of a version this file does not know; what is wrong with it cannot be said."""


def _no_float(text: str) -> None:
    raise BadEntry(f"the number {shown(text)} is not a whole number")


def _no_twins(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names if len(set(names)) < len(names) else ():
        if names.count(name) > 1:
            raise BadEntry(f"the key {shown(name)} stands twice in one object")
    return dict(pairs)


def _whole(digits: str) -> int:
    if len(digits) < 16 and digits != "-0":
        return int(digits)
    if len(digits) > 17 or digits == "-0" or not -LARGEST_NUMBER <= int(digits) <= LARGEST_NUMBER:
        raise BadEntry(f"the number {shown(digits)} is too large for JSON, or not in its canonical spelling")
    return int(digits)


_NAME = re.compile(r"[a-z][a-z0-9_]*")
_known_shapes: Set[Tuple[str, ...]] = set()


def _shaped(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    """Make an object of an entry: no key twice, all of them ASCII snake_case, and in order."""
    document = dict(pairs)
    if len(document) == len(pairs) and tuple(document) in _known_shapes:
        return document
    _no_twins(pairs)
    for name in document:
        if not _NAME.fullmatch(name):
            raise BadEntry(f"the key {shown(name)} is not ASCII snake_case")
    if list(document) != sorted(document):
        raise BadEntry(f"it is not in its canonical spelling: the keys {shown(', '.join(document))} are not in order")
    if len(_known_shapes) < 10_000:  # remembered, but not without end
        _known_shapes.add(tuple(document))
    return document


_STRICT: Dict[str, Any] = {"parse_float": _no_float, "parse_constant": _no_float}
_parse = json.JSONDecoder(object_pairs_hook=_shaped, parse_int=_whole, **_STRICT).raw_decode
_parse_strictly = json.JSONDecoder(object_pairs_hook=_no_twins, **_STRICT).decode
_spell = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def _object(text: str, what: str) -> Dict[str, Any]:
    """Read a JSON object of a file that is not an entry."""
    try:
        document = _parse_strictly(text)
    except RecursionError:
        raise Unusable(f"{what} is nested too deeply.") from None
    except ValueError as error:
        raise Unusable(f"{what} is not JSON as expected: {error}.") from None
    if not isinstance(document, dict):
        raise Unusable(f"{what} is not a JSON object.")
    return document


# --- Entries: what each must hold, and how each follows from the last of its stream ---------

FIELDS = ["actor", "at", "prev", "private", "public", "reason_code", "role", "ruleset", "seq", "stream", "type", "v"]
_HASH = re.compile("[0-9a-f]{64}")
_AT = re.compile(
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
)
_texts = itemgetter("stream", "type", "actor", "at", "role", "ruleset", "reason_code")


def read_entry(entry: bytes) -> Dict[str, Any]:
    """Return the entry's document; raises ``BadEntry`` unless it is complete and in its only spelling."""
    try:
        text = entry.decode()
        document, end = _parse(text)
        # Without blanks and escapes there is no other spelling, or the parser has refused it.
        if end != len(text) or "\\" in text or len(text.split()) != 1:
            _require_one_spelling(text, document)
        _check_version(document)
        _check_fields(document)
    except BadEntry:
        raise
    except RecursionError:
        raise BadEntry("it is nested too deeply") from None
    except UnicodeDecodeError:
        raise BadEntry("it is not UTF-8 text") from None
    except ValueError as error:
        raise BadEntry(f"it is not JSON ({error})") from None
    if not entry.isascii() and normalize("NFC", text) != text:
        _require_composed(document)
    return document  # type: ignore[no-any-return] # _check_version has seen that it is an object


def _require_one_spelling(text: str, document: object) -> None:
    expected = _spell(document)
    if text != expected:
        at = next((i for i, (a, b) in enumerate(zip(text, expected)) if a != b), min(len(text), len(expected)))
        raise BadEntry(f"it is not in its canonical spelling: at character {at} stands {shown(text[at : at + 20])}")


def _check_version(document: Any) -> None:
    if type(document) is not dict:
        raise BadEntry("it is not a JSON object")
    version = document.get("v")
    if type(version) is not int or version < 1:
        raise BadEntry(f"its version is {shown(version)}, not a whole number from 1")
    if version > 1:
        raise Newer(f"it is of version {shown(version)}, newer than this verifier; take the one of the export")


def _check_fields(document: Dict[str, Any]) -> None:
    if list(document) != FIELDS:
        missing, strange = sorted(set(FIELDS) - set(document)), sorted(set(document) - set(FIELDS))
        raise BadEntry(f"its fields are not those of an entry (missing: {shown(missing)}, unknown: {shown(strange)})")
    texts = _texts(document)
    try:
        "".join(texts)
    except TypeError:
        raise BadEntry("its stream, type, actor, time, role, rule set or reason code is not text") from None
    if not (texts[0] and texts[1] and texts[2]):
        raise BadEntry("its stream, type or actor is empty")
    if not _AT.fullmatch(document["at"]):
        raise BadEntry(f"its time {shown(document['at'])} is no moment in UTC with microseconds")
    if type(document["public"]) is not dict or type(document["private"]) is not dict:
        raise BadEntry("its public or private part is not an object")
    for group, commitment in document["private"].items():
        if type(commitment) is not str or not _HASH.fullmatch(commitment):
            raise BadEntry(f"its private group {shown(group)} is not a SHA-256 in hexadecimal")


def _require_composed(value: object) -> None:
    if isinstance(value, str) and normalize("NFC", value) != value:
        raise BadEntry(f"the text {shown(value)} is not in Unicode's composed form (NFC)")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _require_composed(part)


class Entries:
    """Checks entries one after the other; holds only the last hash and number of each stream."""

    def __init__(self, heads: Optional[Dict[str, bytes]] = None) -> None:
        self.heads: Dict[str, bytes] = heads or {}

    def document(self, index: int, entry: bytes, its_hash: bytes) -> Dict[str, Any]:
        """Return the entry's document; raises ``BadEntry`` with what is wrong with it."""
        document = read_entry(entry)
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
        if seq != number + 1:
            what = (
                "an entry stands twice or out of order" if seq <= number else "an entry before it is missing or moved"
            )
            raise BadEntry(f"it is number {seq} of {shown(stream)}, where {number + 1} is due: {what}")
        if prev != (last.hex() or None):
            raise BadEntry(
                f"it does not name the hash of entry {before:,}, the one before it in {shown(stream)}: "
                f"entry {before:,} or this one was altered"
                if head
                else f"it is the first of {shown(stream)} but names an entry before it"
            )
        return document


_HEAD = Struct(">32sQQ")  # of a stream: the hash, the number and the index of its last entry


def _lines(export: BinaryIO) -> Iterator[Tuple[List[bytes], str]]:
    """Yield batches of whole lines; with the last one what is wrong with the end of the file, if anything."""
    rest = b""
    while len(rest) <= LARGEST_LEAF:
        piece = export.read(1 << 18)
        if not piece:
            yield ([rest], "the file ends in the middle of it, or its newline was removed") if rest else ([], "")
            return
        *lines, rest = (rest + piece).split(b"\n")
        yield lines, ""
    yield [rest], f"it is longer than {LARGEST_LEAF} bytes"


# --- Disclosures: private text that somebody was given, against what the entries hold -------


class Disclosures:
    """Private groups in the order of the entries, read along with them; and what was erased."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.lines = enumerate(lines, 1)
        self.next: Optional[Dict[str, Any]] = None
        self.last = -1
        self.disclosed = self.withheld = 0
        self.advance()

    def advance(self) -> None:
        """Read the next line."""
        number, line = next(self.lines, (0, b""))
        self.next = _disclosure(line, f"Line {number} of the disclosures", ("index",)) if number else None
        if self.next:
            if type(self.next["index"]) is not int or self.next["index"] < self.last:
                raise Unusable(f"Line {number} of the disclosures is out of order; they go by index.")
            self.last = self.next["index"]

    def of(self, index: int, document: Dict[str, Any]) -> Dict[str, bytes]:
        """Return the groups disclosed of this entry, each checked against its commitment."""
        found: Dict[str, bytes] = {}
        while self.next and self.next["index"] <= index:
            one = self.next
            if one["index"] < index or one["group"] in found:
                raise Tampered(f"Entry {one['index']:,}: the group {shown(one['group'])} is disclosed twice.")
            found[one["group"]] = _checked(one, document, f"Entry {index:,}")
            self.advance()
        self.disclosed += len(found)
        self.withheld += len(document["private"]) - len(found)
        return found

    def finish(self) -> None:
        """All disclosures must have found their entry."""
        if self.next:
            raise Tampered(f"There is a disclosure for entry {self.next['index']:,}, which the export does not hold.")


def _disclosure(line: bytes, what: str, where: Sequence[str]) -> Dict[str, Any]:
    try:
        one = _object(line.decode(), what)
    except UnicodeDecodeError:
        raise Unusable(f"{what} is not UTF-8 text.") from None
    return _checked_disclosure(one, what, where)


def _checked_disclosure(one: Any, what: str, where: Sequence[str]) -> Dict[str, Any]:
    if not isinstance(one, dict) or one.keys() != {*where, "group", "salt", "body"}:
        raise Unusable(f"{what} does not consist of {', '.join(where)}, group, salt and body.")
    if not all(type(one[name]) is str for name in ("group", "salt", "body")):
        raise Unusable(f"{what}: group, salt and body have to be text.")
    if not _HASH.fullmatch(one["salt"]):
        raise Unusable(f"{what}: the salt is not 32 bytes in hexadecimal.")
    return one


def _checked(one: Dict[str, Any], document: Dict[str, Any], which: str) -> bytes:
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
    disclosures: Optional[BinaryIO] = None,
    erased: bool = False,
    frontier: str = "",
    quick: bool = False,
    require_witness: bool = False,
    rules: Optional[Any] = None,
) -> Report:
    """Check an export against its checkpoint.

    ``old`` are earlier checkpoints (or proofs that hold one), ``frontier`` is what an earlier
    check kept (the export then begins there), ``quick`` checks hashes only, ``erased`` lists
    erasures. ``rules`` sees every entry in the same pass, by ``entry(index, document,
    its_hash, disclosed)``, and answers with ``finish(report)``.
    """
    report = Report()
    with report.step("Export"):
        trusted = parse_keys(keys)
        head = _head(report, checkpoint, trusted, require_witness=require_witness)
        with about("Earlier checkpoint"):
            earlier = [_earlier(text, head, trusted, number) for number, text in enumerate(old, 1)]
        with about("Frontier"):
            tree, entries = _begin(frontier, head, earlier)
        reading = _Reading(report, tree, None if quick else entries, rules)
        if disclosures or erased:
            reading.erased = _erasures(export)
        if erased:
            report.passed("Erasures", _told(reading.erased))
        if disclosures:
            with report.step("Disclosures"):
                reading.disclosures = Disclosures(iter(lambda: disclosures.readline(1 << 22), b""))
        reading.run(export, head.size)
        _roots(report, reading, head, earlier)
        if rules and reading.rules:
            rules.finish(report)
        if not quick and report.verdict == VERIFIED:
            report.frontier = _frontier(head, tree, entries)
    return report


class _Reading:
    """One pass over an export: every hash goes into the tree, every entry past its checks."""

    def __init__(self, report: Report, tree: Tree, entries: Optional[Entries], rules: Optional[Any]) -> None:
        self.report, self.tree, self.entries, self.rules = report, tree, entries, rules
        self.start = tree.size
        self.disclosures: Optional[Disclosures] = None
        self.erased: Dict[Tuple[str, str], int] = {}
        self.gone = 0
        self.bad: List[Tuple[int, str]] = []  # the first few
        self.bad_count = 0

    def run(self, export: BinaryIO, size: int) -> None:
        """Read entries up to ``size`` and say what came of it."""
        for lines, end in _lines(export):
            if end:
                self.fault(self.tree.size, end)
                break
            room = size - self.tree.size
            self._batch(lines[:room])
            if len(lines) > room:
                self.fault(size, f"the checkpoint ends before it, at {counted(size, 'entry', 'entries')}")
                break
        else:
            if self.tree.size < size:
                self.fault(self.tree.size, f"it is missing; the log has {counted(size, 'entry', 'entries')}")
        self._finish()

    def _batch(self, lines: List[bytes]) -> None:
        hashes = [sha256(b"\x00" + line).digest() for line in lines]
        if self.entries:
            for index, (line, its_hash) in enumerate(zip(lines, hashes), self.tree.size):
                self._entry(index, line, its_hash)
        self.tree.extend(hashes)

    def _entry(self, index: int, line: bytes, its_hash: bytes) -> None:
        if not self.entries:
            return
        try:
            document = self.entries.document(index, line, its_hash)
        except Newer as fault:
            self.entries = self.rules = self.disclosures = None
            self.report.failed("Entries", Unusable(f"Entry {index:,} cannot be checked: {fault}."))
        except BadEntry as fault:
            self.fault(index, str(fault))
        else:
            if self.disclosures or self.rules:
                self._beyond(index, document, its_hash)

    def _beyond(self, index: int, document: Dict[str, Any], its_hash: bytes) -> None:
        found: Dict[str, bytes] = {}
        if self.disclosures:
            with self.report.step("Disclosures"):
                found = self._disclosed(self.disclosures, index, document, its_hash)
        if self.rules:
            self.rules.entry(index, document, its_hash, found)

    def _disclosed(
        self, disclosures: Disclosures, index: int, document: Dict[str, Any], its_hash: bytes
    ) -> Dict[str, bytes]:
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

    def fault(self, index: int, what: str) -> None:
        """Note a bad entry; what depends on its content is not checked any further."""
        self.bad_count += 1
        self.rules = self.disclosures = None
        if len(self.bad) < 10:
            self.bad.append((index, what))

    def _finish(self) -> None:
        report, size = self.report, self.tree.size
        report.facts.update(entries=size - self.start, bad_entries=self.bad_count)
        if self.bad:
            index, what = self.bad[0]
            if self.start:
                what += f" (with this frontier the export has to begin with entry {self.start:,})"
            more = (
                f" ({counted(self.bad_count - 1, 'more bad entry', 'more bad entries')})" if self.bad_count > 1 else ""
            )
            report.facts.update(first_bad=index, bad=[f"Entry {at:,}: {why}." for at, why in self.bad])
            report.failed("Entries", Tampered(f"Entry {index:,} is the first bad one: {what}.{more}"))
        elif self.entries:
            streams = counted(len(self.entries.heads), "stream")
            report.facts.update(streams=len(self.entries.heads))
            report.passed(
                "Entries",
                f"{counted(size - self.start, 'entry', 'entries')} from {self.start:,} on: each in its one spelling "
                f"and complete, numbered without gaps and linked, in {streams}",
            )
        if self.disclosures:
            with report.step("Disclosures"):
                self._finish_disclosures(self.disclosures)

    def _finish_disclosures(self, disclosures: Disclosures) -> None:
        disclosures.finish()
        silent = disclosures.withheld - self.gone
        self.report.facts.update(disclosed=disclosures.disclosed, not_disclosed=silent, erased=self.gone)
        self.report.passed(
            "Disclosures",
            f"{counted(disclosures.disclosed, 'private text')} as committed to; {silent:,} not disclosed to you "
            f"(or erased without a record in this export); {self.gone:,} recorded as erased",
        )


def _head(
    report: Report, text: str, keys: Sequence[Key], *, require_witness: bool = False, what: str = "The checkpoint"
) -> Checkpoint:
    """Check a checkpoint and say who signed it."""
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
    names = ", ".join(_named(key) for key in signers.log)
    strangers = f"; not counted, as you do not trust their keys: {shown(', '.join(signers.strangers))}"
    report.passed(
        "Checkpoint",
        f"log {shown(head.origin)}, {counted(head.size, 'entry', 'entries')}, root {base64(head.root)}; "
        f"signed by {names}{strangers if signers.strangers else ''}",
    )
    _witnesses(report, signers, require_witness=require_witness)
    return head


def _named(key: Key) -> str:
    since = f" from {key.since}" if key.since else ""
    until = f" until {key.until}" if key.until else ""
    return f"{shown(key.name)} (key {key.key_id.hex()}{since}{until})"


def _witnesses(report: Report, signers: Signers, *, require_witness: bool) -> None:
    seen = [f"{_named(key)} on {_spelt(at)}" for key, at in signers.witnesses if _is_valid_at(key, at)]
    for key, at in signers.witnesses:
        if not _is_valid_at(key, at):
            report.passed("Witnesses, a remark", f"{_named(key)} signed on {_spelt(at)}, outside the key's dates.")
    if seen:
        report.passed("Witnesses", f"seen by {', '.join(seen)}")
    elif require_witness:
        with about("Witnesses"):
            raise Unusable("No witness whose key you trust has cosigned the checkpoint. Ask for a cosigned one.")
    else:
        report.passed("Witnesses", "none: compare with a checkpoint that you had from elsewhere (--old)")


def _is_valid_at(key: Key, seconds: int) -> bool:
    since, until = _moment_of(key.since), _moment_of(key.until)
    at = _EPOCH + timedelta(seconds=min(seconds, 250_000_000_000))
    return not (since and at < since) and not (until and at > until)


def _earlier(text: str, head: Checkpoint, keys: Sequence[Key], number: int) -> Checkpoint:
    """Read an earlier checkpoint, bare or inside a letter's proof or a request."""
    what = f"Earlier checkpoint {number}"
    if text.startswith((PROOF, "old ")):
        text = text.partition("\n\n")[2]
    earlier = parse_checkpoint(text, what)
    signed_by(earlier, keys, what)
    if earlier.origin != head.origin:
        raise Unusable(f"{what} is of another log, {shown(earlier.origin)}; the two cannot be compared.")
    if earlier.size > head.size:
        raise Tampered(
            f"{what} covers {counted(earlier.size, 'entry', 'entries')}, the one to be checked only {head.size:,}: "
            "history was cut off, or an outdated state was handed to you."
        )
    return earlier


FORK = (
    "The log's key has signed two different histories. These two checkpoints together prove it to anybody, "
    "without any other file: keep both."
)


def _roots(report: Report, reading: _Reading, head: Checkpoint, earlier: Sequence[Checkpoint]) -> None:
    """Compare the roots: at the signed size, and at the sizes of earlier checkpoints."""
    tree, start = reading.tree, reading.start
    good, bad = start, head.size
    for one in sorted(earlier, key=lambda one: one.size):
        with report.step("Earlier checkpoint"):
            if one.size == head.size and one.root != head.root:
                raise Tampered(f"Both have {counted(head.size, 'entry', 'entries')}, but other roots. {FORK}")
            if tree.roots.get(one.size) != one.root:
                bad = min(bad, one.size)
                raise Tampered(f"The first {one.size:,} entries are not those that you had a checkpoint for.")
            good = max(good, one.size if bad >= one.size else good)
            report.passed("Earlier checkpoint", f"the first {counted(one.size, 'entry', 'entries')} are unchanged")
    with report.step("Root"):
        if tree.size == head.size and tree.root() == head.root:
            text = "the hashes of all entries lead to the signed root"
            if reading.bad:
                text += ": the log's keeper signed it with this fault in it"
            report.passed("Root", text)
        else:
            raise Tampered(_where(reading, good, bad, earlier=bool(earlier)))


def _where(reading: _Reading, good: int, bad: int, *, earlier: bool) -> str:
    text = "The entries do not lead to the signed root: this is not the history that was signed."
    if reading.tree.size == bad and not reading.bad and reading.entries:
        text += (
            " Each entry fits the others, so one was changed, or two of different streams exchanged, "
            "and whatever refers to it was changed with it, or nothing does yet."
        )
    if bad > good and (earlier or good):
        return (
            f"{text} It was changed between entries {good:,} and {bad - 1:,}; those before {good:,} are as they were."
        )
    return f"{text} Give earlier checkpoints with --old to find out where."


def _erasures(export: BinaryIO) -> Dict[Tuple[str, str], int]:
    """Return what the export records as erased: (hash of the entry, group) and the entry that says so.

    Erasures come after what they erase, so this is a pass of its own. Entries that are
    malformed are left to the main pass.
    """
    if not export.seekable():
        raise Unusable("To account for erasures the export is read twice: give it as a file.")
    found: Dict[Tuple[str, str], int] = {}
    start = export.tell()
    index = 0
    for lines, _ in _lines(export):
        for line in lines:
            if b'"type":"erasure.performed"' in line:
                found.update(_erased_by(line, index))
            index += 1
    export.seek(start)
    return found


def _told(erased: Dict[Tuple[str, str], int]) -> str:
    told = [f"{group} of {its_hash[:16]}… by entry {index:,}" for (its_hash, group), index in erased.items()]
    return f"{counted(len(told), 'private text')} recorded as erased{': ' if told else ''}{'; '.join(told)}"


def _erased_by(line: bytes, index: int) -> Dict[Tuple[str, str], int]:
    try:
        public = read_entry(line)["public"]
        pairs = [(its_hash, group) for its_hash in public["events"] for group in public["groups"]]
        return {
            (its_hash, group): index
            for its_hash, group in pairs
            if _HASH.fullmatch(its_hash) and _NAME.fullmatch(group)
        }
    except (BadEntry, KeyError, TypeError):
        return {}


# --- Going on from an earlier check ---------------------------------------------------------


def _begin(frontier: str, head: Checkpoint, earlier: Sequence[Checkpoint]) -> Tuple[Tree, Entries]:
    """Return an empty tree and no streams, or those with which the earlier check ended."""
    sizes = [one.size for one in earlier]
    if not frontier:
        return Tree(wanted=sizes), Entries()
    kept = _object(frontier, "The frontier")
    try:
        size, hashes = kept["size"], [_bytes(one, "A hash of the frontier", 32) for one in kept["hashes"]]
        heads = {stream: _HEAD.pack(bytes.fromhex(last), seq, 0) for stream, (seq, last) in kept["heads"].items()}
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
    heads = {stream: [seq, its_hash.hex()] for stream, (its_hash, seq, _) in lasts.items()}
    kept = {
        "v": 1,
        "origin": head.origin,
        "size": tree.size,
        "root": base64(tree.root()),
        "hashes": [base64(one) for one in tree.hashes()],
        "heads": heads,
    }
    return json.dumps(kept, sort_keys=True) + "\n"


# --- One entry's proof, one case's bundle ---------------------------------------------------

PROOF = "c2sp.org/tlog-proof@v1\n"


def check_proof(text: str, keys: str, leaf: Optional[bytes] = None, *, require_witness: bool = False) -> Report:
    """Check a letter's code: that an entry (known by its hash, or given) is in the signed log."""
    report = Report()
    with report.step("Proof"):
        trusted = parse_keys(keys)
        lines, note = _proof_parts(text)
        extra = _bytes(lines.pop(0)[6:], "The extra data") if lines and lines[0].startswith("extra ") else b""
        if not lines or not lines[0].startswith("index "):
            raise Unusable("The proof does not say for which entry it is.")
        index = _number(lines.pop(0)[6:], "The index")
        its_hash = _proved_hash(report, extra, leaf, index)
        head = _head(report, note, trusted, require_witness=require_witness)
        if root_of_inclusion(its_hash, index, head.size, _hashes(lines)) != head.root:
            raise Tampered(f"The proof does not lead from entry {index:,} to the signed root.")
        report.passed("Proof", f"entry {index:,} with the hash {its_hash.hex()} is in the log")
    return report


def _proof_parts(text: str) -> Tuple[List[str], str]:
    if not text.startswith(PROOF):
        raise Unusable(f"This is no proof: its first line is not {PROOF.strip()}.")
    top, gap, note = text[len(PROOF) :].partition("\n\n")
    if not gap:
        raise Unusable("The proof holds no checkpoint.")
    return top.split("\n"), note


def _hashes(lines: Sequence[Any]) -> List[bytes]:
    if len(lines) > 63 or not all(type(line) is str for line in lines):
        raise Unusable("A proof is a list of at most 63 hashes.")
    return [_bytes(line, "A hash of the proof", 32) for line in lines]


def _proved_hash(report: Report, extra: bytes, leaf: Optional[bytes], index: int) -> bytes:
    report.facts.update(index=index)
    if leaf is None:
        if len(extra) != 32:
            raise Unusable("The proof does not hold the hash of its entry; give the entry with --leaf.")
        report.facts.update(leaf_hash=extra.hex())
        return extra
    its_hash = leaf_hash(leaf)
    report.facts.update(leaf_hash=its_hash.hex())
    if extra and extra != its_hash:
        raise Tampered("The entry is not the one that the proof is for: its hash is another.")
    try:
        document = read_entry(leaf)
    except Newer as fault:
        raise Unusable(f"The entry cannot be checked: {fault}.") from None
    except BadEntry as fault:
        raise Tampered(f"The entry is not well formed: {fault}.") from None
    report.facts.update(document=document)
    report.passed("Entry", f"{shown(document['type'])} of {shown(document['stream'])} at {document['at']}")
    return its_hash


BUNDLE = "panel-authority/bundle@v1"
_BUNDLE_FIELDS = {"format", "about", "checkpoint", "vkeys", "streams", "disclosures"}
_STREAM_FIELDS = {"stream", "leaves", "index", "proof"}


def check_bundle(text: str, keys: str, *, old: Sequence[str] = (), require_witness: bool = False) -> Report:
    """Check the bundle of one case: every stream whole from its first entry to its last."""
    report = Report()
    with report.step("Bundle"):
        trusted = parse_keys(keys)
        bundle = _bundle(text)
        report.facts.update(about=bundle["about"])
        head = _head(report, bundle["checkpoint"], trusted, require_witness=require_witness)
        for number, earlier in enumerate(old, 1):
            with report.step("Earlier checkpoint"):
                _same_head(report, _earlier(earlier, head, trusted, number), head)
        places: Dict[Tuple[str, int], Dict[str, Any]] = {}
        entries = Entries()
        for part in bundle["streams"]:
            _check_stream(report, part, head, entries, places)
        report.facts.update(entries=len(places))
        _check_about(report, bundle["about"], places)
        _check_disclosures(report, bundle["disclosures"], places)
        _other_keys(report, bundle["vkeys"], trusted)
    return report


def _bundle(text: str) -> Dict[str, Any]:
    bundle = _object(text, "The bundle")
    if bundle.keys() != _BUNDLE_FIELDS or bundle["format"] != BUNDLE:
        raise Unusable(f"This is no bundle of the form {BUNDLE}.")
    if _spell(bundle) + "\n" != text:
        raise Unusable("The bundle was written anew by some program. Take the file as it was handed out.")
    for name in ("about", "checkpoint", "vkeys"):
        if type(bundle[name]) is not str:
            raise Unusable(f"The bundle's {name} is not text.")
    streams, disclosures = bundle["streams"], bundle["disclosures"]
    if type(streams) is not list or type(disclosures) is not list or not streams:
        raise Unusable("The bundle's streams and disclosures are lists, and there is at least one stream.")
    return bundle


def _same_head(report: Report, earlier: Checkpoint, head: Checkpoint) -> None:
    if earlier.size != head.size:
        raise Unusable("Of another size than the bundle's checkpoint: connect the two with verify_log.py compare.")
    if earlier.root != head.root:
        raise Tampered(FORK)
    report.passed("Earlier checkpoint", "is the bundle's own")


def _check_stream(
    report: Report, part: Any, head: Checkpoint, entries: Entries, places: Dict[Tuple[str, int], Dict[str, Any]]
) -> None:
    """Check the chain of a stream, and the proof of its last entry."""
    if not isinstance(part, dict) or part.keys() != _STREAM_FIELDS:
        raise Unusable("A stream of the bundle does not consist of stream, leaves, index and proof.")
    name, leaves, index, proof = part["stream"], part["leaves"], part["index"], part["proof"]
    if type(name) is not str or type(index) is not int or index < 0 or type(proof) is not list:
        raise Unusable("A stream of the bundle is malformed: its name, index or proof.")
    if type(leaves) is not list or not leaves or not all(type(leaf) is str for leaf in leaves):
        raise Unusable(f"The leaves of {shown(name)} are not a list of text with at least one entry.")
    its_hash = b""
    for number, leaf in enumerate(leaves, 1):
        raw = leaf.encode("utf-8", "surrogatepass")
        its_hash = leaf_hash(raw)
        try:
            document = entries.document(number, raw, its_hash)
        except Newer as fault:
            raise Unusable(f"Entry {number} of {shown(name)} cannot be checked: {fault}.") from None
        except BadEntry as fault:
            raise Tampered(f"Entry {number} of {shown(name)} is the first bad one: {fault}.") from None
        if document["stream"] != name or document["seq"] != number:
            raise Tampered(f"Entry {number} of {shown(name)} belongs to {shown(document['stream'])}.")
        places[name, number] = document
    if root_of_inclusion(its_hash, index, head.size, _hashes(proof)) != head.root:
        raise Tampered(
            f"The last entry of {shown(name)}, number {len(leaves)}, is not entry {index:,} of the signed log: "
            "it or the proof was altered."
        )
    report.passed(
        f"Stream {shown(name)}",
        f"{counted(len(leaves), 'entry', 'entries')}, from the first without gaps up to entry {index:,} of the log; "
        "whether it went on after that only a full export shows",
    )


def _check_about(report: Report, about: str, places: Dict[Tuple[str, int], Dict[str, Any]]) -> None:
    if not any(about in document["public"].values() for document in places.values()):
        raise Tampered(f"The bundle says it is about {shown(about)}; none of its entries says so.")
    report.passed("Subject", f"{shown(about)}, as its entries say")


def _check_disclosures(report: Report, given: List[Any], places: Dict[Tuple[str, int], Dict[str, Any]]) -> None:
    seen = set()
    for number, item in enumerate(given, 1):
        one = _checked_disclosure(item, f"Disclosure {number}", ("stream", "seq"))
        if type(one["stream"]) is not str or type(one["seq"]) is not int:
            raise Unusable(f"Disclosure {number} is malformed: its stream or seq.")
        place = (one["stream"], one["seq"])
        if place not in places or (place, one["group"]) in seen:
            raise Tampered(f"Disclosure {number} is of an entry that the bundle does not hold, or is there twice.")
        seen.add((place, one["group"]))
        _checked(one, places[place], f"Entry {place[1]} of {shown(place[0])}")
    groups = sum(len(document["private"]) for document in places.values())
    report.facts.update(disclosed=len(seen), not_disclosed=groups - len(seen))
    silent = f"{groups - len(seen):,} not disclosed (or erased)"
    report.passed("Disclosures", f"{counted(len(seen), 'private text')} as committed to; {silent}")


def _other_keys(report: Report, vkeys: str, trusted: Sequence[Key]) -> None:
    known = {(key.name, key.kind, key.public) for key in trusted}
    try:
        others = [key for key in parse_keys(vkeys) if (key.name, key.kind, key.public) not in known] if vkeys else []
    except Unusable:
        report.passed("Keys, a remark", "the bundle's own list of keys is malformed; it was not used anyway")
    else:
        if others:
            names = ", ".join(_named(key) for key in others)
            report.passed("Keys, a remark", f"the bundle brings keys that you do not trust, not used: {names}")


# --- Two checkpoints, and the witness -------------------------------------------------------


def compare(old: str, new: str, keys: str, *, request: str = "", export: Optional[BinaryIO] = None) -> Report:
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
            _by_export(report, export, first, second)
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


def _request(text: str) -> Tuple[int, List[bytes], str]:
    """Read a request for a cosignature: ``old N``, the consistency proof, the checkpoint."""
    top, gap, note = text.partition("\n\n")
    first, *lines = top.split("\n")
    if not gap or not first.startswith("old "):
        raise Unusable("This is no request: its first line is not old and a size.")
    return _number(first[4:], "The old size"), _hashes(lines), note


def _by_export(report: Report, export: BinaryIO, first: Checkpoint, second: Checkpoint) -> None:
    reading = _Reading(report, Tree(wanted=[first.size]), None, None)
    reading.run(export, second.size)
    _roots(report, reading, second, [first])


def witness(request: str, keys: str, state: str, private_key: str, now: int) -> Tuple[Report, str, str]:
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
        _continues(report, heads.get(head.origin), head, size, proof)
        signature = key.key_id + now.to_bytes(8, "big")
        signature += plain_sign(seed, _cosigned(head.text, signature[4:]))
        heads[head.origin] = {"root": base64(head.root), "size": head.size}
        report.passed("Witness", f"cosigned as {_named(key)} on {_spelt(now)}")
        kept = json.dumps(heads, sort_keys=True) + "\n"
        cosigned = f"{note}\u2014 {key.name} {base64(signature)}\n"
    return report, kept, cosigned


def _continues(report: Report, last: Any, head: Checkpoint, size: int, proof: Sequence[bytes]) -> None:
    """Check that the checkpoint continues what this witness signed last of this log."""
    if last is None:
        if size or proof:
            raise Unusable(
                f"There is no record of having cosigned this log, but the request starts from {size:,}. "
                "Restore the state file; if this is the first time, ask for a request from 0."
            )
        report.passed("Witness, a remark", "the first checkpoint of this log: there was nothing to compare it with")
        return
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
        return
    if size != last["size"]:
        raise Unusable(f"The request starts from {size:,}; you cosigned {last['size']:,} last. Ask for one from there.")
    if not is_consistent(size, root, head.size, head.root, proof):
        raise Tampered("The checkpoint does not continue what you cosigned last. Nothing was signed.")


def _private_key(text: str) -> Tuple[Key, bytes]:
    prefix = "PRIVATE+KEY+"
    lines = [line for line in text.split("\n") if line.strip()]
    parts = lines[0][len(prefix) :].split("+", 2) if len(lines) == 1 and lines[0].startswith(prefix) else []
    if len(parts) != 3:
        raise Unusable(f"The key file has to hold one line that begins with {prefix}; make one with witness-key.")
    try:
        blob = b64decode(parts[2], validate=True)
    except ValueError:
        blob = b""
    if len(blob) != 33 or blob[0] != WITNESS_KEY:
        raise Unusable("The key file holds no witness's key; make one with witness-key.")
    key = _key(witness_vkey(parts[0], blob[1:]))
    if key.key_id.hex() != parts[1]:
        raise Unusable("The key in the key file and its id do not belong together. Restore the file.")
    return key, blob[1:]


def witness_vkey(name: str, seed: bytes) -> str:
    """Return the public half of a witness's key."""
    blob = bytes([WITNESS_KEY]) + plain_public(seed)
    return f"{name}+{sha256(f'{name}'.encode() + bytes([10]) + blob).digest()[:4].hex()}+{base64(blob)}"


# --- The rules of the process, from the entries alone (`rules`) -----------------------------
#
# Of every item a panel decided, to anybody: its composition is the one hashed; seats and quorums
# are those of the rule set loaded before; everybody in it took that seat by their own hand; the
# Coalition's voice was nominated by a Coalition body, was there, stayed, and spoke for herself;
# every test was asked and the strictest answer counts; nobody barred sat or voted; nobody acted
# at two tiers (D9); the declaration was fresh (D14); nobody confirmed what they had entered, or
# read again what they had assessed. To whom the facts are disclosed: every test is asked again.
# What entries of earlier releases do not say is counted as not recomputable, never as right.

Json = Dict[str, Any]
Answer = Tuple[str, str]  # a test and its effect
VOICE, BODY = "coalition_representative", "coalition_body"
SEVERITY = ("clear", "declare_only", "discuss_no_vote", "barred")
VOTES = frozenset({"clear", "declare_only"})
TESTS = [f"D{number}" for number in range(1, 15)] + ["DI"]
NEVER_OVERRIDDEN = frozenset({"D1", "D9", "D13", "D14"})
TIERS = frozenset({"desk_top", "second_reading", "site_visit", "moderation", "conditions", "decision"})
PANEL_TIERS = TIERS - {"desk_top", "second_reading"}
OF_THE_BOARD = frozenset({"board", "region", "area_team"})
SEAT = ("seat", "minimum", "maximum", "appointed_by", "accreditation", "required_to_sit", "required_to_decide")
# How far each test looks back where the rule set is silent: its key, and months (days for D14).
REACH = {
    "D1": ("d1_months", 36),
    "D2": ("d2_months", 24),
    "D6": ("d6_months", 12),
    "D7": ("d7_months", 12),
    "D9": ("d9_preparer_months", 24),
    "D10": ("d10_months", 24),
    "D12": ("d12_months", 12),
    "D13": ("d13_months", 12),
    "D14": ("d14_days", 28),
}
# The test that judges a declared interest which names the organisation under review itself.
JUDGED_BY = {"own": "D1", "post": "D1", "practice": "D2", "neighbour": "D4", "support": "D6", "provider": "D7"}
_ONE = datetime.fromisoformat("2012-03-25T01:00").time()
# An entry and the rows written with it are moments apart.
MOMENTS = timedelta(seconds=60)
# The step that rests on a panel's outcome, and the kind of panel.
STEPS = {
    "site_visit.recorded": "site_visit",
    "moderation.recommended": "moderation",
    "conditions.proposed": "conditions",
    "decision.recorded": "decision",
    "conditions.reviewed": "review",
}


def _utc(text: str) -> datetime:
    """A moment as leaves spell it, without its zone: UTC."""
    return datetime.fromisoformat(text[:-1])


def in_london(moment: datetime) -> datetime:
    """What the clocks of London show at a moment in UTC: an hour more from the last Sunday of March to October's."""
    last = (date(moment.year, month, 31) for month in (3, 10))
    first, then = (datetime.combine(day - timedelta((day.weekday() + 1) % 7), _ONE) for day in last)
    return moment + timedelta(hours=1) if first <= moment < then else moment


def months_before(on: date, months: int) -> date:
    """The same day so many months earlier, or that month's last day."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(1)).day
    return date(year, month + 1, min(on.day, last))


def strictest(answers: Iterable[Answer]) -> Answer:
    """The severest answer of (test, effect) pairs; the first among equals."""
    return max(answers, key=lambda answer: SEVERITY.index(answer[1]))


class Held(NamedTuple):
    """What ties a member to an organisation; `judged` is the test asked when it is the one under review."""

    at: str
    at_kind: str
    parent: str
    judged: str
    starts: Optional[str]
    ends: Optional[str]


def _held(row: Json, judged: str) -> Held:
    return Held(row["at"], row["at_kind"], row["parent"], judged, row["starts"], row["ends"])


class Question:
    """One member and one case, as disclosed: `answers()` asks every test and lets rulings and objections speak."""

    def __init__(self, facts: Json, member: Json, since: Optional[datetime] = None) -> None:
        self.facts, self.member, self.case, self.since = facts, member, facts["case"], since
        self.now = in_london(_utc(facts["at"]))
        self.on, self.code = self.now.date().isoformat(), facts["case"]["code"]

    def rows(self, name: str) -> List[Json]:
        """Facts of one kind; only what came to be known after a ruling, when asked so."""
        rows: List[Json] = self.member.get(name, [])
        since = self.since
        if since is None or name == "left":
            return rows
        if name == "declared":
            return [row for row in rows if row["made_at"] and in_london(_utc(row["made_at"])) > since]
        if name == "judged_by":
            return []
        day = "starts" if name == "posts" else "on"
        return [row for row in rows if row[day] > since.date().isoformat()]

    def reach(self, test: str) -> int:
        """How far back a test looks, in months, or days for D14."""
        key, default = REACH.get(test, ("", 0))
        return int(self.facts["windows"].get(key, default))

    def edge(self, test: str) -> str:
        """The first day a test still looks at."""
        return months_before(self.now.date(), self.reach(test)).isoformat()

    def stands(self, held: Held, test: str) -> bool:
        """Whether it has begun, and goes on or ended within the test's window; `ends` is the first day without it."""
        return (held.starts is None or held.starts <= self.on) and (held.ends is None or held.ends > self.edge(test))

    def said(self, kind: str) -> List[Json]:
        """Interests of a kind declared in the organisation under review."""
        return [row for row in self.rows("declared") if row["kind"] == kind and row["at"] == self.code]

    def first_seven(self, holdings: List[Held]) -> List[Answer]:
        """D1 to D7 over what a member, or their close family, holds."""
        case, code = self.case, self.code

        def at(test: str, places: Sequence[str]) -> bool:
            return any(
                self.stands(h, test) and (h.at in places or (h.at == code and h.judged == test)) for h in holdings
            )

        def near(held: Held) -> bool:
            if held.at == code:
                return held.judged == "D4"
            mates = {mate for mate, _provider in case.get("provider_mates", [])}
            same_team = held.parent and held.parent == case["parent"]
            return same_team or held.at in mates or held.at in case.get("neighbours", [])

        nearby = any(self.stands(held, "D4") and near(held) for held in holdings)
        bars = {
            "D1": at("D1", ()),
            "D2": at("D2", case.get("practices", [])),
            "D3": any(self.stands(h, "D3") and h.at in case.get("sharers", []) for h in holdings),
            "D4": nearby,
            "D5": any(self.stands(h, "D5") and h.at in case.get("named", []) for h in holdings),
            "D6": at("D6", case.get("supporters", [])),
            "D7": at("D7", case.get("providers", [])),
        }
        lighter = "barred" if self.member["seat"] == VOICE else "declare_only"
        return [(test, (lighter if test == "D4" else "barred") if hit else "clear") for test, hit in bars.items()]

    def tests(self) -> List[Answer]:
        """Every test, before any ruling."""
        declared = self.rows("declared")
        holdings = [_held(row, "D1") for row in self.rows("posts")]
        holdings += [_held(row, JUDGED_BY[row["kind"]]) for row in declared if row["kind"] in JUDGED_BY]
        family = [_held(row, "D1") for row in declared if row["kind"] == "family"]
        bars = {
            "D9": self._other_tier(),
            "D10": self._familiar(),
            "D11": any(
                row["judge"] == self.code != row["judged"] and row["cycle"] == self.case["cycle"]
                for row in self.rows("judged_by")
            ),
            "D13": self.member["seat"] == VOICE
            and any(held.at_kind in OF_THE_BOARD and self.stands(held, "D13") for held in holdings),
            "D14": self._stale(),
        }
        answers = dict(self.first_seven(holdings))
        answers["D8"] = strictest(self.first_seven(family))[1]
        answers.update((test, "barred" if hit else "clear") for test, hit in bars.items())
        answers["D12"] = "declare_only" if self._stated() else "clear"
        others = any(self.stands(_held(row, ""), "DI") for row in self.said("other"))
        left = any(row["case"] == self.case["ref"] for row in self.rows("left"))
        answers["DI"] = "barred" if left else "discuss_no_vote" if others else "clear"
        return [(test, answers[test]) for test in TESTS]

    def _other_tier(self) -> bool:
        ref, tier = self.case["ref"], self.facts["tier"]
        roles = [row for row in self.rows("roles") if ref and row["case"] == ref]
        prepared = any(row["tier"] == "prepared" and row["on"] >= self.edge("D9") for row in roles)
        elsewhere = tier in TIERS and any(row["tier"] not in (tier, "prepared") for row in roles)
        return prepared or elsewhere or any(self.stands(_held(row, ""), "D9") for row in self.said("prepared"))

    def _familiar(self) -> bool:
        case, edge = self.case, self.edge("D10")
        earlier = {
            str(row["cycle"] or row["case"])
            for row in self.rows("past")
            if row["at"] == self.code and row["on"] >= edge and row["case"] != case["ref"]
            if not row["cycle"] or row["cycle"] != case["cycle"]
        }
        return len(earlier) > 1

    def _stated(self) -> bool:
        since = [
            row["starts"] or (row["made_at"] and in_london(_utc(row["made_at"])).date().isoformat())
            for row in self.said("statement")
        ]
        return any(not day or day >= self.edge("D12") for day in since)

    def _stale(self) -> bool:
        made = self.member["declared_at"]
        return not made or (self.now - in_london(_utc(made))).days > self.reach("D14")

    def answers(self) -> List[Answer]:
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

    def _ruled(self, test: str, effect: str, ruling: Optional[Json]) -> str:
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


@dataclass
class Person:
    """What a person's own stream says of them."""

    out: bool = False
    news: Optional[datetime] = None  # when that, or their training, was last recorded
    nominated: List[List[Any]] = field(default_factory=list)  # body, kind of body, first day, last day
    trained: List[List[Any]] = field(default_factory=list)  # kind, first day, last day


@dataclass
class Item:
    """A case while a panel has it open: who was noted as there, who left, what was said by whose hand."""

    there: Dict[str, bool]
    left: Set[str]
    said: Dict[str, Tuple[str, str]] = field(default_factory=dict)
    stopped: bool = False


@dataclass
class Panel:
    """What a panel's stream says of it."""

    kind: str
    ruleset: str
    confirmed: bool = False
    days: List[str] = field(default_factory=list)  # of its sittings in session
    members: Dict[str, Tuple[Any, ...]] = field(default_factory=dict)  # seat, number, rank, code of who appoints
    declared: Dict[str, datetime] = field(default_factory=dict)
    away: Dict[str, Dict[str, str]] = field(default_factory=dict)  # person: first day: last day
    items: Dict[str, Item] = field(default_factory=dict)
    objections: Dict[Tuple[str, str], Dict[Any, bool]] = field(default_factory=dict)  # case, person: which: ruled on
    rulings: List[Tuple[Json, datetime]] = field(default_factory=list)


@dataclass
class Case:
    """What was done on a case, by tier; what panels decided of it, by kind of panel."""

    tiers: Dict[str, Set[str]] = field(default_factory=dict)
    judged: Set[str] = field(default_factory=set)
    applied: Set[str] = field(default_factory=set)
    decided: Dict[str, Json] = field(default_factory=dict)
    ruleset: str = ""
    letter: str = ""


class Breached(Fault):
    """The log is whole, and what it records breaks a rule of the process."""

    verdict = BREACHED


class Breach(NamedTuple):
    """A rule that an entry breaks."""

    entry: int
    stream: str
    seq: Optional[int]
    sentence: str

    def __str__(self) -> str:
        where = f"number {self.seq} of {self.stream}" if self.seq else self.stream
        return f"Entry {self.entry:,} ({where}): {self.sentence}."


class Rules:
    """Reads entries in log order, with what is disclosed of each; `breaches` and `counts` are what it found."""

    MOST = 1_000  # breaches kept; all are counted

    def __init__(self) -> None:
        self.breaches: List[Breach] = []
        self.broken = 0
        self.counts: Dict[str, int] = dict.fromkeys(COUNTED, 0)
        self.rulesets: Dict[str, Json] = {}
        self.kinds: Dict[str, str] = {}  # code of an organisation: its kind
        self.people: Dict[str, Person] = {}
        self.panels: Dict[str, Panel] = {}
        self.cases: Dict[str, Case] = {}
        self.refs: Dict[str, str] = {}  # stream of an application: its reference
        self.index = 0
        self.one: Json = {}

    def entry(self, index: int, document: Json, _its_hash: bytes, disclosed: Mapping[str, bytes]) -> None:
        """Take one entry that was checked, with what is disclosed of it; all of them in order, from the first."""
        handler = HANDLERS.get(document["type"])
        if handler is None:
            return
        self.index, self.one = index, document
        try:
            handler(self, document["public"])
            if "interest" in disclosed and document["type"] == "item.decided":
                self._disclosed(document["public"], json.loads(disclosed["interest"]))
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            self.breach(f"it lacks, or misspells, what {document['type']} has to say: {shown(repr(error))}")

    def finish(self, report: Report) -> None:
        """Say what was recomputed, and every breach."""
        report.facts.update(rules=self.counts, breaches=self.broken)
        said = "; ".join(f"{number:,} {what}" for what, number in self.counts.items())
        for breach in self.breaches:
            report.failed("Rules", Breached(str(breach)))
        if self.broken > len(self.breaches):
            report.failed("Rules", Breached(f"and {self.broken - len(self.breaches):,} more"))
        if self.broken:
            report.passed("Rules, recomputed", said)
        else:
            report.passed("Rules", f"none is broken: {said}")

    def breach(self, sentence: str) -> None:
        """Note that the entry breaks a rule."""
        self.broken += 1
        if self.broken <= self.MOST:
            self.breaches.append(Breach(self.index, self.one["stream"], self.one["seq"], sentence))

    def must(self, holds: object, sentence: str) -> None:
        """Note a breach unless something holds."""
        if not holds:
            self.breach(sentence)

    # What is kept of the entries before.

    def _panel(self) -> Panel:
        return self.panels[self.one["stream"]]

    def _case(self, ref: str) -> Case:
        return self.cases.setdefault(sys.intern(ref), Case())

    def _of_application(self) -> Tuple[str, Case]:
        ref = self.refs[self.one["stream"]]
        return ref, self._case(ref)

    def _of(self, person: str) -> Person:
        return self.people.setdefault(sys.intern(person), Person())

    def _actor(self) -> str:
        return sys.intern(self.one["actor"])

    def _at(self) -> datetime:
        return _utc(self.one["at"])

    def loaded(self, public: Json) -> None:
        """A rule set: its plans and windows, once."""
        version = public["version"]
        self.must(version not in self.rulesets, f"rule set {version} is loaded a second time; rules are never edited")
        plans = {plan["kind"]: plan for plan in public.get("plans", [])}
        self.rulesets.setdefault(version, {"plans": plans, "windows": public.get("windows")})

    def organisations(self, public: Json) -> None:
        """What kind of body a code stands for: one entry each, or many at once."""
        if self.one["type"] == "organisation.added":
            self.kinds[public["code"]] = public["kind"]
        for row in public.get("rows", []) if "organisations" in public else []:
            self.kinds[row[1]] = row[0]

    def nominated(self, public: Json) -> None:
        body, kind = sys.intern(public["body"]), public.get("body_kind")
        told = self.kinds.get(body, BODY)
        self.must(told == BODY, f"{body} nominates for the Coalition and is recorded as {told}")
        row = [body, kind, public["starts"], public.get("ends", "9999-12-31")]
        self._of(self.one["stream"]).nominated.append(row)

    def nomination_ended(self, public: Json) -> None:
        rows = [row for row in self._of(self.one["stream"]).nominated if row[0] == public["body"]]
        rows[-1][3] = public["ends"]

    def accredited(self, public: Json) -> None:
        person = self._of(self.one["stream"])
        person.trained.append([sys.intern(public["kind"]), public["starts"], public.get("ends", "9999-12-31")])
        person.news = self._at()

    def accreditation_ended(self, public: Json) -> None:
        rows = [row for row in self._of(self.one["stream"]).trained if row[0] == public["kind"]]
        rows[-1][2] = public["ends"]

    def activity(self, _public: Json) -> None:
        person = self._of(self.one["stream"])
        person.out, person.news = self.one["type"] == "person.deactivated", self._at()

    def proposed(self, public: Json) -> None:
        self.counts["panels"] += 1
        self.panels[self.one["stream"]] = Panel(sys.intern(public["kind"]), sys.intern(self.one["ruleset"]))

    def closed(self, _public: Json) -> None:
        self.panels.pop(self.one["stream"], None)

    def confirmed(self, _public: Json) -> None:
        self._panel().confirmed = True

    def offered(self, public: Json) -> None:
        for seat in public["seats"]:
            self._panel().away.pop(seat["person"], None)

    def accepted(self, public: Json) -> None:
        panel, (seat,), actor = self._panel(), public["seats"], self._actor()
        self.must(seat["person"] == actor, f"{actor} accepts the seat of {seat['person']}; only they themselves may")
        panel.members[actor] = _place(seat)
        panel.declared[actor] = self._at()

    def declared(self, public: Json) -> None:
        """A declaration without a change of seat; `seat.declined` holds one that bars from everything."""
        if "declared" in public:
            self._panel().declared[self._actor()] = self._at()

    def vacated(self, public: Json) -> None:
        for seat in public["seats"]:
            self._panel().members.pop(seat["person"], None)
        self.declared(public)

    def handed_on(self, public: Json) -> None:
        (seat,) = public["seats"]
        panel = self._panel()
        self.must(seat["person"] in panel.members, f"the seat passes to {seat['person']}, who accepted none")
        panel.members[sys.intern(seat["person"])] = _place(seat)

    def absence(self, public: Json) -> None:
        days = self._panel().away.setdefault(sys.intern(public["person"]), {})
        if self.one["type"] == "absence.withdrawn":
            days.pop(public["starts"], None)
        else:
            days[public["starts"]] = public["ends"]

    def convened(self, public: Json) -> None:
        panel = self._panel()
        self.must(panel.confirmed, "the panel sits before it was confirmed")
        panel.days.append(public["on"])

    def adjourned(self, public: Json) -> None:
        self._panel().days.remove(public["on"])

    def objected(self, public: Json) -> None:
        self._panel().objections.setdefault((public["case"], public["person"]), {})[self.one["seq"]] = False

    def ruled(self, public: Json) -> None:
        """A ruling: never on four of the tests, never by the member or somebody who sits beside them."""
        panel, actor, rule = self._panel(), self._actor(), public["rule"]
        self.must(rule not in NEVER_OVERRIDDEN, f"a ruling on {rule}, which nobody may override")
        self.must(
            actor != public["person"] and actor not in panel.members, f"{actor} rules on a panel of which they are one"
        )
        panel.rulings.append((public, self._at()))
        if rule == "OB":
            raised = panel.objections[public["case"], public["person"]]
            raised.update(dict.fromkeys([public["objection"]] if "objection" in public else raised, True))
        self.counts["four-eyes checks"] += 1

    # The room: who came, who left, what was said.

    def opened(self, public: Json) -> None:
        """An item is taken: the Coalition's voice is there, and nobody the tests bar stays."""
        panel, case, rows = self._panel(), public["case"], public["members"]
        self.must(panel.days, f"{case} is taken while no sitting of the panel is in session")
        for row in rows:
            self.must(_place(row)[0] == panel.members.get(row["person"], ("",))[0], _stranger(row["person"]))
        room = [row for row in rows if row["present"] and not row["recused"]]
        for row in room:
            self.must(row["effect"] != "barred", f"{row['person']} is barred from {case} and stays ({row['rule']})")
        self.must(
            any(row["seat"] == VOICE and row["effect"] in VOTES for row in room),
            f"{case} is taken without a Coalition representative who is present, not recused and clear",
        )
        left = {sys.intern(row["person"]) for row in rows if row["recused"]}
        panel.items[case] = Item({sys.intern(row["person"]): row["present"] for row in rows}, left)
        for row in room:
            self._took_part(case, row["person"], panel.kind)

    def _took_part(self, case: str, person: str, tier: str) -> None:
        if tier in TIERS:
            self._case(case).tiers.setdefault(sys.intern(person), set()).add(tier)

    def arrived(self, public: Json) -> None:
        panel, person = self._panel(), sys.intern(public["person"])
        item = panel.items[public["case"]]
        self.must(person not in item.left, f"{person} left the room for {public['case']} and comes back")
        item.there[person] = True
        item.stopped = item.stopped and not public["goes_on"]
        self._took_part(public["case"], person, panel.kind)

    def departed(self, public: Json) -> None:
        item = self._panel().items[public["case"]]
        item.there[sys.intern(public["person"])] = False
        item.stopped = item.stopped or public["stops"]

    def recused(self, public: Json) -> None:
        panel = self._panel()
        item = panel.items[public["case"]]
        item.left.add(sys.intern(public["person"]))
        item.stopped = item.stopped or public["stops"]
        self.declared(public)

    def spoke(self, public: Json) -> None:
        panel, actor = self._panel(), self._actor()
        item = panel.items[public["case"]]
        for row in public["positions"]:
            person = sys.intern(row["person"])
            own = item.said.get(person, ("", ""))[1] == person
            self.must(actor == person or not own, f"{actor} replaces the position {person} entered themselves")
            item.said[person] = sys.intern(row["stance"]), actor
            if panel.kind in PANEL_TIERS:
                self._case(public["case"]).judged.add(person)

    # The cases: who did what, and what rests on which outcome.

    def applied(self, public: Json) -> None:
        self.refs[self.one["stream"]] = public["ref"]
        self._case(public["ref"]).ruleset = self.one["ruleset"]

    def submitted(self, _public: Json) -> None:
        self._of_application()[1].applied.add(self._actor())

    def assessed(self, _public: Json) -> None:
        """The desk: not by whoever put the application in, or judged it in a panel; read again by another."""
        (ref, case), actor = self._of_application(), self._actor()
        again = self.one["type"] == "desk_top.second_read"
        self.must(actor not in case.applied, f"{actor} judges {ref} at the desk, having submitted it")
        self.must(actor not in case.judged, f"{actor} judges {ref} at the desk, having judged it in a panel")
        if again:
            own = "desk_top" in case.tiers.get(actor, ())
            self.must(not own, f"{actor} reads {ref} again, having assessed it: nobody signs what they prepared")
        self._took_part(ref, actor, "second_reading" if again else "desk_top")
        self.counts["four-eyes checks"] += 1

    def stepped(self, public: Json) -> None:
        """A step rests on what a panel of its kind decided; a decision on that very composition."""
        (ref, case), kind = self._of_application(), STEPS[self.one["type"]]
        decided = case.decided.pop(kind, None)
        if decided is None:
            return self.breach(f"{ref}: {self.one['type']} rests on no item that a {kind} panel decided")
        if "outcome" in public:
            self.must(public["outcome"] == decided["outcome"], f"{ref}: the panel's outcome was {decided['outcome']}")
        if "composition_sha256" in public:
            same = public["composition_sha256"] == decided["sha"]
            self.must(same, f"{ref}: the composition is not that of the panel that decided")
        if "composition" in public:
            self._hashed(public)
        same = not case.ruleset or case.ruleset == decided["ruleset"] == self.one["ruleset"]
        self.must(same, f"{ref} is judged under another rule set than the one pinned to it")
        return None

    def letter(self, public: Json) -> None:
        self._of_application()[1].letter = public["sha256"]

    def published(self, public: Json) -> None:
        ref, case = self._of_application()
        self.must(case.letter and case.letter == public["letter_sha256"], f"{ref} is published before its letter")

    # An item is decided.

    def decided(self, public: Json) -> None:
        """Everything about the composition of an item that can be asked without a name."""
        panel, case, body = self._panel(), public["case"], public["composition"]
        item = panel.items.pop(case, None)
        self.counts["items decided"] += 1
        self._hashed(public)
        self._case(case).decided[panel.kind] = {
            "outcome": public["outcome"],
            "sha": public["composition_sha256"],
            "ruleset": body["ruleset"],
        }
        if "asked_at" not in body:
            self.counts["items not recomputable"] += 1
            return
        whole = self._planned(panel, body)
        self.counts["items recomputed" if whole else "items not recomputable"] += 1
        self.must(item and body["on"] in panel.days, f"{case} is decided outside an open item of a sitting in session")
        self.must(item is None or not item.stopped, f"{case} is decided while it is stopped")
        self.must(abs(self._at() - _utc(body["asked_at"])) <= MOMENTS, f"{case}: the tests were asked at another time")
        self._seated(panel, body)
        for row in body["members"]:
            self._member(panel, item or Item({}, set()), body, case, row)
        self._quorate(body, case)
        self._spoken(item or Item({}, set()), body["members"], case)

    def _hashed(self, public: Json) -> None:
        same = sha256(_spell(public["composition"]).encode()).hexdigest() == public["composition_sha256"]
        self.must(same, "the composition is not the one its hash names")

    def _planned(self, panel: Panel, body: Json) -> bool:
        """Seats and quorums are those of the rule set; whether there is one in the log to compare with."""
        known = body["kind"] == panel.kind and body["ruleset"] == panel.ruleset == self.one["ruleset"]
        self.must(known, f"the panel was proposed as {panel.kind} under {panel.ruleset}, not as the composition says")
        plans = self.rulesets.get(body["ruleset"], {}).get("plans")
        if not plans:
            return False
        stated = {
            "kind": body["kind"],
            "quorum_to_sit": body["quorum"]["to_sit"]["needed"],
            "quorum_to_decide": body["quorum"]["to_decide"]["needed"],
            "seats": [{name: seat[name] for name in SEAT} for seat in body["seats"]],
        }
        same = stated == plans.get(body["kind"])
        self.must(same, f"its seats and quorums are not those of rule set {body['ruleset']} for a {body['kind']} panel")
        return True

    def _seated(self, panel: Panel, body: Json) -> None:
        """Whoever accepted stands in the composition, and nobody else, each in the seat they accepted."""
        listed = {row["person"] for row in body["members"]}
        for person in sorted(panel.members.keys() - listed):
            self.breach(f"{person} accepted a seat and is left out of the composition")
        self.must(len(listed) == len(body["members"]), "somebody stands twice in the composition")
        asks = {seat["seat"]: seat for seat in body["seats"]}
        for row in body["members"]:
            place = panel.members.get(row["person"])
            if place is None:
                self.breach(_stranger(row["person"]))
            else:
                self.must(place == _place(row), f"{row['person']} accepted another seat than the composition says")
            asked = asks.get(row["seat"], {})
            by = {asked.get("appointed_by"), "area_team" if asked.get("appointed_by") == "region" else None}
            self.must(row["by_kind"] in by, f"a {row['by_kind']} fills the seat of {row['seat']}, which is not theirs")
            self.must(row["accreditation"] == asked.get("accreditation"), f"{row['seat']} asks for other training")
        holders = [row["number"] for row in body["members"] if row["sits"]]
        self.must(len(holders) == len(set(holders)), "two members sit in one seat")

    def _member(self, panel: Panel, item: Item, body: Json, case: str, row: Json) -> None:
        """One member: there or not, trained or not, every test asked, the strictest counted."""
        who, known = row["person"], self._of(row["person"])
        self.must(row["present"] == item.there.get(who, False), f"{who} was {'not ' * row['present']}in the room")
        self.must(row["recused"] or who not in item.left, f"{who} left the room and is counted as if they had not")
        away = any(first <= body["on"] <= last for first, last in panel.away.get(who, {}).items())
        self.must(row["away"] == away, f"{who} was {'not ' * (not away)}noted as away on {body['on']}")
        kind = row["accreditation"]
        trained = not kind or any(k == kind and first <= body["on"] <= last for k, first, last in known.trained)
        # What another stream said in that minute the panel may not have seen, though it stands before in the log.
        unseen = known.news is not None and abs(self._at() - known.news) <= MOMENTS
        self.must(unseen or row["accredited"] == trained, f"{who} has {'' if trained else 'no '}{kind} on record")
        self._tested(panel, body, case, row)
        active = row["sits"] if unseen else not known.out
        fit = row["accredited"] and not row["away"] and active
        sits = fit and row["present"] and not row["recused"] and row["effect"] != "barred"
        self.must(
            row["sits"] == sits, f"{who} is counted as sitting, or not, against what is recorded ({row['effect']})"
        )
        votes = row["sits"] and row["effect"] in VOTES
        self.must(
            row["votes"] == votes, f"{who} {'votes' * row['votes'] or 'has no vote'}: their tests say {row['effect']}"
        )
        raised = panel.objections.get((case, who), {})
        self.must(
            not row["sits"] or all(raised.values()), f"{who} sits while an objection to them waits for its ruling"
        )

    def _tested(self, panel: Panel, body: Json, case: str, row: Json) -> None:
        who, answers = row["person"], [(each["rule"], each["effect"]) for each in row["checks"]]
        asked = [*TESTS, *["OB"] * len(panel.objections.get((case, who), {}))]
        self.must(
            [rule for rule, _ in answers] == asked, f"not every test was asked of {who}: {_differ(asked, answers)}"
        )
        rule, effect = strictest(answers or [("", "clear")])
        same = (row["effect"], row["rule"]) == (effect, "" if effect == "clear" else rule)
        self.must(same, f"{who}: the verdict is {row['effect']} and the strictest test says {effect} ({rule})")
        said = dict(answers)
        others = self._case(case).tiers.get(who, set()) - {body["kind"]}
        if others and body["kind"] in TIERS:
            tiers = ", ".join(sorted(others))
            self.must(said.get("D9") == "barred", f"{who} acted on {case} at another tier ({tiers}) and D9 is clear")
        self._fresh(panel, body, row, said.get("D14", ""))
        self.counts["tests recomputed publicly"] += 2 + len(answers) - len(TESTS)

    def _fresh(self, panel: Panel, body: Json, row: Json, said: str) -> None:
        """D14: the declaration is one that an earlier entry holds, and not too old."""
        who, made = row["person"], row["declared_at"]
        windows = self.rulesets.get(body["ruleset"], {}).get("windows") or {}
        known = panel.declared.get(who)
        same = abs(_utc(made) - known) <= MOMENTS if made and known else not made and not known
        self.must(same, f"{who} did not last declare when the composition says")
        age = (in_london(_utc(body["asked_at"])) - in_london(_utc(made))).days if made else None
        stale = age is None or age > windows.get(*REACH["D14"])
        old = "no declaration" if age is None else f"a declaration {age} days old"
        self.must(said == ("barred" if stale else "clear"), f"{who} has {old} and D14 is {said}")

    def _quorate(self, body: Json, case: str) -> None:
        """Both quorums, the seats neither goes without, and the voice first of all."""
        rows, quorum = body["members"], body["quorum"]
        sit, vote = [r["seat"] for r in rows if r["sits"]], [r["seat"] for r in rows if r["votes"]]
        to_sit, to_decide = quorum["to_sit"], quorum["to_decide"]
        counted = (to_sit["there"], to_decide["voting"]) == (len(sit), len(vote))
        self.must(counted, f"{case}: {len(sit)} sit and {len(vote)} vote, which is not what the quorum counts")
        self.must(len(sit) >= to_sit["needed"], f"{case}: quorum to sit is {to_sit['needed']} and {len(sit)} sit")
        enough = len(vote) >= to_decide["needed"]
        self.must(enough, f"{case}: quorum to decide is {to_decide['needed']} and {len(vote)} vote")
        for seat in body["seats"]:
            name = seat["seat"]
            self.must(
                seat["filled"] == sit.count(name), f"{case}: {sit.count(name)} sit as {name}, not {seat['filled']}"
            )
            here = not seat["required_to_sit"] or sit.count(name) >= seat["minimum"]
            self.must(here or name == VOICE, f"{case}: nobody sits in the seat of {name}, which is required")
            voting = not seat["required_to_decide"] or vote.count(name) >= seat["minimum"]
            self.must(
                voting or name == VOICE, f"{case}: nobody votes from the seat of {name}, which is required to decide"
            )
        asked = max([1, *(seat["minimum"] for seat in body["seats"] if seat["seat"] == VOICE)])
        voices = [row for row in rows if row["seat"] == VOICE and row["votes"] and self._nominated(row, body)]
        self.must(len(voices) >= asked, f"{case} is decided without the voice of the Coalition: {self._mute(rows)}")
        self.counts["Coalition voices heard"] += len(voices)

    def _nominated(self, row: Json, body: Json) -> bool:
        """Whether a Coalition body's nomination in an earlier entry covers the sitting and the day of the decision."""
        days = body["on"], in_london(self._at()).date().isoformat()
        found = [known for known in self._of(row["person"]).nominated if known[0] == row["nominated_by"] == row["by"]]
        covers = any(
            kind in (BODY, None) and all(first <= day <= last for day in days) for _, kind, first, last in found
        )
        self.must(covers, f"{row['person']} speaks for the Coalition and no Coalition body nominated them for that day")
        return covers

    def _mute(self, rows: Iterable[Json]) -> str:
        said = [
            "absent" if not row["present"] else "recused" if row["recused"] else f"tests say {row['effect']}"
            for row in rows
            if row["seat"] == VOICE and not row["votes"]
        ]
        return ", ".join(said) or "none whose nomination stands"

    def _spoken(self, item: Item, rows: Iterable[Json], case: str) -> None:
        """Whoever votes has a position: their own, or entered by another than whoever records the outcome."""
        stances = []
        for row in rows:
            who, position = row["person"], (row["stance"], row["entered_by"])
            if not row["votes"]:
                self.must(position == ("", ""), f"{who} has no vote on {case} and a position is counted")
                continue
            stances.append(row["stance"])
            stance, hand = item.said.get(who, ("", ""))
            by = "" if hand == SYSTEM else hand
            self.must(hand and position == (stance, by), f"the position of {who} on {case} is not the last they gave")
            if row["seat"] == VOICE:
                own = hand == who
                self.must(own, f"the position of {who}, for the Coalition, was entered by {hand or 'nobody'}")
            others = hand == who or hand != self.one["actor"]
            self.must(others, f"{hand} entered the position of {who} and records the outcome on {case} themselves")
            self.counts["four-eyes checks"] += 1
            self.counts["dissents recorded"] += row["stance"] == "dissent"
        carried = stances.count("concur") > stances.count("dissent")
        self.must(carried, f"the outcome on {case} is not carried by the positions")

    def _disclosed(self, public: Json, facts: Json) -> None:
        """Ask every test again, of the facts that were disclosed."""
        body, panel = public["composition"], self._panel()
        windows = self.rulesets.get(body["ruleset"], {}).get("windows")
        self.must(windows in (None, facts["windows"]), "the tests looked back other than the rule set says")
        told = facts["at"], facts["tier"], facts["case"]["ref"], [(m["person"], m["seat"]) for m in facts["members"]]
        rows = body["members"]
        stated = body["asked_at"], body["kind"], public["case"], [(row["person"], row["seat"]) for row in rows]
        self.must(told == stated, "the disclosed facts are those of another question")
        for row, member in zip(rows, facts["members"]):
            who, said = row["person"], [(each["rule"], each["effect"]) for each in row["checks"]]
            found = Question(facts, member).answers()
            wrong = [f"{rule} is {effect}, not {was}" for (rule, effect), (_, was) in zip(found, said) if effect != was]
            self.must(found == said, f"{who}: by the disclosed facts {', '.join(wrong) or 'other tests were asked'}")
            self._agrees(panel, public["case"], row, member)
            self.counts["tests recomputed by disclosure"] += len(said)

    def _agrees(self, panel: Panel, case: str, row: Json, member: Json) -> None:
        """What is disclosed of a member leaves out nothing that earlier entries say, and adds no ruling to them."""
        who = row["person"]
        self.must((member["declared_at"] or "") == row["declared_at"], f"{who}: another declaration is disclosed")
        tiers = {each["tier"] for each in member.get("roles", []) if each["case"] == case} | {panel.kind}
        acted = self._case(case).tiers.get(who, set())
        self.must(acted <= tiers, f"{who} acted on {case} at a tier that the disclosed facts leave out")
        for ruling in member.get("rulings", []):
            made = any(_same_ruling(ruling, who, *known) for known in panel.rulings)
            self.must(made, f"{who}: a ruling on {ruling['rule']} is disclosed that no entry holds")


def _place(row: Json) -> Tuple[Any, ...]:
    """Which place on a panel a row is about, and who appoints to it."""
    return sys.intern(row["seat"]), row.get("number"), row["rank"], sys.intern(row["by"])


def _stranger(person: str) -> str:
    return f"{person} is listed as a member and never accepted a seat on this panel"


def _differ(asked: Sequence[str], answers: Sequence[Answer]) -> str:
    said = [rule for rule, _ in answers]
    missing = [rule for rule in asked if rule not in said]
    return f"{', '.join(missing)} is missing" if missing else f"{len(said)} answers to {len(asked)} tests"


def _same_ruling(ruling: Json, who: str, public: Json, at: datetime) -> bool:
    told = who, ruling["rule"], ruling["organisation"], ruling["verdict"], ruling["effect"]
    known = tuple(public[name] for name in ("person", "rule", "organisation", "verdict", "effect"))
    return told == known and abs(_utc(ruling["at"]) - at) <= MOMENTS


COUNTED = (
    "panels",
    "items decided",
    "items recomputed",
    "items not recomputable",
    "Coalition voices heard",
    "dissents recorded",
    "four-eyes checks",
    "tests recomputed publicly",
    "tests recomputed by disclosure",
)
HANDLERS: Dict[str, Callable[[Rules, Json], None]] = {
    "ruleset.loaded": Rules.loaded,
    "organisation.added": Rules.organisations,
    "directory.imported": Rules.organisations,
    "person.nominated": Rules.nominated,
    "person.nomination_ended": Rules.nomination_ended,
    "person.accredited": Rules.accredited,
    "person.accreditation_ended": Rules.accreditation_ended,
    "person.deactivated": Rules.activity,
    "person.reactivated": Rules.activity,
    "panel.proposed": Rules.proposed,
    "panel.confirmed": Rules.confirmed,
    "panel.closed": Rules.closed,
    "seats.proposed": Rules.offered,
    "seat.accepted": Rules.accepted,
    "seat.declined": Rules.vacated,
    "seat.stood_down": Rules.vacated,
    "seat.handed_on": Rules.handed_on,
    "interests.declared": Rules.declared,
    "absence.noted": Rules.absence,
    "absence.ended": Rules.absence,
    "absence.withdrawn": Rules.absence,
    "sitting.convened": Rules.convened,
    "sitting.closed": Rules.adjourned,
    "objection.raised": Rules.objected,
    "conflict.ruled": Rules.ruled,
    "item.opened": Rules.opened,
    "member.arrived": Rules.arrived,
    "member.departed": Rules.departed,
    "member.recused": Rules.recused,
    "positions.entered": Rules.spoke,
    "item.decided": Rules.decided,
    "application.opened": Rules.applied,
    "application.submitted": Rules.submitted,
    "desk_top.assessed": Rules.assessed,
    "desk_top.second_read": Rules.assessed,
    **dict.fromkeys(STEPS, Rules.stepped),
    "letter.issued": Rules.letter,
    "decision.published": Rules.published,
}


# --- The command line -----------------------------------------------------------------------


def _read(path: str) -> str:
    """Return a text file's content, newlines as they are."""
    try:
        return _read_bytes(path).decode() if path else ""
    except UnicodeDecodeError:
        raise Unusable(f"{shown(path)} is not UTF-8 text.") from None


def _read_bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise Unusable(f"{shown(path)} is too large to be what it should be.")
    return content


def _write(path: str, text: str) -> None:
    """Replace a file as a whole, and not return before the disk has it."""
    beside = f"{path}.new"
    with open(beside, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def _keys_of(options: argparse.Namespace) -> str:
    texts = [_read(options.keys) if options.keys else "", *options.key, *options.witness]
    return "\n".join(texts)


def _run_export(options: argparse.Namespace, rules: Optional[Any] = None) -> Report:
    if options.quick and (options.save_frontier or options.disclosures or rules):
        raise Unusable(
            "--quick looks at hashes only: leave it out to check disclosures or rules or to keep a frontier."
        )
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


def _run_bundle(options: argparse.Namespace) -> Report:
    old = [_read(path) for path in options.old]
    return check_bundle(_read(options.bundle), _keys_of(options), old=old, require_witness=options.require_witness)


def _run_proof(options: argparse.Namespace) -> Report:
    leaf = None
    if options.leaf:
        leaf = _read_bytes(options.leaf)
        leaf = leaf[:-1] if leaf.endswith(b"\n") else leaf
    return check_proof(_read(options.proof), _keys_of(options), leaf, require_witness=options.require_witness)


def _run_compare(options: argparse.Namespace) -> Report:
    old, new, keys = _read(options.old), _read(options.new), _keys_of(options)
    if not options.export:
        return compare(old, new, keys, request=_read(options.proof))
    with open(options.export, "rb") as export:
        return compare(old, new, keys, export=export)


def _run_witness(options: argparse.Namespace) -> Report:
    with _alone(options.state):
        state = _read(options.state) if os.path.exists(options.state) else ""
        report, kept, note = witness(
            _read(options.request), _keys_of(options), state, _read_private(options.key_file), int(time.time())
        )
        if note:
            _write(options.state, kept)
    options.note = note
    return report


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """Let no second witness decide by the same state file at the same time."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with open(f"{path}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read_private(path: str) -> str:
    if os.name == "posix" and os.stat(path).st_mode & 0o077:
        raise Unusable(f"Others may read the key file {shown(path)}: chmod 600 it, or make a new key.")
    return _read(path)


def _run_witness_key(options: argparse.Namespace) -> Report:
    if not _is_name(options.name) or _CONTROL.search(options.name):
        raise Unusable("A key's name has no blanks and no plus sign; witness.example.org/coalition is a good one.")
    seed = os.urandom(32)
    vkey = witness_vkey(options.name, seed)
    key_id = _key(vkey).key_id.hex()
    file = os.open(options.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="utf-8", newline="\n") as out:
        out.write(f"PRIVATE+KEY+{options.name}+{key_id}+{base64(bytes([WITNESS_KEY]) + seed)}\n")
    report = Report(facts={"vkey": vkey})
    report.passed("Key", f"made; keep {shown(options.key_file)} to yourself and give the log's keeper the line below")
    options.note = vkey + "\n"
    return report


def _run_rules(options: argparse.Namespace) -> Report:
    """The whole log, from its first entry: a rule rests on what came before."""
    options.quick = False
    options.frontier = options.save_frontier = ""
    return _run_export(options, Rules())


def _parser(command: str) -> argparse.ArgumentParser:
    about = (__doc__ or "").partition("\n")[0]
    name = "" if command == "export" else f" {command}"
    others = f"Other commands: {', '.join(one for one in COMMANDS if one != 'export')}; each has its own --help."
    parser = argparse.ArgumentParser(f"verify_log.py{name}", description=about, epilog=others, allow_abbrev=False)
    for argument, text in COMMANDS[command][1].items():
        parser.add_argument(argument, help=text)
    for flag, text in OPTIONS.get(command, {}).items():
        if text.startswith("FILE"):
            parser.add_argument(flag, metavar="FILE", default="", help=text[5:], required=flag in REQUIRED)
        else:
            parser.add_argument(flag, action="store_true", help=text)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    if command == "witness-key":
        return parser
    parser.add_argument("--keys", metavar="FILE", default="", help="the keys you trust (vkeys.txt)")
    parser.add_argument("--key", metavar="VKEY", action="append", default=[], help="one more such key")
    parser.add_argument("--witness", metavar="VKEY", action="append", default=[], help="a witness's key you trust")
    if command in ("export", "rules", "bundle", "proof"):
        parser.add_argument("--require-witness", action="store_true", help="refuse what no trusted witness cosigned")
    if command in ("export", "rules", "bundle"):
        parser.add_argument("--old", metavar="FILE", action="append", default=[], help="an earlier checkpoint; repeat")
    return parser


_EXPORT = {"export": "export.jsonl", "checkpoint": "checkpoint.txt"}
COMMANDS: Dict[str, Tuple[Any, Dict[str, str]]] = {
    "export": (_run_export, _EXPORT),
    "rules": (_run_rules, _EXPORT),
    "bundle": (_run_bundle, {"bundle": "one case's bundle"}),
    "proof": (_run_proof, {"proof": "a letter's code, or a .tlog-proof file"}),
    "compare": (_run_compare, {"old": "a checkpoint", "new": "a later one"}),
    "witness": (_run_witness, {"request": "what the log asks you to cosign"}),
    "witness-key": (_run_witness_key, {"name": "the witness's name, such as coalition.example/witness"}),
}
_WHOLE = {
    "--disclosures": "FILE private texts you were given (private.jsonl)",
    "--erased": "account for what was erased",
    "--frontier": "FILE go on from an earlier check; the export begins where that ended",
    "--save-frontier": "FILE keep what the next check needs to go on from here",
    "--quick": "hashes and root only",
}
OPTIONS = {
    "export": _WHOLE,
    "rules": {name: _WHOLE[name] for name in ("--disclosures", "--erased")},
    "proof": {"--leaf": "FILE the entry itself"},
    "compare": {"--proof": "FILE the log's answer: old N, hashes, checkpoint", "--export": "FILE a full export"},
    "witness": {"--state": "FILE what you cosigned last", "--key-file": "FILE your private key"},
    "witness-key": {"--key-file": "FILE where to put the private key"},
}
REQUIRED = {"--state", "--key-file"}


def _print(report: Report, options: argparse.Namespace) -> None:
    """Print the report; a cosigned note or a key goes to standard output alone."""
    note: str = getattr(options, "note", "")
    lines = [f"{'ok  ' if step.ok else 'FAIL'}  {step.what}: {step.detail}" for step in report.steps]
    text = "\n".join([*lines, report.verdict.upper(), ""])
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
