"""Filling, accepting, declining and leaving seats."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from audit.models import Event
from authorisation.models import Application
from directory.actions import people
from panels.actions import seats, sittings
from panels.actions.nominations import end_nomination, nominate
from panels.errors import SeatRefused
from panels.models import (
    Declaration,
    DisinterestCheck,
    PanelGrant,
    Seat,
)
from panels.rules import COALITION_SEAT
from tests.factories import Walk, convened, days, opened, sitting_on
from tests.panels.actions.steps import NOW, nothing_broken, records, refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("voice", "none", "has no nomination: the Coalition seat is filled by a Coalition body; ask one"),
        ("voice", "another's", "The nomination given is for Other Voice, not for Voice"),
        ("voice", "ended", "does not cover 4 June 2012"),
        ("voice", "future", "does not cover 4 June 2012"),
        ("lay", "for lay", "is not a Coalition seat: leave the nomination out"),
        ("near_voice", "", r"Barred by D4: own organisation, 02A, borders 01A"),
    ],
)
def test_coalition_seat_is_taken_by_its_nominee_alone(world, case, name, change, sentence):
    meeting = sitting_on(world, "moderation", [case], voices=(), without=["lay"])
    kind = "lay" if change == "for lay" else COALITION_SEAT
    seat = Seat.objects.filter(panel=meeting.panel, kind=kind).first()
    nomination = world.nominations.get(name)
    if change == "none":
        nomination = None
    elif change in {"another's", "for lay"}:
        nomination = world.nominations["other_voice"]
    elif change == "ended":
        end_nomination(nomination=nomination, ends=date(2012, 6, 3), by=world.nominator)
        nomination.refresh_from_db()
    elif change == "future":
        end_nomination(nomination=nomination, ends=date(2012, 6, 1), by=world.nominator)
        nomination = nominate(
            body=world.organisations["NHSA"], person=world.voice, starts=date(2012, 6, 5), by=world.nominator
        )
    proposal = seats.Proposal(seat, world.people[name], world.organisations["NHSA"], nomination)
    with refused(SeatRefused, sentence):
        seats.fill_seats(panel=meeting.panel, proposals=[proposal], by=world.secretary)


def test_seat_is_offered_once_and_nobody_has_two(world, case):
    meeting = sitting_on(world, "moderation", [case])
    board = world.organisations["BOARD"]
    lay = meeting.of("lay").seat
    with refused(SeatRefused, r"Lay member, is held by Lay: stand them down first"):
        seats.fill_seats(panel=meeting.panel, proposals=[seats.Proposal(lay, world.spare, board)], by=world.secretary)
    seats.stand_down(appointment=meeting.of("lay"), by=world.lay, reason="Ill")
    with refused(SeatRefused, "Chair already has a seat on this panel"):
        seats.fill_seats(panel=meeting.panel, proposals=[seats.Proposal(lay, world.chair, board)], by=world.secretary)
    people.deactivate_person(person=world.spare, by="system")
    world.spare.refresh_from_db()
    with refused(SeatRefused, "no longer active"):
        seats.fill_seats(panel=meeting.panel, proposals=[seats.Proposal(lay, world.spare, board)], by=world.secretary)


def test_only_the_person_proposed_answers(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    for by in (world.secretary, world.chair):
        with refused(PermissionDenied, "Only the person proposed"):
            seats.accept_seat(appointment=meeting.of("voice"), by=by)
        with refused(PermissionDenied, "Only the person proposed"):
            seats.decline_seat(appointment=meeting.of("voice"), by=by)


def test_declaration_that_bars_from_every_case_is_kept_and_leaves_the_seat_free(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    interest = seats.Interest("post", case.ccg, "Advised them")
    with refused(SeatRefused, '"hobby" is not a kind of interest'):
        seats.accept_seat(appointment=meeting.of("lay"), by=world.lay, interests=[seats.Interest("hobby")])
    with records(meeting.panel, "seat.declined"):
        answered = seats.accept_seat(appointment=meeting.of("lay"), by=world.lay, interests=[interest])
    assert (answered.state, meeting.of("lay").state) == ("declined", "declined")
    event = Event.objects.latest("pk")
    assert (event.document["public"]["barred_by"], event.document["public"]["declared"]) == ("D1", 1)
    line = Declaration.objects.get(person=world.lay)
    assert (line.event, line.organisation, line.statement) == (event, case.ccg, "Advised them")
    check = DisinterestCheck.objects.get(event=event)
    assert (check.moment, check.effect, check.rule) == ("accepted", "barred", "D1")
    assert not PanelGrant.objects.exists()
    with refused(SeatRefused, "is declined"):
        seats.accept_seat(appointment=meeting.of("lay"), by=world.lay)
    nothing_broken()


@pytest.mark.parametrize("nil_since", [False, True])
def test_what_was_declared_counts_when_a_seat_is_offered_again(world, case, nil_since):
    far = Walk(world, ccg="05A").case
    meeting = sitting_on(world, "moderation", [case], accept=False)
    seat, board = meeting.of("lay").seat, world.organisations["BOARD"]
    interest = seats.Interest("post", case.ccg, "Advised them")
    seats.accept_seat(appointment=meeting.of("lay"), by=world.lay, interests=[interest])
    again = [seats.Proposal(seat, world.lay, board)]
    with refused(SeatRefused, "cannot take the seat of Lay member. Barred by D1: declared an interest in 01A itself"):
        seats.fill_seats(panel=meeting.panel, proposals=again, by=world.secretary)
    tomorrow, agenda = NOW.date() + days(1), [sittings.Case(far.ccg, far.ref)]
    sittings.list_sitting(panel=meeting.panel, on=tomorrow, cases=agenda, by=world.secretary)
    [offered] = seats.fill_seats(panel=meeting.panel, proposals=again, by=world.secretary)
    if nil_since:
        seats.invite(panel=meeting.panel, by=world.secretary)
        assert seats.accept_seat(appointment=offered, by=world.lay).state == "accepted"
    newest = {row.item.case_ref: row.effect for row in offered.checks.select_related("item").order_by("pk")}
    assert newest == {case.ref: "barred", far.ref: "clear"}
    nothing_broken()


def test_member_who_declares_an_interest_in_every_case_keeps_the_declaration(world, case):
    meeting = sitting_on(world, "moderation", [case])
    with records(meeting.panel, "interests.declared"):
        seats.declare_again(
            appointment=meeting.of("lay"), by=world.lay, interests=[seats.Interest("post", case.ccg, "Advised them")]
        )
    assert Declaration.objects.filter(person=world.lay, organisation=case.ccg).exists()
    newest = DisinterestCheck.objects.filter(appointment=meeting.of("lay")).latest("pk")
    assert (newest.moment, newest.effect) == ("declared", "barred")
    nothing_broken()


def test_nobody_stands_down_in_the_middle_of_an_item(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    opened(meeting, case)
    with refused(SeatRefused, "An item is open before"):
        seats.stand_down(appointment=meeting.of("voice"), by=world.voice, reason="Away")
    with refused(SeatRefused, "Say why"):
        seats.stand_down(appointment=meeting.of("voice"), by=world.voice, reason=" ")


def test_offer_that_was_not_accepted_reads_nothing(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    assert not Application.objects.visible_to(world.voice).exists()
    seats.accept_seat(appointment=meeting.of("voice"), by=world.voice)
    assert Application.objects.visible_to(world.voice).exists()
    seats.stand_down(appointment=meeting.of("voice"), by=world.voice, reason="Ill")
    assert not Application.objects.visible_to(world.voice).exists()
