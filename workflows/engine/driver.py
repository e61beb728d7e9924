"""Moving one case: lock, look, permit, change, move on, settle; all in one transaction.

The rows of the process and of the case are locked together and re-read by the lock itself; only then is the task read,
in a second statement. One joined `FOR UPDATE OF process` would return the task as it was before the wait, and locking
tasks too deadlocks with callers that hold the process. Whoever holds a case's own lock must not call the driver.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from viewflow.workflow.activation import Activation
from viewflow.workflow.status import PROCESS, STATUS
from viewflow.workflow.token import Token

from audit import clock
from audit.actions import settle
from directory import grants
from directory.models import Organisation, Person
from directory.permissions import Actor
from workflows.engine.activations import opened_stage
from workflows.engine.caseflow import Case, CaseFlow
from workflows.engine.errors import NotNow
from workflows.engine.nodes import Deadline, End, Start, Step
from workflows.engine.tasks import OPEN, UNFINISHED, Process, Task

T = TypeVar("T")
Change = Callable[[Case, Task], T]


@dataclass
class Turn:
    """One locked case and its process, from the lock until `settle`. Inside one transaction."""

    flow_class: type[CaseFlow]
    process: Process
    case: Case
    audit_seq: int
    stage: str

    @classmethod
    def of(cls, process: Process, case: Case) -> Self:
        """A turn on rows the caller has locked."""
        return cls(process.flow_class, process, case, case.audit_seq, case.stage)

    @classmethod
    def lock(cls, flow_class: type[CaseFlow], *, skip_locked: bool = False, **which: Any) -> Self | None:
        """Lock a case and its process; None when there is no such process or, skipping, when somebody holds it."""
        name = flow_class.case_name
        # A condition on the case makes the join an inner one: PostgreSQL locks no nullable side.
        rows = Process._default_manager.filter(**{f"{name}__isnull": False}, **which).select_related(name)
        process = next(iter(rows.select_for_update(of=("self", name), skip_locked=skip_locked)), None)
        return None if process is None else cls.of(process, getattr(process, name))

    def keep_pinned(self, case: Case) -> None:
        """Take over the pinned rows the caller's case has at hand, which saves reading them again."""
        known = case._state.fields_cache
        for name in self.flow_class.pinned:
            column = f"{name}_id"
            if name in known and getattr(case, column) == getattr(self.case, column):
                self.case._state.fields_cache[name] = known[name]

    def node(self, node: Any) -> Any:
        """The node of that name in the version of the flow this case is on."""
        own = self.flow_class.instance.node(node.name, no_obsolete=True)
        if own is None:
            raise NotNow(f"The process of {self.case} has no step '{title_of(node)}'.")
        return own

    def tasks(self, **where: Any) -> "QuerySet[Task]":
        """Tasks of this process; each one read is given the turn's own process by `activation`."""
        tasks: QuerySet[Task] = Task._default_manager.filter(process_id=self.process.pk, **where)
        return tasks.order_by("pk")

    def activation(self, task: Task) -> Activation:
        """The activation of a task, bound to this turn's process and case."""
        task.process = self.process
        return task.flow_task.activation_class(task)

    def change(self, change: "Change[T]", task: Task) -> T:
        """Let the domain act. Raises RuntimeError when it left no event."""
        before = self.case.audit_seq
        result = change(self.case, task)
        if self.case.audit_seq <= before:
            raise RuntimeError(f"The action at '{title_of(task.flow_task)}' recorded no event of {self.case.stream}.")
        return result

    def settle(self) -> None:
        """Write the case with the stage it now stands at. Raises RuntimeError when it moved without an event."""
        reached = opened_stage(self.process)
        if reached is not None:
            self.case.stage = reached
        if self.case.audit_seq > self.audit_seq:
            settle(self.case)
        elif self.case.stage != self.stage:
            raise RuntimeError(f"{self.case.stream} moved from {self.stage} to {self.case.stage} without an event.")


def complete(node: Step, case: Case | int, *, by: Person, change: "Change[T]", item: str | int | None = None) -> T:
    """Do the open step `node` of a case (or its key) and move on.

    change: the domain's part, `(case, task) -> result`; it records at least one event and leaves settling to us. It
    is given a fresh case: the one passed in is not changed.
    item: which of the parallel steps opened by an `Each`.
    Raises NotNow when the step is not open, PermissionDenied when the person may not, and whatever `change` raises.
    """
    with transaction.atomic():
        turn = _lock(node, case)
        own = turn.node(node)
        task = _open_task(turn, own, item)
        check_may_complete(own, task, turn.case, by)
        result = turn.change(change, task)
        activation = turn.activation(task)
        activation.take(by)
        activation.execute()
        turn.settle()
    return result


def divert(node: Step | End, case: Case | int, *, by: Actor, change: "Change[T]") -> T:
    """Take a case from wherever it stands to `node`, such as a deferral or a withdrawal.

    Every open task ends: deadlines are disarmed, jobs called off. Whether `by` may is for `change` to check. Raises
    NotNow when the case stands nowhere (it has finished) or already there.
    """
    with transaction.atomic():
        turn = _lock(node, case)
        own = turn.node(node)
        standing = list(turn.tasks(status__in=UNFINISHED))
        steps = [task for task in standing if isinstance(task.flow_task, Step)] or standing
        if not standing or own in {task.flow_task for task in steps}:
            raise NotNow(f"'{title_of(own)}' is not possible for {turn.case}: {_standing(turn)}.")
        result = turn.change(change, steps[-1])
        gone = turn.tasks(pk__in=[task.pk for task in standing])
        gone.update(status=STATUS.CANCELED, finished=clock.now())
        origin = turn.activation(steps[-1])
        arrived = own._create(origin, Token("start"))
        arrived.task.previous.add(*steps[:-1])
        if not isinstance(own, Step):
            arrived.task.owner = by if isinstance(by, Person) else None
        origin._activate_next({arrived})
        turn.settle()
    return result


def start(node: Start, case: Case, *, by: Actor, change: "Change[T]") -> T:
    """Create the process of a case, saved or not, and go to the first step.

    A case that is already saved is locked and read again, so `change` may be given another object than `case`. Raises
    NotNow when the case has a process.
    """
    with transaction.atomic():
        if not case._state.adding:
            case = type(case)._base_manager.select_for_update().get(pk=case.pk)
        if case.process_id is not None:
            raise NotNow(f"{case} has been started already.")
        activation = node.activation_class.create(node, None, None)
        process, task = activation.process, activation.task
        process.created = clock.now()
        process.save()
        case.process = task.process = process
        task.owner = by if isinstance(by, Person) else None
        turn = Turn.of(process, case)
        result = turn.change(change, task)
        activation.execute()
        turn.settle()
    return result


def extend(deadline: Deadline, case: Case | int, *, change: "Change[T]") -> T:
    """Change what a deadline depends on, and move the armed deadline with it.

    Who may is for `change` to check. Raises NotNow when the deadline is not armed.
    """
    with transaction.atomic():
        turn = _lock(deadline, case)
        own = turn.node(deadline)
        task = turn.tasks(flow_task=own, status=STATUS.SCHEDULED).first()
        if task is None:
            raise NotNow(f"No deadline '{title_of(own)}' is running for {turn.case}: {_standing(turn)}.")
        result = turn.change(change, task)
        task.scheduled = own.due(turn.case)
        task.save()
        turn.settle()
    return result


def check_may_complete(node: Step, task: Task, case: Case, by: Person) -> None:
    """Raise PermissionDenied unless the person holds the grant named on the task's row, or `node.also` says so."""
    if not may_complete(node, task, case, by):
        raise PermissionDenied(
            f"'{title_of(node)}' for {case} is not yours to do: it is for those to whom {task.owner_permission_obj}"
            " has given it."
        )


def may_complete(node: Step, task: Task, case: Case, by: Person) -> bool:
    """Whether the person may do this open task. At most one query, and what `node.also` asks."""
    if not by.is_active:
        return False
    app_label, _, codename = (task.owner_permission or "").partition(".")
    of_directory = app_label == "directory" and task.owner_permission_content_type_id == grants_type()
    if of_directory and grants.holds(by, codename, int(task.owner_permission_obj_pk or 0)):
        return True
    return bool(node.also is not None and node.also(by, case))


def grants_type() -> int:
    """The key of the content type that grants of the directory are about."""
    return ContentType.objects.get_for_model(Organisation).pk


def title_of(node: Any) -> str:
    """What people call a node: its title, or its name written as one; upstream capitalises every word of that."""
    named = node.name.replace("_", " ")
    return named.capitalize() if node.task_title == named.title() else str(node.task_title)


def _lock(node: Any, case: Case | int) -> Turn:
    flow_class: type[CaseFlow] = node.flow_class
    pk = case if isinstance(case, int) else case.pk
    which: dict[str, Any] = {f"{flow_class.case_name}__pk": pk}
    turn = Turn.lock(flow_class, **which)
    if turn is None:
        model = Process._meta.get_field(flow_class.case_name).related_model
        known = model._base_manager.filter(pk=pk).first()
        if known is None:
            raise ObjectDoesNotExist(f"There is no {model._meta.verbose_name} with the key {pk}.")
        raise NotNow(f"'{title_of(node)}' is not open for {known}: its process has not been started.")
    if not isinstance(case, int):
        turn.keep_pinned(case)
    return turn


def _open_task(turn: Turn, node: Step, item: str | int | None) -> Task:
    found = [
        task for task in turn.tasks(flow_task=node, status__in=OPEN) if item is None or task.data.get("item") == item
    ]
    if len(found) > 1:
        raise ValueError(f"'{title_of(node)}' is open {len(found)} times for {turn.case}: say for which item.")
    if not found and item is not None and turn.tasks(flow_task=node, status__in=OPEN).exists():
        raise NotNow(
            f"'{title_of(node)}' has been done for part {item} of {turn.case}: open the case for what is left."
        )
    if not found:
        raise NotNow(f"'{title_of(node)}' is not open for {turn.case}: {_standing(turn)}.")
    return found[0]


def _standing(turn: Turn) -> str:
    """Where the case stands, for a sentence."""
    if turn.process.status != PROCESS.NEW:
        return "its process has finished"
    nodes = {task.flow_task for task in turn.tasks(status__in=OPEN) if isinstance(task.flow_task, Step)}
    titles = sorted(f"'{title_of(node)}'" for node in nodes)
    return f"it stands at {' and '.join(titles)}" if titles else "it waits for work in the background"
