"""The same process in bare Viewflow, written as its documentation says: no audit, no permission, no policy.

Same graph, same lock, the same domain rows by the plain ORM in the same transaction, and the same questions asked where
the graph forks or a deadline is set. The case's columns are saved only when they changed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.db import models
from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Flow
from viewflow.workflow.lock import SelectForUpdateLock
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import STATUS

from authorisation import models as domain
from authorisation.enums import TIER_ORDER, Tier, WindowKind
from bench.recording import Recorded
from bench.twins import BARE

Case = cast("Any", BARE[domain.Application])
Finding = cast("Any", BARE[domain.Finding])
Window = cast("Any", BARE[domain.Window])
Condition = cast("Any", BARE[domain.Condition])
Direction = cast("Any", BARE[domain.Direction])


def page(_request: object, **_kwargs: object) -> None:
    """The view of every step; here it is never asked."""


def case_of(activation: Activation) -> Any:
    """The case of a process."""
    return Case.objects.get(process=activation.process)


class BareAuthorisation(Flow):
    """Authorisation in bare Viewflow."""

    lock_impl = SelectForUpdateLock(nowait=False, attempts=1)

    prepare = flow.StartHandle(this.opened).Next(this.submit)
    submit = flow.View(page).Next(this.domains)
    domains = (
        flow.Split()
        .Next(this.desk_top_review)
        .Next(this.desk_top_review)
        .Next(this.desk_top_review)
        .Next(this.desk_top_review)
        .Next(this.desk_top_review)
        .Next(this.desk_top_review)
    )
    desk_top_review = flow.View(page).Next(this.desk_top_done)
    desk_top_done = flow.Join().Next(this.second_reading)
    second_reading = flow.View(page).Next(this.convene_site_visit)
    convene_site_visit = flow.View(page).Next(this.site_visit)
    site_visit = flow.View(page).Next(this.report)
    report = flow.View(page).Next(this.report_comments)
    report_comments = flow.View(page).OnTimeout(this.report_closes, this.report_lapsed).Next(this.moderation)
    report_lapsed = flow.Function(this.lapse).Next(this.moderation)
    moderation = flow.View(page).Next(this.all_met)
    all_met = flow.If(this.every_criterion_met).Then(this.decision).Else(this.regional_sign_off)
    regional_sign_off = flow.View(page).Next(this.conditions_panel)
    conditions_panel = flow.View(page).Next(this.conditions_response)
    conditions_response = (
        flow.View(page).OnTimeout(this.response_closes, this.response_lapsed).Next(this.response_assessed)
    )
    response_lapsed = flow.Function(this.lapse).Next(this.response_assessed)
    response_assessed = flow.View(page).Next(this.decision)
    decision = flow.View(page).Next(this.letter)
    letter = flow.View(page).Next(this.publication)
    publication = flow.View(page).Next(this.any_conditions)
    any_conditions = flow.If(this.has_conditions).Then(this.plan).Else(this.closed)
    plan = flow.View(page).Next(this.review)
    review = flow.View(page).Next(this.all_discharged)
    all_discharged = flow.If(this.is_settled).Then(this.closed).Else(this.review)
    closed = flow.End()

    def opened(self, activation: Activation, case: Any) -> Process:
        activation.process.save()
        case.process = activation.process
        case.save(force_insert=True)
        return activation.process

    def lapse(self, _activation: Activation) -> None:
        """No deadline passes in a measurement."""

    def report_closes(self, activation: Activation) -> datetime:
        return self._closes(activation, WindowKind.REPORT_COMMENTS)

    def response_closes(self, activation: Activation) -> datetime:
        return self._closes(activation, WindowKind.CONDITIONS_RESPONSE)

    def _closes(self, activation: Activation, kind: WindowKind) -> datetime:
        window = Window.objects.filter(application__process=activation.process, kind=kind).get()
        return cast("datetime", window.closes_at)

    def every_criterion_met(self, activation: Activation) -> bool:
        rows = Finding.objects.filter(application__process=activation.process)
        found = rows.values_list("attempt", "tier", "criterion__code", "met")
        ordered = sorted(found, key=lambda row: (row[0], TIER_ORDER[Tier(row[1])]))
        return all({code: met for _, _, code, met in ordered}.values())

    def has_conditions(self, activation: Activation) -> bool:
        return bool(case_of(activation).outcome == "conditional")

    def is_settled(self, activation: Activation) -> bool:
        of_case = {"application__process": activation.process}
        return not (
            Condition.objects.filter(state="open", **of_case).count()
            + Direction.objects.filter(ended_on__isnull=True, **of_case).count()
        )


def start(recorded: Recorded) -> None:
    """Open a case."""
    BareAuthorisation.prepare.run(case=Case(**{**recorded.case, "process_id": None}))


def complete(recorded: Recorded, case: Any, user: Any) -> None:
    """One step by the documented API; `case` is the instance the page has loaded."""
    node = getattr(BareAuthorisation, recorded.node)
    task = Task.objects.filter(process=case.process_id, flow_task=node, status=STATUS.NEW)[0]
    with task.activation() as activation:
        activation.assign(user)
        activation.start(None)
        _write(recorded, case)
        activation.execute()


def _write(recorded: Recorded, case: Any) -> None:
    for model, rows in recorded.new.items():
        _insert(model, rows, case)
    for model, changes in recorded.changed.items():
        rows = cast("Any", BARE[model]).objects
        if len(changes) == 1:
            row = rows.get(pk=next(iter(changes)))
            for name, value in next(iter(changes.values())).items():
                setattr(row, name, value)
            row.save()
        else:
            rows.filter(pk__in=list(changes)).update(**next(iter(changes.values())))
    altered = [name for name, value in recorded.case.items() if name != "process_id" and getattr(case, name) != value]
    for name in altered:
        setattr(case, name, recorded.case[name])
    if altered:
        case.save(update_fields=altered)


def _insert(model: type[models.Model], rows: list[dict[str, Any]], case: Any) -> None:
    """Insert rows; criteria are named by their codes on a page, so their keys are read first."""
    twin = cast("Any", BARE[model])
    if "criterion_id" in rows[0]:
        wanted = [row["criterion_id"] for row in rows]
        dict(
            domain.Criterion.objects.filter(criteria_set__rulesets=case.ruleset_id, pk__in=wanted).values_list(
                "code", "pk"
            )
        )
    if len(rows) == 1:
        twin.objects.create(**rows[0])
    else:
        twin.objects.bulk_create([twin(**row) for row in rows])
