"""What is allowed now: who may take functions over, and on which day a case may be heard."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from audit import clock
from authorisation.errors import DecisionRefused, WaveRefused
from authorisation.policies import YEAR, check_beneficiary, check_day_in_wave
from directory.actions import organisations
from directory.rows import NewOrganisation
from tests.factories.world import START

pytestmark = pytest.mark.django_db

DEADLINE, LAST = date(2012, 9, 3), date(2014, 1, 1)


def case(world, wave=2, ref="CCG-02A-2012"):
    return SimpleNamespace(ref=ref, wave=world.waves[wave], cycle=2012)


@pytest.mark.parametrize("on", [DEADLINE - timedelta(days=1), DEADLINE])
def test_day_on_or_before_the_deadline_of_the_wave_is_refused(world, on):
    with pytest.raises(WaveRefused) as refusal:
        check_day_in_wave([case(world, 1, "CCG-01A-2012"), case(world)], on)
    assert str(refusal.value) == (
        "CCG-02A-2012 is in wave 2, whose deadline is 3 September 2012: list its site visit for a later day."
    )


@pytest.mark.parametrize(
    ("kind", "what"),
    [("moderation", "moderation panel"), ("conditions", "conditions panel"), ("decision", "sub-committee")],
)
def test_day_of_a_national_panel_is_held_against_the_wave_too(world, kind, what):
    with pytest.raises(WaveRefused, match=f"list its .*{what}.* for a later day"):
        check_day_in_wave([case(world)], DEADLINE, kind=kind)


@pytest.mark.parametrize("on", [DEADLINE + timedelta(days=1), LAST + YEAR])
def test_day_after_the_deadline_and_within_a_year_of_the_last_wave_is_taken(world, on):
    check_day_in_wave([case(world)], on)


def test_day_more_than_a_year_after_the_last_wave_is_refused(world):
    late = LAST + YEAR + timedelta(days=1)
    with pytest.raises(WaveRefused) as refusal:
        check_day_in_wave([case(world)], late, kind="moderation")
    assert str(refusal.value) == (
        "The last wave of 2012 closes on 1 January 2014: list the moderation panel of CCG-02A-2012 for 1 January 2015 "
        "or earlier."
    )
    check_day_in_wave([case(world)], late, kind="review")  # conditions are reviewed until the last is discharged


def test_days_are_checked_by_a_fixed_number_of_statements(world, django_assert_num_queries):
    for number in (1, 3):
        with django_assert_num_queries(1):
            check_day_in_wave([case(world)] * number, DEADLINE + timedelta(days=1))


def applicant(world):
    return SimpleNamespace(ccg_id=world.organisations["01A"].pk)


def test_another_open_ccg_may_take_functions_over(world):
    assert check_beneficiary(applicant(world), "02A") == world.organisations["02A"]


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("99Z", "No organisation has the code 99Z: enter the code of another CCG, such as 02Q."),
        ("01A", "is the CCG under review: a direction that takes functions from it names another CCG."),
        ("LA1", "is a local authority: only another CCG may exercise a CCG's functions."),
        ("09Z", "closed on 1 June 2012: name a CCG that is open."),
    ],
)
def test_beneficiary_that_cannot_be_is_refused(world, code, sentence):
    with clock.at(START):
        gone = NewOrganisation(kind="ccg", code="09Z", name="Gone CCG", closed=START.date())
        organisations.add_many(organisations=[gone], by="system")
    with clock.at(START + timedelta(days=1)), pytest.raises(DecisionRefused, match=sentence):
        check_beneficiary(applicant(world), code)
