"""The pages of a panel's life: offers with what is known, invitations, confirmation, absences, handing on, closing."""

import pytest

from audit import clock
from panels.actions import seats
from panels.actions.absences import note_absence
from panels.actions.panels import close_panel, confirm_panel
from panels.models import Absence, Accreditation, Appointment, Nomination, Panel, Refusal
from tests.factories import Walk, days, london, sitting_on
from tests.factories.pages import Page, Reader
from tests.factories.panels import coalition, seated

pytestmark = pytest.mark.django_db
NOW = london(2012, 6, 4)


@pytest.fixture(autouse=True)
def _still(db):
    with clock.at(NOW):
        yield


@pytest.fixture
def meeting(world):
    """A moderation panel, everybody seated but the Coalition's representative."""
    return sitting_on(world, "moderation", [Walk(world).case], on=(NOW + days(1)).date(), voices=())


def seat(meeting):
    return meeting.panel.seats.filter(kind="coalition_representative").order_by("number")[0]


def address(meeting, tail=""):
    return f"/panels/{meeting.panel.ref}/{tail}"


def fresh(meeting):
    return Panel.objects.get(pk=meeting.panel.pk)


def test_offer_lists_nominees_with_all_that_is_known_and_who_cannot_be_asked(world, meeting):
    page = Reader(world.secretary).get(address(meeting, f"seat/{seat(meeting).number}/"))
    assert page.status == 200
    assert page.text("label")[:2] == [
        "1. Other Voice, National Association of Primary Care: clear of every test; trained",
        "1. Voice, NHS Alliance: clear of every test; trained",
    ]
    assert "Who cannot be offered it now, and why: 1" in page.text("summary")
    assert "Near Voice: Barred by D4: own organisation, 02A, borders 01A." in page.words


def test_offer_of_somebody_barred_is_refused_and_kept(world, meeting):
    near = str(world.nominations["near_voice"].pk)
    tail = f"seat/{seat(meeting).number}/"
    page = Page(Reader(world.secretary).send(address(meeting, tail), nomination=near))
    assert page.status == 422
    assert "Near Voice cannot take the seat of Coalition representative. Barred by D4" in page.words
    assert Refusal.objects.get().person == world.near_voice
    shown = Reader(world.auditor).get(address(meeting))
    assert "What was asked of this panel and refused: 1" in shown.text("summary")
    assert "Barred by D4" not in Reader(world.outsider).get(address(meeting)).html


def test_life_of_a_panel_on_its_pages(world, meeting):
    secretary, voice = Reader(world.secretary), str(world.nominations["voice"].pk)
    number = seat(meeting).number
    assert "Coalition representative: 0 of 1 accepted." in secretary.get(address(meeting)).words
    refused = Page(secretary.send(address(meeting, "confirm/")))
    assert (refused.status, "cannot be confirmed" in refused.words) == (422, True)
    secretary.send(address(meeting, f"seat/{number}/"), nomination=voice)
    spare = str(world.nominations["spare_voice"].pk)
    secretary.send(address(meeting, f"seat/{number}/alternate/"), nomination=spare)
    assert "Invite 2 people proposed" in secretary.get(address(meeting)).links
    form = secretary.get(address(meeting, "invite/"))
    assert len(form.fields["who"]) == 2
    assert secretary.send(address(meeting, "invite/"), who=form.fields["who"]).status_code == 302
    for name in ("voice", "spare_voice"):
        row = Appointment.objects.get(person=world.people[name])
        answer = Reader(world.people[name]).send(address(meeting, f"answer/{row.pk}/"), answer="nil")
        assert answer.status_code == 302
    assert secretary.send(address(meeting, "confirm/")).status_code == 302
    assert fresh(meeting).state == "confirmed"
    row = Appointment.objects.get(person=world.voice)
    first, last = (
        {"starts_0": "5", "starts_1": "6", "starts_2": "2012"},
        {"ends_0": "6", "ends_1": "6", "ends_2": "2012"},
    )
    absent = address(meeting, f"absent/{row.pk}/")
    assert Reader(world.voice).send(absent, **first, **last, reason="Clinic").status_code == 302
    assert "Away 5 June 2012 to 6 June 2012." in secretary.get(address(meeting)).words
    shorter = address(meeting, f"absence/{Absence.objects.get().pk}/")
    assert secretary.send(shorter, ends_0="5", ends_1="6", ends_2="2012").status_code == 302
    secretary.send(address(meeting, f"do/stand-down/{row.pk}/"), reason="Ill")
    assert "Hand the seat on: seat 6, Coalition representative" in secretary.get(address(meeting)).links
    assert secretary.send(address(meeting, f"seat/{number}/hand-on/")).status_code == 302
    assert Appointment.objects.get(person=world.spare_voice).rank == 0
    assert secretary.send(address(meeting, "close/"), reason="No longer needed").status_code == 302
    page = secretary.get(address(meeting))
    assert "Closed" in page.words
    assert "Offer" not in page.links


def test_panel_shows_two_quorums_training_and_alternates(world, meeting):
    seated(meeting, coalition(world, seat(meeting), "voice"), coalition(world, seat(meeting), "spare_voice", rank=1))
    page = Reader(world.outsider).get(address(meeting))
    assert "4 in the room to take a case, 3 who vote to decide it" in page.words
    assert "Spare Voice, alternate 1, appointed by National Association of Primary Care" in page.words
    assert "Trained" in page.words
    assert not [link for link in page.links if link.startswith(("Offer", "Note an absence", "Stand down"))]


@pytest.mark.parametrize("tail", ["invite/", "confirm/", "close/", "seat/6/", "seat/6/alternate/", "seat/6/hand-on/"])
def test_life_of_a_panel_is_the_secretariats(world, meeting, tail):
    assert Reader(world.lay).get(address(meeting, tail)).status == 403


def test_nothing_to_invite_and_nobody_to_hand_on_to_say_so(world, meeting):
    secretary = Reader(world.secretary)
    assert "Nobody waits for an invitation" in secretary.get(address(meeting, "invite/")).words
    assert "No alternate has accepted" in secretary.get(address(meeting, f"seat/{seat(meeting).number}/hand-on/")).words


def test_absence_that_has_not_begun_is_withdrawn_on_its_page(world, meeting):
    lay, tomorrow = Reader(world.lay), (NOW + days(1)).date()
    row = note_absence(appointment=meeting.members["lay"], starts=tomorrow, ends=tomorrow, by=world.lay)
    assert "Shorten or withdraw the absence of Lay from 5 June 2012" in lay.get(address(meeting)).links
    tail = address(meeting, f"absence/{row.pk}/")
    assert "leave this empty to withdraw it" in lay.get(tail).words
    assert lay.send(tail).status_code == 302
    assert "Away on 5 June 2012" not in lay.get(address(meeting)).words
    assert "This absence was withdrawn before it began." in lay.get(tail).words
    record = Reader(world.auditor).get(f"/audit/panels/{meeting.panel.ref}/").words
    assert "away on 5 June 2012: withdrawn before it began" in record


def test_sitting_is_convened_from_the_page_when_it_can_be_and_not_before(world, meeting):
    secretary = Reader(world.secretary)

    def offered():
        page = secretary.get(address(meeting))
        return "Convene the sitting" in page.links, page.words

    can, words = offered()
    assert (can, "It cannot be convened yet. Coalition representative: 0 of 1 accepted." in words) == (False, True)
    seated(meeting, coalition(world, seat(meeting), "voice"))
    assert "is not confirmed: confirm it first" in offered()[1]
    confirm_panel(panel=meeting.panel, by=world.secretary)
    assert (offered()[0], "it can be convened on that day, not before" in offered()[1]) == (False, True)
    with clock.at(NOW + days(1)):
        assert offered()[0] is True
        assert "It cannot be convened yet" not in offered()[1]
        close_panel(panel=meeting.panel, reason="Given up", by=world.secretary)
        assert offered()[0] is False


def test_absence_of_another_is_the_secretariats(world, meeting):
    lay = meeting.members["lay"]
    assert Reader(world.chair).get(address(meeting, f"absent/{lay.pk}/")).status == 403
    assert Reader(world.lay).get(address(meeting, f"absent/{lay.pk}/")).status == 200


def test_answer_shows_what_the_directory_says_and_takes_dates(world, meeting):
    far = Walk(world, ccg="05A").case
    on = (NOW + days(3)).date()
    other = sitting_on(world, "site_visit", [far], on=on, accept=False, without=["clinician"], voices=())
    clinician = other.panel.seats.get(kind="clinician")
    proposal = seats.Proposal(clinician, world.clinician, world.organisations["RN1"])
    [asked] = seated(other, proposal, accept=False)
    page = Reader(world.clinician).get(address(other, f"answer/{asked.pk}/"))
    assert "Suggested from the directory" in page.text("dt")
    assert "NHS Group 5 CCG: Declared under D4: own organisation, 06A, is in the same area team as 05A" in page.words
    given = {"answer": "declare", "kind-1": "statement", "code-1": "05A", "statement-1": "I praised it."}
    ahead = {"starts-1_0": "5", "starts-1_1": "6", "starts-1_2": "2012"}
    refused = Page(Reader(world.clinician).send(address(other, f"answer/{asked.pk}/"), **given, **ahead))
    assert "A public statement cannot be dated 5 June 2012" in refused.words
    ahead["starts-1_0"] = "4"
    assert Reader(world.clinician).send(address(other, f"answer/{asked.pk}/"), **given, **ahead).status_code == 302


def test_answer_of_somebody_nothing_is_known_of_says_so(world, meeting):
    [asked] = seated(meeting, coalition(world, seat(meeting), "voice"), accept=False)
    page = Reader(world.voice).get(address(meeting, f"answer/{asked.pk}/"))
    assert "Nothing: no post or tie on record touches a case before this panel." in page.words


def test_nominations_are_ordered_and_limited_by_their_body(world):
    nominator = Reader(world.nominator)
    voice, near = world.nominations["voice"], world.nominations["near_voice"]
    places = {f"place-{voice.pk}": "2", f"place-{near.pk}": "1"}
    assert nominator.send("/nominations/NHSA/order/", **places).status_code == 302
    assert nominator.send(f"/nominations/{voice.pk}/limit/", capacity="3").status_code == 302
    row = Nomination.objects.get(pk=voice.pk)
    assert (row.rank, row.capacity) == (2, 3)
    page = nominator.get("/nominations/")
    assert "at most 3" in page.words
    assert "All seats taken: NHS Alliance 0, National Association of Primary Care 0" in page.words
    assert nominator.get("/nominations/NAPC/order/").status == 403
    assert Reader(world.other_nominator).get(f"/nominations/{voice.pk}/limit/").status == 403


def test_training_is_recorded_for_several_and_ended(world):
    secretary = Reader(world.secretary)
    day = {"starts_0": "4", "starts_1": "6", "starts_2": "2012"}
    board = str(world.organisations["BOARD"].pk)
    given = {"kind": "panel_training", "body": board, **day}
    wrong = Page(secretary.send("/people/training/new/", people="nobody@example.test", **given))
    assert "Nobody active in the directory has the address nobody@example.test" in wrong.words
    people = "Outsider@example.test\ndirector@example.test\n"
    assert secretary.send("/people/training/new/", people=people, **given).status_code == 302
    row = Accreditation.objects.get(person=world.outsider)
    assert "Outsider" in Reader(world.lay).get("/people/training/", q="outsider").words
    ended = secretary.send(f"/people/training/{row.pk}/end/", ends_0="5", ends_1="6", ends_2="2012")
    assert ended.status_code == 302
    assert Reader(world.lay).get("/people/training/new/").status == 403
    assert Reader(world.lay).get(f"/people/training/{row.pk}/end/").status == 403
