"""Listing, convening and closing a sitting."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from audit import clock
from panels.actions import items, seats, sittings
from panels.actions.absences import note_absence
from panels.actions.nominations import end_nomination, nominate
from panels.actions.panels import confirm_panel
from panels.errors import NotCompetent, SeatRefused, SittingRefused
from panels.models import DisinterestCheck
from tests.factories import convened, days, london, opened, sitting_on
from tests.panels.actions.steps import NOW, decide_open, nothing_broken, refused

pytestmark = pytest.mark.django_db


def test_convening_waits_for_acceptance(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    seats.accept_seat(appointment=meeting.of("chair"), by=world.chair)
    with refused(NotCompetent, "Coalition representative: 0 of 1 accepted"):
        sittings.convene(sitting=meeting.sitting, by=world.secretary)


@pytest.mark.parametrize("ahead", [0, 1, 30])
def test_sitting_is_convened_on_its_day_or_later(world, case, ahead):
    """Days are counted in London: midnight there, in summer, is still the day before in UTC."""
    meeting = sitting_on(world, "moderation", [case], on=NOW.date() + days(ahead))
    if ahead:
        with (
            clock.at(london(2012, 6, 4, hour=23) + days(ahead - 1)),
            refused(
                SittingRefused, rf"{meeting.panel.ref} sits on .* 2012: it can be convened on that day, not before"
            ),
        ):
            convened(meeting)
    with clock.at(london(2012, 6, 4, hour=0) + days(ahead)):
        convened(meeting)
    nothing_broken()


def test_sitting_held_on_its_day_may_be_recorded_later(world, case):
    meeting = sitting_on(world, "moderation", [case])
    with clock.at(NOW + days(3)):
        convened(meeting)
    nothing_broken()


@pytest.mark.parametrize(
    ("on", "sentence"),
    [
        (date(2012, 6, 3), r"3 June 2012 is past: list the sitting of PAN-\d+ for today or a later day"),
        (date(2014, 6, 5), r"5 June 2014 is more than two years ahead: list .* for 4 June 2014 at the latest"),
        (date(9999, 12, 31), "31 December 9999 is more than two years ahead"),
        (date(1, 1, 1), "1 January 1 is past|1 January 0001 is past"),
    ],
)
def test_sitting_is_listed_for_a_day_that_can_be_meant(world, case, on, sentence):
    meeting = sitting_on(world, "moderation", [case])
    agenda = [sittings.Case(case.ccg, case.ref)]
    with refused(SittingRefused, sentence):
        sittings.list_sitting(panel=meeting.panel, on=on, cases=agenda, by=world.secretary)
    latest = sittings.list_sitting(panel=meeting.panel, on=date(2014, 6, 4), cases=agenda, by=world.secretary)
    assert latest.on == date(2014, 6, 4)


@pytest.mark.parametrize("act", ["open", "close", "convene"])
def test_sitting_goes_one_way(world, case, act):
    meeting = sitting_on(world, "moderation", [case])
    if act == "open":
        with refused(SittingRefused, "is not convened yet: convene it before opening"):
            opened(meeting, case)
    elif act == "close":
        with refused(SittingRefused, "is not in session"):
            sittings.close_sitting(sitting=meeting.sitting, by=world.chair)
    else:
        convened(meeting)
        with refused(SittingRefused, "is convened already"):
            sittings.convene(sitting=meeting.sitting, by=world.chair)


def test_sitting_closes_when_no_item_is_open_and_takes_none_after(world, case, other_case):
    meeting = convened(sitting_on(world, "moderation", [case, other_case]))
    item = opened(meeting, case)
    with refused(SittingRefused, "is still open: decide it"):
        sittings.close_sitting(sitting=meeting.sitting, by=world.chair)
    items.recuse(item=item, appointment=meeting.of("voice"), reason="Interest", by=world.voice)
    sittings.close_sitting(sitting=meeting.sitting, by=world.chair)
    with refused(SittingRefused, "is over: list CCG-03A-2012 for another day"):
        opened(meeting, other_case)
    with refused(SittingRefused, "is over: list CCG-01A-2012 for another day"):
        items.note_arrival(item=item, appointment=meeting.of("lay"), by=world.chair)


def test_agenda_is_a_set_of_cases_once_a_day(world, case):
    meeting = sitting_on(world, "moderation", [case])
    agenda = [sittings.Case(case.ccg, case.ref)]
    with refused(SittingRefused, "already sits on 4 June 2012"):
        sittings.list_sitting(panel=meeting.panel, on=NOW.date(), cases=agenda, by=world.secretary)
    tomorrow = NOW.date() + timedelta(days=1)
    with refused(SittingRefused, "is on the agenda twice"):
        sittings.list_sitting(panel=meeting.panel, on=tomorrow, cases=agenda * 2, by=world.secretary)
    with refused(SittingRefused, "needs at least one case"):
        sittings.list_sitting(panel=meeting.panel, on=tomorrow, cases=[], by=world.secretary)


def test_only_the_chair_and_the_secretariat_run_a_sitting(world, case):
    meeting = sitting_on(world, "moderation", [case])
    for name in ("voice", "lay", "outsider", "director"):
        with refused(PermissionDenied, "Only the chair of"):
            sittings.convene(sitting=meeting.sitting, by=world.people[name])
        with refused(PermissionDenied, "Only the Board's secretariat"):
            sittings.list_sitting(panel=meeting.panel, on=NOW.date(), cases=[], by=world.people[name])
    convened(meeting)
    item = opened(meeting, case)
    with refused(PermissionDenied, "Only the chair of"):
        items.recuse(item=item, appointment=meeting.of("voice"), reason="Out", by=world.lay)
    with refused(PermissionDenied, "Only the chair of"):
        items.decide_item(item=item, outcome="full", reasons="So.", by=world.voice)


def test_panel_is_confirmed_before_it_sits(world, case):
    meeting = sitting_on(world, "moderation", [case], confirm=False)
    with refused(SittingRefused, r"PAN-\d+ is not confirmed: confirm it first, so that its members stand"):
        sittings.convene(sitting=meeting.sitting, by=world.secretary)
    confirm_panel(panel=meeting.panel, by=world.secretary)
    convened(meeting)
    assert {row.moment for row in DisinterestCheck.objects.order_by("-pk")[:6]} == {"convened"}
    nothing_broken()


def test_quorum_that_cannot_come_does_not_convene(world, case):
    meeting = sitting_on(world, "moderation", [case])
    for name in ("lay", "clinician", "second_board_member"):
        note_absence(appointment=meeting.of(name), starts=NOW.date(), ends=NOW.date(), by=world.people[name])
    with refused(NotCompetent, "Quorum to sit is 4 and 3 members can sit on 4 June 2012. .*Lay is away on 4 June 2012"):
        convened(meeting)


def test_nobody_is_listed_on_a_day_they_already_sit(world, case, other_case):
    sitting_on(world, "moderation", [case], on=NOW.date() + days(1))
    second = sitting_on(world, "moderation", [other_case], on=NOW.date() + days(2))
    agenda = [sittings.Case(case.ccg, case.ref)]
    with refused(SeatRefused, r"already sits on PAN-\d+ on 5 June 2012: nobody sits on two panels on one day"):
        sittings.list_sitting(panel=second.panel, on=NOW.date() + days(1), cases=agenda, by=world.secretary)


def test_nominee_is_not_listed_more_often_in_a_round_than_their_body_offered(world, case):
    end_nomination(nomination=world.nominations["voice"], ends=date(2012, 6, 3), by=world.nominator)
    world.nominations["voice"] = nominate(
        body=world.organisations["NHSA"], person=world.voice, starts=NOW.date(), capacity=2, by=world.nominator
    )
    meeting = sitting_on(world, "moderation", [case])
    agenda = [sittings.Case(case.ccg, case.ref, case.cycle)]
    for ahead in (1, 2):
        listed = sittings.list_sitting(
            panel=meeting.panel, on=NOW.date() + days(ahead), cases=agenda, round="Wave 1", by=world.secretary
        )
    assert (listed.round, listed.items.get().cycle) == ("Wave 1", case.cycle)
    with refused(SeatRefused, "Voice may sit twice in Wave 1 for NHS Alliance"):
        sittings.list_sitting(
            panel=meeting.panel, on=NOW.date() + days(3), cases=agenda, round="Wave 1", by=world.secretary
        )
    sittings.list_sitting(panel=meeting.panel, on=NOW.date() + days(3), cases=agenda, by=world.secretary)


def test_sitting_that_is_over_still_counts_for_its_day(world, case, other_case):
    first = convened(sitting_on(world, "moderation", [case]))
    sittings.close_sitting(sitting=first.sitting, by=world.chair)
    second = sitting_on(world, "moderation", [other_case], on=NOW.date() + days(2))
    agenda = [sittings.Case(other_case.ccg, other_case.ref)]
    with refused(SeatRefused, r"already sits on PAN-\d+ on 4 June 2012: nobody sits on two panels on one day"):
        sittings.list_sitting(panel=second.panel, on=NOW.date(), cases=agenda, by=world.secretary)


def test_room_takes_one_case_at_a_time(world, case, other_case):
    meeting = convened(sitting_on(world, "moderation", [case, other_case]))
    item = opened(meeting, case)
    with refused(SittingRefused, "^CCG-01A-2012 is open: decide it, or let it stop, before you open another.$"):
        opened(meeting, other_case)
    voice = meeting.of("voice")
    item = items.note_departure(item=item, appointment=voice, by=world.secretary)
    other = opened(meeting, other_case)
    with refused(SittingRefused, "^CCG-03A-2012 is open: decide it, or let it stop, before CCG-01A-2012 goes on.$"):
        items.note_arrival(item=item, appointment=voice, by=world.secretary)
    decide_open(world, other)
    assert items.note_arrival(item=item, appointment=voice, by=world.secretary).state == "open"
    nothing_broken()
