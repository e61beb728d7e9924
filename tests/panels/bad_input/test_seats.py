"""Seats, nominees, bodies and days that cannot be meant: refused by name, on the page too; nothing is lost."""

import pytest

from audit import clock
from authorisation.enums import Stage
from panels.actions import items, seats, sittings
from panels.actions.nominations import end_nomination, nominate
from panels.actions.panels import confirm_panel
from panels.errors import SeatRefused, SittingRefused
from panels.models import Nomination, Panel, Refusal, Sitting
from tests.factories import Walk, convened, days, sitting_on
from tests.factories.pages import Reader
from tests.factories.panels import coalition, seated
from tests.panels.actions.steps import nothing_broken, refused
from tests.panels.bad_input.steps import NOW, lay, offer, path, refused_on, seat

pytestmark = [pytest.mark.django_db, pytest.mark.once]


# A person proposed twice, and two people in one seat.


def test_person_proposed_twice_is_refused(meeting):
    with refused(SeatRefused, "^Chair already has a seat on this panel: Chair.$"):
        offer(meeting, lay(meeting, "chair"))
    with refused(SeatRefused, "^Spare already has a seat on this panel: Lay member.$"):
        offer(meeting, lay(meeting, "spare"), lay(meeting, "spare", rank=1))
    nothing_broken()


def test_person_proposed_twice_is_refused_on_the_page(meeting):
    world = meeting.world
    page = refused_on(
        world.secretary,
        path(meeting, f"seat/{seat(meeting).number}/"),
        person=str(world.chair.pk),
        body=str(world.organisations["BOARD"].pk),
    )
    assert "Chair already has a seat on this panel: Chair." in page.words
    assert str(world.organisations["BOARD"].pk) in page.fields["body"]
    assert Refusal.objects.get().person == world.chair


def test_two_people_in_one_seat_are_refused(meeting):
    with refused(SeatRefused, "^Seat 5, Lay member, is held by Lay: stand them down first.$"):
        offer(meeting, lay(meeting, "lay"), lay(meeting, "spare"))
    seated(meeting, lay(meeting, "lay"))
    with refused(SeatRefused, "is held by Lay: stand them down first.$"):
        offer(meeting, lay(meeting, "spare"))
    seated(meeting, lay(meeting, "spare", rank=1))
    with refused(SeatRefused, "Lay member, alternate 1, is held by Spare: choose another place in the order.$"):
        offer(meeting, lay(meeting, "local_authority", rank=1))


def test_two_people_in_one_seat_of_a_room_are_refused(meeting, case):
    world = meeting.world
    seated(meeting, coalition(world, seat(meeting, "coalition_representative"), "voice"))
    seated(meeting, coalition(world, seat(meeting, "coalition_representative"), "other_voice", rank=1))
    confirm_panel(panel=meeting.panel, by=world.secretary)
    with clock.at(NOW + days(1)):
        convened(meeting)
        item, everybody = meeting.item(case), meeting.everybody
        with refused(SittingRefused, "Voice and Other Voice cannot both sit in the seat of Coalition representative"):
            items.open_item(item=item, present=everybody, by=world.secretary)
        page = refused_on(
            world.secretary, path(meeting, f"do/open/{item.pk}/"), present=[str(each.pk) for each in everybody]
        )
    assert "Other Voice is the alternate, and takes it when Voice is out of the room." in page.words
    assert len(page.fields["present"]) == len(everybody)


def test_place_far_down_the_order_is_refused(meeting):
    with refused(SeatRefused, "a member and up to 20 alternates: 21 is no place among them"):
        offer(meeting, lay(meeting, "spare", rank=21))
    with refused(SeatRefused, "-1 is no place among them"):
        offer(meeting, lay(meeting, "spare", rank=-1))


def test_alternate_of_a_seat_without_a_member_has_a_page_and_takes_it_only_when_handed_on(meeting):
    """There may be one; it holds nothing until the seat passes to it, and the seat cannot pass to nobody."""
    free = seat(meeting)
    with refused(SeatRefused, "No alternate has accepted for the seat of Lay member: offer it to somebody."):
        seats.substitute(seat=free, by=meeting.world.secretary)
    [second] = seated(meeting, lay(meeting, "spare", rank=1))
    assert (second.rank, second.state) == (1, "accepted")
    assert seats.substitute(seat=free, by=meeting.world.secretary).rank == 0


# A nominee of the wrong body, and a body of the wrong kind.


def test_nominee_of_the_wrong_body_is_refused(meeting):
    world, free = meeting.world, seat(meeting, "coalition_representative")
    other = world.nominations["other_voice"]
    with refused(SeatRefused, "^The nomination given is for Other Voice, not for Voice.$"):
        offer(meeting, seats.Proposal(free, world.voice, other.body, other))
    with refused(SeatRefused, "^Spare has no nomination: .* ask one to nominate.$"):
        offer(meeting, seats.Proposal(free, world.spare, world.organisations["NHSA"]))
    with refused(SeatRefused, "^Lay member is not a Coalition seat: leave the nomination out.$"):
        offer(meeting, lay(meeting, "voice", nomination=world.nominations["voice"]))


def test_nomination_that_does_not_stand_is_refused(meeting):
    world = meeting.world
    end_nomination(nomination=world.nominations["voice"], ends=(NOW - days(1)).date(), by=world.nominator)
    given = Nomination.objects.get(pk=world.nominations["voice"].pk)
    free = seat(meeting, "coalition_representative")
    with refused(SeatRefused, "^The nomination of Voice by NHS Alliance .* does not cover 4 June 2012.$"):
        offer(meeting, seats.Proposal(free, world.voice, given.body, given))


@pytest.mark.parametrize(
    ("kind", "code", "said"),
    [
        ("chair", "NHSA", "filled by the Board, and NHS Alliance is a Coalition body: name who appoints to it.$"),
        ("chair", "RN1", "filled by the Board, and North is a region: name who appoints to it.$"),
        ("lay", "05A", "filled by the Board, and NHS Group 5 CCG is a .*: name who appoints to it.$"),
    ],
)
def test_body_of_the_wrong_kind_is_refused(meeting, kind, code, said):
    world = meeting.world
    if kind == "chair":
        seats.stand_down(appointment=meeting.of("chair"), by=world.secretary, reason="Away.")
    with refused(SeatRefused, said):
        offer(meeting, seats.Proposal(seat(meeting, kind), world.spare, world.organisations[code]))


def test_body_that_does_not_appoint_is_refused_on_the_page(meeting):
    world = meeting.world
    page = refused_on(
        world.secretary,
        path(meeting, f"seat/{seat(meeting).number}/"),
        person=str(world.finance.pk),
        body=str(world.organisations["NHSA"].pk),
    )
    assert "There is a problem" in page.words
    assert str(world.finance.pk) in page.fields["person"]


def test_body_that_is_not_the_coalitions_does_not_nominate(meeting):
    world = meeting.world
    board = world.organisations["BOARD"]
    with refused(SeatRefused, "^NHS Commissioning Board is not a Coalition body"):
        nominate(body=board, person=world.spare, starts=NOW.date(), by="system")


# Days.


@pytest.fixture
def sits_tomorrow(world):
    """Another panel on the same day, with a lay member of its own."""
    return sitting_on(world, "conditions", [Walk(world, ccg="03A").case], on=(NOW + days(1)).date())


def test_day_on_which_the_person_already_sits_is_refused(meeting, sits_tomorrow):
    world, ref = meeting.world, sits_tomorrow.panel.ref
    busy = sits_tomorrow.of("lay").person if "lay" in sits_tomorrow.members else sits_tomorrow.of("finance").person
    offered = seats.Proposal(seat(meeting), busy, world.organisations["BOARD"])
    with refused(SeatRefused, f"already sits on {ref} on 5 June 2012: .* Ask somebody else for {meeting.panel.ref}.$"):
        offer(meeting, offered)
    page = refused_on(
        world.secretary,
        path(meeting, f"seat/{seat(meeting).number}/"),
        person=str(busy.pk),
        body=str(world.organisations["BOARD"].pk),
    )
    assert f"already sits on {ref} on 5 June 2012" in page.words


def test_day_on_which_a_member_sits_elsewhere_is_not_listed(world, case, sits_tomorrow):
    later = sitting_on(world, "conditions", [case], on=(NOW + days(2)).date())
    chair = sits_tomorrow.of("chair").person
    assert later.of("chair").person == chair
    agenda = [sittings.Case(case.ccg, case.ref)]
    with refused(SeatRefused, f"already sits on {sits_tomorrow.panel.ref} on 5 June 2012"):
        sittings.list_sitting(panel=later.panel, on=(NOW + days(1)).date(), cases=agenda, by=world.secretary)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (-1, "^3 June 2012 is past: list the sitting of PAN-"),
        (1, "already sits on 5 June 2012: list the cases for another day.$"),
        (900, "is more than two years ahead: list the sitting of PAN-.* at the latest.$"),
    ],
)
def test_day_that_cannot_be_meant_is_not_listed(meeting, case, day, said):
    agenda = [sittings.Case(case.ccg, case.ref)]
    with refused(SittingRefused, said):
        sittings.list_sitting(
            panel=meeting.panel, on=(NOW + days(day)).date(), cases=agenda, by=meeting.world.secretary
        )


def test_day_outside_the_wave_is_refused_on_the_page(world):
    walk = Walk(world).to(Stage.SITE_VISIT_PLANNING)
    with clock.at(walk.now):
        Reader(world.secretary).send("/panels/new/", kind="site_visit", name="Visit", ruleset="small")
        address = f"/panels/{Panel.objects.get().ref}/list-sitting/"
        day = {"on_0": "2", "on_1": "7", "on_2": "2012"}
        page = refused_on(world.secretary, address, cases=[walk.case.ref], **day)
    assert f"{walk.case.ref} is in wave 1, whose deadline is 2 July 2012" in page.words
    assert [page.fields[name] for name in day] == [[value] for value in day.values()]


def test_agenda_that_is_empty_or_doubled_is_refused(meeting, case):
    one = sittings.Case(case.ccg, case.ref)
    for agenda, said in (([], "agenda"), ([one, one], f"^{case.ref} is on the agenda twice: list each case once.$")):
        with refused(SittingRefused, said):
            sittings.list_sitting(
                panel=meeting.panel, on=(NOW + days(9)).date(), cases=agenda, by=meeting.world.secretary
            )
    assert Sitting.objects.count() == 1
