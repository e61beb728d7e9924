"""Declared interests have dates, and organisations, that can be meant; each other one is refused by name."""

from datetime import date

import pytest

from directory.actions import organisations
from directory.models import OrganisationKind
from panels.actions import seats
from panels.actions.seats import Interest
from panels.errors import SeatRefused
from panels.models import Declaration
from panels.policies import check_interests
from tests.factories import sitting_on
from tests.panels.actions.steps import NOW, refused

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def closed(world):
    return organisations.add_organisation(
        kind=OrganisationKind.PRACTICE,
        code="P99",
        name="The old practice",
        opened=date(1990, 1, 1),
        closed=date(2012, 4, 1),
        by="system",
    )


@pytest.mark.parametrize(
    ("interest", "sentence"),
    [
        (Interest("hobby"), '"hobby" is not a kind of interest: use one of own, practice'),
        (
            Interest("post", starts=date(2012, 2, 1), ends=date(2012, 1, 31)),
            "would end on 31 January 2012, before it began on 1 February 2012",
        ),
        (Interest("statement", starts=date(2012, 6, 5)), "cannot be dated 5 June 2012, which is still to come"),
        (Interest("family", starts=date(1952, 6, 3)), "3 June 1952 is more than 60 years ago: correct the date"),
        (Interest("family", ends=date(1900, 1, 1)), "1 January 1900 is more than 60 years ago"),
    ],
)
def test_interest_that_cannot_be_meant_is_refused(world, case, interest, sentence):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    with refused(SeatRefused, sentence):
        seats.accept_seat(appointment=meeting.of("lay"), by=world.lay, interests=[interest])


@pytest.mark.parametrize(
    "interest",
    [
        Interest("statement", starts=date(2012, 6, 4)),
        Interest("family", starts=date(1952, 6, 4)),
        Interest("post", starts=date(2012, 7, 1)),
        Interest("post", starts=date(2012, 2, 1), ends=date(2012, 2, 1)),
    ],
)
def test_interest_at_the_edge_is_taken(interest):
    check_interests([interest], TODAY)


def test_organisation_that_closed_is_named_with_its_day_and_the_cure(closed):
    sentence = (
        r"The old practice \(P99\) closed on 1 April 2012: name the organisation that took its place, or say when the "
        "interest ended"
    )
    for ends in (None, date(2012, 4, 3), date(2012, 6, 30)):
        with pytest.raises(SeatRefused, match=sentence):
            check_interests([Interest("practice", closed, ends=ends)], TODAY)
    for ends in (date(2012, 3, 1), date(2012, 4, 2)):
        check_interests([Interest("practice", closed, ends=ends)], TODAY)
    check_interests([Interest("practice", closed)], date(2012, 4, 1))


def test_dates_of_an_interest_are_kept(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    interest = Interest("statement", case.ccg, "I praised it.", date(2012, 1, 5), date(2012, 1, 6))
    seats.accept_seat(appointment=meeting.of("lay"), by=world.lay, interests=[interest])
    line = Declaration.objects.get(person=world.lay)
    assert (line.starts, line.ends) == (date(2012, 1, 5), date(2012, 1, 6))
