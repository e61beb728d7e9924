"""What counts as naming a person, and what is somebody else."""

import pytest

from audit.mentions import Known

ANN = Known(addresses={"ann.other@example.org"}, names={"Ann Other"})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Ann Other came", True),
        ("ANN OTHER", True),
        ("of Dr Ann Other.", True),
        ("Joann Other", False),
        ("Ann Otherton", False),
        ("Ann", False),
        ("Other people", False),
        ("ask Ann.Other@Example.org.", True),
        ("<ann.other@example.org>", True),
        ("joann.other@example.org", False),
        ("x-ann.other@example.org", False),
        ("ann.other@example.org.uk", False),
        ("annxother@example.org", False),
        ("", False),
    ],
)
def test_text_names_a_person_by_whole_words(text, named):
    assert ANN.in_text(text) is named


@pytest.mark.parametrize(
    ("typed", "named"),
    [("other", True), ("Other, Ann", True), ("Ann Leeds", False), ("leeds", False), ("", False), ("...", False)],
)
def test_what_was_typed_to_find_somebody_may_be_part_of_a_name(typed, named):
    assert ANN.in_typed(typed) is named


def test_name_of_one_word_is_looked_for_in_what_was_typed_only():
    chair = Known(names={"Chair"})
    assert (chair.in_text("The chair came"), chair.in_typed("chair"), chair.in_typed("the chair")) == (
        False,
        True,
        False,
    )


def test_nobody_known_is_named_by_nothing(db):
    nobody = Known()
    assert (nobody.in_text("Ann"), nobody.in_typed("Ann"), list(nobody.bodies())) == (False, False, [])
