"""A refusal is kept: once, whatever transaction it happened in, and never for somebody with no business there."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from audit.models import Event
from panels.actions import seats
from panels.actions.refusals import keeping, noting
from panels.errors import SeatRefused
from panels.models import Appointment, Refusal
from tests.factories import sitting_on
from tests.factories.panels import coalition
from tests.panels.actions.steps import nothing_broken

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(world, case):
    return sitting_on(world, "moderation", [case], voices=())


def seat_of(meeting):
    return meeting.panel.seats.filter(kind="coalition_representative").order_by("number")[0]


def barred(meeting):
    offer = coalition(meeting.world, seat_of(meeting), "near_voice")
    return seats.fill_seats(panel=meeting.panel, proposals=[offer], by=meeting.world.secretary)


def test_refusal_is_kept_with_whom_it_was_about_and_by_which_test(world, meeting):
    with pytest.raises(SeatRefused) as caught:
        barred(meeting)
    row = Refusal.objects.get()
    assert (row.act, row.person, row.seat, row.rule) == ("fill_seats", world.near_voice, seat_of(meeting), "D4")
    assert (row.sentence, row.refused_to, row.panel) == (str(caught.value), world.secretary, meeting.panel)
    event = Event.objects.latest("pk")
    assert (event.event_type, event.stream, row.event) == ("panel.refused", meeting.panel.stream, event)
    assert event.document["public"] == {
        "act": "fill_seats",
        "rule": "D4",
        "seat": seat_of(meeting).number,
        "person": world.near_voice.stream,
    }
    assert row.sentence not in str(event.document["public"])
    nothing_broken()


def test_work_of_a_refused_act_is_undone(world, meeting):
    before = Appointment.objects.count()
    good = coalition(world, meeting.panel.seats.filter(kind="coalition_representative").order_by("number")[1], "voice")
    offers = [good, coalition(world, seat_of(meeting), "near_voice")]
    with pytest.raises(SeatRefused):
        seats.fill_seats(panel=meeting.panel, proposals=offers, by=world.secretary)
    assert (Appointment.objects.count(), Refusal.objects.count()) == (before, 1)


def test_refusal_is_kept_when_the_caller_goes_on(world, meeting):
    with transaction.atomic():
        with pytest.raises(SeatRefused):
            barred(meeting)
        [offered] = seats.fill_seats(
            panel=meeting.panel, proposals=[coalition(world, seat_of(meeting), "voice")], by=world.secretary
        )
    assert (Refusal.objects.count(), Appointment.objects.get(pk=offered.pk).state) == (1, "proposed")
    nothing_broken()


def test_refusal_is_kept_when_the_caller_is_rolled_back(meeting):
    with pytest.raises(SeatRefused), keeping(), transaction.atomic():
        barred(meeting)
    assert Refusal.objects.count() == 1
    nothing_broken()


def test_refusal_is_kept_once_through_two_acts(world, meeting):
    @noting("outer")
    @transaction.atomic
    def outer(*, panel, by):
        barred(meeting)

    with pytest.raises(SeatRefused), keeping():
        outer(panel=meeting.panel, by=world.secretary)
    assert list(Refusal.objects.values_list("act", flat=True)) == ["fill_seats"]
    nothing_broken()


def test_the_same_refusal_again_is_another_one(meeting):
    for _ in range(2):
        with pytest.raises(SeatRefused):
            barred(meeting)
    assert Refusal.objects.count() == 2
    nothing_broken()


def test_somebody_with_no_business_there_leaves_no_refusal(world, meeting):
    with pytest.raises(PermissionDenied):
        seats.fill_seats(panel=meeting.panel, proposals=[], by=world.outsider)
    assert not Refusal.objects.exists()


def test_what_the_system_was_refused_names_nobody(meeting):
    with pytest.raises(SeatRefused, match="Nobody is proposed"):
        seats.fill_seats(panel=meeting.panel, proposals=[], by="system")
    row = Refusal.objects.get()
    assert (row.refused_to, row.person, row.seat, row.rule) == (None, None, None, "")
