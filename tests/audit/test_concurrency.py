"""Writers side by side, with real transactions."""

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from audit import actions, invariants, sequencing
from audit.models import Event
from tests.audit.ledger.models import Case

WRITERS, ROUNDS = 4, 12


@pytest.fixture
def cases(transactional_db, clerk):
    with transaction.atomic():
        cases = [Case(name="A") for _ in range(2)]
        actions.record_many(cases, "case.opened", by=clerk)
        actions.settle_many(cases, [])
    return cases


def side_by_side(work):
    """Run ``work(number)`` in threads that start together; give back what each returned."""
    together = Barrier(WRITERS)

    def run(number):
        try:
            together.wait(timeout=10)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


def change(case, number):
    with transaction.atomic():
        locked = Case.objects.select_for_update().get(pk=case.pk)
        actions.record(locked, "case.changed", by="system", public={"writer": number})
        locked.amount = (locked.amount or 0) + 1
        actions.settle(locked)


def everything_holds():
    return all(check() == [] for check in invariants.CHECKS.values())


def test_writers_of_one_aggregate_wait_for_each_other(cases):
    side_by_side(lambda number: [change(cases[0], number) for _ in range(ROUNDS)])
    case = Case.objects.get(pk=cases[0].pk)
    assert (case.audit_seq, case.amount) == (1 + WRITERS * ROUNDS, WRITERS * ROUNDS)
    assert Event.objects.filter(stream=case.stream).count() == 1 + WRITERS * ROUNDS
    assert everything_holds()


class ChangedTheirMindError(Exception):
    pass


def perhaps_change(case, number, chance):
    """Change the case and keep it, or roll the whole transaction back; say which."""
    keep = chance.random() < 0.5
    try:
        with transaction.atomic():
            change(case, number)
            if not keep:
                raise ChangedTheirMindError  # noqa: TRY301 - from inside the transaction
    except ChangedTheirMindError:
        pass
    return keep


def test_writers_that_roll_back_leave_neither_gap_nor_event(cases):
    def work(number):
        chance = random.Random(number)
        return sum(perhaps_change(chance.choice(cases), number, chance) for _ in range(ROUNDS))

    kept = sum(side_by_side(work))
    assert Event.objects.filter(event_type="case.changed").count() == kept
    assert sum(case.audit_seq for case in Case.objects.all()) == 2 + kept
    assert sequencing.catch_up() == Event.objects.count()
    assert everything_holds()
