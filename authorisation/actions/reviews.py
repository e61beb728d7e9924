"""Rectification plans and quarterly reviews. Called by the flow, but for the rounds, which stand alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
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
from directory.queries import today
from panels.permissions import check_administers

if TYPE_CHECKING:
    from audit.models import Event
    from directory.models import Person
    from panels.models import Item, Outcome
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
        "review.opened",
        by=by,
        public={
            "cycle": cycle,
            "number": number,
            "evidence_due": evidence_due.isoformat(),
            "committee": committee_on.isoformat(),
        },
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
    """Discharge, keep, raise or lower every open condition; lift directions; give new ones, texts by criterion code.

    Raises DecisionRefused for a condition without a result, a level that does not move as said, a direction that is
    not in force, or a round held already.
    """
    outcome = check_item(application, item, kind="review", decided=True)
    conditions = open_conditions(application)
    given = given or {}
    kept = conditions.keys() - {each.code for each in results if each.result is ReviewResult.DISCHARGE}
    in_force = _in_force(application)
    faults = [
        *_result_faults(application, results, conditions),
        *_direction_faults([each.pk for each in lifted], given, kept, in_force),
        *_round_faults(round, application),
    ]
    if faults:
        raise DecisionRefused(f"The review of {application.ref} cannot be recorded: " + "; ".join(faults) + ".")
    event = _recorded(application, round, item, outcome, results, lifted, given, by)
    discharged = sum(each.result is ReviewResult.DISCHARGE for each in results)
    held = ApplicationReview.objects.create(
        event=event,
        round=round,
        application=application,
        panel_outcome=outcome,
        conditions_left=len(conditions) - discharged,
        directions_left=len(in_force) - len(lifted) + sum(map(len, given.values())),
        reviewed_at=clock.now(),
    )
    _change_conditions(event, held, results, conditions)
    _change_directions(event, held, lifted, given, conditions)


def _recorded(
    application: Application,
    round: ReviewRound,  # noqa: A002  the field's word
    item: Item,
    outcome: Outcome,
    results: Sequence[Reviewed],
    lifted: Sequence[Direction],
    given: Mapping[str, Sequence[str]],
    by: Person,
) -> Event:
    return record(
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
            "given": sorted(given),
        },
        private={
            "free_text": {
                "reasons": [[each.code, each.reason] for each in results],
                "given": [[code, text] for code, texts in given.items() for text in texts],
            }
        },
    )


def _in_force(application: Application) -> set[int]:
    """The keys of the directions that stand."""
    standing = Direction.objects.filter(application=application, ended_on__isnull=True)
    return set(standing.values_list("pk", flat=True))


def _result_faults(
    application: Application, results: Sequence[Reviewed], conditions: Mapping[str, Condition]
) -> list[str]:
    """Why these results do not fit the open conditions and the scale of the rule set."""
    scale = list(levels(application.ruleset.body))
    return review_faults(results, {code: row.level for code, row in conditions.items()}, scale)


def _round_faults(held: ReviewRound, application: Application) -> list[str]:
    """Why this round is not one for this application."""
    faults = []
    if held.cycle != application.cycle:
        faults.append(f"{held.title} belongs to {held.cycle}, not to {application.cycle}")
    if ApplicationReview.objects.filter(round=held, application=application).exists():
        faults.append(f"{held.title} has been held for it already")
    return faults


def _direction_faults(
    lifted: Sequence[int], given: Mapping[str, Sequence[str]], kept: AbstractSet[str], in_force: AbstractSet[int]
) -> list[str]:
    """`kept`: the conditions still open after this review; `in_force`: the keys of the directions it may lift."""
    faults = [f"direction {key} is not in force on it" for key in sorted(set(lifted) - in_force)]
    faults += [f"direction {key} is lifted twice" for key in sorted(set(lifted)) if lifted.count(key) > 1]
    faults += [f"a direction is given on {code}, which keeps no open condition" for code in given if code not in kept]
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
    day = today()
    Direction.objects.filter(pk__in=[each.pk for each in lifted]).update(event=event, ended_on=day)
    Direction.objects.bulk_create(
        Direction(
            event=event,
            application=held.application,
            review=held,
            condition=conditions[code],
            legal_basis=LEGAL_BASIS,
            text=text,
            given_on=day,
        )
        for code, texts in given.items()
        for text in texts
    )
