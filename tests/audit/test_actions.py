from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from audit import actions, clock, invariants
from audit.errors import NotCanonical, NotCurrent
from audit.leaf import commitment
from audit.models import Event, Leaf, Pending, Private
from tests.audit.ledger.models import Case, Office, Ruling


@pytest.mark.django_db
def test_record_new_aggregate_starts_its_chain(clerk, django_assert_num_queries):
    case = Case(name="Leeds")
    with clock.at(datetime(2012, 10, 1, tzinfo=UTC)), django_assert_num_queries(1):
        event = actions.record(case, "case.opened", by=clerk, public={"name": "Leeds"})
    actions.settle(case)
    stored = Event.objects.get()
    assert [getattr(stored, field.attname) for field in Event._meta.fields] == [
        getattr(event, field.attname) for field in Event._meta.fields
    ]
    assert (stored.stream, stored.stream_seq, stored.event_type) == (case.stream, 1, "case.opened")
    assert stored.document["prev"] is None
    assert stored.document["actor"] == clerk.stream
    assert stored.occurred_at == datetime(2012, 10, 1, tzinfo=UTC)
    assert stored.recorded_at.year > 2020
    assert str(stored) == f"{case.stream} 1: case.opened"
    assert (Pending if connection.vendor == "postgresql" else Leaf).objects.get().event_id == event.id
    row = Case.objects.get()
    assert (row.stream, row.audit_seq, bytes(row.audit_head)) == (case.stream, 1, event.leaf_hash)


def test_record_twice_then_settle_once(case, clerk):
    one = actions.record(case, "case.renamed", by=clerk)
    two = actions.record(case, "case.renamed", by="system", at=datetime(2013, 1, 1, tzinfo=UTC))
    case.name = "York"
    actions.settle(case)
    assert two.document["prev"] == one.leaf_hash.hex()
    assert two.document["seq"] == 3
    assert two.document["at"] == "2013-01-01T00:00:00.000000Z"
    fresh = Case.objects.get()
    assert (fresh.name, fresh.audit_seq, bytes(fresh.audit_head)) == ("York", 3, two.leaf_hash)


def test_record_private_bodies_are_kept_apart(case, clerk, django_assert_num_queries):
    with django_assert_num_queries(2):
        event = actions.record(
            case, "case.noted", by=clerk, private={"person": {"name": "Ada"}, "free_text": {"note": "ill"}}
        )
    actions.settle(case)
    rows = {row.grp: row for row in Private.objects.filter(event=event)}
    assert {group: row.document for group, row in rows.items()} == {
        "person": {"name": "Ada"},
        "free_text": {"note": "ill"},
    }
    for group, row in rows.items():
        assert event.document["private"][group] == commitment(bytes(row.salt), bytes(row.body))
    assert b"Ada" not in bytes(Event.objects.get(pk=event.pk).leaf)


def test_record_system_has_no_place_in_a_chain(db, clerk):
    events = [actions.record_system("person.signed_in", by=clerk, private={"person": {"ip": "::1"}}) for _ in range(2)]
    for event in events:
        assert (event.stream, event.stream_seq) == ("system", None)
        assert (event.document["seq"], event.document["prev"]) == (None, None)
    assert str(events[0]) == "system: person.signed_in"


def test_record_refused_writes_nothing(case, clerk):
    with pytest.raises(NotCanonical):
        actions.record(case, "case.renamed", by=clerk, public={"share": 0.5})
    assert (case.audit_seq, Event.objects.count()) == (1, 1)


def test_record_on_a_stale_object_refused(case, clerk):
    stale = Case.objects.get()
    actions.record(case, "case.renamed", by=clerk)
    actions.settle(case)
    with pytest.raises(IntegrityError), transaction.atomic():
        actions.record(stale, "case.renamed", by=clerk)


def test_savepoint_rolled_back_leaves_no_gap(case, clerk):
    point = transaction.savepoint()
    actions.record(case, "case.closed", by=clerk)
    actions.settle(case)
    transaction.savepoint_rollback(point)
    assert case.audit_seq == 2
    case.refresh_from_db()
    actions.record(case, "case.renamed", by=clerk)
    actions.settle(case)
    assert list(Event.objects.values_list("stream_seq", "event_type")) == [(1, "case.opened"), (2, "case.renamed")]
    assert invariants.broken_chains() == invariants.heads_apart() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "call",
    [
        lambda case: actions.record(case, "x", by="system"),
        lambda case: actions.record_system("x", by="system"),
        lambda case: actions.record_many([case], "x", by="system"),
        actions.settle,
        lambda case: actions.settle_many([case], []),
    ],
)
def test_writing_outside_a_transaction_refused(call):
    with pytest.raises(TransactionManagementError, match="belong in one transaction"):
        call(Case(name="Leeds"))
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_record_many_equals_record_row_for_row(clerk):
    def cases():
        return [Case(name="A", stream=f"case:{n}") for n in range(400)]

    def public(case):
        return {"stream": case.stream}

    given = {"by": clerk, "role": "chair", "reason_code": "wave", "at": datetime(2012, 10, 1, tzinfo=UTC)}
    point = transaction.savepoint()
    one_by_one = cases()
    for case in one_by_one:
        actions.record(case, "case.opened", public=public(case), ruleset=f"for {case.stream}", **given)
    expected = list(
        Event.objects.order_by("id").values_list("stream", "stream_seq", "event_type", "occurred_at", "leaf")
    )
    transaction.savepoint_rollback(point)
    together = cases()
    events = actions.record_many(
        together, "case.opened", public=public, ruleset=lambda case: f"for {case.stream}", **given
    )
    stored = Event.objects.order_by("id").values_list("stream", "stream_seq", "event_type", "occurred_at", "leaf")
    assert [(*row[:4], bytes(row[4])) for row in stored] == [(*row[:4], bytes(row[4])) for row in expected]
    assert [(e.id, e.stream) for e in events] == list(Event.objects.order_by("id").values_list("id", "stream"))
    assert [(c.audit_seq, c.audit_head) for c in together] == [(c.audit_seq, c.audit_head) for c in one_by_one]


def test_record_many_private_differs_from_one_to_the_next(open_case, clerk):
    cases = [open_case(f"Case {letter}") for letter in "ABC"]
    events = actions.record_many(
        cases,
        "case.noted",
        by=clerk,
        public={"same": True},
        private=lambda case: None if case.name == "Case B" else {"free_text": {"note": case.name}},
    )
    actions.settle_many(cases, [])
    assert [[row.document["note"] for row in event.private_rows.all()] for event in events] == [
        ["Case A"],
        [],
        ["Case C"],
    ]
    assert invariants.unkept_secrets() == invariants.broken_chains() == []


def test_record_many_of_none_writes_nothing(db, clerk):
    assert actions.record_many([], "x", by=clerk) == []
    actions.settle_many([], ["name"])
    assert not Event.objects.exists()


def test_settle_many_writes_named_fields_of_old_and_all_of_new(open_case, clerk, django_assert_max_num_queries):
    old = [open_case("Old") for _ in range(3)]
    new = [Case(name="New") for _ in range(3)]
    cases = [old[0], new[0], old[1], new[1], old[2], new[2]]
    due = datetime(2013, 1, 1, 12, tzinfo=UTC)
    actions.record_many(cases, "case.changed", by=clerk)
    for number, case in enumerate(cases):
        case.name = f"Named {'abcdef'[number]}"
        case.amount, case.due, case.tags, case.closed = (
            (None, None, [], False) if number == 2 else ("1.50", due, ["a'%s"], True)
        )
        case.parent = old[0]
    with django_assert_max_num_queries(6):
        actions.settle_many(cases, ["amount", "due", "tags", "closed", "parent"])
    rows = {row.stream: row for row in Case.objects.all()}
    assert [rows[case.stream].name for case in cases] == ["Old", "Named b", "Old", "Named d", "Old", "Named f"]
    changed = rows[old[0].stream]
    assert (str(changed.amount), changed.due, changed.tags, changed.closed) == ("1.50", due, ["a'%s"], True)
    assert changed.parent_id == old[0].id
    empty = rows[old[1].stream]
    assert (empty.amount, empty.due, empty.tags, empty.closed) == (None, None, [], False)
    assert invariants.heads_apart() == []


def test_settle_many_beyond_one_batch(db, clerk):
    cases = [Case(name="A") for _ in range(1100)]
    actions.record_many(cases, "case.opened", by=clerk)
    actions.settle_many(cases, [])
    actions.record_many(cases, "case.renamed", by=clerk)
    for case in cases:
        case.name = "B"
    actions.settle_many(cases, ["name"])
    assert Case.objects.filter(name="B", audit_seq=2).count() == 1100
    assert invariants.heads_apart() == []


def test_settle_many_one_without_event_refuses_all(open_case, clerk):
    cases = [open_case(), open_case()]
    actions.record(cases[0], "case.renamed", by=clerk)
    with pytest.raises(IntegrityError, match="only together with its event"), transaction.atomic():
        actions.settle_many(cases, [])


def test_settle_many_missing_row_refused(case, clerk):
    ghost = Case(pk=case.pk + 1, name="Ghost")
    ghost._state.adding = False
    actions.record_many([case, ghost], "case.renamed", by=clerk)
    with pytest.raises(NotCurrent, match=r"1 of 2 rows of ledger\.Case are no longer there"), transaction.atomic():
        actions.settle_many([case, ghost], [])


def test_facts_and_register_rows_name_their_event(case, clerk):
    event = actions.record(case, "case.ruled", by=clerk)
    Ruling.objects.create(case=case, text="allowed", event=event)
    actions.settle(case)
    office = Office.objects.create(code="A", name="Leeds", event=actions.record_system("office.added", by=clerk))
    office.name, office.event = "York", actions.record_system("office.renamed", by=clerk)
    office.save()
    assert Office.objects.get().name == "York"
    connection.check_constraints()


def test_stream_default_names_the_model():
    assert Case().stream.startswith("case:")
    assert Case().stream != Case().stream
    assert len(Case().stream) == len("case:") + 36
