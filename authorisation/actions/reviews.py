"""Rectification plans and quarterly reviews. Called by the flow, but for the rounds, which stand alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction

from audit import clock
from audit.actions import record, record_system
from authorisation.actions.decisions import LEGAL_BASIS
from authorisation.enums import ConditionState, ReviewResult
from authorisation.errors import DecisionRefused
from authorisation.models import (
    Application,
    ApplicationReview,
    Condition,
    ConditionChange,
    Direction,
    RectificationPlan,
    ReviewRound,
)
from authorisation.policies import check_item
from authorisation.queries import open_conditions
from authorisation.rules import Reviewed, review_faults
from authorisation.rulesets import levels
from panels.permissions import check_administers

if TYPE_CHECKING:
    from audit.models import Event
    from directory.models import Person
    from panels.models import Item
    from panels.permissions import Actor


@transaction.atomic
def open_round(
    *, cycle: int, number: int, title: str, evidence_due: date, committee_on: date, by: Actor
) -> ReviewRound:
    """Announce a quarterly review. Raises DecisionRefused when its dates run backwards or it exists."""
    check_administers(by)
    if committee_on < evidence_due:
        raise DecisionRefused(
            f"The committee would meet on {committee_on:%-d %B %Y}, before evidence is due: correct the dates."
        )
    if ReviewRound.objects.filter(cycle=cycle, number=number).exists():
        raise DecisionRefused(f"Review {number} of {cycle} exists already.")
    event = record_system(
        "review.opened", by=by, public={"cycle": cycle, "number": number, "committee": committee_on.isoformat()}
    )
    return ReviewRound.objects.create(
        event=event, cycle=cycle, number=number, title=title, evidence_due=evidence_due, committee_on=committee_on
    )


def agree_plan(application: Application, *, text: str, by: Person) -> None:
    """The region agrees the CCG's rectification plan (domain.md 1.2, stage 15)."""
    if not text.strip():
        raise DecisionRefused(f"The rectification plan of {application.ref} is empty.")
    version = application.plans.count() + 1
    event = record(
        application,
        "plan.agreed",
        by=by,
        ruleset=application.ruleset.version,
        public={"version": version},
        private={"free_text": {"text": text}},
    )
    RectificationPlan.objects.create(
        event=event, application=application, version=version, text=text, agreed_with=by, agreed_at=clock.now()
    )


def review(
    application: Application,
    *,
    round: ReviewRound,  # noqa: A002  the field's word
    item: Item,
    results: Sequence[Reviewed],
    lifted: Sequence[Direction] = (),
    given: Mapping[str, Sequence[str]] | None = None,
    by: Person,
) -> None:
    """Discharge, keep, raise or lower every open condition; lift directions; give new ones, as texts by
    criterion code.

    Raises DecisionRefused for a condition without a result, a level that does not move as said, a direction that is
    not in force, or a round held already.
    """
    outcome = check_item(application, item, kind="review", decided=True)
    conditions = open_conditions(application)
    scale = levels(application.ruleset.body)
    faults = review_faults(results, {code: row.level for code, row in conditions.items()}, scale)
    faults += _direction_faults(application, lifted, given or {}, conditions)
    if ApplicationReview.objects.filter(round=round, application=application).exists():
        faults.append(f"{round.title} has been held for it already")
    if faults:
        raise DecisionRefused(f"The review of {application.ref} cannot be recorded: " + "; ".join(faults) + ".")
    event = record(
        application,
        "conditions.reviewed",
        by=by,
        ruleset=application.ruleset.version,
        public={
            "round": round.number,
            "panel": item.panel.ref,
            "composition_sha256": outcome.composition.sha256,
            "results": [[each.code, each.result.value, each.level] for each in results],
            "lifted": [each.pk for each in lifted],
            "given": sorted(given or {}),
        },
        private={"free_text": {"reasons": [[each.code, each.reason] for each in results]}},
    )
    discharged = sum(each.result is ReviewResult.DISCHARGE for each in results)
    in_force = Direction.objects.filter(application=application, ended_on__isnull=True).count()
    held = ApplicationReview.objects.create(
        event=event,
        round=round,
        application=application,
        panel_outcome=outcome,
        conditions_left=len(conditions) - discharged,
        directions_left=in_force - len(lifted) + sum(map(len, (given or {}).values())),
        reviewed_at=clock.now(),
    )
    _change_conditions(event, held, results, conditions)
    _change_directions(event, held, lifted, given or {}, conditions)


def _direction_faults(
    application: Application,
    lifted: Sequence[Direction],
    given: Mapping[str, Sequence[str]],
    conditions: Mapping[str, Condition],
) -> list[str]:
    faults = [
        f"direction {each.pk} is not in force on it"
        for each in lifted
        if each.application_id != application.pk or each.ended_on is not None
    ]
    faults += [
        f"a direction is given on {code}, which has no open condition" for code in given if code not in conditions
    ]
    return faults + [
        f"the direction on {code} has no text" for code, texts in given.items() if not all(map(str.strip, texts))
    ]


def _change_conditions(
    event: Event, held: ApplicationReview, results: Sequence[Reviewed], conditions: Mapping[str, Condition]
) -> None:
    ConditionChange.objects.bulk_create(
        ConditionChange(
            event=event,
            condition=conditions[each.code],
            review=held,
            result=each.result,
            from_level=conditions[each.code].level,
            to_level="" if each.result is ReviewResult.DISCHARGE else each.level or conditions[each.code].level,
            reason=each.reason,
        )
        for each in results
    )
    gone = [conditions[each.code].pk for each in results if each.result is ReviewResult.DISCHARGE]
    Condition.objects.filter(pk__in=gone).update(
        event=event, state=ConditionState.DISCHARGED, discharged_at=held.reviewed_at
    )
    for each in results:
        if each.result in {ReviewResult.RAISE, ReviewResult.LOWER}:
            Condition.objects.filter(pk=conditions[each.code].pk).update(event=event, level=each.level)


def _change_directions(
    event: Event,
    held: ApplicationReview,
    lifted: Sequence[Direction],
    given: Mapping[str, Sequence[str]],
    conditions: Mapping[str, Condition],
) -> None:
    today = held.reviewed_at.date()
    Direction.objects.filter(pk__in=[each.pk for each in lifted]).update(event=event, ended_on=today)
    Direction.objects.bulk_create(
        Direction(
            event=event,
            application=held.application,
            review=held,
            condition=conditions[code],
            legal_basis=LEGAL_BASIS,
            text=text,
            given_on=today,
        )
        for code, texts in given.items()
        for text in texts
    )
