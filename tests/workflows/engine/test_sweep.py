from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from viewflow.workflow.status import PROCESS, STATUS

from audit import clock
from audit.actions import settle
from audit.models import Event
from tests.workflows.engine.conftest import fresh, noted, rows
from tests.workflows.probe.flows import SENT, LetterFlow, PanelFlow, ProbeFlow
from workflows.engine import driver
from workflows.engine.activations import BACKOFF, LEASE, LOST_AFTER
from workflows.engine.sweep import postpone, retry_job, run_job, sweep, sweep_jobs
from workflows.engine.tasks import Task

pytestmark = pytest.mark.django_db

CLOSES = datetime(2031, 5, 1, 17, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def open_for_comment(case_at):
    return case_at("comment", closes_at=CLOSES)


def sweep_at(moment):
    with clock.at(moment):
        return sweep()


def event_types(case):
    return list(Event.objects.filter(stream=case.stream).order_by("stream_seq").values_list("event_type", flat=True))


def test_nothing_fires_before_its_moment(open_for_comment):
    assert sweep_at(CLOSES - 3 * timedelta(days=1)).fired == 0
    assert fresh(open_for_comment).stage == "comment"


def test_a_reminder_fires_once_and_leaves_the_step_open(open_for_comment):
    assert [sweep_at(CLOSES - timedelta(days=1)).fired for _ in range(2)] == [1, 0]
    assert event_types(open_for_comment)[-1] == "probe.reminded"
    assert (fresh(open_for_comment).stage, fresh(open_for_comment).process.status) == ("comment", PROCESS.NEW)


def test_a_deadline_closes_the_step_and_moves_on_with_its_event(open_for_comment, world):
    sweep_at(CLOSES - timedelta(days=1))
    assert [sweep_at(CLOSES).fired for _ in range(2)] == [1, 0]
    assert event_types(open_for_comment)[-1] == "probe.lapsed"
    assert fresh(open_for_comment).stage == "decide"
    assert rows(open_for_comment)[-3:] == [("reminded", "DONE"), ("lapse", "DONE"), ("decide", "NEW")]
    with pytest.raises(driver.NotNow, match="it stands at 'Decision'"):
        driver.complete(ProbeFlow.comment, open_for_comment, by=world.officer, change=noted())


def test_an_answer_disarms_both_deadlines(open_for_comment, world):
    driver.complete(ProbeFlow.comment, open_for_comment, by=world.officer, change=noted())
    assert sweep_at(CLOSES).fired == 0


@pytest.mark.parametrize("outcome", ["broken", "silent"])
def test_a_failing_firing_is_undone_and_put_off_ever_longer(open_for_comment, outcome, caplog, world):
    driver.extend(ProbeFlow.comment_closes, open_for_comment, change=noted(outcome=outcome))
    before = rows(open_for_comment)
    moment = CLOSES
    sweep_at(CLOSES - timedelta(days=1))
    for failures, wait in enumerate((*BACKOFF, BACKOFF[-1]), 1):
        swept = sweep_at(moment)
        timer = Task.objects.get(flow_task=ProbeFlow.comment_closes)
        assert (swept.fired, swept.failed) == (0, [timer.pk])
        assert (timer.data, timer.scheduled) == ({"attempts": failures, "error": "RuntimeError"}, moment + wait)
        assert sweep_at(moment + wait - SECOND).failed == []
        moment += wait
    assert rows(open_for_comment)[: len(before) - 1] == before[:-1]
    assert "Deadline" in caplog.text
    driver.extend(ProbeFlow.comment_closes, open_for_comment, change=noted(outcome=""))
    assert sweep_at(moment).fired == 1


def test_a_deadline_that_outlived_its_step_is_disarmed(open_for_comment, caplog):
    Task.objects.filter(flow_task=ProbeFlow.comment).update(status=STATUS.CANCELED, finished=clock.now())
    assert sweep_at(CLOSES).fired == 0
    assert ("comment_closes", "CANCELED") in rows(open_for_comment)
    assert "outlived" in caplog.text


def test_a_deadline_of_an_unknown_flow_is_left_alone(open_for_comment, caplog):
    Task.objects.filter(flow_task=ProbeFlow.comment_closes).update(flow_task="probe/gone.Flow.node")
    Task.objects.filter(flow_task=ProbeFlow.comment_reminder).update(scheduled=CLOSES + timedelta(days=1))
    assert (sweep_at(CLOSES).fired, sweep_at(CLOSES).failed) == (0, [])
    assert "belongs to no flow" in caplog.text


def test_a_sweep_is_bounded(open_for_comment):
    with clock.at(CLOSES):
        assert sweep(limit=0).fired == 0
        assert sweep(seconds=-1).fired == 0
        assert sweep(limit=1).fired == 1


@pytest.fixture
def letter(start, django_capture_on_commit_callbacks):
    """A case that waits for its letter; its message has been sent once."""
    with django_capture_on_commit_callbacks(execute=True):
        case = start(LetterFlow.start)
        assert SENT == []
    case.task = Task.objects.get(process_id=case.process_id, flow_task=LetterFlow.letter)
    assert [case.task.pk] == SENT
    return case


def test_a_job_runs_once_however_often_it_is_delivered(letter):
    assert [run_job(letter.task.pk) for _ in range(2)] == [True, False]
    assert event_types(letter)[-1] == "probe.letter_written"
    assert Task.objects.get(pk=letter.task.pk).data["result"] == f"{letter.reference}.pdf"


def test_a_job_claimed_by_one_worker_is_refused_to_another(letter, monkeypatch):
    inner = []
    work = LetterFlow.letter.work
    monkeypatch.setattr(LetterFlow.letter, "work", lambda case: (inner.append(run_job(letter.task.pk)), work(case))[1])
    assert (run_job(letter.task.pk), inner) == (True, [False])


def test_a_job_called_off_while_it_runs_changes_nothing(letter, monkeypatch, world):
    def work(case):
        driver.divert(LetterFlow.sent, case.pk, by=world.officer, change=noted("probe.withdrawn"))
        return {}

    monkeypatch.setattr(LetterFlow.letter, "work", work)
    assert run_job(letter.task.pk) is False
    assert event_types(letter)[-1] == "probe.withdrawn"


def test_a_job_fails_when_the_case_cannot_record_it(letter, monkeypatch):
    monkeypatch.setattr(LetterFlow.letter, "done", lambda case, result: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_job(letter.task.pk)
    assert Task.objects.get(pk=letter.task.pk).status == STATUS.ERROR


def test_the_process_does_not_finish_past_a_failed_job(letter, world, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(LetterFlow.letter, "work", lambda case: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_job(letter.task.pk)
    driver.complete(LetterFlow.read, letter, by=world.assessor, change=noted())
    assert fresh(letter).process.status == PROCESS.NEW
    assert retry_job(letter.task.pk) is True
    assert run_job(letter.task.pk) is True
    assert (fresh(letter).process.status, fresh(letter).stage) == (PROCESS.DONE, "sent")


def test_a_failed_job_keeps_no_personal_data_and_is_tried_again(letter, django_capture_on_commit_callbacks):
    stored = fresh(letter)
    with transaction.atomic():
        noted(outcome="broken")(stored, None)
        settle(stored)
    with pytest.raises(RuntimeError):
        run_job(letter.task.pk)
    failed = Task.objects.get(pk=letter.task.pk)
    assert (failed.status, failed.data) == (STATUS.ERROR, {"attempts": 1, "error": "RuntimeError"})
    assert sweep_jobs() == 0
    with clock.at(failed.scheduled), django_capture_on_commit_callbacks(execute=True):
        assert [sweep_jobs(), sweep_jobs()] == [1, 0]
    assert [letter.task.pk] * 2 == SENT


def test_a_job_gives_up_after_the_last_wait_until_somebody_retries(letter, monkeypatch):
    monkeypatch.setattr(LetterFlow.letter, "work", lambda case: 1 / 0)
    moment = clock.now()
    for _ in range(len(BACKOFF) + 1):
        with clock.at(moment):
            assert sweep_jobs() in {0, 1}
            with pytest.raises(ZeroDivisionError):
                run_job(letter.task.pk)
        moment += timedelta(days=1)
    with clock.at(moment):
        assert sweep_jobs() == 0
        assert (retry_job(letter.task.pk), retry_job(-1)) == (True, False)


def test_a_lost_message_is_sent_again(letter, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep_jobs() == 0
        with clock.at(letter.task.scheduled):
            assert [sweep_jobs(), sweep_jobs()] == [1, 0]
    assert [letter.task.pk] * 2 == SENT
    assert letter.task.scheduled - letter.task.created == pytest.approx(LOST_AFTER, abs=timedelta(seconds=5))


def test_a_dead_workers_job_is_taken_over(letter, monkeypatch):
    class Killed(BaseException):
        pass

    def die(case):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(LetterFlow.letter, "work", die)
        with pytest.raises(Killed):
            run_job(letter.task.pk)
    assert (run_job(letter.task.pk), retry_job(letter.task.pk)) == (False, False)
    with clock.at(clock.now() + LEASE):
        assert run_job(letter.task.pk) is True


def test_a_job_called_off_by_its_process_is_not_run(letter):
    with letter.task.activation() as activation:
        activation.cancel()
    assert (run_job(letter.task.pk), retry_job(letter.task.pk)) == (False, False)
    assert Task.objects.get(pk=letter.task.pk).finished is not None


def test_a_deadline_answered_while_it_failed_is_not_put_off(open_for_comment, world):
    timer = Task.objects.get(flow_task=ProbeFlow.comment_closes)
    driver.complete(ProbeFlow.comment, open_for_comment, by=world.officer, change=noted())
    postpone(timer.pk, RuntimeError())
    assert Task.objects.get(pk=timer.pk).data == {}


def test_a_step_of_a_version_without_it_is_refused(start, world):
    case = start(PanelFlow.start)
    with pytest.raises(driver.NotNow, match="The process of CCG-001-2012 has no step 'Desk-top review'"):
        driver.complete(ProbeFlow.review, case, by=world.assessor, change=noted())
