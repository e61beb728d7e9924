"""The decision letter: a PDF for whatever people wrote."""

import json

import pytest

from audit import clock
from authorisation.enums import Stage
from authorisation.models import Decision
from panels import documents
from tests.factories import Walk
from tests.factories.raw import unfenced
from workflows import letters


@pytest.fixture
def decided(world):
    walk = Walk(world, direction="Share the plan").to(Stage.LETTER)
    with clock.at(walk.now):
        yield walk.case


def test_letter_is_the_same_bytes_for_the_same_case_at_the_same_moment(decided):
    once = letters.render(decided)
    assert once.startswith(b"%PDF-")
    assert letters.render(decided) == once


def test_letter_says_what_was_decided_and_what_the_coalition_said(decided):
    told = letters.facts(decided)
    assert told["outcome"] == "Authorised with conditions"
    assert [row["code"] for row in told["conditions"]] == ["1.1B", "3.1.1B"]
    assert told["directions"] == ["Share the plan"]
    assert {row["stance"] for row in told["coalition"]} == {"concurred"}


@pytest.mark.parametrize("reasons", ["Well done 😀", "中文 العربية", 'Quote " and \\ and #let $math$'])
def test_letter_is_written_whatever_the_reasons_hold(decided, reasons):
    with unfenced():
        Decision.objects.filter(application=decided).update(reasons=reasons)
        decided.refresh_from_db()
        assert letters.facts(decided)["reasons"] == reasons
        assert letters.render(decided).startswith(b"%PDF-")


def test_characters_the_font_lacks_are_given_by_number():
    told = documents._numbered({"reasons": "Well 😀", "numbered": False}, "😀")
    assert told == {"reasons": "Well [U+1F600]", "numbered": False}
    assert json.dumps(told)
