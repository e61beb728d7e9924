"""What many rows at once say in the log: each row, in as many entries as they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from audit.actions import record_system
from audit.canonical import canonical
from directory.permissions import Actor

IMPORTED = "directory.imported"
# What an entry takes is 60,000 bytes, with all that stands around the rows.
MOST_BYTES = 50_000
_T = TypeVar("_T")


def record_rows(what: str, rows: Sequence[_T], told: Callable[[_T], list[Any]], *, by: Actor) -> list[int]:
    """Record rows of one kind as they are written; the key of its event for each, in their order.

    One event however few they are, and one for none.
    """
    said = [told(row) for row in rows]
    keys: list[int] = []
    for part in _parts(said):
        event = record_system(IMPORTED, by=by, public={what: len(part), "rows": part})
        keys += [event.pk] * len(part)
    return keys


def _parts(rows: Sequence[list[Any]]) -> Iterator[list[list[Any]]]:
    part: list[list[Any]] = []
    size = 0
    for row in rows:
        length = len(canonical(row, "row")) + 1
        if part and size + length > MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(row)
        size += length
    if part or not rows:
        yield part
