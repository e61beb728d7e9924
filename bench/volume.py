"""Many cases quickly: opened by our own set-based action, then carried to the second reading set by set.

The rows are those the steps write (events, submissions, findings, tasks and their links), under every trigger; only the
driver is passed over, which would take a minute for each thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from viewflow.workflow.status import STATUS
from viewflow.workflow.token import Token

from audit import clock
from audit.actions import record_many, settle_many
from authorisation.enums import Stage as CaseStage
from authorisation.enums import Tier
from authorisation.models import Application, Criterion, Finding, Submission
from bench.path import Stage
from directory.models import Person
from workflows.actions import waves
from workflows.engine.bulk import _row, _step_after
from workflows.engine.tasks import Task
from workflows.flows import CURRENT as FLOW

DOMAINS = range(1, 7)


def open_wave(stage: Stage, cycle: int, count: int) -> list[Application]:
    """A wave of a cycle of its own with the first `count` CCGs, opened set by set."""
    with stage.noon():
        return waves.open_wave(
            wave=stage.wave(cycle), ccgs=stage.ccgs[:count], ruleset=stage.deeds.ruleset, by=stage.user
        )


@transaction.atomic
def carry_to_second_reading(stage: Stage, cases: Sequence[Application], *, findings: bool) -> None:
    """Submit and assess every case; with `findings`, all 119 of each."""
    with stage.noon():
        by = stage.deeds.cast.parts["assessor"][0]
        _submit(cases, stage.user)
        criteria = list(Criterion.objects.filter(criteria_set=stage.deeds.ruleset.criteria_set_id))
        for domain in DOMAINS:
            _assess(cases, by, [each for each in criteria if each.domain == domain] if findings else [])
        _move(cases, by)
        for case in cases:
            case.stage = CaseStage.SECOND_READING
        settle_many(cases, ["stage", "submitted_at"])


def _submit(cases: Sequence[Application], by: Person) -> None:
    now = clock.now()
    events = record_many(cases, "application.submitted", by=by, public={"practices": 20})
    for case in cases:
        case.submitted_at = now
    Submission.objects.bulk_create(
        Submission(
            event=event,
            application=case,
            attempt=1,
            constitution="Constitution, version 1",
            accountable_officer="Somebody synthetic",
            practices=20,
            submitted_at=now,
        )
        for case, event in zip(cases, events, strict=True)
    )


def _assess(cases: Sequence[Application], by: Person, criteria: Sequence[Criterion]) -> None:
    events = record_many(cases, "desk_top.assessed", by=by, public={"met": [each.code for each in criteria]})
    Finding.objects.bulk_create(
        [
            Finding(
                event=event,
                application=case,
                attempt=1,
                tier=Tier.DESK_TOP,
                criterion=criterion,
                met=True,
                reason="The evidence read supports the threshold.",
                author=by,
                found_at=clock.now(),
            )
            for case, event in zip(cases, events, strict=True)
            for criterion in criteria
        ],
        batch_size=90,
    )


def _move(cases: Sequence[Application], by: Person) -> None:
    """The tasks from the submission to the second reading, as the driver would leave them."""
    now = clock.now()
    submitted = list(
        Task.objects.filter(process__application__in=cases, flow_task=FLOW.submit).select_related("process")
    )
    done: dict[str, Any] = {"status": STATUS.DONE, "started": now, "finished": now}
    Task.objects.filter(pk__in=[task.pk for task in submitted]).update(**done, assigned=now, owner=by)
    splits = _insert([_row(FLOW.domains, task.process, Token("start"), **done) for task in submitted])
    links = list(zip(splits, submitted, strict=True))
    joins = _insert([_row(FLOW.desk_top_done, task.process, Token("start"), **done) for task in submitted])
    for domain in DOMAINS:
        rows = [_step_after(FLOW.desk_top_review, split) for split in splits]
        for row, split in zip(rows, splits, strict=True):
            row.token, row.data, row.owner = Token(f"start/{split.pk}_{domain}"), {"item": domain}, by
            row.status, row.assigned, row.started, row.finished = STATUS.DONE, now, now, now
        links += [*zip(_insert(rows), splits, strict=True), *zip(joins, rows, strict=True)]
    links += list(zip(_insert([_step_after(FLOW.second_reading, join) for join in joins]), joins, strict=True))
    through = Task.previous.through
    through._default_manager.bulk_create(
        [through(from_task_id=task.pk, to_task_id=before.pk) for task, before in links], batch_size=400
    )


def _insert(rows: list[Task]) -> list[Task]:
    return list(Task.objects.bulk_create(rows))
