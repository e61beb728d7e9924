"""The log and its writers side by side, and cut short at every point: nothing lost, doubled or out of order."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event, Thread

import pytest
from django.db import connection, connections, transaction

from audit import actions, checkpoints, clock, invariants, sequencing, signing
from audit.models import Checkpoint, Leaf, Pending
from audit.models import Event as Row
from tests.audit.ledger.models import Case

WRITERS, ROUNDS = 4, 15
only_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite lets nobody write beside an open transaction; set DATABASE_URL"
)


class ChangedTheirMindError(Exception):
    pass


class DiedError(BaseException):
    """Where a process was killed."""


def happen():
    with transaction.atomic():
        return actions.record_system("probe.happened", by="system")


def side_by_side(*works):
    """Run each in a thread of its own; give back what each returned."""
    together = Barrier(len(works))

    def run(work):
        try:
            together.wait(timeout=10)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def whole():
    """Every event once in the log, streams in order, every check content."""
    checkpoints.sign_head()
    assert Leaf.objects.count() == Row.objects.count()
    assert not Pending.objects.exists()
    assert [sentence for check in invariants.CHECKS.values() for sentence in check()] == []


@pytest.fixture
def cases(transactional_db, clerk):
    with transaction.atomic():
        made = [Case(name="A") for _ in range(3)]
        actions.record_many(made, "case.opened", by=clerk)
        actions.settle_many(made, [])
    return made


def writer(cases, number):
    """Change cases; half of it is rolled back, some of it only to a savepoint."""
    chance = random.Random(number)

    def change(case):
        locked = Case.objects.select_for_update().get(pk=case.pk)
        actions.record(locked, "case.changed", by="system", public={"writer": number})
        actions.settle(locked)

    def once():
        with transaction.atomic():
            change(chance.choice(cases))
            if chance.random() < 0.3:
                actions.record_system("probe.happened", by="system")
            if chance.random() < 0.5:
                raise ChangedTheirMindError

    def work():
        kept = 0
        for _ in range(ROUNDS):
            try:
                once()
                kept += 1
            except ChangedTheirMindError:
                pass
        return kept

    return work


def sequencer():
    taken = 0
    for _ in range(ROUNDS * 2):
        taken += sequencing.sequence(limit=3)
    return taken


def test_writers_sequencers_and_signers_side_by_side(cases):
    def sign():
        for _ in range(5):
            checkpoints.sign_head()

    kept = side_by_side(*(writer(cases, number) for number in range(WRITERS)), sequencer, sequencer, sign)
    assert Row.objects.filter(event_type="case.changed").count() == sum(kept[:WRITERS])
    whole()


def test_two_sequencers_take_every_event_once(transactional_db):
    for _ in range(40):
        happen()
    taken = side_by_side(sequencer, sequencer)
    sequencing.catch_up()
    assert Leaf.objects.count() == 40
    assert sum(taken) == (40 if connection.vendor == "postgresql" else 0)
    whole()


@only_postgresql
def test_sequencer_goes_away_while_another_is_at_work(transactional_db):
    happen()
    holds, done = Event(), Event()

    def hold():
        with transaction.atomic():
            sequencing.lock()
            holds.set()
            done.wait(10)
        connections.close_all()

    other = Thread(target=hold)
    other.start()
    assert holds.wait(10)
    assert sequencing.sequence() == 0
    done.set()
    other.join()
    assert sequencing.sequence() == 1


@only_postgresql
def test_long_transaction_holds_nobody_up_and_is_not_lost(transactional_db):
    """Its event has a smaller id than those that commit before it: who reads on by id would lose it."""
    wrote, others_done = Event(), Event()

    def slow():
        with transaction.atomic():
            actions.record_system("probe.slow", by="system")
            wrote.set()
            others_done.wait(10)
        connections.close_all()

    thread = Thread(target=slow)
    thread.start()
    assert wrote.wait(10)
    for _ in range(3):
        happen()
    assert sequencing.catch_up() == 3
    others_done.set()
    thread.join()
    assert sequencing.catch_up() == 4
    late = Row.objects.get(event_type="probe.slow")
    assert late.id == Row.objects.earliest("id").id
    assert late.log_leaf.leaf_index == 3
    whole()


def sign_and_die(monkeypatch, owner, name):
    """Sign, and be killed where a function of ``owner`` is called."""

    def killed(*_args, **_kwargs):
        raise DiedError

    with monkeypatch.context() as patch, pytest.raises(DiedError):
        patch.setattr(owner, name, killed)
        checkpoints.sign_head()


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (sequencing, "_step"),  # after the business commit, before sequencing
        (sequencing, "_fold"),  # while the tiles are written
        (checkpoints, "_make_durable"),  # after sequencing, before the checkpoint
        (signing.notes, "sign"),  # after the memory, before the signature
        (Checkpoint.objects, "create"),  # after signing, before it is kept
    ],
)
def test_whatever_is_cut_short_goes_on(transactional_db, key_files, remembered, monkeypatch, owner, name):
    for _ in range(300):
        happen()
    if name != "_fold":
        checkpoints.sign_head()
        happen()
    sign_and_die(monkeypatch, owner, name)
    happen()
    signed = checkpoints.sign_head()
    assert remembered().size == signed.tree_size == Leaf.objects.count()
    whole()


def test_signature_that_was_never_published_does_not_stop_the_log(transactional_db, key_files, remembered, monkeypatch):
    happen()
    sign_and_die(monkeypatch, Checkpoint.objects, "create")
    assert remembered().size == 2
    assert not Checkpoint.objects.exists()
    assert checkpoints.sign_head().tree_size == 2


def test_nothing_is_signed_inside_a_transaction(transactional_db, key_files):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        happen()
        checkpoints.sign_head()
    assert not Checkpoint.objects.exists()


def test_clock_set_back_a_day_changes_no_order(transactional_db, monkeypatch, cases, clerk):
    checkpoints.sign_head()
    yesterday = clock.real_now() - timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: yesterday)
    monkeypatch.setattr(clock, "real_now", lambda: yesterday)
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=cases[0].pk)
        late = actions.record(case, "case.changed", by=clerk)
        actions.settle(case)
    signed = checkpoints.sign_head()
    assert late.log_leaf.leaf_index == signed.tree_size - 1
    whole()
