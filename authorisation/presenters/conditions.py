"""Conditions and directions with what every review did to them, for the case page and the public register."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from authorisation.enums import ReviewResult
from authorisation.models import Application, Condition, ConditionChange, Direction


@dataclass(frozen=True)
class ChangeLine:
    """What one review did to one condition."""

    review: str
    on: datetime
    result: str
    from_level: str
    to_level: str
    reason: str


@dataclass(frozen=True)
class ConditionLine:
    """One condition: what is asked, with which support, and how it has moved."""

    code: str
    text: str
    placeholder: bool
    level: str
    support: str
    test: str
    is_open: bool
    discharged_at: datetime | None
    changes: Sequence[ChangeLine]


@dataclass(frozen=True)
class DirectionLine:
    """One legal direction."""

    text: str
    legal_basis: str
    given_on: date
    ended_on: date | None
    code: str


def conditions(application: Application) -> list[ConditionLine]:
    """Every condition of a case in the order of the criteria; two queries."""
    changes: defaultdict[int, list[ChangeLine]] = defaultdict(list)
    moved = ConditionChange.objects.filter(condition__application=application).select_related("review__round")
    for row in moved.order_by("review__reviewed_at", "pk"):
        changes[row.condition_id].append(_change(row))
    rows = Condition.objects.filter(application=application).select_related("criterion")
    levels = application.ruleset.body["levels"]
    return [_line(row, levels, changes[row.pk]) for row in rows.order_by("criterion__position")]


def _change(row: ConditionChange) -> ChangeLine:
    return ChangeLine(
        review=row.review.round.title,
        on=row.review.reviewed_at,
        result=ReviewResult(row.result).label,
        from_level=row.from_level,
        to_level=row.to_level,
        reason=row.reason,
    )


def _line(row: Condition, levels: Mapping[str, Any], changes: Sequence[ChangeLine]) -> ConditionLine:
    return ConditionLine(
        code=row.criterion.code,
        text=row.criterion.text,
        placeholder=row.criterion.placeholder,
        level=row.level,
        support=support(levels, row.level),
        test=row.discharge_test,
        is_open=row.state == "open",
        discharged_at=row.discharged_at,
        changes=changes,
    )


def support(levels: Mapping[str, Any], level: str) -> str:
    """What a support level means, in the words of the rule set the case is judged under."""
    return str(levels[level]["text"]) if level in levels else ""


def directions(application: Application) -> list[DirectionLine]:
    """Every direction of a case, those in force first; one query."""
    rows = Direction.objects.filter(application=application).select_related("condition__criterion")
    lines = [
        DirectionLine(
            text=row.text,
            legal_basis=row.legal_basis,
            given_on=row.given_on,
            ended_on=row.ended_on,
            code=row.condition.criterion.code if row.condition else "",
        )
        for row in rows.order_by("given_on", "pk")
    ]
    return sorted(lines, key=lambda line: line.ended_on is not None)
