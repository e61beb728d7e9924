"""What happens to one task row: viewflow's activations with the defects of 2.4.0 put right.

Every activation of one turn shares one process object, and through it one case; the last opened node is noted there,
so that the driver knows the new stage without a query.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from viewflow.workflow.activation import Activation, has_manage_permission
from viewflow.workflow.base import Node
from viewflow.workflow.nodes import (
    AbstractJobActivation,
    EndActivation,
    JoinActivation,
    SplitActivation,
    StartActivation,
    ViewActivation,
)
from viewflow.workflow.nodes.boundary import TimerBoundaryActivation
from viewflow.workflow.signals import flow_finished, flow_started, task_started
from viewflow.workflow.status import PROCESS, STATUS
from viewflow.workflow.token import Token

from audit import clock
from workflows.engine.caseflow import case_of
from workflows.engine.tasks import OPEN, UNFINISHED, Process, Task

# How long a failed deadline or job waits before the next attempt; a deadline keeps to the last one, a job gives up.
BACKOFF = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
# A worker that has not answered for so long is taken for dead, and a message not taken up for lost.
LEASE = timedelta(minutes=15)
LOST_AFTER = timedelta(minutes=5)


def backoff(attempts: int) -> timedelta:
    """The wait after that many failures, at least one."""
    return BACKOFF[min(attempts, len(BACKOFF)) - 1]


def note_opened(process: Process, node: Node) -> None:
    """Remember that this turn reached `node`."""
    process.__dict__.setdefault("opened", []).append(node)


def opened_stage(process: Process) -> str | None:
    """The stage of the last node with one that this turn reached; None when it reached none."""
    stages = [node.stage for node in process.__dict__.get("opened", ()) if node.stage is not None]
    return stages[-1] if stages else None


class BeginActivation(StartActivation):
    @Activation.status.transition(source=STATUS.NEW)
    def execute(self) -> None:
        """Go on from the start; the driver has saved the process and holds its lock."""
        self.complete()
        flow_started.send(sender=self.flow_class, process=self.process, task=self.task)
        self.activate_next()


class StepActivation(ViewActivation):
    @classmethod
    def create(
        cls, flow_task: Node, prev_activation: Activation, token: Token, data: Any = None, seed: Any = None
    ) -> "StepActivation":
        """Open the step and note it."""
        activation: StepActivation = super().create(flow_task, prev_activation, token, data=data, seed=seed)
        note_opened(activation.process, flow_task)
        return activation

    @Activation.status.transition(source=[STATUS.NEW, STATUS.ASSIGNED], target=STATUS.STARTED)
    def take(self, by: Any) -> None:
        """Assign and start in memory; complete() writes the row once."""
        self.task.owner = by
        self.task.assigned = self.task.started = clock.now()
        task_started.send(sender=self.flow_class, process=self.process, task=self.task)

    @Activation.status.transition(
        source=[STATUS.NEW, STATUS.ASSIGNED], target=STATUS.CANCELED, permission=has_manage_permission
    )
    def cancel(self) -> None:
        """Cancel the step and its deadlines; upstream leaves them armed."""
        super().cancel.original()
        for boundary in self.flow_task._boundary_events:
            boundary._on_host_finished(task=self.task)

    @Activation.status.super()
    def revive(self) -> Task:
        """Open the step again with its deadlines; upstream forgets them."""
        task: Task = super().revive.original()
        task.process = self.process
        activation = type(self)(task)
        note_opened(self.process, self.flow_task)
        for boundary in self.flow_task._boundary_events:
            boundary._arm(activation)
        return task


class DeadlineActivation(TimerBoundaryActivation):
    @classmethod
    def create(
        cls,
        flow_task: Node,
        prev_activation: Activation,
        token: Token,
        data: Any = None,
        seed: Any = None,  # noqa: ARG003
    ) -> "DeadlineActivation":
        """Store the deadline armed, in one insert; upstream inserts it and then updates it."""
        task = flow_task.flow_class.task_class(
            process=prev_activation.process,
            flow_task=flow_task,
            token=token,
            status=STATUS.SCHEDULED,
            scheduled=flow_task.due(case_of(prev_activation)),
            data=data or {},
        )
        task.save()
        task.previous.add(prev_activation.task)
        return cls(task)

    def open_hosts(self) -> list[Task]:
        """The steps this deadline limits that somebody could still complete."""
        tasks = self.flow_class.task_class._default_manager.filter(leading=self.task, status__in=OPEN).order_by("pk")
        return list(tasks)

    def cancel_host_tasks(self) -> None:
        """Close the step, and with it the other deadlines on it."""
        for host in self.open_hosts():
            host.process = self.process
            host.flow_task.activation_class(host).cancel()

    @Activation.status.transition(source=STATUS.STARTED)
    def execute(self) -> None:
        """Fire. A failure further on reaches the sweep, which undoes the whole firing and tries again later."""
        if self.flow_task._interrupting:
            self.cancel_host_tasks()
        self.complete()
        self.activate_next()


class EachActivation(SplitActivation):
    @Activation.status.super()
    def activate(self) -> None:
        """Ask for the items. Raises ValueError when there are none, or one is there twice."""
        self.items = list(self.flow_task.items(case_of(self)))
        if not self.items:
            raise ValueError(f"{self.flow_task.name}: there is nobody and nothing to open a step for.")
        if len(set(self.items)) != len(self.items):
            raise ValueError(f"{self.flow_task.name}: an item is named twice.")

    @Activation.status.super()
    def create_next(self) -> Iterator[Activation]:
        """Open one branch for each item, with its own token."""
        tokens = Token.split_token_source(self.task.token, self.task.pk)
        for item in self.items:
            yield self.flow_task.branch._create(self, next(tokens), data={"item": item})


class MeetActivation(JoinActivation):
    @classmethod
    def create(
        cls, flow_task: Node, prev_activation: Activation, token: Token, data: Any = None, seed: Any = None
    ) -> "MeetActivation":
        """Join with the turn's own process; upstream goes on with a second, stale copy of process and case."""
        activation: MeetActivation = super().create(flow_task, prev_activation, token, data=data, seed=seed)
        activation.process = activation.task.process = prev_activation.process
        return activation


class FinishActivation(EndActivation):
    @Activation.status.super()
    def activate(self) -> None:
        """Finish the process unless a branch is open or has failed; upstream takes a failed one for finished."""
        self.task.started = clock.now()
        task_started.send(sender=self.flow_class, process=self.process, task=self.task)
        others = self.flow_class.task_class._default_manager.filter(process=self.process, status__in=UNFINISHED)
        if others.exclude(pk=self.task.pk).exists():
            return
        self.process.status, self.process.finished = PROCESS.DONE, clock.now()
        self.process.save(update_fields=["status", "finished"])
        note_opened(self.process, self.flow_task)
        flow_finished.send(sender=self.flow_class, process=self.process, task=self.task)


class JobActivation(AbstractJobActivation):
    """A job's row says in `scheduled` when somebody must look after it again, whatever its status."""

    @Activation.status.transition(source=STATUS.NEW, target=STATUS.SCHEDULED)
    def activate(self) -> None:
        """Send the job once the transaction is committed, and note it."""
        note_opened(self.process, self.flow_task)
        self._send()

    @Activation.status.transition(source=[STATUS.SCHEDULED, STATUS.STARTED], target=STATUS.STARTED)
    def start(self) -> None:
        """Claim the job for one worker."""
        self.task.started = clock.now()
        self.task.scheduled = clock.now() + LEASE
        self.task.save()

    @Activation.status.transition(source=STATUS.STARTED)
    def execute(self) -> None:
        """Go on. A failure further on undoes the completion, so the job is tried again."""
        self.complete()
        self.activate_next()

    @Activation.status.transition(source=STATUS.STARTED, target=STATUS.ERROR)
    def error(self, exception: BaseException) -> None:
        """Record that the attempt failed: the kind of error only, since messages and variables hold personal data.

        The row stays unfinished, so that neither an End nor a Join goes past it.
        """
        attempts = self.task.data.get("attempts", 0) + 1
        self.task.data.update(attempts=attempts, error=type(exception).__name__)
        self.task.scheduled = clock.now() + backoff(attempts) if attempts <= len(BACKOFF) else None
        self.task.save()

    @Activation.status.transition(source=[STATUS.SCHEDULED, STATUS.STARTED, STATUS.ERROR], target=STATUS.SCHEDULED)
    def retry(self) -> None:
        """Send the job again."""
        self._send()

    @Activation.status.transition(
        source=[STATUS.NEW, STATUS.SCHEDULED, STATUS.ERROR], target=STATUS.CANCELED, permission=has_manage_permission
    )
    def cancel(self) -> None:
        """Call the job off; a worker that is at it finds out when it comes back."""
        self.task.finished = clock.now()
        self.task.save()

    def _send(self) -> None:
        self.task.scheduled = clock.now() + LOST_AFTER
        self.task.save()
        transaction.on_commit(partial(self.flow_task.send, self.task.pk))
