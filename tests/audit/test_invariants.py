import pytest
from django.db import connection

from audit import actions, invariants, sequencing
from audit.leaf import hash_of
from audit.models import Erasure, Event, Leaf, Pending, Private
from tests.audit.ledger.models import Case


def broken():
    """The names of the checks that found something, without those about the missing fence."""
    return {name.removeprefix("audit: ") for name, check in invariants.CHECKS.items() if check()} - {
        "every trigger is in place"
    }


CHAIN = "every stream is an unbroken chain"
HEADS = "every aggregate stands at its last event"
HOMES = "every stream has its aggregate"
SECRETS = "every private body is the one committed to"
QUEUE = "no event is lost to the log"
ENTRIES = "every entry of the log is its event"


@pytest.fixture
def told(open_case, clerk, unfenced):
    """Two cases with three events each, a secret in the second of each, and no fence."""
    cases = [open_case("Leeds"), open_case("York")]
    for case in cases:
        actions.record(case, "case.noted", by=clerk, private={"free_text": {"note": "é"}})
        actions.record(case, "case.closed", by=clerk, public={"private": {}})
        actions.settle(case)
    actions.record_system("person.signed_in", by=clerk)
    sequencing.catch_up()
    assert not any(check() for check in invariants.CHECKS.values())
    unfenced()
    return cases


def second(case):
    return Event.objects.filter(stream=case.stream, stream_seq=2)


def test_invariants_on_an_empty_log_hold(db):
    assert broken() == set()


def test_leaf_altered_is_found(told):
    second(told[0]).update(leaf=bytes(second(told[0]).get().leaf).replace(b"noted", b"voted"), event_type="case.voted")
    assert invariants.broken_chains() == [
        f"Event {second(told[0]).get().id} ({told[0].stream} 2): its hash is not the hash of its leaf."
    ]
    assert broken() == {CHAIN}


def test_leaf_altered_and_rehashed_is_found(told):
    leaf = bytes(second(told[0]).get().leaf).replace(b"noted", b"voted")
    second(told[0]).update(leaf=leaf, leaf_hash=hash_of(leaf), event_type="case.voted")
    third = Event.objects.get(stream=told[0].stream, stream_seq=3)
    assert invariants.broken_chains() == [
        f"Event {third.id} ({told[0].stream} 3): it does not follow the event before it."
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"event_type": "case.voted"},
        {"occurred_at": "2012-10-01T00:00:00Z"},
        {"stream_seq": 9},
        {"stream_seq": None},
    ],
)
def test_column_that_differs_from_the_leaf_is_found(told, change):
    second(told[0]).update(**change)
    assert any("its columns differ from its leaf" in sentence for sentence in invariants.broken_chains())


def erase_everywhere(events):
    ids = list(events.values_list("id", flat=True))
    Private.objects.filter(event_id__in=ids).delete()
    Leaf.objects.filter(event_id__in=ids).delete()
    events.delete()


def test_event_deleted_is_found(told):
    erase_everywhere(second(told[0]))
    assert [sentence.split(": ")[1] for sentence in invariants.broken_chains()] == [
        "number 2 was expected; events are missing."
    ]


def test_last_event_deleted_is_found(told):
    erase_everywhere(Event.objects.filter(stream=told[0].stream, stream_seq=3))
    assert invariants.heads_apart() == [
        f"ledger.Case {told[0].stream} stands at event 3, which is not the last of its stream."
    ]
    assert broken() == {HEADS, ENTRIES}


def test_aggregate_behind_its_events_is_found(told):
    Case.objects.filter(pk=told[0].pk).update(audit_seq=2, audit_head=second(told[0]).get().leaf_hash)
    assert broken() == {HEADS}


def test_aggregate_with_another_head_is_found(told):
    Case.objects.filter(pk=told[0].pk).update(audit_head=b"x" * 32)
    assert broken() == {HEADS}


def test_aggregate_without_events_is_found(told):
    Case.objects.create(name="Ghost")
    assert broken() == {HEADS}


def test_stream_without_its_aggregate_is_found(told):
    Case.objects.filter(pk=told[0].pk).delete()
    assert invariants.homeless_streams() == [f"The stream {told[0].stream} has events and no aggregate."]
    assert broken() == {HOMES}


def test_private_body_altered_is_found(told):
    Private.objects.filter(event=second(told[0]).get()).update(body=b"{}")
    assert invariants.unkept_secrets() == [
        f"Event {second(told[0]).get().id}: its private free_text is not the one it committed to."
    ]


def test_private_body_never_committed_to_is_found(told):
    Private.objects.create(event=Event.objects.earliest("id"), grp="person", salt=b"s" * 32, body=b"{}")
    assert broken() == {SECRETS}


def test_private_body_deleted_is_found_unless_erased_by_order(told):
    event = second(told[0]).get()
    Private.objects.filter(event=event).delete()
    assert invariants.unkept_secrets() == [
        f"Event {event.id}: its private free_text is gone without an order to erase it."
    ]
    named = {"events": [bytes(event.leaf_hash).hex()], "groups": ["free_text"], "ground": "asked"}
    order = actions.record_system("erasure.performed", by="system", public=named)
    Pending.objects.create(event=order)
    sequencing.catch_up()
    Erasure.objects.create(event=event, grp="free_text", erasure_event=order, ground="asked", at=event.occurred_at)
    assert broken() == set()


def test_event_lost_to_the_log_is_found(told):
    first, last = Event.objects.earliest("id"), Event.objects.latest("id")
    Leaf.objects.filter(event=first).delete()
    Pending.objects.create(event=last)
    assert invariants.lost_events() == [
        f"Event {first.id} is neither in the log nor waiting for it.",
        f"Event {last.id} is in the log and still waiting for it.",
    ]
    assert broken() == {QUEUE, ENTRIES}


def test_fence_missing_is_told(told):
    assert "The trigger fence_audit_event_update is missing or altered; run migrate to restore it." in (
        invariants.open_fence()
    )


def test_many_breaks_are_counted(told, monkeypatch):
    monkeypatch.setattr(invariants, "MOST_SENTENCES", 2)
    Leaf.objects.all().delete()
    sentences = invariants.lost_events()
    assert len(sentences) == 3
    assert sentences[-1] == "... and 5 more."


def test_streams_are_walked_across_chunks(db, clerk, monkeypatch, unfenced):
    monkeypatch.setattr(invariants, "_CHUNK", 3)
    cases = [Case(name="A") for _ in range(5)]
    for _ in range(2):
        actions.record_many(cases, "case.noted", by=clerk, private={"free_text": {"note": "x"}})
        actions.settle_many(cases, [])
    assert broken() == set()
    unfenced()
    Private.objects.filter(event__stream=cases[4].stream).update(body=b"{}")
    assert len(invariants.unkept_secrets()) == 2
    connection.check_constraints()
