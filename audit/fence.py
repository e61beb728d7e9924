"""Putting the declared triggers in place, on either database.

Only differences are written: a ``migrate`` that changes nothing takes no locks.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from audit.triggers import PREFIX, Statement, Trigger, declared


@dataclass(frozen=True, slots=True)
class _Placed:
    """A trigger as the database holds it; equal bodies mean equal triggers."""

    name: str
    table: str
    body: str
    create: str = ""


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the database's triggers equal to the declared ones, for the tables that exist."""
    wanted, present = _wanted(connection), _present(connection)
    stale = [placed for name, placed in present.items() if not _same(wanted.get(name), placed)]
    missing = [placed for name, placed in wanted.items() if not _same(present.get(name), placed)]
    with atomic(using=connection.alias):
        _drop(connection, stale)
        _run(connection, [placed.create for placed in missing])


def remove(connection: BaseDatabaseWrapper, on: Collection[Statement] | None = None) -> None:
    """Take away the triggers (only those for the given statements).

    For migrations on SQLite, and for a test suite that must empty its tables; ``install``
    puts them back.
    """
    known = declared()
    doomed = [
        placed
        for name, placed in _present(connection).items()
        if on is None or (name in known and known[name].on in on)
    ]
    with atomic(using=connection.alias):
        _drop(connection, doomed)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of declared triggers that are absent, altered or disabled."""
    present = _present(connection)
    return sorted(name for name, placed in _wanted(connection).items() if not _same(present.get(name), placed))


def _same(one: _Placed | None, other: _Placed) -> bool:
    return one is not None and (one.table, one.body) == (other.table, other.body)


def _wanted(connection: BaseDatabaseWrapper) -> dict[str, _Placed]:
    render = _RENDER[connection.vendor]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    return {
        name: render(connection, trigger)
        for name, trigger in declared().items()
        if trigger.table in tables
        and trigger.vendor in {"", connection.vendor}
        and (trigger.on != "TRUNCATE" or connection.vendor == "postgresql")
    }


def _present(connection: BaseDatabaseWrapper) -> dict[str, _Placed]:
    with connection.cursor() as cursor:
        cursor.execute(_LIST[connection.vendor])
        return {name: _Placed(name, table, body) for name, table, body in cursor.fetchall()}


def _drop(connection: BaseDatabaseWrapper, doomed: Collection[_Placed]) -> None:
    if connection.vendor == "sqlite":
        _run(connection, [f"DROP TRIGGER {placed.name}" for placed in doomed])
        return
    _run(connection, [f"DROP FUNCTION {placed.name}() CASCADE" for placed in doomed])


def _run(connection: BaseDatabaseWrapper, statements: Collection[str]) -> None:
    """Run many statements; on PostgreSQL in one message, which a flush after every test needs."""
    at_once = statements if connection.vendor == "sqlite" else [";\n".join(statements)]
    with connection.cursor() as cursor:
        for statement in filter(None, at_once):
            try:
                cursor.execute(statement)
            except DatabaseError as error:
                error.add_note(statement)
                raise


def _sqlite(connection: BaseDatabaseWrapper, trigger: Trigger) -> _Placed:
    when = trigger.when.replace("IS NOT DISTINCT FROM", "IS").replace("IS DISTINCT FROM", "IS NOT")
    moment, action = (
        ("AFTER", trigger.effect) if trigger.effect else ("BEFORE", f"SELECT RAISE(ABORT, {_text(trigger.message)})")
    )
    body = (
        f"CREATE TRIGGER {trigger.name} {moment} {trigger.on} ON {connection.ops.quote_name(trigger.table)}"
        f"{f' WHEN {when}' if when else ''} BEGIN {action}; END"
    )
    return _Placed(trigger.name, trigger.table, body, body)


def _postgresql(connection: BaseDatabaseWrapper, trigger: Trigger) -> _Placed:
    table = connection.ops.quote_name(trigger.table)
    moment = "AFTER" if trigger.effect else "BEFORE"
    each = "STATEMENT" if trigger.on == "TRUNCATE" else "ROW"
    event = f"{moment} {trigger.on} ON {table} FOR EACH {each}"
    # A logical subscriber must refuse as well, but not queue an event twice.
    enabled = "ENABLE" if trigger.effect else "ENABLE ALWAYS"
    # What a trigger writes, nobody writes by hand: it acts as its owner, in the owner's tables.
    owned = _AS_OWNER.format(name=trigger.name) if trigger.effect else ""
    body = f"-- {event}, {enabled}{', as its owner' if owned else ''}\nBEGIN\n{_plpgsql(trigger)}\nEND"
    # OR REPLACE: a table that was dropped took its triggers along, and left their functions.
    # A table that was dropped leaves the functions of its triggers behind.
    create = (
        f"CREATE OR REPLACE FUNCTION {trigger.name}() RETURNS trigger LANGUAGE plpgsql AS $fence${body}$fence$;\n"
        f"{owned}"
        f"CREATE TRIGGER {trigger.name} {event} EXECUTE FUNCTION {trigger.name}();\n"
        f"ALTER TABLE {table} {enabled} TRIGGER {trigger.name}"
    )
    return _Placed(trigger.name, trigger.table, body, create)


def _plpgsql(trigger: Trigger) -> str:
    if trigger.effect:
        return f"{trigger.effect};\nRETURN NULL;"
    refusal = f"RAISE EXCEPTION USING ERRCODE = '23000', MESSAGE = {_text(trigger.message)};"
    if not trigger.when:
        return refusal
    return f"IF {trigger.when} THEN\n{refusal}\nEND IF;\nRETURN {'OLD' if trigger.on == 'DELETE' else 'NEW'};"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


_AS_OWNER = """DO $do$ BEGIN EXECUTE format(
    'ALTER FUNCTION {name}() SECURITY DEFINER SET search_path = %I, pg_temp', current_schema()
); END $do$;
"""
_RENDER: dict[str, Callable[[BaseDatabaseWrapper, Trigger], _Placed]] = {"sqlite": _sqlite, "postgresql": _postgresql}

_LIST = {
    "sqlite": f"SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB '{PREFIX}*'",  # noqa: S608
    # A trigger that was disabled, or whose mode was changed, shows another body than the declared one.
    "postgresql": f"""
        SELECT t.tgname, c.relname,
               CASE WHEN t.tgenabled = CASE WHEN p.prosrc LIKE '-- %, ENABLE ALWAYS%' THEN 'A' ELSE 'O' END
                    AND p.prosecdef = (p.prosrc LIKE '-- %, as its owner%') THEN p.prosrc ELSE '' END
        FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_proc p ON p.oid = t.tgfoid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT t.tgisinternal AND n.nspname = current_schema() AND starts_with(t.tgname, '{PREFIX}')""",  # noqa: S608
}
