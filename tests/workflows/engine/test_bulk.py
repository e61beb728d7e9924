import re
from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.actions import record_many, settle
from audit.errors import Refused
from audit.models import Event
from tests.workflows.engine.conftest import fresh, noted, race
from tests.workflows.probe.flows import PanelFlow, ProbeFlow
from tests.workflows.probe.models import ProbeCase
from workflows.engine import driver
from workflows.engine.bulk import advance_one_by_one, bulk_advance, bulk_start
from workflows.engine.errors import NotNow
from workflows.engine.tasks import Process, Task

pytestmark = pytest.mark.django_db


def all_noted(event_type="probe.noted", **fields):
    def change(cases):
        for case in cases:
            for name, value in fields.items():
                setattr(case, name, value)
        record_many(cases, event_type, by="system")

    return change


@pytest.fixture
def wave(new_case, world):
    """Five cases started set by set."""
    cases = [new_case() for _ in range(5)]
    assert bulk_start(ProbeFlow.submit, cases, by=world.officer, change_many=all_noted("probe.submitted")) == 5
    return list(ProbeCase.objects.order_by("pk"))


def snapshot(case):
    """Everything about a case but its keys and moments."""
    tasks = Task.objects.filter(process_id=case.process_id)
    rows = [
        (
            *(task.flow_task.name, task.flow_task_type, str(task.status), re.sub(r"/\d+_", "/N_", str(task.token))),
            *(task.owner_id, task.owner_permission, task.owner_permission_content_type_id),
            *(task.owner_permission_obj_pk, task.data, task.external_task_id, task.seed_object_id),
            *(bool(moment) for moment in (task.assigned, task.started, task.finished, task.scheduled)),
            sorted(before.flow_task.name for before in task.previous.all()),
        )
        for task in tasks
    ]
    process = Process.objects.get(pk=case.process_id)
    case = fresh(case)
    events = Event.objects.filter(stream=case.stream).order_by("stream_seq").values_list("stream_seq", "event_type")
    return (
        sorted(rows, key=str),
        (process.flow_class, process.status, process.finished, process.data),
        (case.stage, case.outcome, case.audit_seq, list(events)),
    )


def test_the_sets_write_what_the_driver_writes(wave, start, world):
    one = start()
    for step, worker in (("review", "assessor"), ("second", "reader"), ("comment", "officer")):
        node, by = getattr(ProbeFlow, step), getattr(world, worker)
        driver.complete(node, one, by=by, change=noted(outcome=step))
        done = bulk_advance(node, wave, by=by, change_many=all_noted(outcome=step), fields=["outcome"])
        assert (done.done, done.refused) == ([case.pk for case in wave], {})
        assert [snapshot(case) for case in wave] == [snapshot(one)] * 5


def test_the_sets_write_the_same_heads(wave):
    heads = [(case.audit_seq, bytes(case.audit_head)) for case in wave]
    events = Event.objects.filter(stream__in=[case.stream for case in wave]).order_by("id")
    assert heads == [(event.stream_seq, bytes(event.leaf_hash)) for event in events]


def test_the_number_of_statements_does_not_grow_with_the_wave(wave, new_case, world):
    def statements(cases):
        with CaptureQueriesContext(connection) as queries:
            bulk_advance(ProbeFlow.review, cases, by=world.assessor, change_many=all_noted())
        return len(queries)

    more = [new_case() for _ in range(20)]
    bulk_start(ProbeFlow.submit, more, by=world.officer, change_many=all_noted())
    # The object a permission is held on is the probe's own query; a flow names its organisation by key.
    assert statements(wave[:2]) - 2 == statements(more) - 20


def test_saved_cases_are_started_as_stored(new_case, world):
    case = new_case()
    with transaction.atomic():
        noted()(case, None)
        settle(case)
    change = all_noted(outcome="met")
    assert bulk_start(ProbeFlow.submit, [case], by="system", change_many=change, fields=["outcome"]) == 1
    assert (fresh(case).stage, fresh(case).outcome) == ("review", "met")
    with pytest.raises(NotNow, match="has been started already"):
        bulk_start(ProbeFlow.submit, [case], by="system", change_many=change)


def test_cases_that_stand_elsewhere_are_reported(wave, new_case, world):
    driver.complete(ProbeFlow.review, wave[0], by=world.assessor, change=noted())
    idle = new_case()
    with transaction.atomic():
        noted()(idle, None)
        settle(idle)
    done = bulk_advance(ProbeFlow.review, [*wave, idle.pk], by=world.assessor, change_many=all_noted(), size=2)
    assert done.done == [case.pk for case in wave[1:]]
    assert done.refused == {
        wave[0].pk: f"'Desk-top review' is not open for {wave[0]}.",
        idle.pk: f"'Desk-top review' is not open for case {idle.pk}: its process has not been started.",
    }


def test_a_person_without_the_grant_moves_nothing(wave, world):
    done = bulk_advance(ProbeFlow.review, wave, by=world.reader, change_many=all_noted())
    assert (done.done, list(done.refused)) == ([], [case.pk for case in wave])
    assert {case.stage for case in ProbeCase.objects.all()} == {"review"}


def test_a_further_way_to_be_allowed_counts_in_a_wave(wave, world):
    bulk_advance(ProbeFlow.review, wave, by=world.assessor, change_many=all_noted())
    assert len(bulk_advance(ProbeFlow.second, wave, by=world.chair, change_many=all_noted()).done) == 5


@pytest.mark.parametrize("node", [ProbeFlow.decide, PanelFlow.position, PanelFlow.decide])
def test_a_gateway_is_refused(node, world):
    with pytest.raises(ValueError, match="not followed by a plain step"):
        bulk_advance(node, [], by=world.assessor, change_many=all_noted())


def test_a_start_before_a_gateway_is_refused(world):
    with pytest.raises(ValueError, match="not followed by a plain step"):
        bulk_start(PanelFlow.start, [], by="system", change_many=all_noted())


def test_a_change_without_events_is_undone(wave, world):
    with pytest.raises(RuntimeError, match="recorded no event"):
        bulk_advance(ProbeFlow.review, wave, by=world.assessor, change_many=lambda cases: None)
    assert {case.audit_seq for case in ProbeCase.objects.all()} == {1}


def test_one_by_one_keeps_the_good_cases(wave, world):
    def change(case, task):
        if case.pk == wave[2].pk:
            raise Refused("The scores are missing.")
        return noted()(case, task)

    done = advance_one_by_one(ProbeFlow.review, [*wave, 987], by=world.assessor, change=change, size=2)
    assert done.done == [wave[0].pk, wave[1].pk, wave[3].pk, wave[4].pk]
    assert done.refused == {
        wave[2].pk: "The scores are missing.",
        987: "'Desk-top review' is not open for case 987: its process has not been started.",
    }
    assert fresh(wave[2]).audit_seq == 1


def test_one_by_one_raises_faults_and_undoes_their_transaction(wave, world):
    def change(case, task):
        if case.pk == wave[1].pk:
            raise ZeroDivisionError
        return noted()(case, task)

    with pytest.raises(ZeroDivisionError):
        advance_one_by_one(ProbeFlow.review, wave, by=world.assessor, change=change)
    assert {case.audit_seq for case in ProbeCase.objects.all()} == {1}


@pytest.mark.django_db(transaction=True)
def test_two_waves_at_once_share_the_cases(wave, world):
    forward = partial(bulk_advance, ProbeFlow.review, wave, by=world.assessor, change_many=all_noted(), size=2)
    one_by_one = partial(advance_one_by_one, ProbeFlow.review, wave[::-1], by=world.assessor, change=noted(), size=2)
    waves, errors = race(forward, one_by_one)
    assert errors == []
    assert sorted(pk for one in waves for pk in one.done) == [case.pk for case in wave]
    assert sorted(pk for one in waves for pk in one.refused) == [case.pk for case in wave]


def test_a_step_assigned_when_it_opens_is_refused(world, monkeypatch):
    monkeypatch.setattr(ProbeFlow.second, "_owner", lambda activation: world.reader)
    with pytest.raises(ValueError, match="'Second reading' is assigned when it opens"):
        bulk_advance(ProbeFlow.review, [], by=world.assessor, change_many=all_noted())
