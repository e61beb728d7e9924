"""The order of an agenda: found when the panel is confirmed, kept by pages and minutes."""

import pytest
from django.core.exceptions import PermissionDenied

from audit.models import Event
from panels.actions.agenda import order_agenda
from panels.agenda import agenda_of
from panels.errors import SittingRefused
from panels.models import AgendaOrder
from tests.factories import Walk, convened, sitting_on
from tests.panels.actions.steps import nothing_broken, records, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def cases(world):
    """A neighbour of 02A, one far off, and the other neighbour: listed so, the member from 02A leaves twice."""
    return [Walk(world, ccg=code).case for code in ("01A", "04A", "03A")]


def refs(sitting):
    return [item.case_ref for item in agenda_of(sitting)]


def test_confirming_a_panel_orders_its_agenda(world, cases):
    near, far, other = cases
    meeting = sitting_on(
        world, "moderation", [far, near, Walk(world, ccg="05A").case, other], voices=("near_voice", "voice")
    )
    row = AgendaOrder.objects.get()
    assert len(row.items) == 4
    event = Event.objects.get(event_type="panel.confirmed", stream=meeting.panel.stream)
    [told] = event.document["public"]["agendas"]
    assert (told["on"], told["leavings_after"] <= told["leavings_before"]) == ("2012-06-04", True)
    assert told["cases"] == refs(meeting.sitting)
    nothing_broken()


def test_order_makes_people_leave_least_often(world, cases):
    meeting = sitting_on(world, "moderation", cases, voices=("near_voice", "voice"), confirm=False)
    assert refs(meeting.sitting) == [case.ref for case in cases]
    with records(meeting.panel, "agenda.ordered"):
        order_agenda(sitting=meeting.sitting, by=world.secretary)
    public = Event.objects.latest("pk").document["public"]
    assert (public["leavings_before"], public["leavings_after"]) == (1, 0)
    near, far, other = cases
    assert refs(meeting.sitting)[-1] == far.ref
    assert {*refs(meeting.sitting)[:2]} == {near.ref, other.ref}


def test_agenda_keeps_its_order_once_the_panel_sits(world, cases):
    meeting = convened(sitting_on(world, "moderation", cases))
    with refused(SittingRefused, "has begun: its agenda keeps its order"):
        order_agenda(sitting=meeting.sitting, by=world.secretary)
    with refused(PermissionDenied, "Only the chair of"):
        order_agenda(sitting=meeting.sitting, by=world.lay)
