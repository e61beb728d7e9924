"""What the conflicts guardian rules is applied, and no further than it may reach."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panels.rules import (
    COALITION_SEAT,
    NEVER_OVERRIDDEN,
    RULES,
    SEVERITY,
    Declared,
    Effect,
    MemberFacts,
    Objected,
    PostFact,
    Role,
    Ruled,
    disinterest,
    judge,
    verdict,
)
from tests.panels.rules.test_disinterest import AT, CASE, DAY, MEMBERS, ON, SEATS, ask, declares, post

CLEAR, DECLARE, DISCUSS, BARRED = Effect
RULED_AT = AT - 20 * DAY


def ruled(rule, verdict_, effect, *, at=RULED_AT, organisation="01A", objection=None):
    return Ruled(rule, organisation, verdict_, effect, at, objection)


def answer(member, rule, rulings=(), objections=()):
    return next(each for each in judge(ask(member, seat=COALITION_SEAT), rulings, objections) if each.rule == rule)


def test_dismissal_gives_the_test_its_effect_and_keeps_the_sentence():
    result = answer(post("02A"), "D4", [ruled("D4", "dismissed", CLEAR)])
    assert (result.effect, result.sentence) == (
        CLEAR,
        (
            "Barred by D4: own organisation, 02A, borders 01A; overridden by the conflicts guardian on 3 October 2012: "
            "the member may take part."
        ),
    )


def test_confirmation_is_said_and_never_milder_than_either():
    result = answer(post("02A"), "D4", [ruled("D4", "confirmed", DECLARE)])
    assert (result.effect, result.sentence) == (
        BARRED,
        (
            "Barred by D4: own organisation, 02A, borders 01A; confirmed by the conflicts guardian on 3 October 2012: "
            "the member is barred."
        ),
    )
    assert answer(declares("statement"), "D12", [ruled("D12", "confirmed", BARRED)]).effect is BARRED


def test_newest_ruling_counts():
    first, second = ruled("D4", "dismissed", CLEAR), ruled("D4", "confirmed", BARRED, at=RULED_AT + DAY)
    assert answer(post("02A"), "D4", [second, first]).effect is BARRED
    assert answer(post("02A"), "D4", [replace(second, at=RULED_AT - DAY), first]).effect is CLEAR


@pytest.mark.parametrize("about", [{"organisation": "03A"}, {"objection": 7}])
def test_ruling_on_something_else_changes_nothing(about):
    assert answer(post("02A"), "D4", [ruled("D4", "dismissed", CLEAR, **about)]).effect is BARRED
    assert answer(post("02A"), "D4", [ruled("D3", "dismissed", CLEAR)]).effect is BARRED


@pytest.mark.parametrize(
    ("member", "rule"),
    [
        (post("01A"), "D1"),
        (MemberFacts(roles=frozenset({Role("desk_top", CASE.ref, ON)})), "D9"),
        (post("BOARD", kind="board"), "D13"),
        (MemberFacts(declared_at=AT - 40 * DAY), "D14"),
    ],
)
def test_what_is_never_overridden_stays(member, rule):
    plain = answer(member, rule)
    assert plain.effect is BARRED
    assert answer(member, rule, [ruled(rule, "dismissed", CLEAR)]) == plain


def test_ruling_does_not_cover_what_was_declared_or_begun_after_it():
    late = Declared("other", "01A", made_at=RULED_AT + timedelta(minutes=1))
    early = Declared("other", "01A", made_at=RULED_AT - timedelta(minutes=1))
    ruling = ruled("DI", "dismissed", CLEAR)
    assert answer(MemberFacts(declared=frozenset({early})), "DI", [ruling]).effect is CLEAR
    assert answer(MemberFacts(declared=frozenset({early, late})), "DI", [ruling]).effect is DISCUSS
    since = PostFact("02A", "ccg", "chair", RULED_AT.date() + DAY)
    member = replace(post("02A"), posts=(*post("02A").posts, since))
    assert answer(member, "D4", [ruled("D4", "dismissed", CLEAR)]).effect is BARRED


OBJECTION = Objected(7, "01A", CASE.ref, RULED_AT)


@pytest.mark.parametrize(
    ("rulings", "effect", "sentence"),
    [
        (
            [],
            DECLARE,
            "Declared under OB: 01A objected on 3 October 2012; the conflicts guardian has not ruled on it yet.",
        ),
        (
            [ruled("OB", "confirmed", BARRED, objection=7)],
            BARRED,
            (
                "Barred by OB: 01A objected on 3 October 2012; upheld by the conflicts guardian on 3 October 2012: "
                "the member is barred."
            ),
        ),
        (
            [ruled("OB", "dismissed", CLEAR, objection=7)],
            CLEAR,
            (
                "OB: 01A objected on 3 October 2012; dismissed by the conflicts guardian on 3 October 2012: "
                "the member may take part."
            ),
        ),
    ],
)
def test_objection_is_declared_until_it_is_ruled_on(rulings, effect, sentence):
    result = answer(MemberFacts(), "OB", rulings, [OBJECTION])
    assert (result.effect, result.sentence) == (effect, sentence)


def test_each_objection_is_answered_for_itself_and_only_in_its_case():
    others = [
        replace(OBJECTION, key=8),
        replace(OBJECTION, key=9, case_ref="CCG-01A-2013"),
        replace(OBJECTION, key=10, case_ref=""),
        replace(OBJECTION, key=11, organisation="03A"),
    ]
    results = judge(ask(MemberFacts()), [ruled("OB", "confirmed", BARRED, objection=8)], [*others, OBJECTION])
    assert [each.effect for each in results if each.rule == "OB"] == [DECLARE, BARRED, DECLARE]
    assert verdict(results).rule == "OB"


RULINGS = st.builds(
    Ruled,
    st.sampled_from(sorted(set(RULES) - {"OB"})),
    st.sampled_from(["01A", "03A"]),
    st.sampled_from(["confirmed", "dismissed"]),
    st.sampled_from(Effect),
    st.integers(0, 40).map(lambda days: AT - days * DAY),
)


@given(MEMBERS, SEATS, st.lists(RULINGS, max_size=4))
def test_no_ruling_softens_what_is_never_overridden_and_no_confirmation_softens_anything(member, seat, rulings):
    question = ask(member, seat=seat)
    dismissed = {each.rule for each in rulings if each.verdict == "dismissed" and each.organisation == "01A"}
    for plain, after in zip(disinterest(question), judge(question, rulings), strict=True):
        assert after.rule == plain.rule
        if plain.rule in NEVER_OVERRIDDEN or plain.rule not in dismissed:
            assert SEVERITY[after.effect] >= SEVERITY[plain.effect]


@given(MEMBERS, SEATS, st.lists(RULINGS, max_size=3), st.sampled_from(Effect))
def test_objection_never_makes_the_verdict_milder(member, seat, rulings, effect):
    question = ask(member, seat=seat)
    before = verdict(judge(question, rulings))
    after = verdict(judge(question, [*rulings, ruled("OB", "dismissed", effect, objection=7)], [OBJECTION]))
    assert SEVERITY[after.effect] >= SEVERITY[before.effect]
