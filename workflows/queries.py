"""Where cases stand, and what waits for whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet
from viewflow.workflow.status import STATUS

from authorisation.models import Application, ReviewRound, RuleSet, Wave
from panels.models import Appointment, AppointmentState, Item, PanelGrant, PanelKind, Sitting
from workflows.engine.driver import check_may_complete, title_of
from workflows.engine.errors import NotNow
from workflows.engine.nodes import Deadline, Step
from workflows.engine.tasks import OPEN, Task
from workflows.engine.worklist import open_tasks_for
from workflows.flows import CURRENT as FLOW

if TYPE_CHECKING:
    from directory.models import Person
    from panels.models import Panel

CHAIRED = {
    PanelKind.SITE_VISIT: ("site_visit", "report"),
    PanelKind.MODERATION: ("moderation",),
    PanelKind.CONDITIONS: ("conditions_panel",),
    PanelKind.DECISION: ("decision",),
    PanelKind.REVIEW: ("review",),
}

# Steps that record what a panel of a kind concluded; before its outcome there is nothing to record.
RECORDS = {
    "site_visit": PanelKind.SITE_VISIT,
    "moderation": PanelKind.MODERATION,
    "conditions_panel": PanelKind.CONDITIONS,
    "decision": PanelKind.DECISION,
    "review": PanelKind.REVIEW,
}


def tasks_of(case: Application) -> list[Task]:
    """Every task a case has had, oldest first; one query."""
    return list(Task._default_manager.filter(process=case.process_id).order_by("pk"))


def open_steps(tasks: Iterable[Task]) -> list[Task]:
    """Those of a case's tasks that a person could do now."""
    return [task for task in tasks if task.status in OPEN and isinstance(task.flow_task, Step)]


def deadline_of(task: Task, tasks: Iterable[Task]) -> datetime | None:
    """When an open step closes by itself; None when it does not."""
    host = task.flow_task
    moments = [
        each.scheduled
        for each in tasks
        if each.status == STATUS.SCHEDULED
        and isinstance(each.flow_task, Deadline)
        and each.flow_task._attached_to is host
        and each.scheduled
    ]
    return min(moments, default=None)


def open_task(case: Application, step: str, item: str | int | None, by: Person) -> Task:
    """The open step of that name, if this person may do it. Raises NotNow, or PermissionDenied with the reason."""
    steps = open_steps(tasks_of(case))
    found = [
        task
        for task in steps
        if task.flow_task.name == step and (item is None or str(task.data.get("item", "")) == str(item))
    ]
    if not found:
        node = FLOW.instance.node(step)
        standing = " and ".join(sorted({f"'{title_of(task.flow_task)}'" for task in steps}))
        where = f"it stands at {standing}" if standing else "no step of it is open"
        raise NotNow(f"'{title_of(node) if node else step}' is not open for {case}: {where}.")
    check_may_complete(found[0].flow_task, found[0], case, by)
    return found[0]


def work_of(person: Person) -> QuerySet[Task]:
    """The open steps this person may do, by grant or as chair of the panel, of the cases they may read."""
    # A union, not an OR: each half then finds its rows by its own index instead of walking every open step.
    mine = open_tasks_for(person).order_by().values("pk").union(_chaired(person).values("pk"))
    readable = Application.objects.visible_to(person).filter(process=OuterRef("process"))
    found: QuerySet[Task] = Task._default_manager.filter(pk__in=mine, finished__isnull=True)
    return found.filter(Exists(readable)).order_by("pk")


def _chaired(person: Person) -> QuerySet[Task]:
    """Steps that the chair of the panel before which the case is may do beside the secretariat."""
    chairs = PanelGrant.objects.filter(user=person, permission__codename="chair").values("content_object")
    listed = Item.objects.filter(panel__in=chairs)
    condition = Q(pk__in=())
    for kind, names in CHAIRED.items():
        nodes = [FLOW.instance.node(name) for name in names]
        before = listed.filter(panel__kind=kind).values("case_ref")
        condition |= Q(flow_task__in=nodes, process__application__ref__in=before)
    tasks: QuerySet[Task] = Task._default_manager.filter(
        condition, process__application__ref__in=listed.values("case_ref"), finished__isnull=True
    )
    return tasks


def waits_for_panel() -> Q:
    """The condition on open steps that a panel comes first: no outcome to record, or no agenda to arrange a visit on.

    An outcome recorded already does not count: a case reviewed or moderated again needs a new one.
    """
    items = Item.objects.filter(case_ref=OuterRef("process__application__ref"))
    unused = items.filter(
        outcome__isnull=False,
        outcome__recommendation__isnull=True,
        outcome__decision__isnull=True,
        outcome__review__isnull=True,
    )
    listed = items.filter(panel__kind=PanelKind.SITE_VISIT, outcome__isnull=True)
    condition = Q(~Exists(listed), flow_task=FLOW.instance.node("convene_site_visit"))
    for name, kind in RECORDS.items():
        condition |= Q(~Exists(unused.filter(panel__kind=kind)), flow_task=FLOW.instance.node(name))
    return condition


def cases_of(tasks: Sequence[Task]) -> dict[int, Application]:
    """The cases of these tasks by process; one query."""
    rows = Application.objects.filter(process__in={task.process_id for task in tasks})
    return {row.process_id: row for row in rows.select_related("ccg", "wave") if row.process_id}


def deadlines_of(tasks: Sequence[Task]) -> dict[int, datetime]:
    """When each process's running deadline falls; one query."""
    rows = Task._default_manager.filter(
        process__in={task.process_id for task in tasks},
        flow_task_type=Deadline.task_type,
        status=STATUS.SCHEDULED,
        finished__isnull=True,
    )
    return {task.process_id: task.scheduled for task in rows if task.scheduled}


def sittings_of(person: Person) -> list[Sitting]:
    """The sittings to come, or in session, of the panels this person sits on."""
    panels = Appointment.objects.filter(person=person, state=AppointmentState.ACCEPTED).values("panel")
    rows = Sitting.objects.filter(panel__in=panels, closed_at__isnull=True)
    return list(rows.select_related("panel").prefetch_related("items").order_by("on", "pk"))


def sittings_to_come(most: int) -> list[Sitting]:
    """The next sittings of all panels that are not over, for the secretariat."""
    rows = Sitting.objects.filter(closed_at__isnull=True).select_related("panel").prefetch_related("items")
    return list(rows.order_by("on", "pk")[:most])


def offers_to(person: Person) -> list[Appointment]:
    """Seats offered to this person and not answered yet."""
    rows = Appointment.objects.filter(person=person, state=AppointmentState.INVITED, panel__closed_at__isnull=True)
    return list(rows.select_related("seat", "panel", "appointed_by").order_by("proposed_at", "pk"))


def items_before(case: Application, kind: str, *, decided: bool) -> list[Item]:
    """The case's items before panels of a kind, newest first: those with an outcome, or those without."""
    rows = Item.objects.filter(case_ref=case.ref, panel__kind=kind, outcome__isnull=not decided)
    return list(rows.select_related("panel", "sitting", "organisation", "outcome").order_by("-sitting__on", "-pk"))


def later_waves(case: Application) -> list[Wave]:
    """The waves a case could be deferred to."""
    return list(Wave.objects.filter(cycle=case.cycle, number__gt=case.wave.number))


def rounds_left(case: Application) -> list[ReviewRound]:
    """The review rounds the case has not been through."""
    return list(ReviewRound.objects.filter(cycle=case.cycle).exclude(reviews__application=case))


STAGES_BEFORE = {
    PanelKind.SITE_VISIT: ("site_visit_planning", "site_visit"),
    PanelKind.MODERATION: ("report_comments", "moderation"),
    PanelKind.CONDITIONS: ("sign_off", "conditions_panel"),
    PanelKind.DECISION: ("response_assessment", "decision"),
    PanelKind.REVIEW: ("plan", "review"),
}


def listable(panel: Panel, person: Person) -> list[Application]:
    """The cases that could come before a panel: near its stage, under its rule set, and on no agenda still open."""
    waiting = Item.objects.filter(panel__kind=panel.kind, sitting__closed_at__isnull=True).exclude(state="closed")
    rows = Application.objects.visible_to(person).filter(
        stage__in=STAGES_BEFORE.get(PanelKind(panel.kind), ()), ruleset__version=panel.ruleset
    )
    return list(rows.exclude(ref__in=waiting.values("case_ref")).select_related("ccg", "wave").order_by("ref"))


def rulesets() -> list[RuleSet]:
    """Every rule set loaded, the newest first."""
    return list(RuleSet.objects.order_by("-loaded_at", "-pk"))
