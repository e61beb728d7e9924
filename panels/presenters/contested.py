"""What was refused, objected to and ruled, as a panel's record stood at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from panels.exceptional import act_words
from panels.history import Record
from panels.models import Refusal, Ruling, Verdict
from panels.presenters.guardian import COLOURS, LABELS
from panels.rules import Effect
from panels.rules.table import RULES


@dataclass(frozen=True)
class Refused:
    """Something asked for and refused, with the sentence that was given."""

    act: str
    name: str
    seat: str
    case_ref: str
    rule: str
    sentence: str
    by: str
    at: datetime


@dataclass(frozen=True)
class RulingLine:
    """One ruling; the last of its test or objection counts."""

    rule: str
    rule_title: str
    name: str
    organisation: str
    verdict: str
    effect: str
    effect_colour: str
    reason: str
    by: str
    at: datetime
    counts: bool


@dataclass(frozen=True)
class Objected:
    """One objection with the rulings on it; none while it waits."""

    name: str
    case_ref: str
    kind: str
    statement: str
    organisation: str
    by: str
    at: datetime
    rulings: Sequence[RulingLine]


def refusals(record: Record) -> list[Refused]:
    """What was refused by then, oldest first."""
    return [_refused(each) for each in record.refusals]


def _refused(row: Refusal) -> Refused:
    return Refused(
        act=act_words(row.act),
        name=row.person.display_name if row.person else "",
        seat=f"{row.seat.title} (seat {row.seat.number})" if row.seat else "",
        case_ref=row.case_ref,
        rule=row.rule,
        sentence=row.sentence,
        by=row.refused_to.display_name if row.refused_to else "The system",
        at=row.refused_at,
    )


def objections(record: Record) -> list[Objected]:
    """The objections by then, each with what was ruled on it by then."""
    ruled = _ruled(record)
    return [
        Objected(
            name=each.person.display_name,
            case_ref=each.case_ref,
            kind=each.get_kind_display(),
            statement=each.statement,
            organisation=each.organisation.name,
            by=each.raised_by.display_name,
            at=each.raised_at,
            rulings=[line for row, line in ruled if row.objection_id == each.pk],
        )
        for each in record.objections
    ]


def rulings(record: Record) -> list[RulingLine]:
    """What was ruled on the tests themselves by then."""
    return [line for row, line in _ruled(record) if row.objection_id is None]


def _ruled(record: Record) -> list[tuple[Ruling, RulingLine]]:
    latest = {(each.person_id, each.organisation_id, each.rule, each.objection_id): each.pk for each in record.rulings}
    return [(each, _line(each, counts=each.pk in latest.values())) for each in record.rulings]


def _line(row: Ruling, *, counts: bool) -> RulingLine:
    effect = Effect(row.effect)
    upheld = "Upheld" if row.verdict == Verdict.CONFIRMED else "Dismissed"
    return RulingLine(
        rule=row.rule,
        rule_title=RULES[row.rule].title,
        name=row.person.display_name,
        organisation=f"{row.organisation.name} ({row.organisation.code})",
        verdict=upheld if row.objection_id else row.get_verdict_display(),
        effect=LABELS[effect],
        effect_colour=COLOURS[effect],
        reason=row.reason,
        by=row.ruled_by.display_name,
        at=row.ruled_at,
        counts=counts,
    )
