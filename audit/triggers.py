"""The fence: what the database itself refuses, declared once for SQLite and PostgreSQL.

Every application declares its refusals in its own ``triggers.py``, imported when it is
ready. They are put in place after every ``migrate`` and taken away before one on SQLite,
whose table remakes both drop triggers and trip over those of other tables. There is no
switch that suspends them.

A refusal is a condition in SQL over ``NEW`` (INSERT, UPDATE) and ``OLD`` (UPDATE, DELETE),
written once for both databases; ``IS DISTINCT FROM`` is translated. It surfaces as
``django.db.IntegrityError`` with the given sentence. ``INSERT OR IGNORE`` of a row that
exists is refused on SQLite, not ignored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal, TypeAlias, cast, get_args

from django.apps import apps
from django.db import models

from audit.erasable import refused_unless_ordered
from audit.models import (
    Attestation,
    AuditedAggregate,
    Checkpoint,
    Erasure,
    Event,
    Leaf,
    Pending,
    Private,
    RecordedFact,
    RegisteredRow,
    Tile,
)

Statement: TypeAlias = Literal["INSERT", "UPDATE", "DELETE", "TRUNCATE"]
PREFIX = "fence_"
LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger on one table for one kind of statement.

    ``vendor`` limits it to one database. With ``effect`` it runs that statement after the
    row is written instead of refusing it.
    """

    name: str
    table: str
    on: Statement
    message: str = ""
    when: str = ""
    vendor: str = ""
    effect: str = ""

    def __post_init__(self) -> None:
        if len(self.name) > LONGEST_NAME:
            raise ValueError(f"The trigger name {self.name!r} is longer than {LONGEST_NAME} characters; shorten it.")


_declared: dict[str, Trigger] = {}


def refuse(
    *,
    table: str,
    on: Statement | Sequence[Statement],
    name: str,
    message: str,
    when: str = "",
    when_sqlite: str = "",
    when_postgresql: str = "",
) -> None:
    """Declare that the database refuses a statement on ``table``, for rows where ``when`` is true.

    ``on`` is one kind of statement or several; ``name`` is unique in the project; ``message`` says
    what is wrong and the cure. Without a condition every such statement is refused. A condition
    that is NULL does not refuse. ``when_sqlite`` and ``when_postgresql`` are for the rare condition
    that cannot be written once::

        refuse(
            table="panels_outcome",
            on="INSERT",
            name="outcome_needs_coalition",
            when="NOT EXISTS (SELECT 1 FROM panels_presence WHERE item_id = NEW.item_id AND seat = 'coalition')",
            message="The item has no Coalition representative present. Seat one before deciding.",
        )
    """
    if bool(when_sqlite) != bool(when_postgresql):
        raise ValueError(f"{name}: give the condition for both databases, or once as `when`.")
    for statement in [on] if isinstance(on, str) else on:
        full_name = f"{PREFIX}{name}" if isinstance(on, str) else f"{PREFIX}{name}_{statement.lower()}"
        if when_sqlite:
            _declare(Trigger(f"{full_name}_s", table, statement, message, when_sqlite, "sqlite"))
            _declare(Trigger(f"{full_name}_p", table, statement, message, when_postgresql, "postgresql"))
        else:
            _declare(Trigger(full_name, table, statement, message, when))


def trigger(
    name: str,
    table: str,
    *,
    when: str,
    sqlite_condition_sql: str,
    postgres_condition_sql: str,
    message: str,
) -> None:
    """Declare a refusal with ``when`` in full (``"BEFORE INSERT"``); ``refuse`` says the same shorter."""
    statement = when.removeprefix("BEFORE ")
    if statement not in get_args(Statement):
        raise ValueError(f"{name}: {when!r} is no moment; use BEFORE and one of {', '.join(get_args(Statement))}.")
    once = sqlite_condition_sql == postgres_condition_sql
    refuse(
        table=table,
        on=cast("Statement", statement),
        name=name,
        message=message,
        when=sqlite_condition_sql if once else "",
        when_sqlite="" if once else sqlite_condition_sql,
        when_postgresql="" if once else postgres_condition_sql,
    )


def declared() -> dict[str, Trigger]:
    """Return every trigger by name: those declared and those the models' bases imply."""
    found = dict(_declared)
    for trigger in chain(_of_the_log(), _of_the_models()):
        found[trigger.name] = trigger
    return found


def _declare(trigger: Trigger) -> None:
    if _declared.setdefault(trigger.name, trigger) != trigger:
        raise ValueError(f"Two triggers are called {trigger.name!r}; rename one.")


def _of_the_log() -> Iterator[Trigger]:
    """Insert-only tables, the erasable one, and the queue of the sequencer."""
    for model in (Event, Erasure, Leaf, Tile, Checkpoint, Attestation):
        yield from _append_only(model)
    yield _forbid(
        Erasure._meta.db_table,
        "INSERT",
        "An order to erase stands in the log: record erasure.performed and name it in erasure_event_id.",
        "NOT EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.erasure_event_id AND event_type = 'erasure.performed')",
    )
    yield from _private()
    yield from _pending()


def _private() -> Iterator[Trigger]:
    table = Private._meta.db_table
    yield _forbid(table, "UPDATE", f"{table} is append-only: record a new event instead of changing this one.")
    yield _forbid(
        table,
        "DELETE",
        f"{table} is erased only by order: write the audit_erasure row that names event and group first.",
        "NOT EXISTS (SELECT 1 FROM audit_erasure WHERE event_id = OLD.event_id AND grp = OLD.grp)",
    )
    yield _forbid(table, "TRUNCATE", f"{table} is erased row by row, by order: see audit_erasure.")
    yield _no_replacing(Private)


def _pending() -> Iterator[Trigger]:
    """Where a new event goes.

    On PostgreSQL it waits: two transactions cannot agree on places before they commit. SQLite has
    one writer, so the event takes its place at once; in a database older than the log it waits
    behind those that wait already.
    """
    table, events = Pending._meta.db_table, Event._meta.db_table
    enqueue = f"INSERT INTO {table} (event_id) VALUES (NEW.id)"  # noqa: S608 - no outside value
    waiting = f"EXISTS (SELECT 1 FROM {table})"  # noqa: S608
    take = (
        "INSERT INTO audit_leaf (leaf_index, event_id, leaf_hash)"
        " VALUES (COALESCE((SELECT MAX(leaf_index) FROM audit_leaf), -1) + 1, NEW.id, NEW.leaf_hash)"
    )
    yield Trigger(f"{PREFIX}audit_enqueue", events, "INSERT", vendor="postgresql", effect=enqueue)
    yield Trigger(f"{PREFIX}audit_enqueue_s", events, "INSERT", when=waiting, vendor="sqlite", effect=enqueue)
    yield Trigger(f"{PREFIX}audit_take", events, "INSERT", when=f"NOT {waiting}", vendor="sqlite", effect=take)
    yield _forbid(table, "UPDATE", f"{table} is a queue: its rows are never changed.")
    yield _forbid(
        table,
        "DELETE",
        f"{table} gives up an event only to the log: insert its audit_leaf row first.",
        "NOT EXISTS (SELECT 1 FROM audit_leaf WHERE event_id = OLD.event_id)",
    )
    yield _forbid(table, "TRUNCATE", f"{table} is never emptied: its events are not in the log yet.")


def own_models(base: type[models.Model], field: str) -> list[type[models.Model]]:
    """Return the models whose own table, not a parent's, has the ``base``'s ``field``."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if issubclass(model, base)
        and model._meta.managed
        and not model._meta.proxy
        and any(own.name == field for own in model._meta.local_fields)
    ]


def _of_the_models() -> Iterator[Trigger]:
    for aggregate in own_models(AuditedAggregate, "audit_seq"):
        yield from _guarded(aggregate)
    for fact in own_models(RecordedFact, "event"):
        yield from _append_only(fact)
    for row in own_models(RegisteredRow, "event"):
        yield from _registered(row)


def _guarded(model: type[models.Model]) -> Iterator[Trigger]:
    table = model._meta.db_table
    no_event = (
        "NOT EXISTS (SELECT 1 FROM audit_event WHERE stream = NEW.stream"
        " AND stream_seq = NEW.audit_seq AND leaf_hash = NEW.audit_head)"
    )
    message = f"{table} changes only together with its event: call audit.actions.record, then settle."
    yield _forbid(table, "INSERT", message, f"NEW.audit_seq < 1 OR {no_event}")
    yield _forbid(
        table,
        "UPDATE",
        message,
        f"NEW.audit_seq <= OLD.audit_seq OR NEW.stream <> OLD.stream OR {no_event}",
    )
    yield from _never_deleted(table)
    yield _no_replacing(model)


def _append_only(model: type[models.Model]) -> Iterator[Trigger]:
    table = model._meta.db_table
    message = f"{table} is append-only: record a new row that names what it supersedes."
    yield _forbid(table, "UPDATE", message, refused_unless_ordered(model))
    yield from _never_deleted(table)
    yield _no_replacing(model)


def _registered(model: type[models.Model]) -> Iterator[Trigger]:
    table, older = model._meta.db_table, "NEW.event_id <= OLD.event_id"
    unordered = refused_unless_ordered(model)
    yield _forbid(
        table,
        "UPDATE",
        f"{table} changes only with a later event: record one and name it in event_id.",
        f"{older} AND ({unordered})" if unordered else older,
    )
    yield from _never_deleted(table)
    yield _no_replacing(model)


def _never_deleted(table: str) -> Iterator[Trigger]:
    yield _forbid(table, "DELETE", f"{table} is never deleted from: end or supersede the row instead.")
    yield _forbid(table, "TRUNCATE", f"{table} is never emptied: its rows are part of the record.")


def _forbid(table: str, on: Statement, message: str, when: str = "") -> Trigger:
    return Trigger(f"{PREFIX}{table}_{on.lower()}", table, on, message, when)


def _no_replacing(model: type[models.Model]) -> Trigger:
    """SQLite's INSERT OR REPLACE deletes without firing delete triggers, unless a pragma says so."""
    table = model._meta.db_table
    quoted = [[f'"{column}"' for column in key] for key in _keys(model)]
    held = (" AND ".join(f"{column} = NEW.{column}" for column in key) for key in quoted)
    same = " OR ".join(f'EXISTS (SELECT 1 FROM "{table}" WHERE {condition})' for condition in held)  # noqa: S608
    message = f"{table} already holds this row, and rows of the record are never replaced."
    return Trigger(f"{PREFIX}{table}_replace", table, "INSERT", message, same, "sqlite")


def _keys(model: type[models.Model]) -> Iterator[list[str]]:
    """Return the columns of every unconditional key, the primary one first."""
    options = model._meta
    yield [str(field.column) for field in options.pk_fields]
    for field in options.local_fields:
        if field.unique and not field.primary_key:
            yield [str(field.column)]
    named = [constraint.fields for constraint in options.total_unique_constraints]
    for names in chain(options.unique_together, named):
        yield [str(options.get_field(name).column) for name in names]  # type: ignore[union-attr]
