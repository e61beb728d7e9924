"""Two at once: always one winner, and a sentence for the other. Real transactions, on both databases."""

from datetime import timedelta
from functools import partial

import pytest
from viewflow.workflow.status import PROCESS

from audit import clock
from audit.models import Event
from tests.workflows.engine.conftest import fresh, noted, race, rows
from tests.workflows.probe.flows import BranchFlow, LetterFlow, ProbeFlow
from workflows.engine import driver
from workflows.engine.errors import NotNow
from workflows.engine.sweep import run_job, sweep
from workflows.engine.tasks import Task

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4


def test_the_same_step_twice_at_once_has_one_winner(start, world):
    for _ in range(ROUNDS):
        case = start()
        done, errors = race(
            *[partial(driver.complete, ProbeFlow.review, case.pk, by=world.assessor, change=noted())] * 2
        )
        assert done == [case.reference]
        assert [(type(e), e.message) for e in errors] == [
            (NotNow, f"'Desk-top review' is not open for {case}: it stands at 'Second reading'.")
        ]
        assert Event.objects.filter(stream=case.stream).count() == 2


def test_two_branches_at_once_meet_once(start, world):
    for _ in range(ROUNDS):
        case = start(BranchFlow.start)
        done, errors = race(
            *[
                partial(driver.complete, node, case.pk, by=world.assessor, change=noted())
                for node in (BranchFlow.a, BranchFlow.b)
            ]
        )
        assert (len(done), errors) == (2, [])
        assert [row for row in rows(case) if row[0] == "join"] == [("join", "DONE")]
        assert (fresh(case).process.status, fresh(case).audit_seq) == (PROCESS.DONE, 3)


def test_an_answer_and_its_deadline_at_once(case_at, world):
    for _ in range(ROUNDS):
        case = case_at("comment", closes_at=clock.now() - timedelta(seconds=1))
        Task.objects.filter(flow_task=ProbeFlow.comment_reminder).update(scheduled=clock.now() + timedelta(days=1))
        _, errors = race(
            sweep,
            partial(driver.complete, ProbeFlow.comment, case.pk, by=world.officer, change=noted("probe.answered")),
        )
        last = Event.objects.filter(stream=case.stream).order_by("stream_seq").last().event_type
        lapsed = [type(error) for error in errors] == [NotNow]
        assert (last, errors == []) == (("probe.lapsed", False) if lapsed else ("probe.answered", True))
        assert fresh(case).stage == "decide"
        assert [row for row in rows(case) if row[0] == "decide"] == [("decide", "NEW")]


def test_two_sweeps_at_once_fire_each_deadline_once(case_at):
    cases = [case_at("comment", closes_at=clock.now() - timedelta(seconds=1)) for _ in range(5)]
    Task.objects.filter(flow_task=ProbeFlow.comment_reminder).update(scheduled=clock.now() + timedelta(days=1))
    swept, errors = race(sweep, sweep)
    assert (errors, [one.failed for one in swept]) == ([], [[], []])
    assert sum(one.fired for one in swept) == len(cases)
    assert Event.objects.filter(event_type="probe.lapsed").count() == len(cases)


def test_the_same_case_started_twice_at_once(new_case, world):
    case = new_case()
    with driver.transaction.atomic():
        noted()(case, None)
        driver.settle(case)
    done, errors = race(*[lambda: driver.start(ProbeFlow.submit, case, by=world.officer, change=noted())] * 2)
    assert (len(done), [type(error) for error in errors]) == (1, [NotNow])


def test_a_job_delivered_twice_at_once_runs_once(start):
    case = start(LetterFlow.start)
    task = Task.objects.get(process_id=case.process_id, flow_task=LetterFlow.letter)
    done, errors = race(*[lambda: run_job(task.pk)] * 2)
    assert (sorted(done), errors) == ([False, True], [])
    assert Event.objects.filter(event_type="probe.letter_written").count() == 1
