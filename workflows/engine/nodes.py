"""The words a flow is written in. Every callback given to them takes the case.

    second_reading = Step(title="Second reading", stage="second_reading").Permission(
        "directory.read_second", obj=this.board
    ).Next(this.convene)
    comments = Step(title="CCG comments", stage="ccg_comments").Permission("directory.act_for", obj=this.ccg).Next(...)
    comments_close = Deadline(this.comments, at=this.comments_close_at).Next(this.comments_lapsed)

Everything is subclassed from viewflow 2.4; nothing of it is patched or copied.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any, Self

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model, Q
from viewflow import this
from viewflow.workflow import nodes
from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Node
from viewflow.workflow.status import STATUS

from audit import clock
from directory.models import Organisation
from workflows.engine import activations
from workflows.engine.caseflow import Case, case_of


def on_case(callback: Callable[[Case], Any]) -> Callable[[Activation], Any]:
    """Call a flow's callback with the case where viewflow passes an activation."""

    @wraps(callback)  # the name of a condition is printed beside its branch
    def call(activation: Activation) -> Any:
        return callback(case_of(activation))

    return call


def _no_view(*_args: object, **_kwargs: object) -> None:
    raise ImproperlyConfigured("Steps are worked on the pages of their case; viewflow's own addresses are not mounted.")


class Start(nodes.StartHandle):
    """Where a process begins; only `driver.start` and `bulk.bulk_start` go through it."""

    activation_class = activations.BeginActivation
    stage: str | None = None

    def run(self, **_kwargs: object) -> None:
        """Refuse: it would start a case without lock and record."""
        raise TypeError(f"{self.name}: start a case with driver.start, which locks, settles and records it.")


class Step(nodes.View):
    """Something a person does.

    stage: what the case's `stage` becomes when the step opens; None leaves it.
    also: `(person, case) -> bool`, a further way to be allowed, such as chairing the panel.
    """

    activation_class = activations.StepActivation
    _owner_permission_obj: Any = None

    def __init__(self, *, title: str, stage: str | None, also: Callable[[Any, Case], bool] | None = None) -> None:
        super().__init__(_no_view)
        self.task_title = title
        self.stage = stage
        self.also = also

    def Permission(self, permission: str, *, obj: Callable[[Case], Model | int]) -> Self:  # noqa: N802  viewflow's name
        """Who may complete the step: holders of `permission` on what `obj(case)` names.

        An organisation may be named by its key, which saves the query. A flow's own permissions are never created
        by viewflow: every one is declared by the model it is about.
        """
        self._owner_permission, self._owner_permission_obj = permission, obj
        return self

    def _resolve(self, instance: object) -> None:
        super()._resolve(instance)
        self.also = this.resolve(instance, self.also)
        self._owner_permission_obj = this.resolve(instance, self._owner_permission_obj)

    def calc_owner_permission_obj(self, activation: Activation) -> Model:
        """What the permission is held on, as an instance that is never saved when only its key was named."""
        target: Model | int = self._owner_permission_obj(case_of(activation))
        return target if isinstance(target, Model) else Organisation(pk=target)


class Deadline(nodes.TimerBoundary):
    """A moment after which a step is no longer waited for.

    at: `case -> aware datetime`, asked when the step opens.
    interrupting: whether the step closes then; a reminder leaves it open and needs an End of its own.
    """

    activation_class = activations.DeadlineActivation
    stage: str | None = None

    def __init__(
        self, host: Any, *, at: Callable[[Case], datetime], interrupting: bool = True, title: str = ""
    ) -> None:
        super().__init__(host, at, interrupting=interrupting)
        self.task_title = title

    def due(self, case: Case) -> datetime:
        """When the deadline falls for this case. Raises ValueError unless it is an aware datetime."""
        moment = self._delay(case)
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise ValueError(f"{self.name}: a deadline is a datetime with its time zone, not {moment!r}.")
        return moment

    def _arm(self, host_activation: Activation) -> None:
        self.activation_class.create(self, host_activation, host_activation.task.token)

    def _on_host_finished(self, **signal: Any) -> None:
        """Disarm in one statement, without loading the row."""
        host = signal["task"]
        if host.flow_task is not self._attached_to:
            return
        armed = Q(process_id=host.process_id, flow_task=self, previous=host.pk, status=STATUS.SCHEDULED)
        self.flow_class.task_class._default_manager.filter(armed).update(status=STATUS.CANCELED, finished=clock.now())


class Function(nodes.Function):
    """A callback `case -> None` run in passing: it calls domain actions, by "system"."""

    stage: str | None = None
    _func: Any

    def _resolve(self, instance: object) -> None:
        super()._resolve(instance)
        self._func = on_case(self._func)


class If(nodes.If):
    """One way or the other by `case -> bool`."""

    stage: str | None = None
    _condition: Any

    def _resolve(self, instance: object) -> None:
        super()._resolve(instance)
        self._condition = on_case(self._condition)


class Switch(nodes.Switch):
    """The first case whose `case -> bool` holds, else the default."""

    stage: str | None = None
    _activate_next: Any

    def _resolve(self, instance: object) -> None:
        super()._resolve(instance)
        self._activate_next = [(node, on_case(rule) if rule else None) for node, rule in self._activate_next]


class Split(nodes.Split):
    """Different branches at once, each perhaps only if `case -> bool`."""

    stage: str | None = None
    _activate_next: Any

    def _resolve(self, instance: object) -> None:
        super()._resolve(instance)
        self._activate_next = [(node, on_case(rule) if rule else None, None) for node, rule, _ in self._activate_next]


class Each(nodes.Split):
    """The same branch once for every item of `case -> items` (plain strings or numbers); `Join` waits for all."""

    activation_class = activations.EachActivation
    stage: str | None = None

    def __init__(self, items: Callable[[Case], Iterable[str | int]]) -> None:
        super().__init__()
        self.items = items

    def _resolve(self, instance: object) -> None:
        super()._resolve(instance)
        self.items = this.resolve(instance, self.items)

    @property
    def branch(self) -> Node:
        """The first node of every branch."""
        return self._activate_next[0][0]


class Join(nodes.Join):
    """Waits for every branch."""

    activation_class = activations.MeetActivation
    stage: str | None = None


class End(nodes.End):
    """The end of a path. `stage` is the case's when nothing else is open, and the process is finished then."""

    activation_class = activations.FinishActivation

    def __init__(self, *, stage: str | None = None, title: str = "") -> None:
        super().__init__()
        self.stage = stage
        self.task_title = title


class Job(nodes.AbstractJob):
    """Work for a worker, sent after the commit; the process waits for it.

    work: `case -> result`, outside any lock, changing nothing: it makes a letter, asks another machine.
    done: `(case, result) -> JSON value`, under the lock, records what was made, by "system"; the task keeps what it
    returns. Without it the task keeps the result itself, which must then be a JSON value.
    stage: what the case's `stage` becomes when the job is sent; None leaves it.
    send: takes the task's key and sends the message; it may be lost or delivered twice.
    """

    activation_class = activations.JobActivation

    def __init__(
        self,
        work: Callable[[Case], Any],
        *,
        send: Callable[[int], object],
        done: Callable[[Case, Any], Any] | None = None,
        title: str = "",
        stage: str | None = None,
    ) -> None:
        super().__init__()
        self.work, self.done, self.send, self.task_title, self.stage = work, done, send, title, stage

    def _resolve(self, instance: object) -> None:
        super()._resolve(instance)
        self.work = this.resolve(instance, self.work)
        self.done = this.resolve(instance, self.done)
