"""Reading the log in one piece: every entry of a checkpoint, none twice, in constant memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.db.transaction import atomic

from audit.models import Leaf, Private

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A private group of one entry, with what opens its commitment."""

    index: int
    group: str
    salt: bytes
    body: bytes


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside is of one moment, and nobody who writes waits for it.

    Inside a transaction that is open already its own moment is used. On SQLite an ``atomic`` block would
    take the place of the one writer for as long as an export lasts, so a reading transaction is opened by hand.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield


def entries(start: int, stop: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Index, leaf and hash of the entries from ``start`` up to ``stop``, as they stand; what is missing is missing."""
    columns = ("leaf_index", "event__leaf", "leaf_hash")
    for first in range(start, stop, _CHUNK):
        rows = Leaf.objects.filter(leaf_index__gte=first, leaf_index__lt=min(first + _CHUNK, stop))
        for index, leaf, leaf_hash in rows.order_by("leaf_index").values_list(*columns):
            yield index, bytes(leaf), bytes(leaf_hash)


def disclosures(start: int, stop: int) -> Iterator[Disclosure]:
    """The private groups of those entries that were not erased, in the order of the log."""
    columns = ("event__log_leaf__leaf_index", "grp", "salt", "body")
    for first in range(start, stop, _CHUNK):
        rows = Private.objects.filter(
            event__log_leaf__leaf_index__gte=first, event__log_leaf__leaf_index__lt=min(first + _CHUNK, stop)
        )
        for index, group, salt, body in rows.order_by("event__log_leaf__leaf_index", "grp").values_list(*columns):
            yield Disclosure(index, group, bytes(salt), bytes(body))
