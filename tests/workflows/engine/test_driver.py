from datetime import UTC, datetime

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from viewflow.workflow.status import PROCESS, STATUS

from audit import clock
from audit.models import Event
from tests.workflows.engine.conftest import fresh, noted, rows
from tests.workflows.probe.flows import BranchFlow, PanelFlow, ProbeFlow
from tests.workflows.probe.models import ProbeCase
from workflows.engine import driver
from workflows.engine.errors import NotNow
from workflows.engine.tasks import Process, Task

pytestmark = pytest.mark.django_db


def test_start_links_case_and_process_at_the_first_step(start, world):
    case = start()
    assert rows(case) == [("submit", "DONE"), ("review", "NEW")]
    assert (case.stage, case.audit_seq) == ("review", 1)
    task = Task.objects.get(process_id=case.process_id, flow_task=ProbeFlow.review)
    assert (task.owner_permission, task.owner_permission_obj_pk) == ("directory.assess", str(world.board.pk))


def test_start_of_a_started_case_is_refused(start, world):
    case = start()
    with pytest.raises(NotNow, match="CCG-001-2012 has been started already"):
        driver.start(ProbeFlow.submit, case, by=world.officer, change=noted())


def test_start_of_a_saved_case_changes_the_stored_one(new_case, world):
    case = new_case()
    with transaction.atomic():
        noted()(case, None)
        driver.settle(case)
    driver.start(ProbeFlow.submit, case, by=world.officer, change=noted(outcome="met"))
    assert (fresh(case).outcome, fresh(case).stage) == ("met", "review")


def test_completing_moves_on_and_returns_what_the_action_returned(start, world):
    case = start()
    assert driver.complete(ProbeFlow.review, case, by=world.assessor, change=noted(outcome="met")) == case.reference
    stored = fresh(case)
    assert (stored.stage, stored.outcome, stored.audit_seq) == ("second", "met", 2)
    done = Task.objects.get(process_id=case.process_id, flow_task=ProbeFlow.review)
    assert (done.status, done.owner) == (STATUS.DONE, world.assessor)


def test_completing_by_key_is_the_same(start, world):
    case = start()
    driver.complete(ProbeFlow.review, case.pk, by=world.assessor, change=noted())
    assert fresh(case).stage == "second"


def test_a_step_that_is_not_open_is_refused_with_a_sentence(start, world):
    case = start()
    with pytest.raises(NotNow) as refused:
        driver.complete(ProbeFlow.second, case, by=world.reader, change=noted())
    assert refused.value.message == "'Second reading' is not open for CCG-001-2012: it stands at 'Desk-top review'."
    assert fresh(case).audit_seq == 1


def test_a_step_twice_is_refused_the_second_time(start, world):
    case = start()
    driver.complete(ProbeFlow.review, case, by=world.assessor, change=noted())
    with pytest.raises(NotNow, match="it stands at 'Second reading'"):
        driver.complete(ProbeFlow.review, case, by=world.assessor, change=noted())


def test_a_step_of_a_finished_case_is_refused(case_at, world):
    case = case_at("decide")
    driver.complete(ProbeFlow.decide, case, by=world.secretary, change=noted())
    with pytest.raises(NotNow, match="its process has finished"):
        driver.complete(ProbeFlow.decide, case, by=world.secretary, change=noted())


def test_a_case_without_a_process_is_refused(new_case, world):
    case = new_case()
    with transaction.atomic():
        noted()(case, None)
        driver.settle(case)
    with pytest.raises(NotNow, match="its process has not been started"):
        driver.complete(ProbeFlow.review, case, by=world.assessor, change=noted())


def test_an_unknown_case_is_named(world):
    with pytest.raises(ObjectDoesNotExist, match="no probe case with the key 987"):
        driver.complete(ProbeFlow.review, 987, by=world.assessor, change=noted())


@pytest.mark.parametrize("who", ["outsider", "reader", "secretary", "officer"])
def test_a_step_without_its_grant_is_denied_and_nothing_changes(start, world, who):
    case = start()
    with pytest.raises(PermissionDenied, match=r"is for those to whom The Board"):
        driver.complete(ProbeFlow.review, case, by=getattr(world, who), change=noted())
    assert (fresh(case).audit_seq, rows(case)[-1]) == (1, ("review", "NEW"))


def test_also_is_a_further_way_to_be_allowed(case_at, world):
    case = case_at("second")
    driver.complete(ProbeFlow.second, case, by=world.chair, change=noted())
    assert fresh(case).stage == "comment"


def test_a_person_who_is_no_longer_active_is_denied(case_at, world):
    world.chair.is_active = False
    with pytest.raises(PermissionDenied):
        driver.complete(ProbeFlow.second, case_at("second"), by=world.chair, change=noted())


def test_a_change_without_its_event_is_undone(start, world):
    case = start()
    with pytest.raises(RuntimeError, match="recorded no event"):
        driver.complete(ProbeFlow.review, case, by=world.assessor, change=lambda case, task: None)
    assert rows(case)[-1] == ("review", "NEW")


def test_a_failing_action_undoes_everything(start, world):
    case = start()

    def fail(case, task):
        noted()(case, task)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        driver.complete(ProbeFlow.review, case, by=world.assessor, change=fail)
    assert (rows(case)[-1], Event.objects.filter(stream=case.stream).count()) == (("review", "NEW"), 1)


@pytest.mark.parametrize(
    ("outcome", "stage", "end"),
    [("authorised", "authorised", "authorised"), ("", "refused", "refused")],
)
def test_the_end_gives_the_last_stage(case_at, world, outcome, stage, end):
    case = case_at("decide")
    driver.complete(ProbeFlow.decide, case, by=world.secretary, change=noted(outcome=outcome))
    stored = fresh(case)
    assert (stored.stage, stored.process.status, rows(case)[-1]) == (stage, PROCESS.DONE, (end, "DONE"))
    assert stored.process.finished is not None


def test_a_loop_comes_back_until_its_rule_holds(case_at, world):
    case = case_at("decide")
    driver.complete(ProbeFlow.decide, case, by=world.secretary, change=noted(outcome="conditions"))
    driver.complete(ProbeFlow.plan, case, by=world.secretary, change=noted())
    assert fresh(case).stage == "conditions"
    driver.complete(ProbeFlow.plan, case, by=world.secretary, change=noted(outcome="met"))
    assert fresh(case).stage == "authorised"


def test_each_opens_one_step_for_each_item_and_join_waits_for_all(start, world):
    case = start(PanelFlow.start)
    open_items = [t.data["item"] for t in Task.objects.filter(flow_task=PanelFlow.position).order_by("pk")]
    assert open_items == ["ann", "bob", "cyd"]
    for item, stage in (("bob", "positions"), ("cyd", "positions"), ("ann", "decide")):
        driver.complete(PanelFlow.position, case, by=world.assessor, change=noted(outcome=""), item=item)
        assert fresh(case).stage == stage
    assert [row for row in rows(case) if row[0] in {"heard", "decide"}] == [("heard", "DONE"), ("decide", "NEW")]


def test_each_asks_for_the_item_when_several_are_open(start, world):
    case = start(PanelFlow.start)
    with pytest.raises(ValueError, match="'Position' is open 3 times"):
        driver.complete(PanelFlow.position, case, by=world.assessor, change=noted())


def test_each_item_counts_once(start, world):
    case = start(PanelFlow.start)
    driver.complete(PanelFlow.position, case, by=world.assessor, change=noted(), item="bob")
    with pytest.raises(NotNow, match="'Position' has been done for part"):
        driver.complete(PanelFlow.position, case, by=world.assessor, change=noted(), item="bob")


@pytest.mark.parametrize("items", ["ann ann", " "])
def test_each_refuses_items_twice_or_none(start, items):
    with pytest.raises(ValueError, match="members"):
        start(PanelFlow.start, outcome=items)


def test_the_case_is_one_object_past_a_join(start, world):
    case = start(BranchFlow.start)
    driver.complete(BranchFlow.a, case, by=world.assessor, change=noted())
    driver.complete(BranchFlow.b, case, by=world.assessor, change=noted(outcome="again"))
    assert rows(case)[-2:] == [("a", "NEW"), ("b", "NEW")]
    driver.complete(BranchFlow.b, case, by=world.assessor, change=noted())
    driver.complete(BranchFlow.a, case, by=world.assessor, change=noted(outcome="enough"))
    assert (fresh(case).stage, fresh(case).process.status) == ("ended", PROCESS.DONE)


def test_diverting_disarms_everything_and_stands_at_the_target(case_at, world):
    case = case_at("comment")
    driver.divert(ProbeFlow.deferred, case, by=world.officer, change=noted("probe.deferred"))
    assert rows(case)[-4:] == [
        ("comment", "CANCELED"),
        ("comment_closes", "CANCELED"),
        ("comment_reminder", "CANCELED"),
        ("deferred", "NEW"),
    ]
    assert fresh(case).stage == "deferred"
    driver.complete(ProbeFlow.deferred, case, by=world.officer, change=noted())
    assert fresh(case).stage == "review"


def test_diverting_out_of_parallel_steps_leaves_one_token(start, world):
    case = start(PanelFlow.start)
    driver.divert(PanelFlow.end, case, by=world.officer, change=noted("probe.withdrawn"))
    end = Task.objects.get(process_id=case.process_id, flow_task=PanelFlow.end)
    assert (str(end.token), end.owner, end.previous.count()) == ("start", world.officer, 3)
    assert (fresh(case).process.status, fresh(case).stage) == (PROCESS.DONE, "decided")


def test_diverting_twice_or_after_the_end_is_refused(case_at, world):
    case = case_at("comment")
    driver.divert(ProbeFlow.deferred, case, by=world.officer, change=noted())
    with pytest.raises(NotNow, match="it stands at 'Deferred'"):
        driver.divert(ProbeFlow.deferred, case, by=world.officer, change=noted())
    driver.divert(ProbeFlow.withdrawn, case, by="system", change=noted())
    assert fresh(case).stage == "withdrawn"
    with pytest.raises(NotNow, match="its process has finished"):
        driver.divert(ProbeFlow.deferred, case, by=world.officer, change=noted())


def test_extending_moves_the_armed_deadline(case_at, world):
    case = case_at("comment")
    later = datetime(2030, 1, 1, tzinfo=UTC)
    driver.extend(ProbeFlow.comment_closes, case, change=noted(closes_at=later))
    assert Task.objects.get(flow_task=ProbeFlow.comment_closes).scheduled == later
    driver.complete(ProbeFlow.comment, case, by=world.officer, change=noted())
    with pytest.raises(NotNow, match="No deadline 'Comment closes' is running"):
        driver.extend(ProbeFlow.comment_closes, case, change=noted())


def test_rows_are_stamped_by_the_audit_clock(new_case, world):
    moment = datetime(2012, 7, 1, 9, tzinfo=UTC)
    case = new_case()
    with clock.at(moment):
        driver.start(ProbeFlow.submit, case, by=world.officer, change=noted())
        driver.complete(ProbeFlow.review, case, by=world.assessor, change=noted())
    tasks = Task.objects.filter(process_id=case.process_id)
    stamps = {getattr(t, name) for t in tasks for name in ("created", "assigned", "started", "finished")}
    assert stamps == {moment, None}
    assert Process.objects.get(pk=case.process_id).created == moment


def test_one_plain_step_takes_a_fixed_number_of_statements(start, world):
    case = start()
    driver.complete(ProbeFlow.review, case, by=world.assessor, change=noted())
    for _ in range(3):
        start()
    case = fresh(case)
    with CaptureQueriesContext(connection) as queries:
        driver.complete(ProbeFlow.second, case, by=world.reader, change=noted())
    tables = [
        q["sql"].split()[0] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
    ]
    assert len(tables) <= 16, "\n".join(q["sql"] for q in queries)


def test_a_task_writes_only_the_columns_that_changed(start, world):
    case = start()
    with CaptureQueriesContext(connection) as queries:
        driver.complete(ProbeFlow.review, case, by=world.assessor, change=noted())
    (update,) = [q["sql"] for q in queries if q["sql"].startswith('UPDATE "viewflow_task"')]
    written = {part.split('"')[1] for part in update.split(" SET ")[1].split(" WHERE ")[0].split(", ")}
    assert written == {"status", "assigned", "started", "finished", "owner_id"}


def test_the_case_passed_in_is_not_changed(start, world):
    case = start()
    driver.complete(ProbeFlow.review, case, by=world.assessor, change=noted())
    assert (case.stage, ProbeCase.objects.get(pk=case.pk).stage) == ("review", "second")
