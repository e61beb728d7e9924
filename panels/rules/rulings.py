"""What the conflicts guardian's rulings and an applicant's objections do to the answers of the tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from panels.rules.disinterest import disinterest, known_since, verdict
from panels.rules.questions import Question, day
from panels.rules.shapes import SEVERITY, Effect, TestResult
from panels.rules.table import NEVER_OVERRIDDEN, OB

CONFIRMED = "confirmed"
DISMISSED = "dismissed"
MEANS = {
    Effect.CLEAR: "may take part",
    Effect.DECLARE_ONLY: "may take part and says so",
    Effect.DISCUSS_NO_VOTE: "may discuss and not vote",
    Effect.BARRED: "is barred",
}


@dataclass(frozen=True)
class Ruled:
    """One ruling on one person: confirmed or dismissed, with the effect it gives the test.

    `objection` is the key of the objection ruled on, None for a ruling on a test's own answer.
    """

    rule: str
    organisation: str
    verdict: str
    effect: Effect
    at: datetime
    objection: int | None = None


@dataclass(frozen=True)
class Objected:
    """One objection of an applicant to one person. `case_ref` is "" when it is meant for every case of theirs."""

    key: int
    organisation: str
    case_ref: str
    at: datetime


def judge(
    ask: Question, rulings: Iterable[Ruled] = (), objections: Iterable[Objected] = (), *, declared: bool = True
) -> list[TestResult]:
    """Every test, as the conflicts guardian's rulings leave it, and every objection; see `disinterest`."""
    return apply_rulings(disinterest(ask, declared=declared), rulings, objections, ask=ask)


def apply_rulings(
    results: Iterable[TestResult], rulings: Iterable[Ruled], objections: Iterable[Objected], *, ask: Question
) -> list[TestResult]:
    """The results with the newest ruling on each applied, then one result for each objection.

    A dismissal gives the test the ruling's effect, but never softens a test in NEVER_OVERRIDDEN, and never covers what
    became known after it; a confirmation makes no answer milder than the ruling.
    """
    newest: dict[tuple[str, int | None], Ruled] = {}
    for each in sorted(rulings, key=lambda each: each.at):
        if each.organisation == ask.case.code:
            newest[each.rule if each.objection is None else OB, each.objection] = each
    judged = [_apply(each, newest[each.rule, None], ask) if (each.rule, None) in newest else each for each in results]
    meant = [each for each in objections if each.organisation == ask.case.code]
    meant = [each for each in meant if not each.case_ref or each.case_ref == ask.case.ref]
    return [*judged, *(_objection(each, newest.get((OB, each.key))) for each in sorted(meant, key=lambda o: o.key))]


def _apply(result: TestResult, ruling: Ruled, ask: Question) -> TestResult:
    said = result.sentence.removesuffix(".")
    if ruling.verdict == CONFIRMED:
        effect = max(result.effect, ruling.effect, key=SEVERITY.__getitem__)
        word = "confirmed"
    elif result.rule in NEVER_OVERRIDDEN:
        effect = max(result.effect, ruling.effect, key=SEVERITY.__getitem__)
        word = "never overridden, whatever was ruled"
    else:
        effect, word = ruling.effect, "overridden"
    if effect is result.effect and word != "confirmed":
        return result
    said = f"{said}; {word} by the conflicts guardian on {day(ruling.at)}: the member {MEANS[effect]}."
    ruled = TestResult(result.rule, effect, said)
    return verdict([ruled, *_unruled(result.rule, ruling, ask)])


def _unruled(rule: str, ruling: Ruled, ask: Question) -> Sequence[TestResult]:
    """What the test answers to facts that came after the ruling: nobody has ruled on those."""
    later = replace(ask, member=known_since(ask.member, ruling.at))
    return [each for each in disinterest(later, declared=False) if each.rule == rule]


def _objection(objection: Objected, ruling: Ruled | None) -> TestResult:
    said = f"{objection.organisation} objected on {day(objection.at)}"
    if ruling is None:
        return TestResult(
            OB, Effect.DECLARE_ONLY, f"Declared under OB: {said}; the conflicts guardian has not ruled on it yet."
        )
    upheld = "upheld" if ruling.verdict == CONFIRMED else "dismissed"
    verb = {
        Effect.CLEAR: "OB",
        Effect.BARRED: "Barred by OB",
        Effect.DISCUSS_NO_VOTE: "No vote under OB",
    }.get(ruling.effect, "Declared under OB")
    return TestResult(
        OB,
        ruling.effect,
        f"{verb}: {said}; {upheld} by the conflicts guardian on {day(ruling.at)}: the member {MEANS[ruling.effect]}.",
    )
