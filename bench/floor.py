"""The floor: the same rows by bare SQL, one statement a table, no question asked, no trigger, one transaction.

The statements and their values are made beforehand; only their execution is timed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models, transaction

from authorisation import models as domain
from bench.recording import Recorded, Row
from bench.twins import FLOOR
from workflows.engine.tasks import Process, Task

Statement = tuple[str, list[Any]]


class Floor:
    """One case written by SQL alone; remembers under which keys its tasks stand here."""

    def __init__(self, process: Row) -> None:
        self.process_values = process
        self.process = 0
        self.tasks: dict[int, int] = {}

    def write(self, recorded: Recorded, prepared: Sequence[Statement]) -> None:
        """One transition."""
        with transaction.atomic(), connection.cursor() as cursor:
            if not self.process:
                self.process = _returned(cursor, *_insert(Process, [self.process_values], returning=True))[0]
            for sql, values in prepared:
                cursor.execute(sql, values)
            if recorded.opened:
                self._open(cursor, recorded)

    def prepare(self, recorded: Recorded) -> list[Statement]:
        """The statements whose values are known before the transition."""
        statements = [_raw("bench_floor_event", recorded.events, skip={"id"})]
        if recorded.private:
            statements.append(_raw("bench_floor_private", recorded.private))
        statements += [_insert(FLOOR[model], rows) for model, rows in recorded.new.items()]
        for model, changes in recorded.changed.items():
            statements.append(_update(FLOOR[model], list(changes), next(iter(changes.values()))))
        for row in recorded.finished:
            values = {name: row[name] for name in ("status", "owner_id", "assigned", "started", "finished")}
            statements.append(_update(Task, [self.tasks[row["id"]]], values))
        twin = FLOOR[domain.Application]
        if recorded.name == "open":
            statements.append(_insert(twin, [{**recorded.case, "process_id": None}]))
        else:
            columns = {name: value for name, value in recorded.case.items() if name not in {"id", "process_id"}}
            statements.append(_update(twin, [recorded.case["id"]], columns))
        return statements

    def _open(self, cursor: Any, recorded: Recorded) -> None:
        rows = [{**row, "process_id": self.process} for row in recorded.opened]
        keys = _returned(cursor, *_insert(Task, rows, returning=True))
        self.tasks.update(zip((row["id"] for row in recorded.opened), keys, strict=True))
        links = [(self.tasks[one], self.tasks[other]) for one, other in recorded.links]
        if links:
            places = ", ".join(["(%s, %s)"] * len(links))
            table = Task.previous.through._meta.db_table
            cursor.execute(
                f"INSERT INTO {table} (from_task_id, to_task_id) VALUES {places}",
                [key for link in links for key in link],
            )


def _returned(cursor: Any, sql: str, values: list[Any]) -> list[int]:
    cursor.execute(sql, values)
    return [row[0] for row in cursor.fetchall()]


def _raw(table: str, rows: Sequence[Row], skip: Iterable[str] = ()) -> Statement:
    names = [name for name in rows[0] if name not in set(skip)]
    places = ", ".join([f"({', '.join(['%s'] * len(names))})"] * len(rows))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES {places}", [row[name] for row in rows for name in names]


def _insert(model: type[models.Model], rows: Sequence[Row], *, returning: bool = False) -> Statement:
    fields = [each for each in model._meta.concrete_fields if not (returning and each.primary_key)]
    places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(rows))
    columns = ", ".join(connection.ops.quote_name(each.column) for each in fields)
    values = [each.get_db_prep_save(row[each.attname], connection) for row in rows for each in fields]
    end = " RETURNING id" if returning else ""
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES {places}{end}", values


def _update(model: type[models.Model], keys: Sequence[int], row: Row) -> Statement:
    fields = [each for each in model._meta.concrete_fields if each.attname in row]
    columns = ", ".join(f"{connection.ops.quote_name(each.column)} = %s" for each in fields)
    values = [each.get_db_prep_save(row[each.attname], connection) for each in fields]
    places = ", ".join(["%s"] * len(keys))
    return f"UPDATE {model._meta.db_table} SET {columns} WHERE id IN ({places})", [*values, *keys]
