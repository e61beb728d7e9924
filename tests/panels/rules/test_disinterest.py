"""Every test of disinterest, at the edges of its window: the day before, the day of, the day after."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorisation.calendar import LONDON
from panels.rules import (
    COALITION_SEAT,
    DISINTEREST,
    RULES,
    SEVERITY,
    CaseFacts,
    Declared,
    Effect,
    MemberFacts,
    PastCase,
    PostFact,
    Question,
    Reciprocal,
    Role,
    disinterest,
    months_before,
    verdict,
)

ON = date(2012, 10, 23)
AT = datetime(2012, 10, 23, 10, tzinfo=LONDON)
CASE = CaseFacts(
    "01A",
    ref="CCG-01A-2012",
    cycle=2012,
    parent="AT1",
    neighbours=frozenset({"02A"}),
    practices=frozenset({"P01"}),
    sharers=frozenset({"04A"}),
    supporters=frozenset({"S01"}),
    providers=frozenset({"H01"}),
    provider_mates={"05A": "H01"},
    named=frozenset({"06A"}),
)
WINDOWS = {
    "d1_months": 36,
    "d2_months": 24,
    "d6_months": 12,
    "d7_months": 12,
    "d9_preparer_months": 24,
    "d10_months": 24,
    "d12_months": 12,
    "d13_months": 12,
    "d14_days": 28,
}
DAY = timedelta(days=1)
CLEAR, DECLARE, DISCUSS, BARRED = Effect


def ask(member, *, seat="lay", at=AT, windows=WINDOWS, tier="moderation", case=CASE):
    return Question(replace(member, declared_at=member.declared_at or at), case, seat, at, windows, tier)


def answer(member, rule, **about):
    return next(each for each in disinterest(ask(member, **about)) if each.rule == rule)


def effect(member, rule, **about):
    return answer(member, rule, **about).effect


def post(place, ends=None, kind="ccg", parent=""):
    return MemberFacts((PostFact(place, kind, "employee", date(2000, 1, 1), ends, parent),))


def declares(kind, place="01A", ends=None, **more):
    return MemberFacts(declared=frozenset({Declared(kind, place, ends=ends, **more)}))


HELD = [
    ("D1", "01A", "ccg", 36),
    ("D2", "P01", "practice", 24),
    ("D3", "04A", "ccg", 0),
    ("D4", "02A", "ccg", 0),
    ("D4", "05A", "ccg", 0),
    ("D5", "06A", "ccg", 0),
    ("D6", "S01", "commissioning_support", 12),
    ("D7", "H01", "provider", 12),
    ("D13", "BOARD", "board", 12),
    ("D13", "RN1", "region", 12),
    ("D13", "AT2", "area_team", 12),
]


@pytest.mark.parametrize(("rule", "place", "kind", "months"), HELD)
def test_post_bars_until_its_window_is_over(rule, place, kind, months):
    """`ends` is the first day without the post: the last day held must lie within the window."""
    edge = months_before(ON, months)
    bars = [effect(post(place, edge + days * DAY, kind), rule, seat=COALITION_SEAT) for days in (-1, 0, 1)]
    assert bars == [CLEAR, CLEAR, BARRED]
    assert effect(post(place, None, kind), rule, seat=COALITION_SEAT) is BARRED


@pytest.mark.parametrize(("rule", "place", "kind", "months"), HELD)
def test_post_bars_from_the_day_it_begins(rule, place, kind, months):
    begun = [
        effect(MemberFacts((PostFact(place, kind, "chair", ON + days * DAY),)), rule, seat=COALITION_SEAT)
        for days in (-1, 0, 1)
    ]
    assert begun == [BARRED, BARRED, CLEAR]


def test_area_team_is_near_while_the_post_is_held():
    bars = [
        effect(post("03A", ends, parent="AT1"), "D4", seat=COALITION_SEAT) for ends in (ON - DAY, ON, ON + DAY, None)
    ]
    assert bars == [CLEAR, CLEAR, BARRED, BARRED]
    assert effect(post("03A", parent=""), "D4", seat=COALITION_SEAT, case=replace(CASE, parent="")) is CLEAR


DECLARED = [
    ("own", "01A", "D1", 36),
    ("post", "01A", "D1", 36),
    ("practice", "01A", "D2", 24),
    ("practice", "P01", "D2", 24),
    ("neighbour", "01A", "D4", 0),
    ("neighbour", "02A", "D4", 0),
    ("support", "01A", "D6", 12),
    ("support", "S01", "D6", 12),
    ("provider", "01A", "D7", 12),
    ("provider", "H01", "D7", 12),
    ("own", "P01", "D2", 24),
    ("own", "04A", "D3", 0),
    ("own", "02A", "D4", 0),
    ("own", "06A", "D5", 0),
    ("post", "H01", "D7", 12),
    ("family", "01A", "D8", 36),
    ("family", "P01", "D8", 24),
    ("family", "04A", "D8", 0),
    ("family", "02A", "D8", 0),
    ("family", "06A", "D8", 0),
    ("family", "S01", "D8", 12),
    ("family", "H01", "D8", 12),
    ("prepared", "01A", "D9", 24),
]


@pytest.mark.parametrize(("kind", "place", "rule", "months"), DECLARED)
def test_declared_interest_is_judged_by_the_test_of_its_kind(kind, place, rule, months):
    edge = months_before(ON, months)
    bars = [effect(declares(kind, place, edge + days * DAY), rule, seat=COALITION_SEAT) for days in (-1, 0, 1)]
    assert bars == [CLEAR, CLEAR, BARRED]
    others = disinterest(ask(declares(kind, place), seat=COALITION_SEAT))
    assert [each.rule for each in others if each.effect is not CLEAR] == [rule]


@pytest.mark.parametrize("kind", ["own", "practice", "support", "provider", "family", "prepared", "statement", "other"])
def test_interest_in_somebody_far_off_is_clear(kind):
    assert verdict(disinterest(ask(declares(kind, "03A"), seat=COALITION_SEAT))).effect is CLEAR


@pytest.mark.parametrize(
    ("member", "rule"),
    [
        (post("02A"), "D4"),
        (post("05A"), "D4"),
        (post("03A", parent="AT1"), "D4"),
        (declares("neighbour"), "D4"),
        (declares("family", "02A"), "D8"),
    ],
)
def test_neighbours_bar_the_coalition_seat_and_are_declared_on_others(member, rule):
    assert (effect(member, rule), effect(member, rule, seat=COALITION_SEAT)) == (DECLARE, BARRED)


@pytest.mark.parametrize("member", [post("BOARD", kind="board"), declares("own", "BOARD", organisation_kind="board")])
def test_the_board_is_kept_out_of_the_coalition_seat_only(member):
    assert (effect(member, "D13"), effect(member, "D13", seat=COALITION_SEAT)) == (CLEAR, BARRED)


@pytest.mark.parametrize(
    ("role", "here", "expected"),
    [
        ("desk_top", "site_visit", BARRED),
        ("site_visit", "moderation", BARRED),
        ("moderation", "conditions", BARRED),
        ("conditions", "decision", BARRED),
        ("decision", "site_visit", BARRED),
        ("moderation", "moderation", CLEAR),
        ("moderation", "review", CLEAR),
        ("decision", "appraisal", CLEAR),
        ("prepared", "moderation", BARRED),
        ("prepared", "review", BARRED),
    ],
)
def test_nobody_sits_at_two_tiers_of_one_case(role, here, expected):
    took = MemberFacts(roles=frozenset({Role(role, CASE.ref, ON - DAY)}))
    assert effect(took, "D9", tier=here) is expected
    elsewhere = MemberFacts(roles=frozenset({Role(role, "CCG-03A-2012", ON - DAY)}))
    assert effect(elsewhere, "D9", tier=here) is CLEAR


def test_tier_bars_the_whole_case_and_preparation_for_its_window():
    long_ago = months_before(ON, 24)
    bars = [
        effect(MemberFacts(roles=frozenset({Role("prepared", CASE.ref, long_ago + days * DAY)})), "D9")
        for days in (-1, 0, 1)
    ]
    assert bars == [CLEAR, BARRED, BARRED]
    assert effect(MemberFacts(roles=frozenset({Role("desk_top", CASE.ref, long_ago - DAY)})), "D9") is BARRED


def past(*cases):
    return MemberFacts(past=frozenset(PastCase("01A", f"CCG-01A-{cycle}", cycle, on) for cycle, on in cases))


def test_two_earlier_cycles_within_the_window_call_for_rest():
    edge = months_before(ON, 24)
    bars = [effect(past((2011, ON), (2010, edge + days * DAY)), "D10") for days in (-1, 0, 1)]
    assert bars == [CLEAR, BARRED, BARRED]


@pytest.mark.parametrize(
    "seen",
    [
        past((2011, ON)),
        past((2011, ON), (2011, ON - DAY)),
        past((2011, ON), (2012, ON)),
        MemberFacts(past=frozenset({PastCase("03A", "CCG-03A-2011", 2011, ON), PastCase("01A", "x", 2010, ON)})),
    ],
)
def test_one_earlier_cycle_is_allowed_and_said(seen):
    said = answer(seen, "D10")
    assert said.effect is CLEAR
    assert said.sentence.startswith("D10: sat once on a case of 01A, in 201")


def test_cases_of_no_known_cycle_count_each_for_itself():
    seen = {PastCase("01A", f"old-{number}", 0, ON) for number in range(2)}
    assert effect(MemberFacts(past=frozenset(seen)), "D10") is BARRED


@pytest.mark.parametrize(
    ("judge", "judged", "cycle", "expected"),
    [("01A", "03A", 2012, BARRED), ("01A", "03A", 2011, CLEAR), ("02A", "03A", 2012, CLEAR)],
)
def test_two_organisations_do_not_judge_each_other_in_one_cycle(judge, judged, cycle, expected):
    assert effect(MemberFacts(judged_by=frozenset({Reciprocal(judge, judged, cycle)})), "D11") is expected


def test_statement_is_declared_for_its_window_from_its_day_or_from_the_declaration():
    edge = months_before(ON, 12)
    days = [edge + number * DAY for number in (-1, 0, 1)]
    assert [effect(declares("statement", starts=day), "D12") for day in days] == [CLEAR, DECLARE, DECLARE]
    made = [datetime(day.year, day.month, day.day, 9, tzinfo=LONDON) for day in days]
    assert [effect(declares("statement", made_at=at), "D12") for at in made] == [CLEAR, DECLARE, DECLARE]
    assert effect(declares("statement"), "D12") is DECLARE


@pytest.mark.parametrize(("ends", "expected"), [(ON - DAY, CLEAR), (ON, CLEAR), (ON + DAY, DISCUSS), (None, DISCUSS)])
def test_other_interest_leaves_a_voice_and_no_vote(ends, expected):
    assert effect(declares("other", "01A", ends), "DI") is expected


@pytest.mark.parametrize(("days", "expected"), [(27, CLEAR), (28, CLEAR), (29, BARRED)])
def test_declaration_is_fresh_for_its_days(days, expected):
    assert effect(MemberFacts(declared_at=AT - days * DAY), "D14") is expected


def test_age_of_a_declaration_is_counted_in_whole_days():
    made = AT - 29 * DAY
    assert effect(MemberFacts(declared_at=made + timedelta(seconds=1)), "D14") is CLEAR
    assert effect(MemberFacts(declared_at=made), "D14") is BARRED


def test_no_declaration_bars_once_it_is_asked_for():
    answers = disinterest(Question(MemberFacts(), CASE, "lay", AT, WINDOWS))
    assert verdict(answers).sentence == "Barred by D14: no declaration of interests for this panel on file."
    assert "D14" not in {
        each.rule for each in disinterest(Question(MemberFacts(), CASE, "lay", AT, {}), declared=False)
    }


def test_interest_declared_earlier_bars_before_a_fresh_declaration_is_asked_for():
    member = replace(declares("post"), declared_at=AT - 400 * DAY)
    answers = disinterest(ask(member), declared=False)
    assert verdict(answers).sentence == "Barred by D1: declared an interest in 01A itself."


@pytest.mark.parametrize(
    ("member", "rule", "sentence"),
    [
        (post("01A"), "D1", "Barred by D1: is employee of 01A itself."),
        (post("01A", date(2012, 3, 3)), "D1", "Barred by D1: was employee until 3 March 2012 of 01A itself."),
        (post("P01"), "D2", "Barred by D2: is employee of practice P01, a member of 01A."),
        (declares("practice"), "D2", "Barred by D2: declared an interest in a member practice of 01A."),
        (post("04A"), "D3", "Barred by D3: own organisation, 04A, shares its leadership with 01A."),
        (post("02A"), "D4", "Barred by D4: own organisation, 02A, borders 01A."),
        (declares("own", "02A"), "D4", "Barred by D4: declared organisation, 02A, borders 01A."),
        (
            post("03A", parent="AT1"),
            "D4",
            "Barred by D4: own organisation, 03A, is in the same area team as 01A.",
        ),
        (post("05A"), "D4", "Barred by D4: own organisation, 05A, shares the main provider H01 with 01A."),
        (declares("neighbour"), "D4", "Barred by D4: declared an interest in a neighbour of 01A."),
        (post("06A"), "D5", "Barred by D5: own organisation, 06A, is named in a proposed direction of 01A."),
        (post("S01"), "D6", "Barred by D6: is employee of S01, which supplies support to 01A."),
        (declares("support"), "D6", "Barred by D6: declared an interest in a supplier to 01A."),
        (post("H01"), "D7", "Barred by D7: is employee of H01, a main provider to 01A."),
        (declares("provider"), "D7", "Barred by D7: declared an interest in a main provider to 01A."),
        (declares("family"), "D8", "Barred by D8: close family has an interest in 01A itself."),
        (declares("family", "02A"), "D8", "Barred by D8: close family's organisation, 02A, borders 01A."),
        (declares("prepared"), "D9", "Barred by D9: coached 01A or prepared its application."),
        (
            MemberFacts(roles=frozenset({Role("prepared", CASE.ref, ON)})),
            "D9",
            "Barred by D9: prepared CCG-01A-2012, last on 23 October 2012.",
        ),
        (
            MemberFacts(roles=frozenset({Role("desk_top", CASE.ref, ON)})),
            "D9",
            "Barred by D9: took part in the desk-top review of CCG-01A-2012 on 23 October 2012.",
        ),
        (
            past((2010, ON), (2011, ON)),
            "D10",
            "Barred by D10: sat on cases of 01A in 2010 and 2011, within 24 months.",
        ),
        (
            MemberFacts(judged_by=frozenset({Reciprocal("01A", "03A", 2012)})),
            "D11",
            "Barred by D11: somebody of 01A has a seat over 03A, this member's own organisation, in the same cycle.",
        ),
        (declares("statement"), "D12", "Declared under D12: has made a public statement on 01A."),
        (post("BOARD", kind="board"), "D13", "Barred by D13: is employee of BOARD, which is of the Board."),
        (
            MemberFacts(declared_at=AT - 29 * DAY),
            "D14",
            "Barred by D14: the declaration is 29 days old, more than 28.",
        ),
        (declares("other"), "DI", "Declared under DI: declared an interest in 01A."),
    ],
)
def test_sentence_gives_the_facts_it_rests_on(member, rule, sentence):
    assert answer(member, rule, seat=COALITION_SEAT).sentence == sentence


def test_every_answer_names_its_rule_and_every_rule_is_in_the_table():
    answers = disinterest(ask(MemberFacts()))
    assert [each.rule for each in answers] == [rule for rule in RULES if rule != "OB"]
    assert len(answers) == len(DISINTEREST)
    for each in answers:
        assert each.effect is CLEAR
        assert each.sentence.startswith(f"{each.rule}: ")
        assert each.sentence.endswith(".")


def test_rule_without_a_window_in_the_rule_set_keeps_its_default():
    assert [RULES[rule].reach({}) for rule in ("D1", "D3", "D9", "D14")] == [36, 0, 24, 28]
    assert RULES["D1"].reach({"d1_months": 1}) == 1
    assert sorted(rule.window for rule in RULES.values() if rule.window) == sorted(WINDOWS)
    assert [rule.id for rule in RULES.values() if not rule.overridable] == ["D1", "D9", "D13", "D14"]
    assert all(rule.text.endswith(".") and rule.source for rule in RULES.values())


def test_severest_answer_decides():
    assert verdict(disinterest(ask(post("02A")))).rule == "D4"


@given(st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.integers(0, 60))
def test_months_before_is_a_day_of_the_month_meant(on, months):
    before = months_before(on, months)
    assert (on.year - before.year) * 12 + on.month - before.month == months
    assert before.day == on.day or (before.day < on.day and (before + DAY).month != before.month)


PLACES = st.sampled_from(["01A", "02A", "03A", "04A", "05A", "06A", "P01", "S01", "H01", "BOARD"])
DATES = st.dates(date(2008, 1, 1), date(2013, 12, 31))
POSTS = st.builds(
    PostFact,
    PLACES,
    st.sampled_from(["ccg", "board", "provider"]),
    st.sampled_from(["employee", "chair"]),
    DATES,
    st.none() | DATES,
    st.sampled_from(["", "AT1", "AT2"]),
)
KINDS = ["own", "practice", "post", "neighbour", "support", "provider", "family", "statement", "prepared", "other"]
INTERESTS = st.builds(
    Declared,
    st.sampled_from(KINDS),
    PLACES,
    st.none() | DATES,
    st.none() | DATES,
    st.none() | st.datetimes(datetime(2012, 1, 1), datetime(2012, 12, 1), timezones=st.just(UTC)),
    st.sampled_from(["", "ccg", "board"]),
    st.sampled_from(["", "AT1"]),
)
MEMBERS = st.builds(
    MemberFacts,
    posts=st.lists(POSTS, max_size=3).map(tuple),
    declared_at=st.just(AT),
    declared=st.frozensets(INTERESTS, max_size=3),
)
SEATS = st.sampled_from(["lay", COALITION_SEAT])


@given(MEMBERS, POSTS, INTERESTS, SEATS)
def test_more_ties_never_make_an_answer_milder(member, added, said, seat):
    """Whatever somebody holds besides, or declares besides, no test answers more mildly."""
    before = disinterest(ask(member, seat=seat))
    for more in (
        replace(member, posts=(*member.posts, added)),
        replace(member, posts=(added, *member.posts)),
        replace(member, declared=member.declared | {said}),
    ):
        after = disinterest(ask(more, seat=seat))
        for earlier, later in zip(before, after, strict=True):
            assert SEVERITY[later.effect] >= SEVERITY[earlier.effect]
