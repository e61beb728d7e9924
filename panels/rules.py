"""Seat plans, disinterest, quorum: pure predicates over plain values. No database, no clock, no Django.

Sources: the Coalition's demand of 17 October 2011 (a disinterested representative on every panel) and the proposed
tests D1-D14 of the domain dossier, section 7.2. Windows come from the rule set, in months or days as named.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

COALITION_SEAT = "coalition_representative"
COALITION_BODY = "coalition_body"
FAMILY = "family"
STATEMENT = "statement"
SEAT_KEYS = frozenset({"type", "title", "minimum", "maximum", "required", "appointed_by", "mark", "source", "note"})


class Effect(StrEnum):
    """What a disinterest test means for the member, mildest first."""

    CLEAR = "clear"
    DECLARE_ONLY = "declare_only"
    DISCUSS_NO_VOTE = "discuss_no_vote"
    BARRED = "barred"


SEVERITY = {effect: rank for rank, effect in enumerate(Effect)}
MAY_DECIDE = frozenset({Effect.CLEAR, Effect.DECLARE_ONLY})


@dataclass(frozen=True)
class SeatRule:
    """A kind of seat on a kind of panel: how many, who appoints, and whether the panel may sit without it."""

    type: str
    title: str
    minimum: int
    maximum: int
    required: bool
    appointed_by: str


@dataclass(frozen=True)
class SeatPlan:
    """The seats and quorum of one kind of panel. `quorum` counts members present and not recused."""

    kind: str
    title: str
    seats: tuple[SeatRule, ...]
    quorum: int
    windows: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The form stored on a panel."""
        return {**asdict(self), "seats": [asdict(seat) for seat in self.seats], "windows": dict(self.windows)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> SeatPlan:
        """The plan as it was stored on a panel."""
        return cls(
            kind=body["kind"],
            title=body["title"],
            seats=tuple(SeatRule(**seat) for seat in body["seats"]),
            quorum=body["quorum"],
            windows=body["windows"],
        )


def plan_faults(plan: SeatPlan) -> list[str]:
    """Why this plan may not be used, in sentences; empty when it may."""
    coalition = [seat for seat in plan.seats if seat.type == COALITION_SEAT]
    faults = []
    if not any(seat.required and seat.minimum >= 1 for seat in coalition):
        faults.append(
            f"the {plan.title or plan.kind} has no required Coalition seat: add a seat of type "
            f'"{COALITION_SEAT}" with required = true and minimum = 1 or more'
        )
    faults += [
        f'the Coalition seat of the {plan.title} is appointed by "{seat.appointed_by}": '
        f'only a Coalition body may nominate, set appointed_by = "{COALITION_BODY}"'
        for seat in coalition
        if seat.appointed_by != COALITION_BODY
    ]
    faults += [
        f"seat {seat.type} of the {plan.title} has minimum {seat.minimum} and maximum {seat.maximum}: "
        "the minimum must be 0 or more and not above the maximum, and the maximum at least 1"
        for seat in plan.seats
        if not 0 <= seat.minimum <= seat.maximum or seat.maximum < 1
    ]
    most = sum(seat.maximum for seat in plan.seats)
    if not 1 <= plan.quorum <= most:
        faults.append(f"the quorum of the {plan.title} is {plan.quorum}: it must be between 1 and its {most} seats")
    twice = [name for name, count in Counter(seat.type for seat in plan.seats).items() if count > 1]
    faults += [f"seat {name} of the {plan.title} is listed twice: give it one row" for name in twice]
    return faults


@dataclass(frozen=True)
class PostFact:
    """A post or membership a person holds or held."""

    organisation: str
    organisation_kind: str
    kind: str
    starts: date
    ends: date | None = None

    def held_within(self, on: date, months: int) -> bool:
        """Whether it is held on a day, or was within so many months before it; `ends` is the first day without it."""
        return self.starts <= on and (self.ends is None or self.ends > months_before(on, months))


@dataclass(frozen=True)
class Declared:
    """One interest a person declared: its kind (`own`, `family`, `statement`, ...) and the organisation it names."""

    kind: str
    organisation: str


@dataclass(frozen=True)
class MemberFacts:
    """What is known of a member when a test is applied."""

    posts: tuple[PostFact, ...] = ()
    declared_at: datetime | None = None
    declared: frozenset[Declared] = frozenset()


@dataclass(frozen=True)
class CaseFacts:
    """What is known of the organisation under review."""

    code: str
    neighbours: frozenset[str] = frozenset()
    practices: frozenset[str] = frozenset()
    sharers: frozenset[str] = frozenset()
    supporters: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class TestResult:
    """What one test answered and the sentence that explains it."""

    __test__ = False  # not a pytest class

    rule: str
    effect: Effect
    sentence: str


@dataclass(frozen=True)
class Question:
    """One member, one seat, one case, one day: what every test is asked."""

    member: MemberFacts
    case: CaseFacts
    seat: str
    at: datetime
    windows: Mapping[str, int]

    @property
    def on(self) -> date:
        """The day of the question."""
        return self.at.date()


def months_before(on: date, months: int) -> date:
    """The same day so many calendar months earlier, or the last day of that month when it is shorter."""
    years, month = divmod(on.month - 1 - months, 12)
    year, month = on.year + years, month + 1
    return date(year, month, min(on.day, monthrange(year, month)[1]))


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


@dataclass(frozen=True)
class Member:
    """A seat's holder as an item finds them."""

    seat: str
    required: bool
    accepted: bool
    present: bool
    recused: bool
    effect: Effect
    nominated_by: str = ""

    @property
    def counts(self) -> bool:
        """Whether this member counts toward quorum and may take a position."""
        return self.accepted and self.present and not self.recused and self.effect in MAY_DECIDE


def is_coalition_voice(member: Member) -> bool:
    """Whether this is a Coalition representative who may speak and vote on the item (invariant I1)."""
    return member.seat == COALITION_SEAT and member.nominated_by == COALITION_BODY and member.counts


def competence_faults(plan: SeatPlan, members: Iterable[Member]) -> list[str]:
    """Why the panel may not take this item now, in sentences; empty when it is competent.

    The Coalition seat comes first: without it nothing else matters, and nothing turns this off (I1).
    """
    members = list(members)
    faults = []
    if not any(is_coalition_voice(member) for member in members):
        faults.append(
            "No Coalition representative is present, accepted, nominated by a Coalition body and clear of the "
            "disinterest tests: seat one before taking this item."
        )
    counted = Counter(member.seat for member in members if member.counts)
    faults += [
        f"The seat of {rule.title} is required and empty for this item: {counted[rule.type]} of {rule.minimum} present."
        for rule in plan.seats
        if rule.required and rule.type != COALITION_SEAT and counted[rule.type] < rule.minimum
    ]
    if counted.total() < plan.quorum:
        faults.append(f"Quorum is {plan.quorum} and {counted.total()} members count for this item.")
    return faults
