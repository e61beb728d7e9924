"""Disinterest at the edges of its windows, and competence over every possible panel."""

import itertools
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.clock import real_now
from authorisation.calendar import LONDON
from panels.rules import (
    COALITION_BODY,
    COALITION_SEAT,
    CaseFacts,
    Declared,
    Effect,
    Member,
    MemberFacts,
    PostFact,
    Question,
    SeatPlan,
    SeatRule,
    competence_faults,
    disinterest,
    is_coalition_voice,
    months_before,
    plan_faults,
    verdict,
)

ON = date(2012, 10, 23)
AT = datetime(2012, 10, 23, 10, tzinfo=LONDON)
CASE = CaseFacts(
    "01A",
    neighbours=frozenset({"02A"}),
    practices=frozenset({"P01"}),
    sharers=frozenset({"04A"}),
    supporters=frozenset({"S01"}),
    providers=frozenset({"H01"}),
)
WINDOWS = {"d1_months": 36, "d2_months": 24, "d6_months": 12, "d7_months": 12, "d13_months": 12, "d14_days": 28}
DAY = timedelta(days=1)


def effect(member, rule, *, seat="lay", at=AT, windows=WINDOWS):
    member = replace(member, declared_at=member.declared_at or at)
    answers = disinterest(Question(member, CASE, seat, at, windows))
    return next(each.effect for each in answers if each.rule == rule)


def post(place, ends, kind="ccg"):
    return MemberFacts((PostFact(place, kind, "employee", date(2000, 1, 1), ends),))


@pytest.mark.parametrize(
    ("rule", "place", "kind", "months"),
    [
        ("D1", "01A", "ccg", 36),
        ("D2", "P01", "practice", 24),
        ("D3", "04A", "ccg", 0),
        ("D4", "02A", "ccg", 0),
        ("D6", "S01", "commissioning_support", 12),
        ("D7", "H01", "provider", 12),
        ("D13", "BOARD", "board", 12),
        ("D13", "RN1", "region", 12),
        ("D13", "AT1", "area_team", 12),
    ],
)
def test_post_bars_until_its_window_is_over(rule, place, kind, months):
    """`ends` is the first day without the post: the last day held must lie within the window."""
    edge = months_before(ON, months)
    bars = [effect(post(place, edge + days * DAY, kind), rule, seat=COALITION_SEAT) for days in (-1, 0, 1)]
    assert bars == [Effect.CLEAR, Effect.CLEAR, Effect.BARRED]
    assert effect(post(place, None, kind), rule, seat=COALITION_SEAT) is Effect.BARRED
    later = MemberFacts((PostFact(place, kind, "employee", ON + DAY),))
    assert effect(later, rule, seat=COALITION_SEAT) is Effect.CLEAR


@pytest.mark.parametrize(("days", "expected"), [(27, Effect.CLEAR), (28, Effect.CLEAR), (29, Effect.BARRED)])
def test_declaration_is_fresh_for_its_days(days, expected):
    assert effect(MemberFacts(declared_at=AT - days * DAY), "D14") is expected


def test_no_declaration_bars():
    answers = disinterest(Question(MemberFacts(), CASE, "lay", AT, WINDOWS))
    assert verdict(answers).sentence == "Barred by D14: no declaration of interests for this panel on file."
    assert "D14" not in {
        each.rule for each in disinterest(Question(MemberFacts(), CASE, "lay", AT, {}), declared=False)
    }


def test_interest_declared_earlier_bars_before_a_fresh_declaration_is_asked_for():
    member = MemberFacts(declared_at=AT - 400 * DAY, declared=frozenset({Declared("post", CASE.code)}))
    answers = disinterest(Question(member, CASE, "lay", AT, WINDOWS), declared=False)
    assert verdict(answers).sentence == f"Barred by D14: declared an interest in {CASE.code}."


@pytest.mark.parametrize(
    ("kind", "place", "rule", "lay", "coalition"),
    [
        ("family", "01A", "D8", Effect.BARRED, Effect.BARRED),
        ("family", "P01", "D8", Effect.BARRED, Effect.BARRED),
        ("family", "S01", "D8", Effect.BARRED, Effect.BARRED),
        ("family", "H01", "D8", Effect.BARRED, Effect.BARRED),
        ("family", "04A", "D8", Effect.BARRED, Effect.BARRED),
        ("family", "02A", "D8", Effect.DECLARE_ONLY, Effect.BARRED),
        ("family", "03A", "D8", Effect.CLEAR, Effect.CLEAR),
        ("statement", "01A", "D12", Effect.DECLARE_ONLY, Effect.DECLARE_ONLY),
        ("statement", "01A", "D14", Effect.CLEAR, Effect.CLEAR),
        ("own", "01A", "D14", Effect.BARRED, Effect.BARRED),
        ("own", "02A", "D14", Effect.CLEAR, Effect.CLEAR),
    ],
)
def test_what_is_declared_counts(kind, place, rule, lay, coalition):
    member = MemberFacts(declared=frozenset({Declared(kind, place)}))
    assert effect(member, rule) is lay
    assert effect(member, rule, seat=COALITION_SEAT) is coalition


@pytest.mark.parametrize(
    ("place", "kind", "lay"), [("02A", "ccg", Effect.DECLARE_ONLY), ("BOARD", "board", Effect.CLEAR)]
)
def test_neighbours_and_board_bar_the_coalition_seat_only(place, kind, lay):
    member = post(place, None, kind)
    rule = "D4" if kind == "ccg" else "D13"
    assert (effect(member, rule), effect(member, rule, seat=COALITION_SEAT)) == (lay, Effect.BARRED)


@given(st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.integers(0, 60))
def test_months_before_is_a_day_of_the_month_meant(on, months):
    before = months_before(on, months)
    assert (on.year - before.year) * 12 + on.month - before.month == months
    assert before.day == on.day or (before.day < on.day and (before + DAY).month != before.month)


PLAN = SeatPlan(
    "moderation",
    "Moderation panel",
    (
        SeatRule("chair", "Chair", 1, 1, True, "board"),
        SeatRule("lay", "Lay member", 1, 1, False, "board"),
        SeatRule(COALITION_SEAT, "Coalition representative", 1, 2, True, COALITION_BODY),
    ),
    quorum=1,
)


def test_no_panel_without_a_counted_coalition_voice_is_competent():
    """Every combination of what can be true of two Coalition members, beside a chair and a lay member who count."""
    others = [Member(seat, True, True, True, False, Effect.CLEAR) for seat in ("chair", "lay")]
    one = [
        Member(COALITION_SEAT, True, accepted, present, recused, effect, nominated)
        for accepted, present, recused in itertools.product((True, False), repeat=3)
        for effect in Effect
        for nominated in (COALITION_BODY, "board", "")
    ]
    for pair in itertools.chain([()], ((each,) for each in one), itertools.combinations(one, 2)):
        faults = competence_faults(PLAN, [*others, *pair])
        heard = any(is_coalition_voice(each) for each in pair)
        assert (faults == []) == heard
        assert heard or faults[0].startswith("No Coalition representative is present")


MEMBERS = st.builds(
    Member,
    st.sampled_from(["chair", "lay", COALITION_SEAT]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(Effect),
    st.sampled_from([COALITION_BODY, "board", ""]),
)


@given(st.lists(MEMBERS, max_size=6), st.integers(1, 4))
def test_competent_panel_has_its_voice_its_required_seats_and_its_quorum(members, quorum):
    competent = competence_faults(replace(PLAN, quorum=quorum), members) == []
    counted = [each for each in members if each.accepted and each.present and not each.recused]
    counted = [each for each in counted if each.effect in {Effect.CLEAR, Effect.DECLARE_ONLY}]
    assert competent == (
        any(each.seat == COALITION_SEAT and each.nominated_by == COALITION_BODY for each in counted)
        and any(each.seat == "chair" for each in counted)
        and len(counted) >= quorum
    )


@given(st.lists(MEMBERS, max_size=6), st.integers(0, 5))
def test_losing_a_member_never_makes_a_panel_competent(members, leaves):
    if competence_faults(PLAN, members):
        gone = [replace(each, recused=each.recused or number == leaves) for number, each in enumerate(members)]
        assert competence_faults(PLAN, gone) != []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"required": False}, "no required Coalition seat"),
        ({"minimum": 0}, "no required Coalition seat"),
        ({"type": "observer"}, "no required Coalition seat"),
        ({"appointed_by": "board"}, "only a Coalition body may nominate"),
        ({"maximum": 0}, "minimum 1 and maximum 0"),
        ({"type": "chair"}, "listed twice"),
    ],
)
def test_plan_that_could_do_without_the_coalition_is_refused(change, fault):
    seats = (*PLAN.seats[:2], replace(PLAN.seats[2], **change))
    assert any(fault in each for each in plan_faults(replace(PLAN, seats=seats)))


@pytest.mark.parametrize("quorum", [0, 5])
def test_quorum_beyond_the_seats_is_refused(quorum):
    assert plan_faults(replace(PLAN, quorum=quorum)) == [
        f"the quorum of the Moderation panel is {quorum}: it must be between 1 and its 4 seats"
    ]


def test_plan_survives_its_storage():
    assert SeatPlan.from_json(PLAN.as_json()) == PLAN


def test_severest_answer_decides():
    member = post("02A", None)
    answers = disinterest(Question(replace(member, declared_at=real_now()), CASE, "lay", real_now(), WINDOWS))
    assert verdict(answers).rule == "D4"
