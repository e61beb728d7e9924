"""The statements behind ``audit.actions``: few, and written out.

The ORM's INSERT of an event costs about three times the statement itself, and it is paid on
every change of the whole application; ``bulk_update`` writes a CASE as long as the batch for
every column.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, models

from audit import clock
from audit.errors import NotCurrent
from audit.leaf import Draft
from audit.models import Event

_COLUMNS = (
    "stream",
    "stream_seq",
    "event_type",
    "occurred_at",
    "recorded_at",
    "leaf",
    "leaf_hash",
)
_INSERT = f"INSERT INTO audit_event ({', '.join(_COLUMNS)}) VALUES "  # noqa: S608
_VALUES = f"({', '.join(['%s'] * len(_COLUMNS))})"
_INSERT_ONE = f"{_INSERT}{_VALUES} RETURNING id"
_INSERT_PRIVATE = "INSERT INTO audit_private (event_id, grp, salt, body) VALUES "
_PRIVATE_VALUES = "(%s, %s, %s, %s)"
_LARGEST_BATCH = 1000
_T = TypeVar("_T")


def insert_event(draft: Draft) -> Event:
    """Write one event and its private rows."""
    recorded_at = clock.real_now()
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_ONE, _parameters(draft, recorded_at))
        event = _event(cursor.fetchone()[0], draft, recorded_at)
        if draft.secrets:
            _insert_private(cursor, [(event.id, draft)])
    return event


def insert_events(drafts: Sequence[Draft]) -> list[Event]:
    """Write many events and their private rows; the events come back in the drafts' order."""
    recorded_at = clock.real_now()
    events: list[Event] = []
    with connection.cursor() as cursor:
        for batch in _batches(drafts, len(_COLUMNS)):
            ids = _insert_batch(cursor, batch, recorded_at)
            events += [_event(ids[one.leaf_hash], one, recorded_at) for one in batch]
        secret = [(e.id, one) for e, one in zip(events, drafts, strict=True) if one.secrets]
        for some in _batches(secret, 4 * max((len(one.secrets) for _, one in secret), default=1)):
            _insert_private(cursor, some)
    return events


def update_row(row: models.Model) -> None:
    """Write every field of one existing row by one statement that is put together once for its model.

    The ORM's own UPDATE puts it together anew each time, which costs more than its execution. Raises ``NotCurrent``
    when the row does not exist.
    """
    statement, fields, pk = _update_of(type(row))
    values = [field.get_db_prep_save(field.pre_save(row, add=False), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, pk.get_db_prep_value(row.pk, connection)])
        if cursor.rowcount != 1:
            msg = f"{type(row)._meta.label} {row.pk} is no longer there. Read it again and repeat."
            raise NotCurrent(msg)


@cache
def _update_of(model: type[models.Model]) -> tuple[str, tuple[Any, ...], Any]:
    options, quote = model._meta, connection.ops.quote_name
    fields = tuple(field for field in options.local_concrete_fields if not field.primary_key and not field.generated)
    assignments = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    table, key = quote(options.db_table), quote(str(options.pk.column))
    return f"UPDATE {table} SET {assignments} WHERE {key} = %s", fields, options.pk  # noqa: S608 - names of the models


def update_rows(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the named fields of existing rows of one model, a batch a statement.

    Raises ``NotCurrent`` when a row does not exist.
    """
    model = type(rows[0])
    options = model._meta
    fields = [options.get_field(name) for name in dict.fromkeys(names)]
    with connection.cursor() as cursor:
        for batch in _batches(rows, len(fields) + 1):
            _update_batch(cursor, options.pk, fields, batch)


def insert_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write many rows of plain values, a batch a statement."""
    values = f"({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        for batch in _batches(rows, len(columns)):
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([values] * len(batch))}"  # noqa: S608
            cursor.execute(statement, [value for row in batch for value in row])


def _parameters(draft: Draft, recorded_at: datetime) -> tuple[Any, ...]:
    adapt = connection.ops.adapt_datetimefield_value
    place = draft.place
    return (
        place.stream,
        place.seq,
        draft.event_type,
        adapt(draft.at),
        adapt(recorded_at),
        draft.leaf,
        draft.leaf_hash,
    )


def _event(event_id: int, draft: Draft, recorded_at: datetime) -> Event:
    place = draft.place
    values = (
        event_id,
        place.stream,
        place.seq,
        draft.event_type,
        draft.at,
        recorded_at,
        draft.leaf,
        draft.leaf_hash,
    )
    return Event.from_db(DEFAULT_DB_ALIAS, ("id", *_COLUMNS), values)


def _insert_batch(cursor: Any, batch: Sequence[Draft], recorded_at: datetime) -> dict[bytes, int]:
    """Insert a batch and find the ids by content: no database promises RETURNING's order."""
    statement = f"{_INSERT}{', '.join([_VALUES] * len(batch))} RETURNING leaf_hash, id"
    cursor.execute(statement, [value for draft in batch for value in _parameters(draft, recorded_at)])
    return {bytes(leaf_hash): event_id for leaf_hash, event_id in cursor.fetchall()}


def _insert_private(cursor: Any, drafts: Iterable[tuple[int, Draft]]) -> None:
    values = [
        value
        for event_id, draft in drafts
        for secret in draft.secrets
        for value in (event_id, secret.group, secret.salt, secret.body)
    ]
    rows = ", ".join([_PRIVATE_VALUES] * (len(values) // 4))
    cursor.execute(f"{_INSERT_PRIVATE}{rows}", values)


def _update_batch(cursor: Any, pk: Any, fields: Sequence[Any], batch: Sequence[models.Model]) -> None:
    """UPDATE ... FROM (VALUES ...), whose columns both databases name column1, column2, ..."""
    quote = connection.ops.quote_name
    columns = [pk, *fields]
    table = quote(pk.model._meta.db_table)
    assignments = ", ".join(f"{quote(field.column)} = given.column{place}" for place, field in enumerate(fields, 2))
    first = f"({', '.join(_typed(field) for field in columns)})"
    others = [f"({', '.join(['%s'] * len(columns))})"] * (len(batch) - 1)
    statement = (
        f"UPDATE {table} SET {assignments} "  # noqa: S608 - names come from the models
        f"FROM (VALUES {', '.join([first, *others])}) AS given "
        f"WHERE {table}.{quote(pk.column)} = given.column1"
    )
    cursor.execute(
        statement,
        [field.get_db_prep_save(field.pre_save(row, add=False), connection) for row in batch for field in columns],
    )
    if cursor.rowcount != len(batch):
        msg = (
            f"{len(batch) - cursor.rowcount} of {len(batch)} rows of {pk.model._meta.label} "
            "are no longer there. Read them again and repeat."
        )
        raise NotCurrent(msg)


def _typed(field: Any) -> str:
    """PostgreSQL takes the type of a VALUES column from its first row."""
    if connection.vendor == "postgresql":
        return f"%s::{field.cast_db_type(connection)}"
    return "%s"


def _batches(items: Iterable[_T], parameters: int) -> Iterator[list[_T]]:
    """Cut ``items`` so that no statement has more parameters than the database takes."""
    limit = connection.features.max_query_params
    size = min(_LARGEST_BATCH, limit // parameters) if limit else _LARGEST_BATCH
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
