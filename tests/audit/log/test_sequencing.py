"""Events get their places in the log, in order, checked."""

import pytest
from django.db import connection, transaction

from audit import actions, checkpoints, merkle, sequencing
from audit.errors import LogBroken
from audit.leaf import hash_of
from audit.models import Checkpoint, Event, Leaf, Pending, Tile
from audit.nodes import Rows
from tests.audit.ledger.models import Case

SQLITE = connection.vendor == "sqlite"


def queue(events):
    """What an older SQLite database holds, and what PostgreSQL's trigger does: events that wait."""
    if SQLITE:
        Leaf.objects.filter(event__in=events).delete()
        Pending.objects.bulk_create(Pending(event=event) for event in events)


def frontier():
    tree = merkle.Frontier()
    for leaf_hash in Event.objects.order_by("id").values_list("leaf_hash", flat=True):
        tree.append(bytes(leaf_hash))
    return tree


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 513])
@pytest.mark.parametrize("limit", [1, 255, 256, 257, 1000])
def test_log_is_the_events_in_order_whatever_the_batch(happen, unfenced, count, limit):
    if limit == 1 and count > 1:
        limit = 100
    events = happen(count)
    unfenced()
    queue(events)
    assert sequencing.catch_up(limit) == count
    assert not Pending.objects.exists()
    assert list(Leaf.objects.order_by("leaf_index").values_list("leaf_index", "event_id")) == [
        (index, event.id) for index, event in enumerate(events)
    ]
    assert Tile.objects.filter(level=1).count() == count // 256
    assert merkle.root(Rows(), count) == frontier().root()


def test_sequence_takes_at_most_its_limit(happen, unfenced):
    events = happen(5)
    unfenced()
    queue(events)
    assert sequencing.sequence(limit=3) == 3
    assert (Leaf.objects.count(), Pending.objects.count()) == (3, 2)
    assert sequencing.sequence(limit=3) == 2
    assert sequencing.sequence() == 0


@pytest.mark.skipif(not SQLITE, reason="PostgreSQL gives places by its sequencer alone")
def test_event_on_sqlite_has_its_place_at_once(happen):
    events = happen(3)
    assert [event.log_leaf.leaf_index for event in events] == [0, 1, 2]
    assert not Pending.objects.exists()


@pytest.mark.skipif(not SQLITE, reason="only SQLite takes places inline")
def test_event_waits_behind_those_that_wait_already(happen, unfenced):
    from audit import fence

    old = happen(2)
    unfenced()
    queue(old)
    fence.install(connection)
    new = happen(1)
    assert Pending.objects.count() == 3
    sequencing.catch_up()
    assert [event.log_leaf.leaf_index for event in (*old, *new)] == [0, 1, 2]
    assert happen(1)[0].log_leaf.leaf_index == 3


def test_rolled_back_event_leaves_no_gap(happen):
    happen(1)
    with transaction.atomic():
        happen(1)
        transaction.set_rollback(True)
    happen(1)
    assert sequencing.catch_up() == 2
    assert list(Leaf.objects.order_by("leaf_index").values_list("leaf_index", flat=True)) == [0, 1]


@pytest.fixture
def three(open_case, clerk, unfenced):
    """One case with three events that the log has not checked, and no fence."""
    case = open_case("Leeds")
    for _ in range(2):
        actions.record(case, "case.noted", by=clerk, public={"note": "x"})
    actions.settle(case)
    unfenced()
    return case


def nth(case, seq):
    return Event.objects.filter(stream=case.stream, stream_seq=seq)


def altered(case):
    event = nth(case, 2).get()
    nth(case, 2).update(leaf=bytes(event.leaf).replace(b'"x"', b'"y"'))


def altered_and_rehashed(case):
    event = nth(case, 2).get()
    leaf = bytes(event.leaf).replace(b'"x"', b'"y"')
    nth(case, 2).update(leaf=leaf, leaf_hash=hash_of(leaf))
    Leaf.objects.filter(event=event).update(leaf_hash=hash_of(leaf))


def spelt_otherwise(case):
    event = nth(case, 3).get()
    leaf = bytes(event.leaf).replace(b":", b": ", 1)
    nth(case, 3).update(leaf=leaf, leaf_hash=hash_of(leaf))
    Leaf.objects.filter(event=event).update(leaf_hash=hash_of(leaf))


def no_json(case):
    event = nth(case, 3).get()
    nth(case, 3).update(leaf=b"[]", leaf_hash=hash_of(b"[]"))
    Leaf.objects.filter(event=event).update(leaf_hash=hash_of(b"[]"))


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (altered, r"Entry 1 of the log .* is altered"),
        (altered_and_rehashed, r"Entry 2 of the log .* does not follow"),
        (spelt_otherwise, r"Entry 2 .* its leaf is not canonical"),
        (no_json, r"Entry 2 .* its leaf is not canonical"),
        (lambda case: nth(case, 2).update(event_type="case.voted"), r"Entry 1 .* columns that differ"),
        (lambda case: nth(case, 3).update(occurred_at="2012-10-01T00:00:00Z"), r"Entry 2 .* columns that differ"),
        (lambda case: nth(case, 3).update(stream_seq=7), r"Entry 2 .* columns that differ"),
    ],
)
def test_tampered_row_stops_the_log_and_nothing_is_signed(three, tamper, reason):
    waiting = Pending.objects.count()
    tamper(three)
    with pytest.raises(LogBroken, match=reason):
        checkpoints.sign_head()
    assert Pending.objects.count() == waiting
    assert not Checkpoint.objects.exists()
    assert not Tile.objects.exists()


def test_event_in_the_log_before_the_one_it_follows_is_refused(three):
    events = list(Event.objects.order_by("id"))
    Leaf.objects.all().delete()
    Pending.objects.all().delete()
    for index, event in enumerate([events[0], events[2], events[1]]):
        Leaf.objects.create(leaf_index=index, event=event, leaf_hash=event.leaf_hash)
    with pytest.raises(LogBroken, match="Entry 1 .* does not follow"):
        sequencing.catch_up()


def test_gap_in_the_log_is_refused(three):
    sequencing.catch_up()
    Leaf.objects.filter(leaf_index=0).delete()
    with pytest.raises(LogBroken, match="Entry 0 of the log is missing"):
        sequencing.catch_up()


def test_event_that_waits_and_stands_in_the_log_is_refused(three):
    sequencing.catch_up()
    Pending.objects.create(event=nth(three, 2).get())
    with pytest.raises(LogBroken, match="stand in it already"):
        sequencing.sequence()


def test_entries_rewritten_below_the_signed_head_are_never_signed(happen, unfenced):
    """Folded and signed entries are not read again one by one; the root of the last head tells."""
    happen(300)
    checkpoints.sign_head()
    unfenced()
    Leaf.objects.filter(leaf_index=280).update(leaf_hash=b"x" * 32)
    Event.objects.filter(log_leaf__leaf_index=280).update(leaf_hash=b"x" * 32)
    Tile.objects.filter(level=1, idx=0).update(hash=b"y" * 32)
    with pytest.raises(LogBroken):
        checkpoints.sign_head()
    assert Checkpoint.objects.count() == 1


def test_folded_entries_that_were_rewritten_are_never_signed_over(happen, unfenced):
    happen(300)
    checkpoints.sign_head()
    unfenced()
    Tile.objects.filter(level=1, idx=0).update(hash=b"y" * 32)
    _wait_for_the_log(happen(1))
    with pytest.raises(LogBroken, match="not those that were signed"):
        checkpoints.sign_head()


def _wait_for_the_log(events):
    Pending.objects.bulk_create(Pending(event=event) for event in events)


def test_case_of_many_events_across_batches_keeps_its_chain(db, clerk, unfenced):
    cases = [Case(name="A") for _ in range(40)]
    events = []
    for _ in range(8):
        events += actions.record_many(cases, "case.noted", by=clerk)
        actions.settle_many(cases, [])
    unfenced()
    queue(events)
    assert sequencing.catch_up(limit=33) == 320
