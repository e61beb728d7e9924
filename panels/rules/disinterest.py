"""The tests of disinterest: pure predicates over plain facts. What each one asks is in `panels.rules.table`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from panels.rules.questions import RELATIVE, Held, Question, day
from panels.rules.seats import COALITION_SEAT
from panels.rules.shapes import (
    FAMILY,
    OTHER,
    PREPARED,
    SEVERITY,
    STATEMENT,
    Declared,
    Effect,
    MemberFacts,
    TestResult,
    months_before,
    runs_within,
)
from panels.rules.table import DI, RULES

# Panels that are tiers of one case (invariant I4). A review looks at conditions already imposed: it is no tier.
TIERS = {
    "desk_top": "the desk-top review",
    "second_reading": "the second reading",
    "site_visit": "the site visit",
    "moderation": "moderation",
    "conditions": "the conditions panel",
    "decision": "the decision",
}
BOARD_KINDS = frozenset({"board", "region", "area_team"})
ENOUGH = 2


def own_organisation(ask: Question) -> TestResult:
    """D1: a member, officer, or employee of the organisation under review is barred."""
    code = ask.case.code
    hits = (
        f"{held.has} {code} itself"
        for held in ask.holdings
        if held.place == code and held.rule == "D1" and _within(held, ask, "D1")
    )
    return _barred("D1", hits, f"no post at {code} in the last {_reach(ask, 'D1')} months")


def member_practice(ask: Question) -> TestResult:
    """D2: anyone at a practice of the organisation under review is barred."""
    code = ask.case.code
    at = _at(ask, "D2", ask.case.practices, f"practice {{}}, a member of {code}", f"a member practice of {code}")
    return _barred("D2", at, f"at no member practice of {code}")


def shared_leadership(ask: Question) -> TestResult:
    """D3: a post at an organisation that shares its leadership with the one under review bars, while it is held."""
    hits = (
        f"{held.owner}, {held.place}, shares its leadership with {ask.case.code}"
        for held in ask.holdings
        if held.place in ask.case.sharers and _within(held, ask, "D3")
    )
    return _barred("D3", hits, f"at no organisation led together with {ask.case.code}")


def neighbour(ask: Question) -> TestResult:
    """D4: a neighbour may gain from a direction, so it bars the Coalition seat; others declare it."""
    hits = (why for held in ask.holdings if _within(held, ask, "D4") for why in _nearness(ask, held))
    effect = Effect.BARRED if ask.seat == COALITION_SEAT else Effect.DECLARE_ONLY
    clear = f"own organisations do not border {ask.case.code}, nor share its area team or a main provider"
    return _answer("D4", effect, hits, clear)


def _nearness(ask: Question, held: Held) -> Iterator[str]:
    case = ask.case
    if held.place == case.code:
        if held.rule == "D4":
            yield f"{held.has} a neighbour of {case.code}"
        return
    if held.place in case.neighbours:
        yield f"{held.owner}, {held.place}, borders {case.code}"
    if held.parent and held.parent == case.parent:
        yield f"{held.owner}, {held.place}, is in the same area team as {case.code}"
    if held.place in case.provider_mates:
        yield f"{held.owner}, {held.place}, shares the main provider {case.provider_mates[held.place]} with {case.code}"


def beneficiary(ask: Question) -> TestResult:
    """D5: whoever is at an organisation named in a proposed direction of the case is barred from then on."""
    hits = (
        f"{held.owner}, {held.place}, is named in a proposed direction of {ask.case.code}"
        for held in ask.holdings
        if held.place in ask.case.named and _within(held, ask, "D5")
    )
    return _barred("D5", hits, f"own organisations are named in no proposed direction of {ask.case.code}")


def commissioning_support(ask: Question) -> TestResult:
    """D6: whoever works for the supplier of commissioning support to the organisation is barred."""
    code = ask.case.code
    at = _at(ask, "D6", ask.case.supporters, f"{{}}, which supplies support to {code}", f"a supplier to {code}")
    return _barred("D6", at, f"not at anyone who supplies support to {code} in {_reach(ask, 'D6')} months")


def provider(ask: Question) -> TestResult:
    """D7: whoever works for a main provider to the organisation is barred."""
    code = ask.case.code
    at = _at(ask, "D7", ask.case.providers, f"{{}}, a main provider to {code}", f"a main provider to {code}")
    return _barred("D7", at, f"not at a main provider to {code} in {_reach(ask, 'D7')} months")


def _at(ask: Question, rule: str, places: Collection[str], named: str, unnamed: str) -> Iterator[str]:
    for held in ask.holdings:
        if _within(held, ask, rule):
            if held.place in places:
                yield f"{held.has} {named.format(held.place)}"
            elif held.place == ask.case.code and held.rule == rule:
                yield f"{held.has} {unnamed}"


def close_family(ask: Question) -> TestResult:
    """D8: what close family holds is judged as if the member held it."""
    clear = f"no close family with an interest in {ask.case.code}"
    theirs = frozenset(replace(each, kind=RELATIVE) for each in ask.member.declared if each.kind == FAMILY)
    if not theirs:
        return _barred("D8", (), clear)
    severest = verdict(test(replace(ask, member=MemberFacts(declared=theirs))) for test in SELF)
    if severest.effect is Effect.CLEAR:
        return _barred("D8", (), clear)
    return _answer("D8", severest.effect, [severest.sentence.partition(": ")[2].removesuffix(".")], "")


def another_tier(ask: Question) -> TestResult:
    """D9: whoever took part at one tier of a case is barred from the others; whoever prepared it, from all (I4)."""
    return _barred("D9", (*_prepared(ask), *_other_tiers(ask)), "took no part at another tier of the case")


def _prepared(ask: Question) -> Iterator[str]:
    for each in _declared(ask, PREPARED):
        if each.held_within(ask.on, _reach(ask, "D9")):
            yield f"coached {ask.case.code} or prepared its application"
    edge = months_before(ask.on, _reach(ask, "D9"))
    for role in sorted(ask.member.roles, key=lambda role: role.on):
        if ask.case.ref and role.case_ref == ask.case.ref and role.tier == PREPARED and role.on >= edge:
            yield f"prepared {ask.case.ref}, last on {day(role.on)}"


def _other_tiers(ask: Question) -> Iterator[str]:
    for role in sorted(ask.member.roles, key=lambda role: (role.on, role.tier)):
        same = ask.case.ref and role.case_ref == ask.case.ref
        if same and ask.tier in TIERS and role.tier not in {ask.tier, PREPARED}:
            tier = TIERS.get(role.tier, role.tier.replace("_", " "))
            yield f"took part in {tier} of {ask.case.ref} on {day(role.on)}"


def familiarity(ask: Question) -> TestResult:
    """D10: whoever sat on cases of the organisation in two earlier cycles rests; once is allowed, and said."""
    months = _reach(ask, "D10")
    edge, case = months_before(ask.on, months), ask.case
    earlier = {
        str(each.cycle or each.case_ref)
        for each in ask.member.past
        if each.organisation == case.code and each.on >= edge and each.case_ref != case.ref
        if not each.cycle or each.cycle != case.cycle
    }
    if len(earlier) >= ENOUGH:
        cycles = " and ".join(sorted(earlier))
        return _barred("D10", [f"sat on cases of {case.code} in {cycles}, within {months} months"], "")
    once = f"sat once on a case of {case.code}, in {min(earlier)}; once is allowed" if earlier else ""
    return _barred("D10", (), once or f"sat on no earlier case of {case.code} in the last {months} months")


def reciprocity(ask: Question) -> TestResult:
    """D11: two organisations do not judge each other in one cycle."""
    hits = sorted(
        f"somebody of {ask.case.code} has a seat over {each.judged}, this member's own organisation, in the same cycle"
        for each in ask.member.judged_by
        if each.judge == ask.case.code and each.cycle == ask.case.cycle and each.judged != ask.case.code
    )
    return _barred("D11", hits, f"nobody of {ask.case.code} judges the member's own organisations in this cycle")


def public_statement(ask: Question) -> TestResult:
    """D12: a public statement for or against the organisation is declared."""
    edge = months_before(ask.on, _reach(ask, "D12"))
    hits = (
        f"has made a public statement on {ask.case.code}"
        for each in _declared(ask, STATEMENT)
        if each.since is None or edge <= each.since
    )
    return _answer("D12", Effect.DECLARE_ONLY, hits, f"no public statement on {ask.case.code} declared")


def board_employee(ask: Question) -> TestResult:
    """D13: whoever works for the Board, or did of late, may not hold the Coalition seat."""
    if ask.seat != COALITION_SEAT:
        return _barred("D13", (), "applies to the Coalition seat only")
    hits = (
        f"{held.has} {held.place}, which is of the Board"
        for held in ask.holdings
        if held.place_kind in BOARD_KINDS and _within(held, ask, "D13")
    )
    return _barred("D13", hits, f"not employed by the Board in the last {_reach(ask, 'D13')} months")


def fresh_declaration(ask: Question) -> TestResult:
    """D14: a declaration for this panel must be on file, and not too old. Its age is counted in whole days."""
    days, made = _reach(ask, "D14"), ask.member.declared_at
    if made is None:
        return _barred("D14", ["no declaration of interests for this panel on file"], "")
    age = (ask.at - made).days
    old = [f"the declaration is {age} days old, more than {days}"] if age > days else []
    return _barred("D14", old, f"declared {age} days ago")


def declared_interest(ask: Question) -> TestResult:
    """DI: an interest of no other kind in the organisation under review: the member may speak, and has no vote.

    Whoever left the room for the case, and said why, is barred from it wherever it is listed again.
    """
    if left := sorted(on for case_ref, on in ask.member.left if case_ref == ask.case.ref):
        return TestResult(DI, Effect.BARRED, f"Barred by DI: left the room for {ask.case.ref} on {day(left[-1])}.")
    hits = (f"declared an interest in {ask.case.code}" for each in _declared(ask, OTHER) if each.held_within(ask.on, 0))
    return _answer(DI, Effect.DISCUSS_NO_VOTE, hits, f"no other interest in {ask.case.code} declared")


SELF: tuple[Callable[[Question], TestResult], ...] = (
    own_organisation,
    member_practice,
    shared_leadership,
    neighbour,
    beneficiary,
    commissioning_support,
    provider,
)
DISINTEREST: tuple[Callable[[Question], TestResult], ...] = (
    *SELF,
    close_family,
    another_tier,
    familiarity,
    reciprocity,
    public_statement,
    board_employee,
    fresh_declaration,
    declared_interest,
)


def disinterest(ask: Question, *, declared: bool = True) -> list[TestResult]:
    """Every test, in order. `declared=False` asks for no fresh declaration: nobody has been asked to declare yet.

    What somebody declared for this panel on an earlier occasion counts all the same.
    """
    return [test(ask) for test in DISINTEREST if declared or test is not fresh_declaration]


def verdict(results: Iterable[TestResult]) -> TestResult:
    """The severest result; among equals the first."""
    return max(results, key=lambda result: SEVERITY[result.effect])


def known_since(member: MemberFacts, at: datetime) -> MemberFacts:
    """Only what came to be known after a moment: posts begun, interests declared and cases heard since."""
    on = at.date()
    return replace(
        member,
        posts=tuple(each for each in member.posts if each.starts > on),
        declared=frozenset(each for each in member.declared if each.made_at and each.made_at > at),
        roles=frozenset(each for each in member.roles if each.on > on),
        past=frozenset(each for each in member.past if each.on > on),
        judged_by=frozenset(),
    )


def _within(held: Held, ask: Question, rule: str) -> bool:
    """Whether it is held on the day of the question, or was within the window of a test."""
    return runs_within(held.starts, held.ends, ask.on, _reach(ask, rule))


def _reach(ask: Question, rule: str) -> int:
    return RULES[rule].reach(ask.windows)


def _declared(ask: Question, kind: str) -> list[Declared]:
    return [each for each in ask.member.declared if each.kind == kind and each.organisation == ask.case.code]


def _barred(rule: str, hits: Iterable[str], clear: str) -> TestResult:
    return _answer(rule, Effect.BARRED, hits, clear)


def _answer(rule: str, effect: Effect, hits: Iterable[str], clear: str) -> TestResult:
    """The first reason there is, or the sentence that says there is none."""
    for why in hits:
        verb = "Barred by" if effect is Effect.BARRED else "Declared under"
        return TestResult(rule, effect, f"{verb} {rule}: {why}.")
    return TestResult(rule, Effect.CLEAR, f"{rule}: {clear}.")
