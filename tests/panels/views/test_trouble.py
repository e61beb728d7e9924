"""What a panel says of cases it could not take, and what its members and applicants are told."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import clock
from panels import offers
from panels.actions import seats
from panels.actions.absences import note_absence
from panels.actions.examination import learn_post
from panels.actions.objections import object_to
from panels.actions.panels import propose_panel
from panels.errors import SeatRefused
from panels.exceptional import sentences
from panels.models import Declaration, Panel, Refusal
from panels.queries import CLEAR, plan_of, told
from panels.rules import Effect, TestResult
from tests.factories import Walk, days, sitting_on
from tests.factories.pages import Reader
from tests.factories.panels import coalition
from tests.panels.actions.steps import NOW


@pytest.fixture(autouse=True)
def _still(db):
    with clock.at(NOW):
        yield


@pytest.fixture
def meeting(world):
    cases = [Walk(world).case, Walk(world, ccg="04A").case]
    return sitting_on(world, "moderation", cases, on=(NOW + days(3)).date())


def page(meeting, person):
    return Reader(person).get(f"/panels/{meeting.panel.ref}/")


def barred(meeting):
    world = meeting.world
    voices = [each.person for each in meeting.everybody if each.seat.kind == "coalition_representative"]
    for person in voices:
        learn_post(
            person=person,
            organisation=world.organisations["03A"],
            kind="governing_body_member",
            starts=date(2012, 5, 1),
            by=world.secretary,
        )
    return voices


def test_confirmed_panel_says_which_case_has_no_voice(meeting):
    world = meeting.world
    assert Panel.objects.get(pk=meeting.panel.pk).confirmed_at
    assert "What stands in the way" not in page(meeting, world.secretary).words
    assert sentences([meeting.sitting.pk])[meeting.sitting.pk] == []
    voices = barred(meeting)
    said = f"For CCG-01A-2012 on 7 June 2012: no Coalition representative who may vote: {voices[0]} is barred by D4"
    words = page(meeting, world.secretary).words
    assert said in words
    assert "For CCG-04A-2012" not in words
    assert "no Coalition representative who may vote." in page(meeting, world.outsider).words
    assert "The Coalition seat is empty for CCG-01A-2012." in sentences([meeting.sitting.pk])[meeting.sitting.pk]


def test_alternate_barred_while_the_member_is_away(meeting):
    world = meeting.world
    seat = meeting.panel.seats.filter(kind="coalition_representative").order_by("number")[0]
    [alternate] = seats.fill_seats(
        panel=meeting.panel, proposals=[coalition(world, seat, "near_voice", rank=1)], by=world.secretary
    )
    seats.invite(panel=meeting.panel, by=world.secretary)
    seats.accept_seat(appointment=alternate, by=alternate.person)
    day = meeting.sitting.on
    note_absence(appointment=meeting.members["voice"], starts=day, ends=day, reason="", by=world.secretary)
    words = page(meeting, world.secretary).words
    assert "is away, " in words
    assert "is barred by D4" in words
    assert "The Coalition seat is empty for" in " ".join(sentences([meeting.sitting.pk])[meeting.sitting.pk])


def test_troubles_cost_the_same_for_one_case_and_for_two(meeting):
    def cost():
        reader = Reader(meeting.world.secretary)
        reader.get(f"/panels/{meeting.panel.ref}/")
        with CaptureQueriesContext(connection) as asked:
            reader.get(f"/panels/{meeting.panel.ref}/")
        return len(asked)

    once = cost()
    barred(meeting)
    assert cost() == once


def test_member_reads_their_own_results_for_every_case(meeting):
    [voice, *_] = barred(meeting)
    found = page(meeting, voice)
    assert "Barred by D4" in found.words
    assert found.words.index("Renew your declaration") < found.words.index("Seats")


def test_panel_without_a_day_says_so(world, meeting):
    panel = propose_panel(plan=plan_of(meeting.panel), title="Later", ruleset="2012.2", by=world.secretary)
    assert "No day is listed yet: list a sitting." in Reader(world.secretary).get(f"/panels/{panel.ref}/").words


def test_confirming_says_what_stands_in_the_way_once(world):
    meeting = sitting_on(world, "moderation", [Walk(world).case], voices=())
    found = Reader(world.secretary).get(f"/panels/{meeting.panel.ref}/confirm/")
    assert found.words.count("0 of 1 accepted") == 1
    assert not [each for each in found.text("button") if each == "Confirm the panel"]


def test_offers_beyond_the_most_shown_are_found_by_search(world, monkeypatch):
    monkeypatch.setattr(offers, "TESTED", 3)
    meeting = sitting_on(world, "moderation", [Walk(world).case], without=["lay"])
    seat = meeting.panel.seats.get(kind="lay", appointments=None)
    path = f"/panels/{meeting.panel.ref}/seat/{seat.number}/"
    reader = Reader(world.secretary)
    assert "people shown: search for others." in reader.get(path).words
    found = reader.get(path, q="LAY")
    assert "fits." in found.words or "fit." in found.words
    assert offers.search(seat, text=world.lay.email).rows[0].person == world.lay
    assert offers.search(seat, text="nobody at all").total == 0


def test_refusal_put_on_record_is_said_to_be_recorded(world):
    meeting = sitting_on(world, "moderation", [Walk(world).case], voices=())
    seat = meeting.panel.seats.get(kind="coalition_representative", required=True)
    reader, path = Reader(world.secretary), f"/panels/{meeting.panel.ref}/"
    given = {"record": "1", "nomination": str(world.nominations["near_voice"].pk)}
    assert reader.send(f"{path}seat/{seat.number}/", **given).status_code == 302
    assert "Recorded: " in reader.get(path).words
    assert Refusal.objects.filter(panel=meeting.panel, act="fill_seats").exists()


def test_applicant_meets_nobody_who_is_only_proposed(world):
    case = Walk(world).case
    meeting = sitting_on(world, "moderation", [case], voices=())
    seat = meeting.panel.seats.get(kind="coalition_representative", required=True)
    seats.fill_seats(panel=meeting.panel, proposals=[coalition(world, seat, "voice")], by=world.secretary)
    officer = world.officer("01A")
    asked = {"panel": meeting.panel, "person": world.voice, "case_ref": case.ref, "kind": "family", "statement": "So."}
    assert "Proposed" not in page(meeting, officer).words
    assert "Proposed" in page(meeting, world.secretary).words
    with pytest.raises(SeatRefused):
        object_to(**asked, by=officer)
    seats.invite(panel=meeting.panel, by=world.secretary)
    assert object_to(**asked, by=officer).pk


def test_answer_names_the_cases_and_offers_them(world):
    meeting = sitting_on(world, "moderation", [Walk(world).case, Walk(world, ccg="05A").case], accept=False)
    lay = meeting.members["lay"]
    reader, path = Reader(lay.person), f"/panels/{meeting.panel.ref}/answer/{lay.pk}/"
    assert "(01A), CCG-01A-2012" in reader.get(path).words
    both = {"answer": "declare", "kind-5": "family", "before-5": "01A", "code-5": "05A"}
    assert "not both" in reader.refused(path, **both).words
    assert reader.send(path, **(both | {"code-5": ""})).status_code == 302
    assert Declaration.objects.get(person=lay.person, panel=meeting.panel).organisation.code == "01A"
    assert "You are barred from CCG-01A-2012 by D8: " in reader.get(f"/panels/{meeting.panel.ref}/").words


def test_clear_after_a_dismissal_keeps_the_sentence():
    dismissed = TestResult(
        "D4", Effect.CLEAR, "Barred by D4: near; overridden by the conflicts guardian on 4 June 2012: the member may."
    )
    assert told([dismissed]) == "D4: near; dismissed by the conflicts guardian on 4 June 2012: the member may."
    assert told([TestResult("D1", Effect.CLEAR, "D1: nothing.")]) == CLEAR
