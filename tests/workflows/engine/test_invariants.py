import pytest
from django.db import connection
from viewflow.workflow.models import Process
from viewflow.workflow.status import PROCESS, STATUS
from viewflow.workflow.token import Token

from audit import clock
from audit.actions import record, settle
from tests.workflows.engine.conftest import fresh, noted
from tests.workflows.probe import upstream
from tests.workflows.probe.flows import LetterFlow, PanelFlow, ProbeFlow
from workflows.engine import driver, invariants
from workflows.engine.invariants import CHECKS
from workflows.engine.tasks import Task

pytestmark = pytest.mark.django_db


def broken():
    """The names of the checks that found something."""
    return {name.removeprefix("workflows: ") for name, check in CHECKS.items() if check()}


@pytest.fixture
def healthy(case_at, start, world):
    """Cases at every kind of place."""
    cases = [case_at(name) for name in ("review", "comment", "decide")]
    ended = case_at("decide")
    driver.complete(ProbeFlow.decide, ended, by=world.secretary, change=noted(outcome="authorised"))
    deferred = case_at("comment")
    driver.divert(ProbeFlow.deferred, deferred, by=world.officer, change=noted())
    start(LetterFlow.start)
    panel = start(PanelFlow.start)
    driver.complete(PanelFlow.position, panel, by=world.assessor, change=noted(outcome=""), item="bob")
    return {"comment": cases[1], "ended": ended, "panel": panel}


def tasks(case, **where):
    return Task.objects.filter(process_id=case.process_id, **where)


def test_healthy_cases_pass_every_check(healthy):
    assert {name: check() for name, check in CHECKS.items() if check()} == {}


def test_a_case_that_waits_for_nothing_is_found(healthy):
    now = clock.now()
    tasks(healthy["panel"], flow_task=PanelFlow.position).update(status=STATUS.DONE, finished=now)
    assert broken() == {"stuck"}
    assert invariants.stuck() == [f"{healthy['panel']} waits for nothing and nobody."]


def test_a_job_that_has_given_up_is_found(healthy):
    job = Task.objects.get(flow_task=LetterFlow.letter)
    Task.objects.filter(process=job.process, flow_task=LetterFlow.read).update(
        status=STATUS.CANCELED, finished=clock.now()
    )
    Task.objects.filter(pk=job.pk).update(status=STATUS.ERROR, scheduled=None, data={"attempts": 5})
    assert broken() == {"stuck", "failing"}


def test_leftovers_of_a_finished_case_are_found(healthy):
    tasks(healthy["ended"], flow_task=ProbeFlow.decide).update(status=STATUS.NEW, finished=None)
    assert "finished_with_leftovers" in broken()
    Process.objects.filter(pk=healthy["comment"].process_id).update(finished=clock.now())
    assert len(invariants.finished_with_leftovers()) == 2


def test_an_orphan_deadline_is_found(healthy):
    tasks(healthy["comment"], flow_task=ProbeFlow.comment).update(status=STATUS.DONE, finished=clock.now())
    assert len(invariants.orphan_deadlines()) == 2


def test_a_doubled_step_is_found(healthy):
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX workflows_one_open_task")
    case = healthy["comment"]
    Task.objects.create(process_id=case.process_id, flow_task=ProbeFlow.comment, token=Token("start"))
    assert broken() == {"doubled_steps", "missing_indexes"}
    assert invariants.doubled_steps() == [f"A step of {case} is open twice."]


@pytest.mark.parametrize("ref", ["probe/gone.Flow.node", "gone/flows.Flow.node", "probe/flows.ProbeFlow.was_renamed"])
def test_a_task_of_an_unknown_node_is_found(healthy, ref):
    tasks(healthy["comment"], flow_task=ProbeFlow.comment_reminder).update(flow_task=ref)
    (sentence,) = invariants.foreign_tasks()
    assert sentence.startswith(f"1 open tasks are at {ref} of processes of probe/flows.ProbeFlow")


def test_a_task_of_another_flow_is_found(healthy):
    tasks(healthy["comment"], flow_task=ProbeFlow.comment_reminder).update(flow_task=PanelFlow.position)
    assert len(invariants.foreign_tasks()) == 1


def test_a_process_of_a_foreign_flow_is_found_and_named_by_its_key(db):
    process = upstream.ParentFlow.start.run()
    process.task_set.filter(finished__isnull=True).update(finished=clock.now())
    assert invariants.stuck() == [f"Process {process.pk} waits for nothing and nobody."]


def test_a_stage_that_no_step_explains_is_found(healthy):
    for case, stage in ((healthy["comment"], "decide"), (healthy["ended"], "comment")):
        stored = fresh(case)
        stored.stage = stage
        record(stored, "probe.noted", by="system")
        settle(stored)
    assert invariants.stages_apart() == [
        f"{healthy['comment']} is not at the stage of its open step.",
        f"{healthy['ended']} has finished and is not at the stage of an end.",
    ]


def test_many_sentences_are_cut_short(case_at, monkeypatch):
    monkeypatch.setattr(invariants, "MOST_SENTENCES", 1)
    for _ in range(3):
        tasks(case_at("review"), flow_task=ProbeFlow.review).update(status=STATUS.DONE, finished=clock.now())
    assert [invariants.stuck()[-1], len(invariants.stuck())] == ["There are more of these.", 2]


def test_cancelled_processes_are_no_leftovers(healthy):
    ended = healthy["ended"].process_id
    Process.objects.filter(pk=ended).update(status=PROCESS.CANCELED)
    assert broken() == set()
