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
from viewflow.workflow.exceptions import FlowRuntimeError
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
from workflows.engine.tasks import OPEN, UNFINISHED, Process, Task, link

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
        """Open the step and note it: upstream's rows, without its many-to-many manager."""
        activation = cls.drafted(flow_task, prev_activation, token, data, seed)
        activation.task.save()
        link(prev_activation.task, activation.task)
        if flow_task._on_create is not None:
            flow_task._on_create(activation)
        note_opened(activation.process, flow_task)
        return activation

    @classmethod
    def drafted(
        cls, flow_task: Node, prev_activation: Activation, token: Token, data: Any = None, seed: Any = None
    ) -> "StepActivation":
        """The step as it will be opened, with its permission and owner, not stored yet."""
        task = flow_task.flow_class.task_class(
            process=prev_activation.process, flow_task=flow_task, token=token, data=data or {}
        )
        task.seed = seed
        activation = cls(task)
        task.owner_permission = flow_task.calc_owner_permission(activation)
        if task.owner_permission:
            task.owner_permission_obj = flow_task.calc_owner_permission_obj(activation)
        owner = flow_task.calc_owner(activation)
        if owner:
            task.owner, task.status = owner, STATUS.ASSIGNED
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
        link(prev_activation.task, task)
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
        branch, tokens = self.flow_task.branch, Token.split_token_source(self.task.token, self.task.pk)
        given = [({"item": item}, next(tokens)) for item in self.items]
        if not issubclass(branch.activation_class, StepActivation) or branch._boundary_events or branch._on_create:
            yield from (branch._create(self, token, data=data) for data, token in given)
            return
        opened = [branch.activation_class.drafted(branch, self, token, data) for data, token in given]
        tasks = [activation.task for activation in opened]
        self.flow_class.task_class.insert_many(tasks)
        link(self.task, *tasks)
        note_opened(self.process, branch)
        yield from opened


class MeetActivation(JoinActivation):
    branches = ""  # how the tokens begin of the branches that meet here

    @classmethod
    def create(
        cls, flow_task: Node, prev_activation: Activation, token: Token, data: Any = None, seed: Any = None
    ) -> "MeetActivation":
        """Arrive at the join; upstream goes on with a second, stale copy of process and case."""
        tasks, process = flow_task.flow_class.task_class._default_manager, prev_activation.process
        waiting = list(
            tasks.filter(process=process, flow_task=flow_task, status__in=[STATUS.NEW, STATUS.STARTED]).order_by("pk")
        )
        if len(waiting) > 1:
            raise FlowRuntimeError(f"{flow_task.name} is waiting twice in process {process.pk}.")
        if waiting:
            task = waiting[0]
            task.process = process
        else:
            base = token.get_base_split_token() if token.is_split_token() else token
            task = flow_task.flow_class.task_class(process=process, flow_task=flow_task, token=base, data=data or {})
            task.seed, task.status, task.started = seed, STATUS.STARTED, clock.now()
            task.save()
        link(prev_activation.task, task)
        activation = cls(task)
        activation.branches = token.get_common_split_prefix(task.token, prev_activation.task.pk)
        return activation

    def is_done(self) -> bool:
        """Whether every branch has arrived: most often one is open still, which one question finds out."""
        early = self.branches and not self.flow_task._continue_on_condition
        if early and self._active_join_tasks(self.branches).exists():
            return False
        return bool(super().is_done())


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
