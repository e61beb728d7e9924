"""Who keeps the record packs no panel: offices are recorded by others, exclude each other, and come without a seat."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from directory.actions import posts
from directory.errors import BadPost
from directory.models import PostKind
from panels.actions import seats
from panels.actions.examination import learn_post
from panels.actions.rulings import rule
from panels.errors import SeatRefused
from panels.models import Refusal, Ruling
from panels.offers import offers
from tests.factories import sitting_on
from tests.factories.pages import Reader
from tests.factories.world import BEGIN
from tests.panels.actions.steps import NOW, nothing_broken

DAY = {"starts_0": "1", "starts_1": "5", "starts_2": "2012"}
WORDS = {"secretary": "secretary", "guardian": "conflicts guardian", "auditor": "auditor"}


def path(person):
    return f"/people/{person.pk}/posts/"


def test_secretary_does_not_make_herself_guardian(meeting):
    world = meeting.world
    given = {"kind": PostKind.CONFLICTS_GUARDIAN, "code": "BOARD", **DAY}
    page = Reader(world.secretary).refused(path(world.secretary), **given)
    assert page.status == 422
    assert "You cannot record your own office: somebody else of the secretariat does." in page.words
    assert not world.secretary.posts.filter(kind=PostKind.CONFLICTS_GUARDIAN).exists()


def test_secretary_is_told_why_she_records_no_office_of_a_coalition_body(meeting):
    world = meeting.world
    reader, office = Reader(world.secretary), world.nominator.posts.get()
    page = reader.refused(path(world.spare), kind=PostKind.NOMINATIONS_SECRETARY, code="NHSA", **DAY)
    assert "Offices at NHS Alliance are recorded by its own nominations secretary" in page.words
    address = f"{path(world.nominator)}{office.pk}/end/"
    assert address not in reader.get(path(world.nominator)).links.values()
    assert reader.client.get(address).status_code == 403
    with pytest.raises(PermissionDenied, match="its own nominations secretary"):
        learn_post(
            person=world.spare,
            organisation=world.organisations["NHSA"],
            kind=PostKind.NOMINATIONS_SECRETARY,
            starts=BEGIN,
            by=world.secretary,
        )


def test_nominations_secretary_records_and_ends_an_office_of_their_body(meeting):
    world = meeting.world
    reader = Reader(world.nominator)
    links = reader.get("/nominations/").links.values()
    assert {"/people/", path(world.nominator)} <= set(links)
    assert path(world.other_nominator) not in links
    assert path(world.voice) in reader.get("/people/", q="voice").links.values()
    page = reader.get(path(world.voice))
    assert ("Governing body member" in page.words, "Accountable officer" in page.words) == (False, False)
    reader.send(path(world.voice), kind=PostKind.CONFLICTS_GUARDIAN, code="NHSA", **DAY)
    made = world.voice.posts.get(kind=PostKind.CONFLICTS_GUARDIAN)
    address = f"{path(world.voice)}{made.pk}/end/"
    assert address in reader.get(path(world.voice)).links.values()
    assert reader.send(address, ends_0="2", ends_1="6", ends_2="2012").status_code == 302
    page = reader.refused(path(world.voice), kind=PostKind.CONFLICTS_GUARDIAN, code="BOARD", **DAY)
    assert "Only the secretariat of the Board may change the directory." in page.words
    page = reader.refused(path(world.nominator), kind=PostKind.CONFLICTS_GUARDIAN, code="NHSA", **DAY)
    assert "another nominations secretary of NHS Alliance does" in page.words
    other = world.voice.posts.get(kind=PostKind.GOVERNING_BODY_MEMBER)
    assert reader.client.get(f"{path(world.voice)}{other.pk}/end/").status_code == 403


def test_secretary_is_not_made_guardian_by_another_either(meeting):
    world = meeting.world
    colleague = world.spare
    posts.appoint(
        person=colleague,
        organisation=world.organisations["BOARD"],
        kind=PostKind.SECRETARIAT,
        starts=BEGIN,
        by=world.secretary,
    )
    with pytest.raises(BadPost, match="holds the post of secretariat at BOARD in that time"):
        learn_post(
            person=colleague,
            organisation=world.organisations["BOARD"],
            kind=PostKind.CONFLICTS_GUARDIAN,
            starts=BEGIN,
            by=world.secretary,
        )


@pytest.mark.parametrize("name", sorted(WORDS))
@pytest.mark.parametrize("rank", [0, 1])
def test_keeper_of_the_record_is_offered_no_seat(world, case, name, rank):
    panel = sitting_on(world, "site_visit", [case], without=("lay",)).panel
    seat, person = panel.seats.select_related("panel").get(kind="lay"), world.people[name]
    said = f"keeps the record of the Board as {WORDS[name]} and does not sit on panels."
    with pytest.raises(SeatRefused, match=said):
        seats.fill_seats(
            panel=panel,
            proposals=[seats.Proposal(seat, person, world.organisations["BOARD"], rank=rank)],
            by=world.secretary,
        )
    assert said in Refusal.objects.get(person=person).sentence
    (found,) = [each for each in offers(seat, rank=rank) if each.person == person]
    assert said in found.fault
    nothing_broken()


def test_nominee_who_keeps_the_record_is_offered_no_seat_until_the_office_ends(world, case):
    panel = sitting_on(world, "site_visit", [case], without=("coalition_representative",), voices=()).panel
    seat = panel.seats.select_related("panel").get(kind="coalition_representative")
    given = {"person": world.voice, "organisation": world.organisations["BOARD"], "kind": PostKind.AUDITOR}
    made = posts.appoint(starts=BEGIN, by="system", **given)
    (found,) = [each for each in offers(seat) if each.person == world.voice]
    assert "as auditor and does not sit on panels" in found.fault
    posts.end_post(post=made, ends=NOW.date(), by="system")
    (found,) = [each for each in offers(seat) if each.person == world.voice]
    assert "keeps the record" not in found.fault


@pytest.mark.parametrize("dates", [{"starts": BEGIN, "ends": NOW.date()}, {"starts": NOW.date() + timedelta(days=1)}])
def test_ruling_needs_the_office_today_whenever_it_began(meeting, dates):
    world = meeting.world
    given = {"person": world.spare, "organisation": world.organisations["BOARD"], "by": "system"}
    posts.appoint(kind=PostKind.CONFLICTS_GUARDIAN, **given, **dates)
    with pytest.raises(PermissionDenied, match="Only the conflicts guardian of the Board"):
        rule(
            panel=meeting.panel,
            person=world.lay,
            organisation=world.organisations["01A"],
            rule="D4",
            verdict="dismissed",
            effect="clear",
            reason="It suits me.",
            by=world.spare,
        )
    assert not Ruling.objects.exists()
