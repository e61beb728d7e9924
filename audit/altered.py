"""Whether an event, as it stands in the database, is still what was recorded: asked each time one is shown.

The hash of an entry is signed, the columns beside it are not: whoever can write to the database can change what a page
would read under an old hash. Hashing a leaf costs a millionth of a second, so no page believes the column.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from audit.canonical import canonical_of_normalised
from audit.leaf import hash_of, written
from audit.models import Event

_TEXTS = ("stream", "type", "at", "actor", "role", "ruleset", "reason_code")


def differences(event: Event) -> list[str]:
    """How an event differs from what was recorded, a sentence each; no query when it came with its place in the log."""
    leaf, kept = bytes(event.leaf), bytes(event.leaf_hash)
    made, placed = hash_of(leaf), _placed(event)
    found = []
    if made != kept:
        found.append(f"What it says has the hash {made.hex()}, not {kept.hex()} as was recorded.")
    if placed is not None and placed not in {made, kept}:
        found.append(f"The log holds the hash {placed.hex()} at its place.")
    elif placed is not None and placed != kept:
        found.append(f"The log holds the hash {placed.hex()} at its place; the event was given the hash {kept.hex()}.")
    document = read(event)
    if document is None:
        return [*found, "What it says is no entry of a log: it cannot be read."]
    return [*found, *_columns(event, document)]


def said(event: Event) -> dict[str, Any]:
    """What an event says, with nothing in place of what is not there, so that also what was altered can be shown."""
    told = read(event) or {}
    texts = {name: value if isinstance(value := told.get(name), str) else "" for name in _TEXTS}
    public, private = told.get("public"), told.get("private")
    return {
        **texts,
        "public": public if isinstance(public, dict) else {},
        "private": private if isinstance(private, dict) else {},
    }


def _placed(event: Event) -> bytes | None:
    try:
        return bytes(event.log_leaf.leaf_hash)
    except ObjectDoesNotExist:
        return None


def read(event: Event) -> dict[str, Any] | None:
    """The document of an event's leaf; None when it has none in the one spelling there is."""
    leaf = bytes(event.leaf)
    try:
        document = json.loads(leaf)
        return document if isinstance(document, dict) and canonical_of_normalised(document) == leaf else None
    except (ValueError, TypeError, RecursionError):
        return None


def _columns(event: Event, document: dict[str, Any]) -> list[str]:
    """The columns that pages search and sort by, against the entry itself."""
    at = event.occurred_at if event.occurred_at.tzinfo else event.occurred_at.replace(tzinfo=UTC)
    columns = {
        "stream": ("record", event.stream),
        "seq": ("number in its record", event.stream_seq),
        "type": ("kind of event", event.event_type),
        "at": ("moment", written(at)),
    }
    return [
        f"The {name} is {document.get(key)!s} in the entry, and {value!s} in the table."
        for key, (name, value) in columns.items()
        if document.get(key) != value
    ]
