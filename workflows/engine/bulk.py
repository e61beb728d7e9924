"""Moving many cases: a wave at a time.

`advance_one_by_one` is the driver in a loop, many cases in one transaction, a savepoint each. `bulk_start` and
`bulk_advance` write the same rows set by set, for a plain edge from step to step; a test compares them row for row.
Every way locks in key order, so that two waves never wait for each other in a circle. Viewflow's signals are not sent
by the set-based ways: nothing that changes data may listen to them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from viewflow.workflow.status import STATUS
from viewflow.workflow.token import Token

from audit import clock
from audit.actions import settle_many
from audit.errors import Refused
from directory.models import Person
from directory.permissions import Actor
from workflows.engine.caseflow import Case, CaseFlow
from workflows.engine.driver import Change, complete, may_complete, title_of
from workflows.engine.errors import NotNow
from workflows.engine.nodes import Start, Step
from workflows.engine.tasks import OPEN, Process, Task

T = TypeVar("T")
ChangeMany = Callable[[Sequence[Case]], object]


@dataclass
class Wave:
    """What became of each case: the keys of those that moved, and a sentence for each that did not."""

    done: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def advance_one_by_one(
    node: Step, cases: Iterable[Case | int], *, by: Person, change: "Change[object]", size: int = 50
) -> Wave:
    """Do an open step of many cases by the driver, `size` of them in one transaction.

    A case that is refused (by the engine, a rule or the database) is reported and does not hold up the others; any
    other error is a fault, undoes its transaction and is raised.
    """
    wave = Wave()
    for chunk in _chunks(_keys(cases), size):
        with transaction.atomic():
            found = _lock(node.flow_class, chunk)
            for pk in found:
                try:
                    with transaction.atomic():
                        complete(node, pk, by=by, change=change)
                except (Refused, PermissionDenied, IntegrityError) as error:
                    wave.refused[pk] = str(error)
                else:
                    wave.done.append(pk)
            _report_missing(wave, node, chunk, found)
    return wave


def bulk_start(
    node: Start,
    cases: Sequence[Case],
    *,
    by: Actor,
    change_many: ChangeMany,
    fields: Sequence[str] = (),
    size: int = 500,
) -> int:
    """Start the processes of many new cases and open their first step; returns how many.

    change_many: records one event for each of the cases it is given (`record_many`). fields: the columns it changes on
    cases that are already saved; new cases are inserted whole. Raises NotNow when any case has been started.
    """
    first = _plain_successor(node)
    count = 0
    for given in _chunks(cases, size):
        with transaction.atomic():
            chunk = _fresh(given)
            processes = Process._default_manager.bulk_create(
                [Process(flow_class=node.flow_class, created=clock.now()) for _ in chunk]
            )
            for case, process in zip(chunk, processes, strict=True):
                case.process = process
                process._state.fields_cache[node.flow_class.case_name] = case
            _change(change_many, chunk)
            starts = Task._default_manager.bulk_create([_started(node, process, by) for process in processes])
            _open(first, starts)
            _settle(chunk, first, ["process", *fields])
            count += len(chunk)
    return count


def bulk_advance(
    node: Step,
    cases: Iterable[Case | int],
    *,
    by: Person,
    change_many: ChangeMany,
    fields: Sequence[str] = (),
    size: int = 500,
) -> Wave:
    """Do an open step of many cases set by set, when the next node is a plain step.

    change_many: the domain's part for a whole set, one event for each case (`record_many`); fields: the columns of the
    case it changes, besides stage and audit. Cases that do not stand there, or where the person may not, are reported.
    Raises ValueError when what follows is not a plain step, and whatever `change_many` raises.
    """
    following = _plain_successor(node)
    wave = Wave()
    for chunk in _chunks(_keys(cases), size):
        with transaction.atomic():
            found = _lock(node.flow_class, chunk)
            tasks = _permitted(wave, node, found, by)
            _report_missing(wave, node, chunk, found)
            if not tasks:
                continue
            moved = [node.flow_class.case_of(task.process) for task in tasks]
            _change(change_many, moved)
            _finish(node, tasks, by)
            _open(following, tasks)
            _settle(moved, following, fields)
            wave.done += [case.pk for case in moved]
    return wave


def _plain_successor(node: Any) -> Step:
    following = node._next
    if not isinstance(following, Step) or node._task_data or node._task_seed:
        raise ValueError(f"'{title_of(node)}' is not followed by a plain step; use advance_one_by_one.")
    if following._owner or following._on_create:
        raise ValueError(f"'{title_of(following)}' is assigned when it opens; use advance_one_by_one.")
    return following


def _lock(flow_class: type[CaseFlow], pks: Sequence[int]) -> dict[int, Process]:
    """The processes of these cases by the case's key, locked with their cases in key order."""
    name = flow_class.case_name
    rows = Process._default_manager.filter(**{f"{name}__in": pks}).select_related(name)
    locked = rows.select_for_update(of=("self", name)).order_by("pk")
    return {getattr(process, name).pk: process for process in locked}


def _permitted(wave: Wave, node: Step, found: dict[int, Process], by: Person) -> list[Task]:
    """The open tasks the person may do, in the order of their processes; the other cases are reported."""
    rows = Task._default_manager.filter(process__in=found.values(), flow_task=node, status__in=OPEN)
    tasks: dict[int, list[Task]] = {}
    for task in rows.order_by("process_id", "pk"):
        tasks.setdefault(task.process_id, []).append(task)
    allowed: dict[object, bool] = {}
    permitted = []
    for pk, process in found.items():
        case, open_here = node.flow_class.case_of(process), tasks.get(process.pk, [])
        if len(open_here) != 1:
            wave.refused[pk] = (
                f"'{title_of(node)}' is {f'open {len(open_here)} times' if open_here else 'not open'} for {case}."
            )
        elif not _may(node, open_here[0], case, by, allowed):
            wave.refused[pk] = f"{by} may not do '{title_of(node)}' for {case}."
        else:
            open_here[0].process = process
            permitted.append(open_here[0])
    return permitted


def _may(node: Step, task: Task, case: Case, by: Person, allowed: dict[object, bool]) -> bool:
    """`may_complete`, asked once for each object; a further way to be allowed depends on the case."""
    if node.also is not None:
        return may_complete(node, task, case, by)
    grant = (task.owner_permission, task.owner_permission_content_type_id, task.owner_permission_obj_pk)
    if grant not in allowed:
        allowed[grant] = may_complete(node, task, case, by)
    return allowed[grant]


def _change(change_many: ChangeMany, cases: Sequence[Case]) -> None:
    before = {case.stream: case.audit_seq for case in cases}
    change_many(cases)
    silent = [case.stream for case in cases if case.audit_seq <= before[case.stream]]
    if silent:
        raise RuntimeError(f"The action recorded no event of {', '.join(silent[:5])} and {len(silent[5:])} more.")


def _finish(node: Step, tasks: Sequence[Task], by: Person) -> None:
    now = clock.now()
    pks = [task.pk for task in tasks]
    rows = Task._default_manager.filter(pk__in=pks)
    rows.update(status=STATUS.DONE, owner=by, assigned=now, started=now, finished=now)
    if node._boundary_events:
        # Each process has one open step here, so what is armed in it belongs to that step.
        armed = Task._default_manager.filter(process__in=[task.process_id for task in tasks], finished__isnull=True)
        armed.filter(flow_task__in=node._boundary_events).update(status=STATUS.CANCELED, finished=now)


def _started(node: Start, process: Process, by: Actor) -> Task:
    now = clock.now()
    return _row(
        node,
        process,
        Token("start"),
        status=STATUS.DONE,
        started=now,
        finished=now,
        owner=by if isinstance(by, Person) else None,
    )


def _open(node: Step, previous: Sequence[Task]) -> None:
    """Insert the next step after each task, and its deadlines after that."""
    steps = Task._default_manager.bulk_create([_step_after(node, task) for task in previous])
    deadlines = [(_deadline_of(deadline, step), step) for step in steps for deadline in node._boundary_events]
    Task._default_manager.bulk_create([deadline for deadline, _ in deadlines])
    links = [*zip(steps, previous, strict=True), *deadlines]
    through = Task.previous.through
    through._default_manager.bulk_create(
        [through(from_task_id=task.pk, to_task_id=before.pk) for task, before in links]
    )


def _step_after(node: Step, previous: Task) -> Task:
    task = _row(node, previous.process, previous.token)
    activation = node.activation_class(task)
    task.owner_permission = node.calc_owner_permission(activation)
    if task.owner_permission:
        task.owner_permission_obj = node.calc_owner_permission_obj(activation)
    return task


def _deadline_of(deadline: Any, step: Task) -> Task:
    due = deadline.due(deadline.flow_class.case_of(step.process))
    return _row(deadline, step.process, step.token, status=STATUS.SCHEDULED, scheduled=due)


def _row(node: Any, process: Process, token: Token, **columns: Any) -> Task:
    return Task(
        process=process,
        flow_task=node,
        flow_task_type=node.task_type,
        token=token,
        created=clock.now(),
        data={},
        **columns,
    )


def _settle(cases: Sequence[Case], node: Step, fields: Sequence[str]) -> None:
    for case in cases:
        if node.stage is not None:
            case.stage = node.stage
    settle_many(cases, ["stage", *fields])


def _fresh(cases: Sequence[Case]) -> list[Case]:
    """New cases as they are; saved ones locked in key order and read again. Raises NotNow when one was started."""
    new = [case for case in cases if case._state.adding]
    saved = [case.pk for case in cases if not case._state.adding]
    if saved:
        new += type(cases[0])._base_manager.select_for_update().filter(pk__in=saved).order_by("pk")
    for case in new:
        if case.process_id is not None:
            raise NotNow(f"{case} has been started already.")
    return new


def _report_missing(wave: Wave, node: Step, pks: Sequence[int], found: dict[int, Process]) -> None:
    for pk in pks:
        if pk not in found:
            wave.refused[pk] = f"'{title_of(node)}' is not open for case {pk}: its process has not been started."


def _keys(cases: Iterable[Case | int]) -> list[int]:
    return sorted({case if isinstance(case, int) else case.pk for case in cases})


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
