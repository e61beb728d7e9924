"""Giving events their places in the log, and checking each before it counts.

On PostgreSQL an event waits in ``audit_pending``; one sequencer at a time takes the queue in the
order of the ids. Reading on by id alone would lose what commits late. SQLite has one writer, so
a trigger gives the place at once, in the business transaction itself, and only an older database
has a queue. Checking and folding into tiles happen here on both.

Entries count as checked up to the last full tile; the rest, at most 255, are checked again by
every run. So no run depends on what another one saw.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from audit.canonical import canonical_of_normalised
from audit.errors import LogBroken
from audit.leaf import hash_of, written
from audit.merkle import TILE, root_of_full
from audit.models import Leaf, Pending, Tile
from audit.nodes import Rows
from audit.rows import insert_rows

BATCH = 1000
# Any number will do, as long as nobody else of this database takes it: "audit" in hexadecimal.
LOCK = 0x6175646974

# One statement, so that the order and the places come from one view of the queue.
_TAKE = """
INSERT INTO audit_leaf (leaf_index, event_id, leaf_hash)
SELECT %s + ROW_NUMBER() OVER (ORDER BY waiting.event_id) - 1, waiting.event_id, audit_event.leaf_hash
FROM (SELECT event_id FROM audit_pending ORDER BY event_id LIMIT %s) waiting
JOIN audit_event ON audit_event.id = waiting.event_id
ORDER BY waiting.event_id
"""
_DEQUEUE = "DELETE FROM audit_pending WHERE event_id IN (SELECT event_id FROM audit_leaf WHERE leaf_index >= %s)"

_CURE = "Nothing more is signed: keep the database as it is, and find out who changed it."
_ENTRIES = """
SELECT own.leaf_index, own.leaf_hash, own.event_id, event.stream, event.stream_seq, event.event_type,
       event.occurred_at, event.leaf, event.leaf_hash, earlier.leaf_index, earlier.leaf_hash
FROM audit_leaf own
JOIN audit_event event ON event.id = own.event_id
LEFT JOIN audit_event prior ON prior.stream = event.stream AND prior.stream_seq = event.stream_seq - 1
LEFT JOIN audit_leaf earlier ON earlier.event_id = prior.id
WHERE own.leaf_index >= %s AND own.leaf_index < %s
ORDER BY own.leaf_index
"""


@dataclass(frozen=True, slots=True)
class Step:
    """What one run did: how many events it dealt with, how long the checked log is, and whether something was left."""

    done: int
    size: int
    more: bool


def sequence(limit: int = BATCH) -> int:
    """Take at most ``limit`` waiting events into the log and fold what is full; return how many were dealt with.

    0 also when another sequencer is at work. Raises ``LogBroken``, and writes nothing, when an entry
    is not what its columns, its hash or its stream say.
    """
    if not _anything_to_do():
        return 0
    with transaction.atomic():
        return _step(limit).done if lock(wait=False) else 0


def catch_up(limit: int = BATCH) -> int:
    """Take everything that waits, waiting for another sequencer; return the size of the log, all of it checked.

    It ends with the first batch that is not full: waiting for an empty queue would never end while others write.
    """
    while True:
        with transaction.atomic():
            lock()
            step = _step(limit)
        if not step.more:
            return step.size


def log_size() -> int:
    """Return how many entries the log has, checked or not."""
    newest: int | None = Leaf.objects.aggregate(newest=Max("leaf_index"))["newest"]
    return 0 if newest is None else newest + 1


def folded() -> int:
    """Return how many entries stand under full tiles: those that were checked for good."""
    newest: int | None = Tile.objects.filter(level=1).aggregate(newest=Max("idx"))["newest"]
    return 0 if newest is None else (newest + 1) * TILE


def lock(*, wait: bool = True) -> bool:
    """Hold the log until the transaction ends; False when somebody has it and nobody waits.

    On SQLite the transaction itself is that lock. It is bound to the transaction, not the
    session: a pooler between us and PostgreSQL may hand each transaction another session.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def check(start: int, stop: int) -> list[bytes]:
    """Return the hashes of the entries in [start, stop) after comparing each with its event and its stream.

    Raises ``LogBroken`` naming the first entry that is wrong.
    """
    hashes = []
    for expected, entry in enumerate(_entries(start, stop), start):
        fault = entry.fault(expected)
        if fault:
            raise LogBroken(f"{fault} {_CURE}", entry=expected)
        hashes.append(bytes(entry.leaf_hash))
    if len(hashes) != stop - start:
        missing = start + len(hashes)
        raise LogBroken(f"Entry {missing} of the log is missing. {_CURE}", entry=missing)
    return hashes


def _anything_to_do() -> bool:
    return log_size() - folded() >= TILE or Pending.objects.exists()


def _step(limit: int) -> Step:
    size = log_size()
    taken = _take(size, limit)
    size += taken
    start = folded()
    # At least one tile, or a small limit would never get on; a backlog of a trigger's may be long.
    stop = size if size - start < limit + TILE else start + max(limit // TILE, 1) * TILE
    hashes = check(start, stop)
    full = len(hashes) // TILE
    if full:
        _fold(start // TILE, hashes)
    return Step(taken or full * TILE, stop, more=taken == limit or stop < size)


def _take(size: int, limit: int) -> int:
    doubled = "Events wait for the log that stand in it already: find out who wrote them there."
    with connection.cursor() as cursor:
        try:
            cursor.execute(_TAKE, [size, limit])
        except IntegrityError as error:
            raise LogBroken(doubled) from error
        taken: int = cursor.rowcount
        if taken < 1:
            return 0
        cursor.execute(_DEQUEUE, [size])
        if cursor.rowcount != taken:
            raise LogBroken(doubled)
    return taken


def _fold(place: int, hashes: list[bytes]) -> None:
    """Keep the root of each tile that has become full, and of each tile of tiles."""
    level, row = 1, hashes
    while len(row) >= TILE:
        roots = [root_of_full(row[first : first + TILE]) for first in range(0, len(row) - TILE + 1, TILE)]
        insert_rows("audit_tile", ("level", "idx", "hash"), [(level, place + n, root) for n, root in enumerate(roots)])
        stop = place + len(roots)
        place //= TILE
        row = list(Rows().tiles(level, place * TILE, stop))
        level += 1


class _Entry(NamedTuple):
    """One entry as the tables hold it."""

    place: int
    leaf_hash: bytes
    event_id: int
    stream: str
    seq: int | None
    event_type: str
    occurred_at: datetime
    leaf: bytes
    event_hash: bytes
    before: int | None
    prev: bytes | None

    def fault(self, expected: int) -> str:
        """What is wrong with it; nothing when it is as it should be."""
        leaf, name = (
            bytes(self.leaf),
            f"Entry {self.place} of the log (event {self.event_id}, {self.stream} {self.seq})",
        )
        if self.place != expected:
            return f"Entry {expected} of the log is missing."
        if not hash_of(leaf) == bytes(self.event_hash) == bytes(self.leaf_hash):
            return f"{name} is altered: its hash is not the hash of its leaf."
        document = _read(leaf)
        if document is None:
            return f"{name} is no event: its leaf is not canonical."
        spelt = tuple(document.get(key) for key in ("stream", "seq", "type", "at"))
        if spelt != (self.stream, self.seq, self.event_type, self._at()):
            return f"{name} has columns that differ from its leaf."
        if not self._follows(document.get("prev")):
            return f"{name} does not follow the event before it in its stream."
        return ""

    def _at(self) -> str:
        """When it happened as leaves spell it; SQLite keeps moments without their zone, which is UTC."""
        moment = self.occurred_at
        return written(moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def _follows(self, prev: object) -> bool:
        if self.seq is None or self.seq == 1:
            return self.before is None and prev is None
        return self.before is not None and self.before < self.place and prev == bytes(self.prev or b"").hex()


def _read(leaf: bytes) -> dict[str, Any] | None:
    """The document of a leaf; None when it has none in the one spelling there is."""
    try:
        document = json.loads(leaf)
        return document if isinstance(document, dict) and canonical_of_normalised(document) == leaf else None
    except (ValueError, RecursionError):
        return None


def _entries(start: int, stop: int) -> Iterator[_Entry]:
    """The entries with their events and, for those in a chain, the place and hash of the one before."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [start, stop])
        for row in cursor.fetchall():
            yield _Entry(*row)
