"""A panel as it stood: asked on every day between what happened, and just after each event."""

import re
from datetime import timedelta

import pytest

from audit import clock
from audit.models import Event
from panels.actions import absences, items, seats, sittings
from panels.actions.objections import object_to
from panels.actions.panels import confirm_panel
from panels.actions.rulings import rule
from panels.errors import SeatRefused
from panels.history import Record, moment_after, moment_at
from panels.models import Absence, ItemState, Stance
from panels.presenters.chronicle import SENTENCES, chronicle
from panels.presenters.standing import standing
from panels.states import SittingState
from tests.factories import Walk, convened, days, opened, sitting_on
from tests.factories.panels import coalition, proposals, seated, spoken

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk(world):
    return Walk(world)


@pytest.fixture
def changed(walk):
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
        (0.5, {"Voice": ["proposed", "invited"]}),
        (1.9, {"Voice": ["proposed", "invited"]}),
        (2.1, {"Voice": ["proposed", "invited", "accepted"]}),
        (3.9, {"Voice": ["proposed", "invited", "accepted"]}),
        (4.1, {"Voice": ["proposed", "invited", "accepted", "stood_down"]}),
        (5.9, {"Voice": ["proposed", "invited", "accepted", "stood_down"]}),
        (6.1, {"Voice": ["proposed", "invited", "accepted", "stood_down"], "Other Voice": ["proposed"]}),
    ],
)
def test_seat_as_it_stood_on_each_day(changed, day, expected):
    assert coalition_seat(record_on(changed, day)) == expected


def test_panel_before_it_existed_has_no_record(changed):
    assert record_on(changed, -0.1) is None


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


def test_declarations_and_tests_after_the_moment_are_not_shown(changed):
    before = standing(record_on(changed, 1), {})
    after = standing(record_on(changed, 3), {})
    assert [line.name for line in before.declared] == []
    assert [line.name for line in after.declared] == ["Voice"]
    [tested] = [
        each
        for each in standing(record_on(changed, 1), {}, whole=changed.meeting.members["voice"].pk).tested
        if each.whole
    ]
    assert [answer.moment for answer in tested.cases[changed.case.ref]] == ["proposed"]
    assert any(said.startswith("D4: ") for said in tested.cases[changed.case.ref][0].results)


def test_faults_are_those_of_the_moment(changed):
    faults = [standing(record_on(changed, day), {}).faults for day in (1, 3, 5)]
    told = "Coalition representative: 0 of 1 accepted."
    assert [told in each for each in faults] == [True, False, True]


@pytest.fixture
def sat(walk):
    """The Coalition's member leaves late, the item stops, the seat's alternate arrives, and it is decided."""
    world, minute = walk.world, timedelta(minutes=10)
    walk.start = walk.now
    with clock.at(walk.now):
        walk.meeting = sitting_on(world, "moderation", [walk.case], confirm=False)
        offer = coalition(world, walk.meeting.members["voice"].seat, "other_voice", rank=1)
        [walk.alternate] = seated(walk.meeting, offer)
        confirm_panel(panel=walk.meeting.panel, by=world.secretary)
        convened(walk.meeting)
    with clock.at(walk.now + minute):
        item = opened(walk.meeting, walk.case)
    with clock.at(walk.now + 2 * minute):
        items.recuse(item=item, appointment=walk.meeting.of("voice"), reason="A cousin works there.", by=world.voice)
    with clock.at(walk.now + 3 * minute):
        items.note_arrival(item=walk.meeting.item(walk.case), appointment=walk.alternate, by=world.secretary)
    with clock.at(walk.now + 4 * minute):
        item = walk.meeting.item(walk.case)
        spoken(item, lay=items.Said(Stance.DISSENT, "Too soon."))
        items.decide_item(item=item, outcome="full", reasons="Agreed.", by=world.secretary)
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


def test_alternate_stands_behind_the_member_and_both_quorums_are_told(sat):
    view = standing(after(sat, 45), {})
    [seat] = [each for each in view.seats if each.coalition and each.holders]
    assert [(each.name, each.alternate) for each in seat.holders] == [("Voice", 0), ("Other Voice", 1)]
    [item] = view.days[0].items
    assert (item.needed_to_sit, item.there, item.needed, item.counted) == (
        view.quorum,
        item.counted,
        view.quorum_to_decide,
        6,
    )
    assert {each.name: each.entered for each in item.members if each.stance}.get("Voice", "") == ""


@pytest.mark.parametrize(("minutes", "state"), [(5, "Sitting"), (25, "Sitting"), (45, "Sitting"), (55, "Confirmed")])
def test_panel_is_settled_as_it_was(sat, minutes, state):
    assert standing(after(sat, minutes), {}).state == state


@pytest.mark.parametrize(("day", "state"), [(1, "Invited"), (3, "Invited"), (7, "Invited")])
def test_panel_that_was_never_confirmed_is_not(changed, day, state):
    assert standing(record_on(changed, day), {}).state == state


def test_seat_passed_to_its_alternate_is_hers_from_that_moment(walk):
    world = walk.world
    walk.start = walk.now
    with clock.at(walk.now):
        walk.meeting = sitting_on(world, "moderation", [walk.case], on=(walk.now + days(9)).date(), confirm=False)
        voice = walk.meeting.members["voice"]
        seated(walk.meeting, coalition(world, voice.seat, "other_voice", rank=1))
        confirm_panel(panel=walk.meeting.panel, by=world.secretary)
    with clock.at(walk.now + days(2)):
        seats.stand_down(appointment=walk.meeting.of("voice"), by=world.secretary, reason="Unwell.")
    with clock.at(walk.now + days(4)):
        seats.substitute(seat=voice.seat, by=world.secretary)
    ranks = {
        day: [(each.appointment.person.full_name, each.rank) for each in record_on(walk, day).holdings if each.lives]
        for day in (1, 3, 5)
    }
    of = {day: [each for each in found if "Voice" in each[0]] for day, found in ranks.items()}
    assert of == {1: [("Voice", 0), ("Other Voice", 1)], 3: [("Other Voice", 1)], 5: [("Other Voice", 0)]}
    assert [record_on(walk, day).settled[0].value for day in (1, 3, 5)] == ["confirmed", "invited", "invited"]


def test_absence_and_refusal_appear_from_their_moment(walk):
    world = walk.world
    walk.start = walk.now
    day = (walk.now + days(9)).date()
    with clock.at(walk.now):
        walk.meeting = sitting_on(world, "moderation", [walk.case], on=day)
    with clock.at(walk.now + days(2)):
        absences.note_absence(appointment=walk.meeting.of("lay"), starts=day, ends=day, by=world.lay, reason="Ill.")
    with clock.at(walk.now + days(4)):
        taken = coalition(world, walk.meeting.members["voice"].seat, "other_voice")
        with pytest.raises(SeatRefused):
            seats.fill_seats(panel=walk.meeting.panel, proposals=[taken], by=world.secretary)
    lay = {
        at: [each.away for each in record_on(walk, at).holdings if each.appointment.person == world.lay]
        for at in (1, 3)
    }
    assert lay == {1: [()], 3: [[(day, day)]]}
    with clock.at(walk.now + days(6)):
        absences.end_absence(absence=Absence.objects.get(), by=world.lay)
    away = [each.away for each in record_on(walk, 7).holdings if each.appointment.person == world.lay]
    assert away == [[]]
    told = {at: [each.act for each in standing(record_on(walk, at), {}).refusals] for at in (3, 5)}
    assert told == {3: [], 5: ["Offering a seat"]}


def test_objection_and_ruling_appear_from_their_moment(walk):
    world = walk.world
    walk.start = walk.now
    with clock.at(walk.now):
        walk.meeting = sitting_on(world, "moderation", [walk.case], on=(walk.now + days(9)).date())
    given = {"panel": walk.meeting.panel, "person": world.lay}
    with clock.at(walk.now + days(2)):
        objection = object_to(
            case_ref=walk.case.ref, kind="other", statement="A rival.", by=world.officer("01A"), **given
        )
    with clock.at(walk.now + days(4)):
        rule(
            organisation=walk.case.ccg,
            rule="OB",
            verdict="dismissed",
            effect="clear",
            reason="No rival.",
            objection=objection,
            by=world.guardian,
            **given,
        )
    told = {
        at: [[line.verdict for line in each.rulings] for each in standing(record_on(walk, at), {}).objections]
        for at in (1, 3, 5)
    }
    assert told == {1: [], 3: [[]], 5: [["Dismissed"]]}


def test_every_event_an_act_on_a_panel_writes_has_its_sentence(root):
    source = "".join(path.read_text() for path in (root / "panels" / "actions").glob("*.py"))
    written = set(
        re.findall(
            r'"((?:panel|seats?|sitting|items?|members?|interests|positions|absence|objection|conflict|agenda|minutes)\.[a-z_]+)"',
            source,
        )
    )
    messages = {"panel.invited", "panel.alternate", "panel.handed_on"}
    assert written - messages == set(SENTENCES)


def test_everything_that_happened_reads_as_a_sentence(sat):
    lines = chronicle(sat.meeting.panel, moment_at(sat.meeting.panel, sat.start + days(1)), {}).lines
    assert {each.by for each in lines} >= {"Secretary", "Voice"}
    told = " ".join(each.text for each in lines)
    for sentence in (
        "Panel confirmed with ",
        "Asked by message: Other Voice (seat ",
        "Positions on CCG-01A-2012: Lay: dissent",
        "Voice left the room for CCG-01A-2012, and the item stopped",
    ):
        assert sentence in told
