"""Writing past the actions, as somebody with a database shell would."""

import contextlib

import pytest
from django.db import IntegrityError, connection, transaction

from audit import fence
from audit.models import Event


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused(message, statement, *values):
    """The database refuses the statement with a sentence that matches `message`."""
    with pytest.raises(IntegrityError, match=message), transaction.atomic():
        run(statement, *values)


def insert(row, **changes):
    """An INSERT of a copy of a model's row with other values, and its values; without its key."""
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    values = {field.column: field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields}
    assert set(changes) <= set(values)
    values |= {
        name: next(f for f in fields if f.column == name).get_db_prep_save(value, connection)
        for name, value in changes.items()
    }
    names = ", ".join(connection.ops.quote_name(name) for name in values)
    marks = ", ".join(["%s"] * len(values))
    return (f"INSERT INTO {row._meta.db_table} ({names}) VALUES ({marks})", *values.values())


def update(row, **changes):
    """An UPDATE of a row that names its stream's last event."""
    names = ", ".join(f"{connection.ops.quote_name(name)} = %s" for name in changes)
    fields = {field.column: field for field in row._meta.concrete_fields}
    values = [fields[name].get_db_prep_save(value, connection) for name, value in changes.items()]
    return (f"UPDATE {row._meta.db_table} SET {names} WHERE id = %s", *values, row.pk)


def last_event(aggregate):
    """The key of the last event of an aggregate's stream."""
    return Event.objects.filter(stream=aggregate.stream).latest("stream_seq").pk


@contextlib.contextmanager
def undone():
    """A transaction around a world that several tests share, undone at its end; the log may be signed inside it."""
    block = transaction.atomic()
    block._from_testcase = True  # as Django marks those of its own test cases: what must be durable is let through
    with block:
        yield
        transaction.set_rollback(True)


@contextlib.contextmanager
def unfenced():
    """Without triggers, as the owner of a database could; for checks that must find what was done. Undone after."""
    with transaction.atomic():
        connection.check_constraints()
        fence.remove(connection)
        yield
        transaction.set_rollback(True)
