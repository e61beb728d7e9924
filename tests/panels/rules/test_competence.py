"""Competence to sit and to decide, over every possible panel."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import authorisation
from authorisation.rulesets import read, seat_plan
from panels.models import PanelKind
from panels.rules import (
    COALITION_BODY,
    COALITION_SEAT,
    Effect,
    Member,
    competence_faults,
    deciding_faults,
    is_coalition_voice,
    sitting_faults,
)
from tests.panels.rules.plans import PLAN

SOURCE = Path(authorisation.__file__).parent / "data" / "ruleset-2012.toml"


def voices():
    """Every combination of what can be true of a Coalition member."""
    return [
        Member(COALITION_SEAT, True, accepted, present, recused, effect, nominated, accredited)
        for accepted, present, recused, accredited in itertools.product((True, False), repeat=4)
        for effect in Effect
        for nominated in (COALITION_BODY, "board", "")
    ]


def test_no_panel_without_a_counted_coalition_voice_is_competent():
    """Two Coalition members in every condition, beside a chair and a lay member who count."""
    others = [Member(seat, True, True, True, False, Effect.CLEAR) for seat in ("chair", "lay")]
    for pair in itertools.chain([()], ((each,) for each in voices()), itertools.combinations(voices(), 2)):
        heard = any(is_coalition_voice(each) for each in pair)
        for faults in (sitting_faults(PLAN, [*others, *pair]), deciding_faults(PLAN, [*others, *pair])):
            assert (faults == []) == heard
            assert heard or faults[0].startswith("No Coalition representative is present")


@pytest.mark.parametrize("kind", PanelKind.values)
def test_no_subset_of_seats_without_the_coalition_is_competent(kind):
    """Every kind of panel of the rule set, every subset of its seats, all of them filled and clear."""
    plan = seat_plan(read(SOURCE.read_bytes()).body, kind)
    everybody = [
        Member(rule.type, rule.required_to_sit, True, True, False, Effect.CLEAR, rule.appointed_by)
        for rule in plan.seats
        for _ in range(rule.maximum)
    ]
    assert (sitting_faults(plan, everybody), deciding_faults(plan, everybody)) == ([], [])
    for kept in itertools.product((True, False), repeat=len(everybody)):
        subset = [member for member, here in zip(everybody, kept, strict=True) if here]
        if not any(member.seat == COALITION_SEAT for member in subset):
            assert sitting_faults(plan, subset) != []
            assert deciding_faults(plan, subset) != []


MEMBERS = st.builds(
    Member,
    st.sampled_from(["chair", "lay", COALITION_SEAT]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(Effect),
    st.sampled_from([COALITION_BODY, "board", ""]),
    st.booleans(),
)


@given(st.lists(MEMBERS, max_size=6), st.integers(1, 4), st.integers(1, 4))
def test_competent_panel_has_its_voice_its_required_seats_and_its_quorum(members, to_sit, to_decide):
    plan = replace(PLAN, quorum_to_sit=to_sit, quorum_to_decide=to_decide)
    sitting = [each for each in members if each.accepted and each.accredited and each.present and not each.recused]
    sitting = [each for each in sitting if each.effect is not Effect.BARRED]
    voting = [each for each in sitting if each.effect is not Effect.DISCUSS_NO_VOTE]
    voice = any(each.seat == COALITION_SEAT and each.nominated_by == COALITION_BODY for each in voting)
    for faults, there, quorum in (
        (sitting_faults(plan, members), sitting, to_sit),
        (deciding_faults(plan, members), voting, to_decide),
    ):
        chair = any(each.seat == "chair" for each in there)
        assert (faults == []) == (voice and chair and len(there) >= quorum)


@given(st.lists(MEMBERS, max_size=6), st.integers(0, 5))
def test_losing_a_member_never_makes_a_panel_competent(members, leaves):
    gone = [replace(each, recused=each.recused or number == leaves) for number, each in enumerate(members)]
    for faults in (sitting_faults, deciding_faults):
        assert not faults(PLAN, members) or faults(PLAN, gone)


def test_member_who_may_only_discuss_sits_and_has_no_vote():
    chair = Member("chair", True, True, True, False, Effect.DISCUSS_NO_VOTE)
    voice = Member(COALITION_SEAT, True, True, True, False, Effect.CLEAR, COALITION_BODY)
    assert (chair.sits, chair.counts) == (True, False)
    assert sitting_faults(replace(PLAN, quorum_to_sit=2), [chair, voice]) == []
    assert deciding_faults(replace(PLAN, quorum_to_decide=2), [chair, voice]) == [
        "The seat of Chair is required to decide and without a vote on this item: 0 of 1 may vote.",
        "Quorum to decide is 2 and 1 members vote on this item.",
    ]


def test_voice_that_may_only_discuss_is_no_voice():
    voice = Member(COALITION_SEAT, True, True, True, False, Effect.DISCUSS_NO_VOTE, COALITION_BODY)
    chair = Member("chair", True, True, True, False, Effect.CLEAR)
    assert voice.sits
    assert competence_faults(PLAN, [chair, voice])[0].startswith("No Coalition representative is present")


def test_plan_that_asks_for_two_voices_gets_two():
    two = replace(PLAN, seats=(*PLAN.seats[:2], replace(PLAN.seats[2], minimum=2)))
    voice = Member(COALITION_SEAT, True, True, True, False, Effect.CLEAR, COALITION_BODY)
    chair = Member("chair", True, True, True, False, Effect.CLEAR)
    assert sitting_faults(two, [chair, voice])[0].startswith("Only 1 of 2 Coalition representatives is present")
    assert sitting_faults(two, [chair, voice, voice]) == []
