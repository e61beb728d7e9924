"""A panel as it stood: asked on every day between what happened, and just after each event."""

from datetime import timedelta

import pytest

from audit import clock
from audit.models import Event
from authorisation.enums import Stage
from panels.actions import items, seats, sittings
from panels.history import Record, moment_after, moment_at
from panels.models import ItemState, Stance
from panels.presenters.standing import standing
from panels.states import SittingState
from tests.factories import Walk, convened, days, opened, positions, sitting_on
from tests.factories.panels import coalition, proposals

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk(world):
    return Walk(world).to(Stage.MODERATION)


@pytest.fixture
def seated(walk):
    """The Coalition seat: proposed on day 0, accepted on day 2, stood down on day 4, another proposed on day 6."""
    start = walk.now
    with clock.at(start):
        walk.meeting = sitting_on(walk.world, "moderation", [walk.case], on=(start + days(10)).date(), accept=False)
    voice = walk.meeting.members["voice"]
    with clock.at(start + days(2)):
        seats.accept_seat(appointment=voice, by=voice.person)
    with clock.at(start + days(4)):
        seats.stand_down(appointment=walk.meeting.of("voice"), by=walk.world.secretary, reason="Unwell.")
    with clock.at(start + days(6)):
        seat = coalition(walk.world, voice.seat, "other_voice")
        seats.fill_seats(panel=walk.meeting.panel, proposals=[seat], by=walk.world.secretary)
    walk.start = start
    return walk


def record_on(walk, day):
    until = moment_at(walk.meeting.panel, walk.start + days(day))
    return Record(walk.meeting.panel, until) if until else None


def coalition_seat(record):
    return {
        each.appointment.person.full_name: [state.value for state, _ in each.steps]
        for each in record.holdings
        if each.seat.kind == "coalition_representative"
    }


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (0.5, {"Voice": ["proposed"]}),
        (1.9, {"Voice": ["proposed"]}),
        (2.1, {"Voice": ["proposed", "accepted"]}),
        (3.9, {"Voice": ["proposed", "accepted"]}),
        (4.1, {"Voice": ["proposed", "accepted", "stood_down"]}),
        (5.9, {"Voice": ["proposed", "accepted", "stood_down"]}),
        (6.1, {"Voice": ["proposed", "accepted", "stood_down"], "Other Voice": ["proposed"]}),
    ],
)
def test_seat_as_it_stood_on_each_day(seated, day, expected):
    assert coalition_seat(record_on(seated, day)) == expected


def test_panel_before_it_existed_has_no_record(seated):
    assert record_on(seated, -0.1) is None


def test_seat_declined_and_offered_again_to_the_same_person_is_two_holdings(walk):
    with clock.at(walk.now):
        walk.meeting = sitting_on(walk.world, "moderation", [walk.case], accept=False)
        voice = walk.meeting.members["voice"]
        seats.decline_seat(appointment=voice, by=voice.person, reason="Away.")
        again = coalition(walk.world, voice.seat, "voice")
        [second] = seats.fill_seats(panel=walk.meeting.panel, proposals=[again], by=walk.world.secretary)
        walk.start = walk.now
    held = [each for each in record_on(walk, 1).holdings if each.appointment.person == walk.world.voice]
    assert [(each.appointment.pk, each.state.value) for each in held] == [
        (voice.pk, "declined"),
        (second.pk, "proposed"),
    ]


def test_declarations_and_tests_after_the_moment_are_not_shown(seated):
    before = standing(record_on(seated, 1), {})
    after = standing(record_on(seated, 3), {})
    assert [line.name for line in before.declared] == []
    assert [line.name for line in after.declared] == ["Voice"]
    [tested] = [
        each
        for each in standing(record_on(seated, 1), {}, whole=seated.meeting.members["voice"].pk).tested
        if each.whole
    ]
    assert [answer.moment for answer in tested.cases[seated.case.ref]] == ["proposed"]
    assert any(said.startswith("D4: ") for said in tested.cases[seated.case.ref][0].results)


def test_faults_are_those_of_the_moment(seated):
    faults = [standing(record_on(seated, day), {}).faults for day in (1, 3, 5)]
    told = "Coalition representative: 0 of 1 accepted."
    assert [told in each for each in faults] == [True, False, True]


@pytest.fixture
def sat(walk):
    """A sitting with two Coalition seats: one leaves late, the item stops, an alternate arrives, it is decided."""
    world, minute = walk.world, timedelta(minutes=10)
    walk.start = walk.now
    with clock.at(walk.now):
        walk.meeting = convened(sitting_on(world, "moderation", [walk.case], voices=("voice", "other_voice")))
    with clock.at(walk.now + minute):
        item = opened(walk.meeting, walk.case, absent=["other_voice"])
    with clock.at(walk.now + 2 * minute):
        items.recuse(item=item, appointment=walk.meeting.of("voice"), reason="A cousin works there.", by=world.voice)
    with clock.at(walk.now + 3 * minute):
        alternate = walk.meeting.of("other_voice")
        items.note_arrival(item=walk.meeting.item(walk.case), appointment=alternate, by=world.secretary)
    with clock.at(walk.now + 4 * minute):
        item = walk.meeting.item(walk.case)
        said = positions(item, lay=items.Said(Stance.DISSENT, "Too soon."))
        items.decide_item(item=item, outcome="full", reasons="Agreed.", positions=said, by=world.secretary)
    with clock.at(walk.now + 5 * minute):
        sittings.close_sitting(sitting=walk.meeting.sitting, by=world.secretary)
    return walk


def after(walk, minutes):
    return Record(walk.meeting.panel, moment_at(walk.meeting.panel, walk.start + timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("minutes", "sitting", "item", "counted"),
    [
        (5, SittingState.IN_SESSION, ItemState.LISTED, None),
        (15, SittingState.IN_SESSION, ItemState.OPEN, 6),
        (25, SittingState.IN_SESSION, ItemState.STOPPED, 5),
        (35, SittingState.IN_SESSION, ItemState.OPEN, 6),
        (45, SittingState.IN_SESSION, ItemState.CLOSED, 6),
        (55, SittingState.OVER, ItemState.CLOSED, 6),
    ],
)
def test_item_and_its_quorum_as_they_stood(sat, minutes, sitting, item, counted):
    view = standing(after(sat, minutes), {})
    [day] = view.days
    [seen] = day.items
    assert (day.state, seen.state, seen.counted) == (sitting.label, item.label, counted)
    assert bool(seen.sha256) is (item is ItemState.CLOSED)
    assert ([fault for fault in seen.faults if "No Coalition representative" in fault] != []) is (minutes == 25)


def test_positions_and_recusals_appear_from_their_moment(sat):
    def said(minutes):
        [day] = standing(after(sat, minutes), {}).days
        return {each.name: (each.left, each.stance) for each in day.items[0].members}

    assert said(15)["Voice"] == ("", "")
    assert said(25)["Voice"] == ("A cousin works there.", "")
    assert said(45)["Lay"] == ("", "Dissented")
    assert said(35)["Lay"] == ("", "")


def test_record_after_each_event_agrees_with_the_rows_at_the_end(sat):
    panel = sat.meeting.panel
    last = Event.objects.filter(stream=panel.stream).count()
    seen = [
        [[item.state for item in day.items] for day in standing(Record(panel, moment_after(panel, number)), {}).days]
        for number in range(1, last + 1)
    ]
    assert seen[0] == []
    assert seen[-1] == [["Closed"]]
    record = Record(panel, moment_after(panel, last))
    assert {each.appointment.pk: each.state for each in record.holdings} == dict(
        panel.appointments.values_list("pk", "state")
    )


def test_everybody_proposed_is_held_to_what_the_rows_say(walk):
    with clock.at(walk.now):
        walk.meeting = sitting_on(walk.world, "moderation", [walk.case])
        walk.start = walk.now
    assert len(record_on(walk, 1).holdings) == len(proposals(walk.world, walk.meeting.panel))
