"""Signed text: how the log's head leaves the house, in the formats of C2SP.

signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof and the request of tlog-witness, so that
other people's tools read and check what we sign. Whatever comes from outside is either
understood exactly or refused with ``NoteRefused``: one text, one meaning.
"""

import os
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import NoteRefused

ED25519, COSIGNATURE = 1, 4
KINDS = {ED25519: "a log's key", COSIGNATURE: "a witness's key"}
LARGEST_NOTE = 1_000_000
MOST_SIGNATURES = 100
LONGEST_PROOF = 63
LARGEST_NUMBER = 2**63 - 1

_DASH = "\u2014 "
_PRIVATE = "PRIVATE+KEY+"
_PROOF = "c2sp.org/tlog-proof@v1"
_ID, _KEY, _HASH, _TIME = 4, 32, 32, 8
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_HEX_ID = re.compile(r"[0-9a-f]{8}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name it signs under."""

    name: str
    kind: int
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.kind not in KINDS:
            msg = f"The key of {self.name} is of kind {self.kind}. Only kinds 1 and 4 (Ed25519) are known here."
            raise NoteRefused(msg)
        if len(self.public) != _KEY:
            msg = f"The key of {self.name} has {len(self.public)} bytes, not {_KEY}. Copy the whole line again."
            raise NoteRefused(msg)

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart; no protection by themselves."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:_ID]

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read ``name+id+base64``."""
        name, key_id, kind, public = _key_parts(text)
        key = cls(name, kind, public)
        _check_id(key, key_id)
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    def verifies(self, text: str, blob: bytes) -> bool:
        """Return whether ``blob`` is this key's signature of ``text``."""
        try:
            message, signature = self._signed(text, blob)
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _signed(self, text: str, blob: bytes) -> tuple[bytes, bytes]:
        if self.kind == ED25519:
            return text.encode(), blob
        return _cosigned(text, int.from_bytes(blob[:_TIME])), blob[_TIME:]


@dataclass(frozen=True)
class SigningKey:
    """A private key. ``str()`` is what the key file holds: never log it."""

    name: str
    kind: int
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != _KEY:
            raise NoteRefused(f"A private key has {_KEY} bytes, this one {len(self.seed)}. Restore the key file.")
        _ = self.verifier

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.kind, self._private().public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str, kind: int) -> "SigningKey":
        """Make a new key."""
        return cls(name, kind, os.urandom(_KEY))

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """Read ``PRIVATE+KEY+name+id+base64``."""
        if not text.startswith(_PRIVATE):
            raise NoteRefused(f"This is no private key: it does not begin with {_PRIVATE}. Restore the key file.")
        name, key_id, kind, seed = _key_parts(text.removeprefix(_PRIVATE))
        key = cls(name, kind, seed)
        _check_id(key.verifier, key_id)
        return key

    def __str__(self) -> str:
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{_base64(bytes([self.kind]) + self.seed)}"

    def signature(self, message: bytes) -> bytes:
        """Return the bare Ed25519 signature."""
        return self._private().sign(message)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    blob: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {_base64(self.key_id + self.blob)}"

    @classmethod
    def parse(cls, line: str) -> "Signature":
        """Read one line, without its newline."""
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not space:
            raise NoteRefused(f"{_shown(line)} is no signature line. Each is an em dash, a name and base64.")
        _check_name(name)
        blob = _bytes(encoded, f"the signature of {name}")
        if len(blob) <= _ID:
            raise NoteRefused(f"The signature of {name} is cut short. Fetch the file again.")
        return cls(name, blob[:_ID], blob[_ID:])

    def is_by(self, key: VerifierKey) -> bool:
        """Return whether this claims to be by ``key``."""
        return self.name == key.name and self.key_id == key.key_id


@dataclass(frozen=True)
class Note:
    """Text and its signatures. The text means nothing before ``verified`` has answered."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        _check_text(self.text)

    @classmethod
    def parse(cls, text: str | bytes) -> "Note":
        """Read a note: text, a blank line, signature lines."""
        whole = _readable(text)
        body, blank, tail = whole.rpartition("\n\n")
        if not blank or not tail:
            raise NoteRefused("This is no signed note: no blank line with signatures after it. Fetch the file again.")
        lines = tail.removesuffix("\n").split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise NoteRefused(f"The note has {len(lines)} signatures; at most {MOST_SIGNATURES} are read.")
        return cls(f"{body}\n", tuple(Signature.parse(line) for line in lines))

    def __str__(self) -> str:
        return "\n".join([self.text, *(f"{signature}" for signature in self.signatures), ""])

    def with_signatures(self, *more: Signature) -> "Note":
        """Return the note with further signatures; those it has already are not repeated."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *more))))


@dataclass(frozen=True)
class Head:
    """What a checkpoint says: which log, how many entries, and their root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or "\n" in line or _CONTROL.search(line):
                raise NoteRefused(f"{_shown(line)} cannot be a line of a checkpoint. Give one line of plain text.")
        if not 0 <= self.size <= LARGEST_NUMBER:
            raise NoteRefused(f"A log cannot hold {self.size} entries. Give 0 or more, below 2**63.")
        if len(self.root) != _HASH:
            raise NoteRefused(f"A root has {_HASH} bytes, this one {len(self.root)}. Fetch the checkpoint again.")

    def body(self) -> str:
        """Return the text that is signed."""
        return "\n".join([self.origin, f"{self.size}", _base64(self.root), *self.extensions, ""])

    @classmethod
    def parse(cls, body: str) -> "Head":
        """Read the text of a checkpoint."""
        _check_text(body)
        origin, *rest = body.removesuffix("\n").split("\n")
        if len(rest) < 2:  # noqa: PLR2004 - the size and the root
            raise NoteRefused("This is no checkpoint: it needs the log's name, its size and its root. Fetch it again.")
        size, root, *extensions = rest
        return cls(origin, _number(size, "the size"), _bytes(root, "the root"), tuple(extensions))


def verified(note: Note, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    """Return the keys that signed; raises ``NoteRefused`` when a known one did not, or none did."""
    known = {(key.name, key.key_id): key for key in keys}
    found: dict[VerifierKey, None] = {}
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        _check_signed(note, signature, key)
        found[key] = None
    if not found:
        names = ", ".join(sorted({signature.name for signature in note.signatures})) or "nobody"
        msg = f"None of the known keys signed this; it is signed by {_shown(names)}. Check that you hold the right key."
        raise NoteRefused(msg)
    return list(found)


def cosigned_at(note: Note, key: VerifierKey) -> datetime | None:
    """Return when this witness first signed the note, or ``None`` when it did not."""
    times = []
    for signature in note.signatures:
        if key.kind == COSIGNATURE and signature.is_by(key):
            _check_signed(note, signature, key)
            times.append(int.from_bytes(signature.blob[:_TIME]))
    if not times:
        return None
    try:
        return datetime.fromtimestamp(min(times), UTC)
    except (OverflowError, OSError, ValueError):
        raise NoteRefused(f"The cosignature of {key.name} gives a time no calendar holds. Ask for another.") from None


def sign(text: str, key: SigningKey) -> Signature:
    """Sign ``text`` as the log."""
    _check_text(text)
    _check_kind(key, ED25519)
    return Signature(key.name, key.verifier.key_id, key.signature(text.encode()))


def cosign(text: str, key: SigningKey, at: datetime) -> Signature:
    """Sign the checkpoint ``text`` as a witness who saw it at ``at``."""
    Head.parse(text)
    _check_kind(key, COSIGNATURE)
    if at.tzinfo is None:
        raise ValueError(f"The moment {at} has no time zone; give an aware datetime.")
    seconds = int(at.timestamp())
    if seconds < 0:
        raise NoteRefused(f"A cosignature cannot be made at {at}. Set the clock.")
    blob = seconds.to_bytes(_TIME) + key.signature(_cosigned(text, seconds))
    return Signature(key.name, key.verifier.key_id, blob)


def proof_text(index: int, proof: Sequence[bytes], note: Note, extra: bytes = b"") -> str:
    """Return a proof that needs nothing but the log's key: an entry's path and the checkpoint it leads to."""
    first = [_PROOF, f"extra {_base64(extra)}"] if extra else [_PROOF]
    return "\n".join([*first, f"index {index}", *(_base64(one) for one in proof), "", f"{note}"])


def parse_proof(text: str | bytes) -> tuple[int, list[bytes], Note, bytes]:
    """Read such a proof: the index, the path, the checkpoint and the extra bytes. Checks the form only."""
    head, blank, rest = _readable(text).partition("\n\n")
    first, *lines = head.split("\n")
    if first != _PROOF or not blank:
        raise NoteRefused(f"This is no proof: it does not begin with {_PROOF}. Fetch the file again.")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = _bytes(lines.pop(0).removeprefix("extra "), "the extra data")
    if not lines or not lines[0].startswith("index "):
        raise NoteRefused("The proof does not say which entry it is for. Fetch the file again.")
    index = _number(lines.pop(0).removeprefix("index "), "the index")
    if len(lines) > LONGEST_PROOF:
        raise NoteRefused(f"The proof has {len(lines)} hashes; at most {LONGEST_PROOF} are possible.")
    note = Note.parse(rest)
    Head.parse(note.text)
    return index, [_hash(line) for line in lines], note, extra


def request_text(old: int, proof: Sequence[bytes], note: Note) -> str:
    """Return the request for a cosignature: the proof from the size a witness holds to this checkpoint."""
    return "\n".join([f"old {old}", *(_base64(one) for one in proof), "", f"{note}"])


def _cosigned(text: str, seconds: int) -> bytes:
    if seconds > LARGEST_NUMBER:
        raise ValueError(f"{seconds} is beyond the times a cosignature can give.")
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _key_parts(text: str) -> tuple[str, bytes, int, bytes]:
    """Split ``name+id+base64(kind || key)``; never repeats the text, which may be private."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    _check_name(name)
    if not _HEX_ID.fullmatch(key_id):
        raise NoteRefused(f"The key of {name} has no id of eight hexadecimal digits. Copy the whole line again.")
    material = _bytes(encoded, f"the key of {name}")
    if not material:
        raise NoteRefused(f"The key of {name} is empty. Copy the whole line again.")
    return name, bytes.fromhex(key_id), material[0], material[1:]


def _base64(value: bytes) -> str:
    return b64encode(value).decode()


def _bytes(encoded: str, what: str) -> bytes:
    try:
        value = b64decode(encoded, validate=True)
    except ValueError:
        value = b""
    if _base64(value) != encoded:
        raise NoteRefused(f"{what.capitalize()} is not base64 as the format spells it. Fetch it again.")
    return value


def _hash(line: str) -> bytes:
    value = _bytes(line, "a hash of the proof")
    if len(value) != _HASH:
        raise NoteRefused(f"A hash has {_HASH} bytes, one in the proof {len(value)}. Fetch the file again.")
    return value


def _number(digits: str, what: str) -> int:
    if not _NUMBER.fullmatch(digits) or int(digits) > LARGEST_NUMBER:
        raise NoteRefused(f"{what.capitalize()} is {_shown(digits)}; it is written in digits alone, below 2**63.")
    return int(digits)


def _readable(text: str | bytes) -> str:
    if len(text) > LARGEST_NOTE:
        raise NoteRefused(f"The file is longer than {LARGEST_NOTE} characters: that is no note.")
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError:
            raise NoteRefused("The file is not UTF-8 text. Fetch it again, as it is.") from None
    _check_text(text)
    return text


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteRefused("The text does not end with a newline: the end is missing. Fetch the file again.")
    if _CONTROL.search(text):
        raise NoteRefused("The text holds control characters, which notes may not. Fetch the file again, as it is.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NoteRefused("The text holds half a character (a lone surrogate). Fetch the file again.") from None


def _check_name(name: str) -> None:
    if not name or "+" in name or _CONTROL.search(name) or any(character.isspace() for character in name):
        raise NoteRefused(f"{_shown(name)} cannot be a key's name: give one without spaces and plus signs.")
    _check_text(f"{name}\n")


def _check_id(key: VerifierKey, key_id: bytes) -> None:
    if key.key_id != key_id:
        raise NoteRefused(f"The key of {key.name} and its id do not belong together. Copy the whole line again.")


def _check_kind(key: SigningKey, kind: int) -> None:
    if key.kind != kind:
        raise NoteRefused(f"{key.name} holds {KINDS[key.kind]}; this takes {KINDS[kind]}. Use the other key file.")


def _check_signed(note: Note, signature: Signature, key: VerifierKey) -> None:
    if not key.verifies(note.text, signature.blob):
        msg = f"The signature of {key.name} is not of this text. The text or the signature was altered."
        raise NoteRefused(msg)


def _shown(text: str) -> str:
    """Return text from outside so that a page or terminal can show it."""
    return ascii(text if len(text) <= 60 else f"{text[:60]}...")  # noqa: PLR2004 - enough to recognise it
