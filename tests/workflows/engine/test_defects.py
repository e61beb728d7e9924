"""The nine defects of viewflow 2.4.0: what it does, and what the engine does instead. Run again after every upgrade.

A failing `upstream` test means that a work-around is no longer needed, or no longer fits.
"""

import time
from datetime import timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from viewflow import this
from viewflow.workflow import chart, signals
from viewflow.workflow.models import Process as ViewflowProcess
from viewflow.workflow.models import Task as ViewflowTask
from viewflow.workflow.status import PROCESS, STATUS
from viewflow.workflow.timers import fire_due_timers

from audit import clock
from tests.workflows.engine.conftest import fresh, noted, rows
from tests.workflows.probe import upstream
from tests.workflows.probe.flows import BranchFlow, ProbeFlow
from workflows.engine import driver, nodes
from workflows.engine.caseflow import CaseFlow
from workflows.engine.nodes import End, Start
from workflows.engine.sweep import sweep
from workflows.engine.tasks import Task

pytestmark = pytest.mark.django_db


def due_now(process, **where):
    timers = ViewflowTask.objects.filter(process=process, status=STATUS.SCHEDULED, **where)
    timers.update(scheduled=clock.now() - timedelta(seconds=1))


def status_of(process, node):
    return process.task_set.order_by("-pk").filter(flow_task=node).first().status


def finish(process, node, person):
    task = process.task_set.get(flow_task=node, status=STATUS.NEW)
    with task.activation() as activation:
        activation.assign(person)
        activation.start(None)
        activation.execute()


def cancelled(case, node):
    task = Task.objects.get(process_id=case.process_id, flow_task=node, status=STATUS.NEW)
    with task.activation() as activation:
        activation.cancel()
    return task


def test_1_upstream_leaves_the_deadline_of_a_cancelled_step_armed():
    process = upstream.DeadlineFlow.start.run()
    with process.task_set.get(flow_task=upstream.DeadlineFlow.work).activation() as activation:
        activation.cancel()
    assert status_of(process, upstream.DeadlineFlow.work__timeout) == STATUS.SCHEDULED


def test_1_our_step_disarms_its_deadlines(case_at):
    case = case_at("comment")
    cancelled(case, ProbeFlow.comment)
    assert rows(case)[-2:] == [("comment_closes", "CANCELED"), ("comment_reminder", "CANCELED")]


def test_2_upstream_leaves_the_sibling_deadline_armed():
    process = upstream.DeadlineFlow.start.run()
    due_now(process, flow_task=upstream.DeadlineFlow.work__timeout)
    fire_due_timers()
    assert status_of(process, upstream.DeadlineFlow.work__timeout_2) == STATUS.SCHEDULED
    process.refresh_from_db()
    assert process.status == PROCESS.NEW


def test_2_our_deadline_disarms_its_siblings(case_at):
    case = case_at("comment")
    due_now(case.process, flow_task=ProbeFlow.comment_closes)
    assert sweep().fired == 1
    assert ("comment_reminder", "CANCELED") in rows(case)


def test_3_upstream_forgets_the_deadline_of_a_revived_step():
    process = upstream.DeadlineFlow.start.run()
    task = process.task_set.get(flow_task=upstream.DeadlineFlow.work)
    with task.activation() as activation:
        activation.cancel()
    with task.activation() as activation:
        revived = activation.revive()
    assert not process.task_set.filter(previous=revived).exists()


def test_3_our_step_arms_its_deadlines_again(case_at):
    case = case_at("comment")
    task = cancelled(case, ProbeFlow.comment)
    with task.activation() as activation:
        activation.revive()
    assert rows(case)[-3:] == [("comment", "NEW"), ("comment_closes", "SCHEDULED"), ("comment_reminder", "SCHEDULED")]


def test_4_upstream_finishes_past_a_failed_branch_and_keeps_the_frame_locals(world):
    process = upstream.ErrorFlow.start.run()
    due_now(process)
    fire_due_timers()
    boom = process.task_set.get(flow_task=upstream.ErrorFlow.boom)
    assert (boom.status, "QQ123456C" in str(boom.data)) == (STATUS.ERROR, True)
    finish(process, upstream.ErrorFlow.human, world.assessor)
    process.refresh_from_db()
    assert process.status == PROCESS.DONE


def test_4_our_end_waits_for_a_failed_branch(start, world):
    case = start(BranchFlow.start)
    Task.objects.filter(process_id=case.process_id, flow_task=BranchFlow.b).update(status=STATUS.ERROR)
    driver.complete(BranchFlow.a, case, by=world.assessor, change=noted())
    assert (fresh(case).process.status, rows(case)[-1]) == (PROCESS.NEW, ("join", "STARTED"))


@pytest.fixture
def finished_signals():
    seen = []

    def note(sender, process, task, **_kwargs):
        seen.append(task.flow_task.name)

    signals.task_finished.connect(note)
    yield seen
    signals.task_finished.disconnect(note)


def test_5_upstream_announces_an_end_twice(finished_signals, world):
    process = upstream.DeadlineFlow.start.run()
    finish(process, upstream.DeadlineFlow.work, world.assessor)
    assert finished_signals == ["start", "work", "end", "end"]


def test_5_our_end_is_announced_once(finished_signals, case_at, world):
    case = case_at("decide")
    driver.complete(ProbeFlow.decide, case, by=world.secretary, change=noted())
    assert finished_signals[-3:] == ["decide", "outcome", "refused"]


def test_6_upstream_splitfirst_cannot_be_entered_again(world):
    process = upstream.FirstFlow.start.run()
    finish(process, upstream.FirstFlow.left, world.assessor)
    with pytest.raises(ObjectDoesNotExist), transaction.atomic():
        finish(process, upstream.FirstFlow.left, world.assessor)


def test_6_our_nodes_have_no_splitfirst():
    assert not hasattr(nodes, "SplitFirst")


def test_7_upstream_subclasses_keep_the_parents_edges():
    process = upstream.ChildFlow.start.run()
    assert process.task_set.get(flow_task_type="HUMAN").flow_task.flow_class is upstream.ParentFlow


def test_7_our_flows_cannot_be_subclassed():
    with pytest.raises(TypeError, match="copy the module"):

        class Version2(ProbeFlow):
            pass


def test_8_upstream_retries_a_poisoned_timer_for_ever(caplog):
    process = upstream.PoisonFlow.start.run()
    due_now(process)
    assert [fire_due_timers(), fire_due_timers()] == [0, 0]
    timer = process.task_set.get(flow_task=upstream.PoisonFlow.wait)
    assert (timer.status, timer.scheduled < clock.now(), timer.data) == (STATUS.SCHEDULED, True, {})


def test_8_our_sweep_puts_it_off(case_at):
    case = case_at("comment")
    driver.extend(ProbeFlow.comment_closes, case, change=noted(outcome="broken"))
    due_now(case.process, flow_task=ProbeFlow.comment_closes)
    assert [len(sweep().failed), len(sweep().failed)] == [1, 0]


def layout_seconds(flow_class):
    began = time.process_time()
    chart.calc_layout_data(flow_class)
    return time.process_time() - began


def test_9_upstream_layout_is_exponential_in_consecutive_decisions():
    few = min(layout_seconds(upstream.diamonds(6)) for _ in range(3))
    assert layout_seconds(upstream.diamonds(12)) > 20 * few


def test_upstream_locks_nothing_by_default():
    class Bare(CaseFlow):
        start = Start().Next(this.end)
        end = End()

    assert type(upstream.Flow.lock_impl).__name__ == "NoLock"
    assert type(Bare.lock_impl).__name__ == "SelectForUpdateLock"


def test_the_database_refuses_a_second_open_task(case_at):
    case = case_at("comment")
    task = Task.objects.get(process_id=case.process_id, flow_task=ProbeFlow.comment)
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.create(process_id=task.process_id, flow_task=ProbeFlow.comment, token=task.token)


def test_our_start_cannot_be_run_past_the_driver():
    with pytest.raises(TypeError, match=r"driver\.start"):
        ProbeFlow.submit.run()
    assert ViewflowProcess.objects.count() == 0
