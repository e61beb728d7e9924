"""The roles of PostgreSQL: what each may do, tried by each."""

from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from audit import actions, checkpoints, sequencing
from audit.models import Checkpoint, Event, Leaf, Pending, Private
from tests.audit.ledger.models import Case

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles; set DATABASE_URL")

RECORD = ["event", "private", "erasure", "pending", "leaf", "tile", "checkpoint", "attestation"]


@pytest.fixture
def roles(db):
    """The file as the owner runs it."""
    with connection.cursor() as cursor:
        cursor.execute((settings.BASE_DIR / "audit" / "roles.sql").read_text())


@contextmanager
def acting(role):
    """Go on as a role, as its process would be from the start."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        yield cursor
        cursor.execute("RESET ROLE")


def denied(role, statement, message="permission denied"):
    with pytest.raises(ProgrammingError, match=message), transaction.atomic(), acting(role) as cursor:
        cursor.execute(statement)


def test_app_writes_events_and_facts(roles, clerk):
    with acting("panels_app"):
        case = Case(name="Leeds")
        actions.record(case, "case.opened", by=clerk, private={"person": {"name": "Ada"}})
        actions.settle(case)
    assert (Event.objects.count(), Pending.objects.count(), Private.objects.count()) == (1, 1, 1)


def test_app_cannot_lead_its_events_past_the_queue(roles, clerk):
    """A table of its own, of the queue's name and found before it, is not where the trigger writes."""
    with acting("panels_app") as cursor:
        cursor.execute("CREATE TEMPORARY TABLE audit_pending (event_id bigint)")
        actions.record_system("probe.happened", by=clerk)
        cursor.execute("DROP TABLE pg_temp.audit_pending")
    assert Pending.objects.count() == 1


def test_sequencer_gives_places_and_signs(roles, case):
    with acting("panels_sequencer"):
        signed = checkpoints.sign_head()
    assert signed.tree_size == Leaf.objects.count() == 2
    assert Checkpoint.objects.count() == 1


@pytest.mark.parametrize("table", RECORD)
@pytest.mark.parametrize("role", ["panels_app", "panels_sequencer", "panels_auditor"])
def test_nobody_changes_or_empties_the_record(roles, role, table):
    denied(role, f"TRUNCATE audit_{table} CASCADE")
    column = {"tile": "hash", "checkpoint": "note", "attestation": "who", "leaf": "leaf_hash"}.get(table, "event_id")
    denied(role, f"UPDATE audit_{table} SET {'leaf' if table == 'event' else column} = NULL")
    if (role, table) != ("panels_sequencer", "pending"):
        denied(role, f"DELETE FROM audit_{table}")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_pending VALUES (-1)",
        "INSERT INTO audit_leaf VALUES (0, 1, '')",
        "INSERT INTO audit_tile VALUES (1, 0, '')",
        "INSERT INTO audit_checkpoint VALUES (1, '', '', '', now())",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "CREATE TABLE public.mine (x int)",
    ],
)
def test_app_neither_sequences_nor_signs_nor_owns(roles, statement):
    denied("panels_app", statement, "permission denied|must be owner")


def test_auditor_reads_the_record_without_what_was_said_in_confidence(roles, case):
    sequencing.catch_up()
    with acting("panels_auditor"):
        assert Leaf.objects.select_related("event").get().event.document["type"] == "case.opened"
    denied("panels_auditor", "SELECT * FROM audit_private")
    denied("panels_auditor", "SELECT * FROM ledger_case")
    denied("panels_sequencer", "SELECT * FROM ledger_case")
