"""Every attempt on the record that a database can be made to refuse, on whichever database this is."""

import pytest
from django.db import IntegrityError, connection, transaction

from audit import actions, clock
from audit.models import Attestation, Checkpoint, Erasure, Event, Leaf, Pending, Private, Tile
from audit.triggers import Trigger, declared, refuse, trigger
from tests.audit.ledger.models import Case, Office, Ruling

POSTGRESQL = connection.vendor == "postgresql"
only_postgresql = pytest.mark.skipif(not POSTGRESQL, reason="PostgreSQL's statement; set DATABASE_URL to run it")
only_sqlite = pytest.mark.skipif(POSTGRESQL, reason="SQLite's statement; unset DATABASE_URL to run it")

INSERT_ONLY = [Event, Erasure, Leaf, Tile, Checkpoint, Attestation, Ruling]
NEVER_DELETED = [*INSERT_ONLY, Case, Office]


def refused(statement, message, *parameters):
    with pytest.raises(IntegrityError, match=message), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)


@pytest.fixture
def record(case, clerk):
    """One row in every table the fence stands around."""
    event = actions.record(case, "case.ruled", by=clerk, private={"person": {"name": "Ada"}})
    Ruling.objects.create(case=case, text="allowed", event=event)
    actions.settle(case)
    Office.objects.create(code="A", name="Leeds", area="N", event=event)
    checkpoint = Checkpoint.objects.create(tree_size=1, root=b"r" * 32, note="n", key_id="k", created_at=clock.now())
    Attestation.objects.create(checkpoint=checkpoint, kind="letter", who="Leeds", blob=b"", at=clock.now())
    Tile.objects.create(level=1, idx=0, hash=b"h" * 32)
    if POSTGRESQL:
        Leaf.objects.create(leaf_index=0, event_id=Event.objects.earliest("id").id, leaf_hash=b"h" * 32)
    order = actions.record_system("erasure.performed", by="system")
    Erasure.objects.create(event=event, grp="interest", erasure_event=order, ground="asked", at=clock.now())
    return event


@pytest.mark.parametrize("model", INSERT_ONLY)
def test_update_of_an_append_only_row_refused(record, model):
    table = model._meta.db_table
    column = model._meta.pk_fields[0].column
    refused(f"UPDATE {table} SET {column} = {column}", f"{table} is append-only: record a new row")


@pytest.mark.parametrize("model", NEVER_DELETED)
def test_delete_of_a_row_of_the_record_refused(record, model):
    refused(f"DELETE FROM {model._meta.db_table}", f"{model._meta.db_table} is never deleted from")


@only_postgresql
@pytest.mark.parametrize("model", [*NEVER_DELETED, Private, Pending])
def test_truncate_refused(record, model):
    connection.check_constraints()
    table = model._meta.db_table
    refused(f"TRUNCATE {table} CASCADE", r"is never emptied|is erased row by row")


@only_sqlite
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("model", [*NEVER_DELETED, Private])
def test_insert_or_replace_refused_with_and_without_recursive_triggers(record, model, recursive):
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers={recursive}")
    try:
        refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}", f"{table} already holds this row")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA recursive_triggers=ON")


@only_sqlite
def test_insert_or_replace_of_another_rows_key_refused(record):
    """A new id with a taken unique key would delete the row that holds it."""
    refused(
        "INSERT OR REPLACE INTO audit_event (stream, stream_seq, event_type, occurred_at, recorded_at, leaf, leaf_hash)"
        " SELECT stream, stream_seq, 'forged', occurred_at, recorded_at, leaf, leaf_hash FROM audit_event",
        "audit_event already holds this row",
    )
    refused(
        "INSERT OR REPLACE INTO ledger_ruling (case_id, text, event_id)"
        " SELECT case_id, text, event_id FROM ledger_ruling",
        "ledger_ruling already holds this row",
    )
    refused(
        "INSERT OR REPLACE INTO ledger_office (code, name, event_id) SELECT code, 'x', event_id FROM ledger_office",
        "ledger_office already holds this row",
    )


@pytest.mark.parametrize("model", [Event, Ruling])
def test_upsert_of_a_row_of_the_record_refused(record, model):
    table, pk = model._meta.db_table, model._meta.pk.column
    refused(
        f"INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT ({pk}) DO UPDATE SET {pk} = excluded.{pk}",
        f"{table} (is append-only|already holds this row)",
    )


@only_postgresql
def test_hash_that_is_not_of_the_leaf_refused(db):
    with pytest.raises(IntegrityError, match="audit_event_leaf_hash_is_of_leaf"), transaction.atomic():
        Event.objects.create(
            stream="x",
            event_type="x",
            occurred_at=clock.now(),
            recorded_at=clock.now(),
            leaf=b"{}",
            leaf_hash=b"x" * 32,
        )


@only_postgresql
def test_replica_role_is_refused_as_well(record):
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    refused("UPDATE audit_event SET event_type = 'forged'", "append-only")
    refused("UPDATE ledger_case SET name = 'forged'", "only together with its event")


def test_private_row_is_never_changed(record):
    refused("UPDATE audit_private SET body = body", "audit_private is append-only")


def test_private_row_deleted_only_by_order(record):
    refused("DELETE FROM audit_private", "audit_private is erased only by order")
    order = actions.record_system("erasure.performed", by="system")
    Erasure.objects.create(event=record, grp="person", erasure_event=order, ground="asked", at=clock.now())
    Private.objects.filter(event=record, grp="person").delete()
    assert not Private.objects.exists()


@only_postgresql
def test_pending_row_leaves_only_for_the_log(record):
    assert set(Pending.objects.values_list("event_id", flat=True)) == set(Event.objects.values_list("id", flat=True))
    refused("DELETE FROM audit_pending", "insert its audit_leaf row first")
    refused("UPDATE audit_pending SET event_id = event_id", "its rows are never changed")
    logged = Leaf.objects.get().event_id
    Pending.objects.filter(event=logged).delete()
    assert set(Pending.objects.values_list("event_id", flat=True)) == set(
        Event.objects.exclude(id=logged).values_list("id", flat=True)
    )


@only_sqlite
def test_event_takes_its_place_in_the_log_or_waits_behind_others(record):
    assert list(Leaf.objects.order_by("leaf_index").values_list("leaf_index", "event_id", "leaf_hash")) == [
        (index, event.id, event.leaf_hash) for index, event in enumerate(Event.objects.order_by("id"))
    ]
    old = Event.objects.earliest("id")
    Pending.objects.create(event=old)
    last = actions.record_system("person.signed_in", by="system")
    assert set(Pending.objects.values_list("event_id", flat=True)) == {old.id, last.id}
    refused("UPDATE audit_pending SET event_id = event_id", "its rows are never changed")
    refused(f"DELETE FROM audit_pending WHERE event_id = {last.id}", "insert its audit_leaf row first")


CHANGES_WITHOUT_EVENT = {
    "queryset update": lambda case: Case.objects.update(name="x"),
    "save": lambda case: case.save(),
    "save of one field": lambda case: case.save(update_fields=["name"]),
    "bulk_update": lambda case: Case.objects.bulk_update([case], ["name"]),
    "update that claims a number": lambda case: Case.objects.update(name="x", audit_seq=2),
    "update that claims a number and hash": lambda case: Case.objects.update(audit_seq=2, audit_head=b"x" * 32),
    "insert": lambda case: Case(name="x").save(),
    "create": lambda case: Case.objects.create(name="x"),
    "bulk_create": lambda case: Case.objects.bulk_create([Case(name="x")]),
    "insert of number 0 in a known stream": lambda case: Case.objects.create(
        stream="case:0", audit_head=case.audit_head
    ),
}


@pytest.mark.parametrize("change", CHANGES_WITHOUT_EVENT.values(), ids=CHANGES_WITHOUT_EVENT)
def test_change_of_an_aggregate_without_its_event_refused(case, change):
    with pytest.raises(IntegrityError, match="ledger_case changes only together with its event"), transaction.atomic():
        change(case)


def test_raw_change_of_an_aggregate_refused(case):
    refused("UPDATE ledger_case SET name = 'x'", "only together with its event")
    refused("UPDATE ledger_case SET audit_seq = audit_seq + 1", "only together with its event")


def test_aggregate_moved_to_another_stream_refused(case, open_case, clerk):
    other = open_case("York")
    actions.record(other, "case.renamed", by=clerk)
    with pytest.raises(IntegrityError, match="only together with its event"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(
            stream=other.stream + "x", audit_seq=other.audit_seq, audit_head=other.audit_head
        )


def test_aggregate_moved_back_refused(case, clerk):
    first = bytes(case.audit_head)
    actions.record(case, "case.renamed", by=clerk)
    actions.settle(case)
    with pytest.raises(IntegrityError, match="only together with its event"), transaction.atomic():
        Case.objects.update(audit_seq=1, audit_head=first)


@only_sqlite
def test_aggregate_replaced_under_its_present_event_refused(case):
    refused(
        "INSERT OR REPLACE INTO ledger_case (id, stream, audit_seq, audit_head, name, tags, closed)"
        " SELECT id, stream, audit_seq, audit_head, 'forged', tags, closed FROM ledger_case",
        "ledger_case already holds this row",
    )


def test_register_row_needs_a_later_event(record, clerk):
    with pytest.raises(IntegrityError, match="changes only with a later event"), transaction.atomic():
        Office.objects.update(name="York")
    Office.objects.update(name="York", event=actions.record_system("office.renamed", by=clerk))
    with pytest.raises(IntegrityError, match="changes only with a later event"), transaction.atomic():
        Office.objects.update(name="Leeds", event=record)


def test_own_refusal_speaks_its_sentence(case, clerk):
    event = actions.record(case, "case.closed", by=clerk)
    Ruling.objects.create(case=case, text="in time", event=event)
    case.closed = True
    actions.settle(case)
    with pytest.raises(IntegrityError, match=r"The case isn't open\. Open it before ruling\."), transaction.atomic():
        Ruling.objects.create(case=case, text="late", event=event)


def test_own_refusal_with_distinct_from_takes_null(record, clerk):
    Office.objects.create(code="B", name="No area", event=record)
    later = actions.record_system("office.placed", by=clerk)
    Office.objects.filter(code="B").update(area="S", event=later)
    for area in ("S", None):
        with pytest.raises(IntegrityError, match="An office keeps its area"), transaction.atomic():
            Office.objects.filter(code="A").update(area=area, event=later)


def test_own_refusal_written_for_each_database(case, clerk):
    with pytest.raises(IntegrityError, match="A case's name has no digits"), transaction.atomic():
        odd = Case(name="Leeds 2")
        actions.record(odd, "case.opened", by=clerk)
        actions.settle(odd)
    actions.record(case, "case.renamed", by=clerk)
    case.name = "Leeds 2"
    with pytest.raises(IntegrityError, match="A case's name has no digits"), transaction.atomic():
        actions.settle(case)


def test_declared_covers_every_guarded_table():
    tables = {(one.table, one.on) for one in declared().values()}
    for model in NEVER_DELETED:
        for statement in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            assert (model._meta.db_table, statement) in tables


@pytest.fixture
def _own_declarations(monkeypatch):
    monkeypatch.setattr("audit.triggers._declared", {})


@pytest.mark.usefixtures("_own_declarations")
def test_declaration_may_be_repeated_and_not_reused():
    for _ in range(2):
        refuse(table="t", on="INSERT", name="twice", when="1 = 1", message="No.")
    assert declared()["fence_twice"] == Trigger("fence_twice", "t", "INSERT", "No.", "1 = 1")
    with pytest.raises(ValueError, match="Two triggers are called 'fence_twice'"):
        refuse(table="other", on="INSERT", name="twice", when="1 = 1", message="No.")


@pytest.mark.usefixtures("_own_declarations")
def test_declaration_in_full_equals_the_short_one():
    trigger("long", "t", when="BEFORE UPDATE", sqlite_condition_sql="1", postgres_condition_sql="1", message="No.")
    assert declared()["fence_long"] == Trigger("fence_long", "t", "UPDATE", "No.", "1")
    trigger("two", "t", when="BEFORE UPDATE", sqlite_condition_sql="1", postgres_condition_sql="true", message="No.")
    assert declared()["fence_two_s"].vendor == "sqlite"
    assert declared()["fence_two_p"].when == "true"
    with pytest.raises(ValueError, match="'AFTER UPDATE' is no moment"):
        trigger("x", "t", when="AFTER UPDATE", sqlite_condition_sql="1", postgres_condition_sql="1", message="No.")


@pytest.mark.usefixtures("_own_declarations")
def test_declaration_that_cannot_work_refused():
    with pytest.raises(ValueError, match="longer than 63 characters"):
        refuse(table="t", on="INSERT", name="x" * 60, message="No.")
    with pytest.raises(ValueError, match="for both databases"):
        refuse(table="t", on="INSERT", name="half", when_sqlite="1", message="No.")
