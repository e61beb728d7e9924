"""Nominating for the Coalition seat: who may, for which days, and what stands on it."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from panels.actions import seats
from panels.actions.nominations import end_nomination, nominate
from panels.errors import SeatRefused
from tests.factories import convened, opened, sitting_on
from tests.panels.actions.steps import NOW, decide_open, nothing_broken, refused

pytestmark = pytest.mark.django_db


def test_nomination_that_ended_before_acceptance_is_worth_nothing(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    end_nomination(nomination=world.nominations["voice"], ends=date(2012, 6, 3), by=world.nominator)
    with refused(SeatRefused, "does not cover 4 June 2012"):
        seats.accept_seat(appointment=meeting.of("voice"), by=world.voice)


def test_nomination_has_days_that_can_be_meant(world):
    body, far = world.organisations["NHSA"], date(2022, 6, 5)
    given = {"body": body, "person": world.spare, "by": world.nominator}
    sentence = "5 June 2022 is more than ten years ahead: give a day of the nomination up to 4 June 2022"
    with refused(SeatRefused, sentence):
        nominate(starts=far, **given)
    with refused(SeatRefused, sentence):
        nominate(starts=NOW.date(), ends=far, **given)
    with refused(SeatRefused, sentence):
        end_nomination(nomination=world.nominations["voice"], ends=far, by=world.nominator)
    nominate(starts=NOW.date(), ends=date(2022, 6, 4), **given)


def test_nobody_nominates_themselves(world):
    with refused(SeatRefused, "Nobody nominates themselves: another officer of the body does"):
        nominate(body=world.organisations["NHSA"], person=world.nominator, starts=NOW.date(), by=world.nominator)


def test_nomination_lasts_as_long_as_what_was_taken_on_it(world, case, other_case):
    meeting = convened(sitting_on(world, "moderation", [case, other_case]))
    item, nomination = opened(meeting, case), world.nominations["voice"]
    with refused(SeatRefused, "Voice sat on 4 June 2012 on this nomination: it cannot end before that day"):
        end_nomination(nomination=nomination, ends=date(2012, 6, 3), by=world.nominator)
    decide_open(world, item)
    with refused(SeatRefused, "Voice sat on 4 June 2012 on this nomination: it cannot end before that day"):
        end_nomination(nomination=nomination, ends=date(2012, 6, 3), by=world.nominator)
    end_nomination(nomination=nomination, ends=date(2012, 6, 4), by=world.nominator)
    nothing_broken()


@pytest.mark.parametrize(
    ("body", "by", "error", "sentence"),
    [
        ("NHSA", "other_nominator", PermissionDenied, "Only NHS Alliance may nominate"),
        ("NHSA", "secretary", PermissionDenied, "Only NHS Alliance may nominate"),
        ("NAPC", "other_nominator", SeatRefused, "correct the dates"),
    ],
)
def test_only_the_body_itself_nominates(world, body, by, error, sentence):
    with refused(error, sentence):
        nominate(
            body=world.organisations[body],
            person=world.spare,
            starts=date(2012, 6, 4),
            ends=date(2012, 6, 3),
            by=world.people[by],
        )


def test_board_cannot_nominate_for_the_coalition(world):
    with refused(SeatRefused, "is not a Coalition body: only a Coalition body may nominate"):
        nominate(body=world.organisations["BOARD"], person=world.spare, starts=NOW.date(), by="system")
