"""Disinterest at the edges of its windows."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.clock import real_now
from authorisation.calendar import LONDON
from panels.rules import (
    COALITION_SEAT,
    CaseFacts,
    Declared,
    Effect,
    MemberFacts,
    PostFact,
    Question,
    disinterest,
    months_before,
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
    assert verdict(answers).sentence == "Barred by D1: declared an interest in 01A itself."


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
        ("own", "01A", "D1", Effect.BARRED, Effect.BARRED),
        ("own", "02A", "D4", Effect.DECLARE_ONLY, Effect.BARRED),
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


def test_severest_answer_decides():
    member = post("02A", None)
    answers = disinterest(Question(replace(member, declared_at=real_now()), CASE, "lay", real_now(), WINDOWS))
    assert verdict(answers).rule == "D4"
