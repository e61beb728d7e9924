import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit import fence
from audit.models import Event
from audit.triggers import Trigger
from tests.audit.ledger.models import Case

POSTGRESQL = connection.vendor == "postgresql"


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_fence_stands_after_migrate_and_is_put_up_once(django_assert_num_queries):
    assert fence.missing(connection) == []
    with django_assert_num_queries(4):
        fence.install(connection)


@pytest.mark.django_db
def test_fence_removed_for_some_statements_only():
    fence.remove(connection, on={"DELETE"})
    assert fence.missing(connection)
    assert {fence.declared()[name].on for name in fence.missing(connection)} == {"DELETE"}
    fence.remove(connection)
    assert "fence_ledger_case_update" in fence.missing(connection)
    fence.install(connection)
    assert fence.missing(connection) == []


@pytest.mark.django_db
def test_fence_altered_is_found_and_mended():
    if POSTGRESQL:
        run(
            "CREATE OR REPLACE FUNCTION fence_audit_event_update() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RETURN NEW; END'"
        )
    else:
        run("DROP TRIGGER fence_audit_event_update")
        run("CREATE TRIGGER fence_audit_event_update BEFORE UPDATE ON audit_event BEGIN SELECT 1; END")
    assert fence.missing(connection) == ["fence_audit_event_update"]
    fence.install(connection)
    assert fence.missing(connection) == []


@pytest.mark.django_db
@pytest.mark.skipif(not POSTGRESQL, reason="SQLite has no owners")
def test_trigger_that_writes_acts_as_its_owner_or_is_mended():
    run("ALTER FUNCTION fence_audit_enqueue() SECURITY INVOKER")
    assert fence.missing(connection) == ["fence_audit_enqueue"]
    fence.install(connection)
    assert fence.missing(connection) == []


@pytest.mark.django_db
@pytest.mark.skipif(not POSTGRESQL, reason="SQLite cannot disable a trigger")
def test_fence_disabled_is_found_and_mended():
    run("ALTER TABLE audit_event DISABLE TRIGGER fence_audit_event_update")
    run("ALTER TABLE audit_event ENABLE TRIGGER fence_audit_event_delete")
    assert fence.missing(connection) == ["fence_audit_event_delete", "fence_audit_event_update"]
    fence.install(connection)
    assert fence.missing(connection) == []


@pytest.mark.django_db
def test_fence_no_longer_declared_is_taken_away(monkeypatch):
    monkeypatch.delitem(fence.declared.__globals__["_declared"], "fence_ruling_on_closed_case")
    fence.install(connection)
    monkeypatch.undo()
    assert fence.missing(connection) == ["fence_ruling_on_closed_case"]


@pytest.mark.django_db(transaction=True)
def test_fence_stands_again_after_a_table_is_remade(open_case):
    """SQLite makes the altered table anew, which drops its triggers and trips over others' that name it."""
    with transaction.atomic():
        open_case()
    call_command("migrate", "ledger", "0001", verbosity=0)
    assert fence.missing(connection) == []
    call_command("migrate", "ledger", verbosity=0)
    assert fence.missing(connection) == []
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.update(name="x")


@pytest.mark.django_db(transaction=True)
def test_tables_emptied_between_tests_and_fenced_again():
    assert not Event.objects.exists()
    assert fence.missing(connection) == []


@pytest.mark.django_db
def test_fence_that_is_not_sql_names_itself(monkeypatch):
    wrong = Trigger("fence_wrong", "ledger_case", "INSERT", "No.", "NEW.id = = 1")
    monkeypatch.setitem(fence.declared.__globals__["_declared"], "fence_wrong", wrong)
    with pytest.raises(DatabaseError) as failure, transaction.atomic():
        fence.install(connection)
    assert any("fence_wrong" in note for note in failure.value.__notes__)


@pytest.mark.django_db
@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL looks names up when a trigger fires; unset DATABASE_URL to run it")
def test_fence_of_every_application_names_what_exists():
    """To explain a statement SQLite compiles the triggers it would fire: a misspelt column shows here."""
    present = set(connection.introspection.table_names())
    column = {
        model._meta.db_table: model._meta.pk_fields[0].column for model in apps.get_models(include_auto_created=True)
    }
    for table in {one.table for one in fence.declared().values()} & present:
        run(f'EXPLAIN INSERT INTO "{table}" DEFAULT VALUES')
        run(f'EXPLAIN UPDATE "{table}" SET "{column[table]}" = "{column[table]}"')
        run(f'EXPLAIN DELETE FROM "{table}"')
