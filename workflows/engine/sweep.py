"""Due deadlines and lost jobs: what Celery beat, cron or a test calls.

The due moment is `Task.scheduled`; nothing lives in the broker. A sweep may run twice, in parallel, late or not at all:
every task is read again under the lock of its case, and fires only while it is still due. What fails is undone whole,
counted on its row and tried again later.
"""

import logging
import time
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from viewflow.workflow.status import STATUS

from audit import clock
from workflows.engine.activations import backoff
from workflows.engine.caseflow import CaseFlow
from workflows.engine.driver import Turn
from workflows.engine.nodes import Deadline, Job
from workflows.engine.tasks import Task

logger = logging.getLogger(__name__)


@dataclass
class Swept:
    """What one sweep did."""

    fired: int = 0
    failed: list[int] = field(default_factory=list)


def due(task_type: str) -> "QuerySet[Task]":
    """Deadlines or jobs whose moment has come, the oldest first."""
    waiting: QuerySet[Task] = Task._default_manager.filter(finished__isnull=True, scheduled__lte=clock.now())
    return waiting.filter(flow_task_type=task_type).order_by("scheduled", "pk")


def sweep(*, limit: int = 500, seconds: float = 30.0) -> Swept:
    """Fire due deadlines, at most so many and for about so long."""
    until = time.monotonic() + seconds
    swept = Swept()
    for task in due(Deadline.task_type)[:limit]:
        if time.monotonic() > until:
            break
        try:
            swept.fired += fire(task)
        except Exception as error:
            logger.exception("Deadline %s of process %s", task.pk, task.process_id)
            postpone(task.pk, error)
            swept.failed.append(task.pk)
    return swept


def fire(task: Task) -> bool:
    """Fire one deadline in one transaction; False when somebody else has it, had it, or its step has gone."""
    with transaction.atomic():
        turn = _turn(task, skip_locked=True)
        if turn is None:
            return False
        current = turn.tasks(pk=task.pk, status=STATUS.SCHEDULED).first()
        if current is None or not _is_due(current):
            return False
        activation = turn.activation(current)
        if not activation.open_hosts():
            logger.warning("Deadline %s outlived its step and is disarmed.", task.pk)
            activation.cancel()
            return False
        activation.start()
        activation.execute()
        turn.settle()
    return True


def postpone(task_pk: int, error: BaseException) -> None:
    """Count a failure on the deadline's row and put it off; the kind of error only, messages hold personal data."""
    with transaction.atomic():
        task = Task._default_manager.select_for_update().filter(pk=task_pk, status=STATUS.SCHEDULED).first()
        if task is None:
            return
        attempts = task.data.get("attempts", 0) + 1
        task.data.update(attempts=attempts, error=type(error).__name__)
        task.scheduled = clock.now() + backoff(attempts)
        task.save()


def sweep_jobs(*, limit: int = 500) -> int:
    """Send again the jobs whose message or worker was lost, and the failed ones that are due; how many were sent."""
    return sum(_resend(task.pk, only_due=True) for task in due(Job.task_type)[:limit])


def retry_job(task_pk: int) -> bool:
    """Send a job again now, also one that has failed too often; False when it is at work or no longer wanted."""
    return _resend(task_pk, only_due=False)


def run_job(task_pk: int) -> bool:
    """What a worker does with a message: claim the job, work without any lock, record the result and move on.

    False when there is nothing to do: a second delivery finds the job claimed, done or called off. Raises what the
    work raised, after recording that it failed.
    """
    task = _claim(task_pk)
    if task is None:
        return False
    node = task.flow_task
    try:
        result = node.work(node.flow_class.case_of(task.process))
        return _finish(task, result)
    except Exception as error:
        _fail(task, error)
        raise


def _resend(task_pk: int, *, only_due: bool) -> bool:
    with transaction.atomic():
        task, turn = _job(task_pk)
        if task is None or turn is None:
            return False
        wanted = _is_due(task) or (not only_due and task.status in {STATUS.SCHEDULED, STATUS.ERROR})
        if not wanted:
            return False
        turn.activation(task).retry()
    return True


def _claim(task_pk: int) -> Task | None:
    with transaction.atomic():
        task, turn = _job(task_pk)
        if task is None or turn is None:
            return None
        if task.status != STATUS.SCHEDULED and not (task.status == STATUS.STARTED and _is_due(task)):
            return None
        turn.activation(task).start()
        return task


def _finish(claimed: Task, result: Any) -> bool:
    with transaction.atomic():
        task, turn = _job(claimed.pk)
        if task is None or turn is None or not _is_same_claim(task, claimed):
            return False
        activation = turn.activation(task)
        task.data["result"] = result if task.flow_task.done is None else task.flow_task.done(turn.case, result)
        activation.execute()
        turn.settle()
    return True


def _fail(claimed: Task, error: BaseException) -> None:
    with transaction.atomic():
        task, turn = _job(claimed.pk)
        if task is not None and turn is not None and _is_same_claim(task, claimed):
            turn.activation(task).error(error)


def _is_due(task: Task) -> bool:
    return task.finished is None and task.scheduled is not None and bool(task.scheduled <= clock.now())


def _is_same_claim(task: Task, claimed: Task) -> bool:
    return bool(task.status == STATUS.STARTED and task.started == claimed.started)


def _job(task_pk: int) -> tuple[Task | None, Turn | None]:
    """A job's row as it is under the lock of its case."""
    found = Task._default_manager.filter(pk=task_pk, flow_task_type=Job.task_type).first()
    turn = _turn(found) if found is not None else None
    return (turn.tasks(pk=task_pk).first(), turn) if turn is not None else (None, None)


def _turn(task: Task, *, skip_locked: bool = False) -> Turn | None:
    """Lock the case of a task; None when it is held, or when the task belongs to no flow of ours."""
    flow_class = task.flow_task.flow_class if task.flow_task is not None else None
    if flow_class is None or not issubclass(flow_class, CaseFlow):
        logger.warning("Task %s belongs to no flow of this installation.", task.pk)
        return None
    return Turn.lock(flow_class, skip_locked=skip_locked, pk=task.process_id)
