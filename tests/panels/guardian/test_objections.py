"""An applicant objects to who judges it: in time, once, and only for its own case."""

import pytest
from django.core.exceptions import PermissionDenied

from audit.models import Event, Private
from directory.models import Message
from panels.actions import seats
from panels.actions.objections import object_to
from panels.errors import SeatRefused
from panels.models import Objection
from tests.factories import convened
from tests.panels.actions.steps import nothing_broken, records

SECRET = "Her brother runs our hospital."


def objects(meeting, case, **given):
    world = meeting.world
    return object_to(
        **{
            "panel": meeting.panel,
            "person": world.lay,
            "case_ref": case.ref,
            "kind": "family",
            "statement": SECRET,
            "by": world.officer("01A"),
        }
        | given
    )


def test_objection_is_kept_and_declared_until_it_is_ruled_on(meeting, case):
    with records(lambda: meeting.panel, "objection.raised"):
        objection = objects(meeting, case)
    check = meeting.of("lay").checks.latest("pk")
    assert (check.moment, check.effect, check.rule) == ("objected", "declare_only", "OB")
    assert objection.organisation == case.ccg
    nothing_broken()


def test_what_was_said_is_in_no_public_record_and_in_no_message(meeting, case):
    event = objects(meeting, case).event
    assert SECRET.encode() not in bytes(event.leaf)
    assert Private.objects.get(event=event).document == {"statement": SECRET}
    told = Message.objects.filter(event=event)
    assert {each.to.email for each in told} == {"guardian@example.test", "lay@example.test"}
    assert not [each for each in told if SECRET in each.text + each.subject]


@pytest.mark.parametrize("name", ["secretary", "officer_2", "guardian", "outsider", "lay"])
def test_only_who_answers_for_the_organisation_objects(meeting, case, name):
    with pytest.raises(PermissionDenied):
        objects(meeting, case, by=meeting.world.people[name])
    assert not Objection.objects.exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kind": "taste"}, '"taste" is not a kind of interest'),
        ({"statement": "  "}, "Say why Lay is not disinterested"),
        ({"statement": "x" * 4001}, "longer than 4000 characters"),
        ({"case_ref": "CCG-02A-2012"}, "CCG-02A-2012 is not before PAN-"),
    ],
)
def test_objection_is_refused_by_name(meeting, case, given, sentence):
    before = Event.objects.count()
    with pytest.raises(SeatRefused, match=sentence):
        objects(meeting, case, **given)
    assert (Objection.objects.count(), Event.objects.count()) == (0, before)


def test_same_objection_waits_once_and_another_kind_is_another(meeting, case):
    objects(meeting, case)
    with pytest.raises(SeatRefused, match="An objection to Lay on CCG-01A-2012, close family, waits"):
        objects(meeting, case)
    objects(meeting, case, kind="provider")
    objects(meeting, case, person=meeting.world.chair)
    assert Objection.objects.count() == 3


def test_objection_to_somebody_without_a_live_seat_is_refused(meeting, case):
    with pytest.raises(SeatRefused, match="Spare has no seat on PAN-"):
        objects(meeting, case, person=meeting.world.spare)
    seats.stand_down(appointment=meeting.of("lay"), by=meeting.world.secretary, reason="Unwell.")
    with pytest.raises(SeatRefused, match="Lay has no seat on PAN-"):
        objects(meeting, case)


def test_objection_after_the_panel_sat_is_refused_by_name(meeting, case):
    convened(meeting)
    with pytest.raises(SeatRefused, match="sat on 4 June 2012: an objection to Lay on CCG-01A-2012"):
        objects(meeting, case)
