"""The tests of disinterest: pure predicates over plain facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from panels.rules.seats import COALITION_SEAT
from panels.rules.shapes import FAMILY, SEVERITY, STATEMENT, Declared, Effect, Question, TestResult


def own_organisation(ask: Question) -> TestResult:
    """D1: a member, officer, or employee of the organisation under review is barred; 36 months back."""
    months = ask.windows.get("d1_months", 36)
    for post in ask.member.posts:
        if post.organisation == ask.case.code and post.held_within(ask.on, months):
            when = "is" if post.ends is None or post.ends > ask.on else "was until " + post.ends.isoformat()
            return TestResult(
                "D1", Effect.BARRED, f"Barred by D1: {when} {post.kind.replace('_', ' ')} of {ask.case.code} itself."
            )
    return TestResult("D1", Effect.CLEAR, f"D1: no post at {ask.case.code} in the last {months} months.")


def member_practice(ask: Question) -> TestResult:
    """D2: anyone at a practice of the organisation under review is barred; 24 months back."""
    months = ask.windows.get("d2_months", 24)
    for post in ask.member.posts:
        if post.organisation in ask.case.practices and post.held_within(ask.on, months):
            return TestResult(
                "D2", Effect.BARRED, f"Barred by D2: at practice {post.organisation}, a member of {ask.case.code}."
            )
    return TestResult("D2", Effect.CLEAR, f"D2: at no member practice of {ask.case.code}.")


def shared_leadership(ask: Question) -> TestResult:
    """D3: a post at an organisation that shares its leadership with the one under review bars, while it is held."""
    for post in ask.member.posts:
        if post.organisation in ask.case.sharers and post.held_within(ask.on, 0):
            return TestResult(
                "D3", Effect.BARRED, f"Barred by D3: {post.organisation} shares its leadership with {ask.case.code}."
            )
    return TestResult("D3", Effect.CLEAR, f"D3: at no organisation led together with {ask.case.code}.")


def neighbour(ask: Question) -> TestResult:
    """D4: a neighbour may gain from a direction, so it bars the Coalition seat; others declare it."""
    for post in ask.member.posts:
        if post.organisation in ask.case.neighbours and post.held_within(ask.on, 0):
            barred = ask.seat == COALITION_SEAT
            verb = "Barred by" if barred else "Declared under"
            return TestResult(
                "D4",
                Effect.BARRED if barred else Effect.DECLARE_ONLY,
                f"{verb} D4: own organisation, {post.organisation}, borders {ask.case.code}.",
            )
    return TestResult("D4", Effect.CLEAR, f"D4: own organisations do not border {ask.case.code}.")


def commissioning_support(ask: Question) -> TestResult:
    """D6: whoever works for the supplier of commissioning support to the organisation is barred; 12 months back."""
    return _worked_for(ask, "D6", ask.case.supporters, ask.windows.get("d6_months", 12), "supplies support to")


def provider(ask: Question) -> TestResult:
    """D7: whoever works for a main provider to the organisation is barred; 12 months back."""
    return _worked_for(ask, "D7", ask.case.providers, ask.windows.get("d7_months", 12), "is a main provider to")


def _worked_for(ask: Question, rule: str, places: frozenset[str], months: int, why: str) -> TestResult:
    for post in ask.member.posts:
        if post.organisation in places and post.held_within(ask.on, months):
            return TestResult(
                rule, Effect.BARRED, f"Barred by {rule}: works or worked for {post.organisation}, which {why} the case."
            )
    return TestResult(rule, Effect.CLEAR, f"{rule}: not at anyone who {why} {ask.case.code} in {months} months.")


def close_family(ask: Question) -> TestResult:
    """D8: what close family holds is judged as if the member held it."""
    named = {each.organisation for each in ask.member.declared if each.kind == FAMILY}
    case = ask.case
    near = {case.code} | case.practices | case.sharers | case.supporters | case.providers
    if barring := sorted(named & near):
        return TestResult("D8", Effect.BARRED, f"Barred by D8: close family has an interest in {barring[0]}.")
    if bordering := sorted(named & case.neighbours):
        barred = ask.seat == COALITION_SEAT
        return TestResult(
            "D8",
            Effect.BARRED if barred else Effect.DECLARE_ONLY,
            f"{'Barred by' if barred else 'Declared under'} D8: close family at {bordering[0]}, which borders "
            f"{case.code}.",
        )
    return TestResult("D8", Effect.CLEAR, f"D8: no close family with an interest in {case.code}.")


def public_statement(ask: Question) -> TestResult:
    """D12: a public statement for or against the organisation is declared."""
    if Declared(STATEMENT, ask.case.code) in ask.member.declared:
        return TestResult(
            "D12", Effect.DECLARE_ONLY, f"Declared under D12: has made a public statement on {ask.case.code}."
        )
    return TestResult("D12", Effect.CLEAR, f"D12: no public statement on {ask.case.code} declared.")


def board_employee(ask: Question) -> TestResult:
    """D13: whoever works for the Board, now or in the last 12 months, may not hold the Coalition seat."""
    months = ask.windows.get("d13_months", 12)
    if ask.seat == COALITION_SEAT:
        for post in ask.member.posts:
            if post.organisation_kind in {"board", "region", "area_team"} and post.held_within(ask.on, months):
                return TestResult(
                    "D13", Effect.BARRED, f"Barred by D13: works for the Board ({post.organisation}) or did of late."
                )
        return TestResult("D13", Effect.CLEAR, f"D13: not employed by the Board in the last {months} months.")
    return TestResult("D13", Effect.CLEAR, "D13: applies to the Coalition seat only.")


def fresh_declaration(ask: Question) -> TestResult:
    """D14: a declaration for this panel, no older than 28 days, must be on file."""
    days = ask.windows.get("d14_days", 28)
    made = ask.member.declared_at
    if made is None:
        return TestResult("D14", Effect.BARRED, "Barred by D14: no declaration of interests for this panel on file.")
    age = (ask.at - made).days
    if age > days:
        return TestResult("D14", Effect.BARRED, f"Barred by D14: the declaration is {age} days old, more than {days}.")
    return declared_interest(ask) or TestResult("D14", Effect.CLEAR, f"D14: declared {age} days ago.")


def declared_interest(ask: Question) -> TestResult | None:
    """The part of D14 that holds whatever the age of the declaration: what was declared stays declared."""
    named = {each.organisation for each in ask.member.declared if each.kind not in {FAMILY, STATEMENT}}
    if ask.case.code in named:
        return TestResult("D14", Effect.BARRED, f"Barred by D14: declared an interest in {ask.case.code}.")
    return None


DISINTEREST: tuple[Callable[[Question], TestResult], ...] = (
    own_organisation,
    member_practice,
    shared_leadership,
    neighbour,
    commissioning_support,
    provider,
    close_family,
    public_statement,
    board_employee,
    fresh_declaration,
)


def disinterest(ask: Question, *, declared: bool = True) -> list[TestResult]:
    """Every test, in order. `declared=False` asks for no fresh declaration: nobody has been asked to declare yet.

    What somebody declared for this panel on an earlier occasion counts all the same.
    """
    if declared:
        return [test(ask) for test in DISINTEREST]
    results = [test(ask) for test in DISINTEREST if test is not fresh_declaration]
    earlier = declared_interest(ask)
    return [*results, earlier] if earlier else results


def verdict(results: Iterable[TestResult]) -> TestResult:
    """The severest result; among equals the first."""
    return max(results, key=lambda result: SEVERITY[result.effect])
