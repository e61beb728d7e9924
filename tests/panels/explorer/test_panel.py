"""A panel as it stood at any moment."""

from datetime import date, timedelta

import pytest

from audit import clock
from audit.models import Event
from panels.actions import seats
from panels.models import Panel, Sitting
from tests.factories.pages import Reader
from tests.panels.explorer.scenes import alternate, objection, recused, refused
from tests.panels.explorer.steps import CSV, LIST, SECRET, figures, meeting, page


def test_panel_as_it_stood_on_a_day_and_before_there_was_one(walk):
    made = meeting(walk, accept=False)
    offered = walk.now.date()
    with clock.at(walk.now + timedelta(days=2)):
        seats.accept_seat(appointment=made.members["voice"], by=made.members["voice"].person)
    walk.now += timedelta(days=5)
    path = f"{LIST}{made.panel.ref}/"
    then = page(walk, path, on=offered.isoformat())
    assert then.heading == f"{made.panel.ref} moderation panel: As it stood at the end of {offered.day} {offered:%B %Y}"
    assert "Coalition representative: 0 of 1 accepted." in then.words
    assert "Nobody had declared anything." in then.words
    later = page(walk, path)
    assert later.heading.endswith("As it stands now")
    assert "Voice At Moderation 1: Nothing to declare." in later.words
    before = page(walk, path, on=(offered - timedelta(days=1)).isoformat())
    assert "did not exist yet" in before.words
    assert "Seats" not in before.text("h2")


def test_panel_as_it_stood_after_one_of_its_events(walk):
    made = recused(walk, "voice")
    path = f"{LIST}{made.panel.ref}/"
    numbers = dict(Event.objects.filter(stream=made.panel.stream).values_list("event_type", "stream_seq"))
    was_open = page(walk, path, after=numbers["item.opened"])
    both = "To sit: quorum 4, 6 there: 2 to spare. To decide: quorum 3, 6 voting: 3 to spare."
    assert both in was_open.words
    assert "A cousin works there." not in was_open.words
    stopped = page(walk, path, after=numbers["member.recused"])
    assert "Voice At Moderation 1 left the room for CCG-01A-2012, and the item stopped" in stopped.words
    assert "No Coalition representative is present" in stopped.words


def test_panel_shows_every_test_of_one_member_when_asked(walk):
    made = meeting(walk)
    path = f"{LIST}{made.panel.ref}/"
    assert "D4: own organisations do not border 01A, nor" not in page(walk, path).words
    whole = page(walk, path, facts=made.members["voice"].pk)
    assert whole.words.count("D4: own organisations do not border 01A, nor") == 1


@pytest.mark.parametrize("day", ["x", "2012-13-01", "<b>"])
def test_panel_on_a_day_that_is_none_says_so(walk, day):
    found = page(walk, f"{LIST}{Panel.objects.get().ref}/", on=day)
    assert f"“{day}” is not a day." in found.words
    assert found.heading.endswith("As it stands now")


def test_panel_on_a_day_to_come_is_as_it_stands(walk):
    found = page(walk, f"{LIST}{Panel.objects.get().ref}/", on="2090-01-01")
    assert "1 January 2090 is not over" in found.words


@pytest.mark.parametrize("query", [{"after": "0"}, {"after": "x"}, {"on": date.min.isoformat()}, {"before": "1"}])
def test_panel_takes_odd_addresses_calmly(walk, query):
    assert page(walk, f"{LIST}{Panel.objects.get().ref}/", **query).status == 200


@pytest.mark.parametrize("path", ["PAN-9999/", "PAN-x/", "other/", "PAN-0001/?after=99999999999999999999"])
def test_panel_unknown_is_not_found(walk, path):
    assert Reader(walk.world.auditor).client.get(LIST + path).status_code == 404


def test_sitting_links_to_the_panel_as_it_stood_that_day(walk):
    on = Sitting.objects.get().on
    walk.now += timedelta(days=3)
    link = page(walk).links["site_visit panel"]
    assert link.endswith(f"/?on={on.isoformat()}")
    assert page(walk, link).status == 200


def test_panel_shows_who_was_refused_and_what_was_objected_to_and_ruled(walk):
    made = refused(walk)
    path = f"{LIST}{made.panel.ref}/"
    assert "Offering a seat: Spare, Lay member (seat" in page(walk, path).words
    assert "is held by Lay At Moderation 1: stand them down first." in page(walk, path).words


def test_statements_of_objections_and_reasons_of_rulings_stay_on_the_panels_own_page(walk):
    objection(walk)
    with clock.at(walk.now):
        reader = Reader(walk.world.auditor)
        listed = reader.get(LIST).html + b"".join(reader.client.get(CSV)).decode()
        panels = {
            name: Reader(walk.world.people[name]).get(f"/panels/{walk.meeting.panel.ref}/").words
            for name in ("outsider", "officer_2", "voice", "secretary")
        }
    assert SECRET not in listed
    assert not [name for name, words in panels.items() if SECRET in words]
    assert SECRET in page(walk, f"{LIST}{walk.meeting.panel.ref}/").words


def test_name_of_an_alternate_finds_the_panel(walk):
    alternate(walk)
    found = page(walk, person="Other Voice", kind="moderation")
    assert figures(found)["sitting found"] == 1
