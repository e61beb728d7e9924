"""Whom a seat could be offered to: the same answers as the action gives, for a fixed number of queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import clock
from authorisation.rulesets import seat_plan
from panels.actions.accreditations import end_accreditation
from panels.actions.nominations import limit_nomination
from panels.actions.panels import propose_panel
from panels.actions.sittings import Case, list_sitting
from panels.models import Accreditation
from panels.offers import offers
from tests.factories import Walk, days, london, sitting_on
from tests.factories.panels import coalition, seated

pytestmark = pytest.mark.django_db
NOW = london(2012, 6, 4)


@pytest.fixture(autouse=True)
def _still(db):
    with clock.at(NOW):
        yield


@pytest.fixture
def meeting(world):
    return sitting_on(world, "moderation", [Walk(world).case], voices=(), without=["lay"])


def voice_seat(meeting):
    return meeting.panel.seats.select_related("panel").filter(kind="coalition_representative").order_by("number")[0]


def of(found, person):
    [offer] = [each for each in found if each.person == person]
    return offer


def test_load_capacity_and_training_are_said_before_the_offer(world, meeting):
    limit_nomination(nomination=world.nominations["voice"], capacity=1, by=world.nominator)
    other = sitting_on(world, "moderation", [Walk(world, ccg="03A").case], on=(NOW + days(1)).date(), voices=())
    for each, on in ((meeting, 2), (other, 3)):
        agenda = [Case(item.organisation, item.case_ref) for item in each.panel.items.select_related("organisation")]
        by = world.secretary
        list_sitting(panel=each.panel, on=(NOW + days(on)).date(), cases=agenda, by=by, round="Wave 1")
    row = Accreditation.objects.get(person=world.other_voice)
    end_accreditation(accreditation=row, ends=(NOW - days(1)).date(), by=world.secretary)
    before = of(offers(voice_seat(meeting)), world.voice)
    assert (before.notes, before.fault) == (["clear of every test", "trained", "sits 0 of 1 in Wave 1"], "")
    seated(other, coalition(world, voice_seat(other), "voice"))
    after = offers(voice_seat(meeting))
    assert of(after, world.voice).fault.startswith(
        "Voice may sit once in Wave 1 for NHS Alliance, and sits once already"
    )
    assert "no training on record yet" in of(after, world.other_voice).notes
    assert of(offers(voice_seat(meeting), rank=1), world.voice).fault == ""


def test_somebody_who_sits_elsewhere_that_day_is_not_offered_it(world, meeting):
    other = sitting_on(world, "moderation", [Walk(world, ccg="03A").case], voices=())
    seated(other, coalition(world, voice_seat(other), "voice"))
    assert "already sits on" in of(offers(voice_seat(meeting)), world.voice).fault


def test_what_is_only_declared_is_said(world):
    far = Walk(world, ccg="05A").case
    meeting = sitting_on(world, "moderation", [far], voices=(), without=["clinician"])
    seat = meeting.panel.seats.select_related("panel").get(kind="clinician")
    assert of(offers(seat), world.clinician).notes[0] == "clear but for D4, which is declared"


def test_offers_cost_the_same_for_few_and_for_many(world, meeting):
    def cost(seat):
        with CaptureQueriesContext(connection) as asked:
            found = offers(seat)
        return len(found), len(asked)

    lay = meeting.panel.seats.select_related("panel").get(kind="lay")
    few, cheap = cost(lay)
    for number in range(5):
        world.add_like("lay", f"lay_{number}")
    assert cost(lay) == (few + 5, cheap)


def test_panel_with_no_case_yet_says_so(world):
    plan = seat_plan(world.ruleset.body, "moderation")
    panel = propose_panel(plan=plan, title="Empty", ruleset="small", by=world.secretary)
    seat = panel.seats.select_related("panel").filter(kind="coalition_representative")[0]
    assert of(offers(seat), world.voice).notes == ["no case is listed yet to test against", "trained"]


@pytest.mark.parametrize(("kind", "without", "first"), [("lay", "lay", "lay"), ("chair", "chair", "chair")])
def test_likely_people_come_first_where_not_all_are_tested(world, monkeypatch, kind, without, first):
    monkeypatch.setattr("panels.offers.TESTED", 20)
    meeting = sitting_on(world, "moderation", [Walk(world).case], voices=(), without=[without])
    found = offers(meeting.panel.seats.select_related("panel").get(kind=kind))
    apart = ("already has a seat on this panel", "keeps the record of the Board")
    assert len([each for each in found if not any(words in each.fault for words in apart)]) == 20
    assert of(found, world.people[first]).fault == ""
