"""States no case may be in. Each check is one or two statements over the partial indexes, however many cases."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection
from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from viewflow.workflow.fields import get_task_ref
from viewflow.workflow.status import PROCESS, STATUS

from workflows.engine.caseflow import CaseFlow
from workflows.engine.checks import all_flows
from workflows.engine.nodes import Deadline, End, Job, Join, Step
from workflows.engine.tasks import ACTIVE, OPEN, Process, Task

MOST_SENTENCES = 50
TOO_MANY_FAILURES = 3
INDEXES = {
    "viewflow_task": {
        "workflows_one_open_task",
        "workflows_open_by_permission",
        "workflows_open_by_node",
        "workflows_open_by_process",
        "workflows_due",
    },
    "viewflow_process": {"workflows_running"},
}


def stuck() -> list[str]:
    """Find running processes in which nothing can happen any more: a lost join, a job that has given up."""
    alive = _open_tasks().exclude(flow_task_type=Join.task_type).exclude(status=STATUS.ERROR, scheduled__isnull=True)
    processes = Process._default_manager.filter(finished__isnull=True).exclude(Exists(alive))
    return _told(processes, "{case} waits for nothing and nobody.")


def finished_with_leftovers() -> list[str]:
    """Find finished processes with an open or failed task, and moments that disagree with their status."""
    apart = Q(status=PROCESS.NEW, finished__isnull=False) | Q(~Q(status=PROCESS.NEW), finished__isnull=True)
    left = Process._default_manager.filter(Exists(_open_tasks())).exclude(status=PROCESS.NEW)
    return _told(left, "{case} has finished and a task of it is open.") + _told(
        Process._default_manager.filter(apart), "{case} is finished by its moment or its status, not by both."
    )


def orphan_deadlines() -> list[str]:
    """Find armed deadlines whose step is no longer open."""
    host = Task._default_manager.filter(leading=OuterRef("pk"), status__in=OPEN)
    armed = Task._default_manager.filter(finished__isnull=True, flow_task_type=Deadline.task_type)
    return _told_of_tasks(armed.exclude(Exists(host)), "A deadline of {case} is armed for a step that is not open.")


def doubled_steps() -> list[str]:
    """Find steps and joins that are open twice on one path."""
    rows = Task._default_manager.filter(
        finished__isnull=True, status__in=ACTIVE, flow_task_type__in=(Step.task_type, Join.task_type)
    )
    twice = rows.order_by().values("process_id", "flow_task", "token").annotate(number=Count("pk")).filter(number__gt=1)
    doubled = Process._default_manager.filter(pk__in=twice.values("process_id"))
    return _told(doubled, "A step of {case} is open twice.")


def foreign_tasks() -> list[str]:
    """Find open tasks of a node that the flow of their process does not have (a half migrated version)."""
    rows = Task._default_manager.filter(finished__isnull=True).order_by()
    # As text: reading them as nodes fails when the module is gone, which is what this looks for.
    pairs = rows.annotate(flow=Cast("process__flow_class", CharField()), node=Cast("flow_task", CharField()))
    known = {get_task_ref(node) for flow in all_flows() for node in flow.instance.nodes()}
    return [
        f"{number} open tasks are at {node} of processes of {flow}, which has no such step."
        for flow, node, number in pairs.values_list("flow", "node").annotate(number=Count("pk"))
        if node not in known or not node.startswith(f"{flow}.")
    ]


def stages_apart() -> list[str]:
    """Find cases whose `stage` is not that of any step they stand at, or of the end they reached."""
    return [sentence for flow in all_flows() for sentence in _stages_apart(flow)]


def failing() -> list[str]:
    """Find deadlines and jobs that keep failing."""
    tasks = Task._default_manager.filter(finished__isnull=True, flow_task_type__in=(Deadline.task_type, Job.task_type))
    return _told_of_tasks(
        tasks.filter(data__attempts__gte=TOO_MANY_FAILURES), "A deadline or job of {case} keeps failing: see the log."
    )


def missing_indexes() -> list[str]:
    """Find indexes of ours that are gone: a later migration of viewflow rebuilds its tables on SQLite without them."""
    with connection.cursor() as cursor:
        return [
            f"The index {name} on {table} is missing; create it again as in workflows' first migration."
            for table, names in INDEXES.items()
            for name in sorted(names - connection.introspection.get_constraints(cursor, table).keys())
        ]


CHECKS: dict[str, Callable[[], list[str]]] = {
    f"workflows: {check.__name__}": check
    for check in (
        stuck,
        finished_with_leftovers,
        orphan_deadlines,
        doubled_steps,
        foreign_tasks,
        stages_apart,
        failing,
        missing_indexes,
    )
}


def _open_tasks() -> "QuerySet[Task]":
    tasks: QuerySet[Task] = Task._default_manager.filter(process=OuterRef("pk"), finished__isnull=True)
    return tasks


def _stages_apart(flow: type[CaseFlow]) -> list[str]:
    stage = f"{flow.case_name}__stage"
    nodes = flow.instance.nodes()
    steps = [node for node in nodes if isinstance(node, Step) and node.stage]
    ends = {node.stage for node in nodes if isinstance(node, End) and node.stage}
    right = Q(pk__in=())
    for name in sorted({str(step.stage) for step in steps}):
        standing = _open_tasks().filter(flow_task__in=[step for step in steps if step.stage == name])
        right |= Q(Exists(standing), **{stage: name})
    running = Process._default_manager.filter(flow_class=flow, finished__isnull=True)
    apart = running.filter(Exists(_open_tasks().filter(flow_task__in=steps))).exclude(right)
    over = Process._default_manager.filter(flow_class=flow, status=PROCESS.DONE).exclude(**{f"{stage}__in": ends})
    return _told(apart, "{case} is not at the stage of its open step.") + _told(
        over, "{case} has finished and is not at the stage of an end."
    )


def _told(processes: "QuerySet[Process]", sentence: str) -> list[str]:
    return _sentences((process for process in processes.order_by("pk")[: MOST_SENTENCES + 1]), sentence)


def _told_of_tasks(tasks: "QuerySet[Task]", sentence: str) -> list[str]:
    rows = tasks.select_related("process").order_by("pk")[: MOST_SENTENCES + 1]
    return _sentences((task.process for task in rows), sentence)


def _sentences(processes: Iterable[Any], sentence: str) -> list[str]:
    told = [sentence.format(case=_name(process)) for process in processes]
    return told if len(told) <= MOST_SENTENCES else [*told[:MOST_SENTENCES], "There are more of these."]


def _name(process: Any) -> str:
    flow = process.flow_class
    if flow is None or not issubclass(flow, CaseFlow):
        return f"Process {process.pk}"
    return str(getattr(process, flow.case_name, f"Process {process.pk}"))
