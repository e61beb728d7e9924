"""The bytes of an event: what is hashed, and what is only committed to.

Personal data and free text stay out of the leaf. For each private group the leaf holds
sha256(salt || body) with 32 random bytes of salt for each event and group: a bare hash of a
vote or a name is undone by trying all votes or all names.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal, Protocol, TypeAlias

from audit.canonical import Json, canonical, canonical_of_normalised, normalised
from audit.errors import LeafTooLarge

LEAF_VERSION = 1
LARGEST_LEAF = 60_000
PRIVATE_GROUPS = frozenset({"free_text", "person", "interest"})
SYSTEM = "system"


class Actor(Protocol):
    """Whoever acts: anything with a stream of its own, such as a person."""

    stream: Any


By: TypeAlias = Actor | Literal["system"]
Groups: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands: its stream, its number there, the hash of the leaf before."""

    stream: str
    seq: int | None
    prev: str | None


@dataclass(frozen=True, slots=True)
class Secret:
    """A private group of an event, with the salt of its commitment."""

    group: str
    salt: bytes
    body: bytes

    @property
    def commitment(self) -> str:
        """What the leaf holds in place of the body."""
        return commitment(self.salt, self.body)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that has its bytes but no row yet."""

    place: Place
    event_type: str
    at: datetime
    leaf: bytes
    leaf_hash: bytes
    secrets: tuple[Secret, ...]


def commitment(salt: bytes, body: bytes) -> str:
    """Return the hexadecimal commitment to a private body."""
    return sha256(salt + body).hexdigest()


def hash_of(leaf: bytes) -> bytes:
    """Return the RFC 6962 hash of a leaf; the first byte keeps it apart from inner nodes."""
    return sha256(b"\x00" + leaf).digest()


def written(moment: datetime) -> str:
    """Return a moment as leaves spell it: UTC, microseconds, ``Z``."""
    # isoformat is several times as fast as strftime, and this is done for every event ever checked.
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def draft(
    place: Place,
    event_type: str,
    *,
    by: By,
    role: str,
    public: Mapping[str, Any] | None,
    private: Groups | None,
    reason_code: str,
    ruleset: str,
    at: datetime,
) -> Draft:
    """Return the event's bytes and hash.

    Raises ``NotCanonical`` for content that has no canonical form, ``LeafTooLarge`` beyond
    60 kB, ``ValueError`` for an unknown private group or a naive moment.
    """
    if at.tzinfo is None:
        msg = f"{event_type}: the moment {at} has no time zone; give an aware datetime."
        raise ValueError(msg)
    secrets = tuple(_secret(group, body) for group, body in private.items()) if private else ()
    document: dict[str, Json] = {
        "v": LEAF_VERSION,
        "stream": place.stream,
        "seq": place.seq,
        "prev": place.prev,
        "type": normalised(event_type, "type"),
        "at": written(at),
        "actor": by if isinstance(by, str) else by.stream,
        "role": normalised(role, "role"),
        "ruleset": normalised(ruleset, "ruleset"),
        "reason_code": normalised(reason_code, "reason_code"),
        "public": normalised(public or {}, "public"),
        "private": {secret.group: secret.commitment for secret in secrets},
    }
    leaf = canonical_of_normalised(document)
    _check_size(leaf, event_type)
    return Draft(place, event_type, at, leaf, hash_of(leaf), secrets)


def _secret(group: str, body: object) -> Secret:
    if group not in PRIVATE_GROUPS:
        known = ", ".join(sorted(PRIVATE_GROUPS))
        msg = f"{group!r} is no private group; use one of: {known}."
        raise ValueError(msg)
    return Secret(group, os.urandom(32), canonical(body, group))


def _check_size(leaf: bytes, event_type: str) -> None:
    if len(leaf) > LARGEST_LEAF:
        msg = (
            f"The event {event_type} takes {len(leaf)} bytes; the log takes at most "
            f"{LARGEST_LEAF}. Store the long part as a document and record its SHA-256, "
            "or record several events."
        )
        raise LeafTooLarge(msg)
