from hypothesis import given
from hypothesis import strategies as st

from authorisation.enums import ReviewResult
from authorisation.rules import (
    Found,
    Proposed,
    Reviewed,
    doubled,
    finding_faults,
    is_fully_authorised,
    proposal_faults,
    review_faults,
)

CODES = ["1.1A", "1.1B", "2.1A", "3.1.1B"]
LEVELS = ["I", "II", "III", "IV"]
codes = st.sampled_from(CODES)


@given(st.lists(codes), st.sets(codes))
def test_findings_are_whole_exactly_when_each_criterion_is_stated_once(given_codes, wanted):
    faults = finding_faults([Found(code, True, "So.") for code in given_codes], wanted)
    assert (faults == []) == (sorted(given_codes) == sorted(wanted))


@given(st.lists(codes), st.sets(codes))
def test_conditions_are_the_unmet_criteria_one_to_one(proposed, unmet):
    faults = proposal_faults([Proposed(code, "II", "Show.") for code in proposed], unmet, dict.fromkeys(LEVELS))
    assert (faults == []) == (sorted(proposed) == sorted(unmet))


@given(st.sampled_from(LEVELS), st.sampled_from(ReviewResult), st.sampled_from(["", *LEVELS, "X"]))
def test_level_moves_as_the_result_says(now, result, level):
    faults = review_faults([Reviewed("1.1A", result, "So.", level)], {"1.1A": now}, LEVELS)
    if result is ReviewResult.RAISE:
        right = level in LEVELS and LEVELS.index(level) > LEVELS.index(now)
    elif result is ReviewResult.LOWER:
        right = level in LEVELS and LEVELS.index(level) < LEVELS.index(now)
    else:
        right = level in {"", now}
    assert (faults == []) == right


def test_fault_sentences_name_the_criterion_and_the_cure():
    assert finding_faults([Found("1.1A", False, "So.")], ["1.1A"], enquiries=True) == [
        "1.1A is not met and has no line of enquiry: write the question the site visit must settle"
    ]
    assert finding_faults([Found("1.1A", True, " ")], ["1.1A"]) == ["1.1A has no reason: say what the evidence shows"]
    assert proposal_faults([Proposed("1.1A", "IX", "")], ["1.1A"], dict.fromkeys(LEVELS)) == [
        '1.1A has support level "IX": choose one of I, II, III, IV',
        "1.1A has no test of discharge: say what the CCG must show",
    ]
    assert proposal_faults([Proposed("1.1A", "I", "Show.", " ", "02Q")], ["1.1A"], dict.fromkeys(LEVELS)) == [
        "1.1A names 02Q to take over functions and has no direction: write it, or name nobody"
    ]
    assert review_faults([Reviewed("1.1A", ReviewResult.KEEP, "")], {"1.1B": "I"}, LEVELS) == [
        "1.1A has no open condition",
        "1.1B has an open condition and no result",
        "1.1A has no reason",
    ]


def test_codes_given_more_than_once():
    assert doubled(["a", "b", "a"]) == ["a"]


def test_full_authorisation_means_nothing_left():
    assert [is_fully_authorised(open_conditions=c, directions=d) for c in (0, 1) for d in (0, 1)] == [
        True,
        False,
        False,
        False,
    ]
