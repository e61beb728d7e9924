"""Who may be in the room for an item, in whose place, and what happens when somebody there may not stay."""

from datetime import date

import pytest

from audit import clock
from audit.models import Event
from directory.actions import posts
from panels.actions import items, seats
from panels.actions.absences import note_absence
from panels.actions.accreditations import end_accreditation
from panels.actions.objections import object_to
from panels.errors import NotCompetent, SittingRefused
from panels.filling import could_fill
from panels.models import Accreditation, Attendance, Declaration, Recusal, Refusal
from panels.room import room
from tests.factories import Walk, convened, days, opened, sitting_on, spoken
from tests.factories.panels import coalition, seated
from tests.panels.actions.steps import NOW, nothing_broken, records, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(world, case):
    """Two alternates stand behind the Coalition representative."""
    made = sitting_on(world, "site_visit", [case, Walk(world, ccg="04A").case])
    seat = made.members["voice"].seat
    names = ("other_voice", "spare_voice")
    asked = [coalition(world, seat, name, rank=rank) for rank, name in enumerate(names, start=1)]
    for name, row in zip(names, seated(made, *asked), strict=True):
        made.members[name] = row
    return made


def taken(meeting, case, *names):
    """The item opened with the seats' own members and these in the room; without `voice` unless she is named."""
    here = [each for each in meeting.everybody if each.rank == 0 and each.pk != meeting.members["voice"].pk]
    here += [meeting.of(name) for name in names]
    return items.open_item(item=meeting.item(case), present=here, by=meeting.world.secretary)


def test_member_and_alternate_do_not_both_sit(world, case, meeting):
    convened(meeting)
    with refused(SittingRefused, "Voice and Other Voice cannot both sit in the seat of Coalition rep"):
        taken(meeting, case, "voice", "other_voice")
    assert Refusal.objects.get().act == "open_item"


def test_alternate_holds_the_seat_when_those_before_are_not_in_the_room(world, case, meeting):
    convened(meeting)
    item = taken(meeting, case, "spare_voice")
    noted = dict(Attendance.objects.values_list("appointment__person__full_name", "present"))
    assert (noted["Voice"], noted["Other Voice"], noted["Spare Voice"]) == (False, False, True)
    spoken(item)
    nothing_broken()


def test_barred_member_leaves_and_the_alternate_in_the_room_holds_the_seat(world, case, meeting):
    posts.appoint(
        person=world.voice, organisation=world.organisations["02A"], kind="employee", starts=NOW.date(), by="system"
    )
    convened(meeting)
    item = taken(meeting, case, "voice", "other_voice")
    assert Recusal.objects.get().appointment == meeting.members["voice"]
    assert room(item.panel, item).votes(meeting.of("other_voice"))
    nothing_broken()


def test_alternates_take_the_seat_in_order(world, case, meeting):
    item = taken(convened(meeting), case, "voice")
    arrive = lambda name: items.note_arrival(item=item, appointment=meeting.of(name), by=world.secretary)  # noqa: E731
    with refused(SittingRefused, "Voice holds the seat of Coalition representative for .*: note that they leave"):
        arrive("other_voice")
    with refused(SittingRefused, "Voice is in the room for .* already"):
        arrive("voice")
    items.note_departure(item=item, appointment=meeting.of("voice"), by=world.secretary)
    with refused(SittingRefused, "Other Voice is before them: note that they are away, or out of the room"):
        arrive("spare_voice")
    items.note_departure(item=item, appointment=meeting.of("other_voice"), by=world.secretary)
    with refused(SittingRefused, "Other Voice is not in the room"):
        items.note_departure(item=item, appointment=meeting.of("other_voice"), by=world.secretary)
    with records(meeting.panel, "member.arrived"):
        item = arrive("spare_voice")
    assert item.state == "open"
    public = Event.objects.latest("pk").document["public"]
    assert (public["rank"], public["seat"], public["goes_on"]) == (2, "coalition_representative", True)
    with refused(SittingRefused, "Spare Voice holds the seat of Coalition representative"):
        arrive("voice")
    nothing_broken()


def test_absent_member_does_not_sit_that_day_and_the_alternate_does(world, case, meeting):
    note_absence(appointment=meeting.of("voice"), starts=NOW.date(), ends=NOW.date(), by=world.voice)
    convened(meeting)
    with refused(NotCompetent, "Voice is noted as away on 4 June 2012: their seat falls to its alternate"):
        taken(meeting, case, "voice")
    item = taken(meeting, case, "other_voice")
    with refused(NotCompetent, "Voice is noted as away on 4 June 2012"):
        items.note_arrival(item=item, appointment=meeting.of("voice"), by=world.secretary)
    nothing_broken()


def test_nobody_sits_without_the_training_their_seat_asks_for(world, case, meeting):
    convened(meeting)
    row = Accreditation.objects.get(person=world.voice)
    end_accreditation(accreditation=row, ends=date(2012, 6, 3), by=world.secretary)
    with refused(NotCompetent, "Voice has no panel training on record for 4 June 2012: record it before they sit on"):
        taken(meeting, case, "voice")
    taken(meeting, case, "other_voice")
    nothing_broken()


def test_objection_nobody_ruled_on_holds_the_item(world, case):
    with clock.at(NOW - days(2)):
        meeting = sitting_on(world, "moderation", [case], on=NOW.date())
        object_to(
            panel=meeting.panel,
            person=world.lay,
            case_ref=case.ref,
            kind="other",
            statement="Spoke against us.",
            by=world.officer(case.ccg.code),
        )
    convened(meeting)
    with refused(NotCompetent, "NHS Group 1 CCG objects to Lay .* ask the conflicts guardian to rule first"):
        opened(meeting, case)
    item = opened(meeting, case, absent=["lay"])
    with refused(NotCompetent, "ask the conflicts guardian to rule first"):
        items.note_arrival(item=item, appointment=meeting.of("lay"), by=world.secretary)


def test_interest_declared_at_the_table_is_kept_and_sends_its_maker_out(world, case, meeting):
    item = taken(convened(meeting), case, "voice")
    interest = seats.Interest("family", case.ccg, "My brother chairs it.")
    with refused(SittingRefused, "Name the interest in .*, or leave the room"):
        items.declare_at_table(item=item, appointment=meeting.of("voice"), interests=[], by=world.voice)
    with records(meeting.panel, "member.recused"):
        item = items.declare_at_table(item=item, appointment=meeting.of("voice"), interests=[interest], by=world.voice)
    public = Event.objects.latest("pk").document["public"]
    assert (item.state, public["declared"], public["stops"]) == ("stopped", 1, True)
    assert "brother" not in str(public)
    assert Declaration.objects.get(kind="family").statement == "My brother chairs it."
    assert Recusal.objects.get().reason == "Declared an interest at the table: NHS Group 1 CCG."
    with refused(SittingRefused, "has left the room for .* already"):
        items.declare_at_table(item=item, appointment=meeting.of("voice"), interests=[interest], by=world.voice)
    nothing_broken()


def test_late_declaration_sends_out_and_stops_the_item_at_once(world, case, meeting):
    item = taken(convened(meeting), case, "voice")
    interest = seats.Interest("own", case.ccg, "Advised them.")
    seats.declare_again(appointment=meeting.of("voice"), by=world.voice, interests=[interest])
    item.refresh_from_db()
    assert item.state == "stopped"
    assert Recusal.objects.get().appointment == meeting.members["voice"]
    items.note_arrival(item=item, appointment=meeting.of("other_voice"), by=world.secretary)
    nothing_broken()


def test_who_could_fill_the_seat_is_said_with_what_the_tests_say(world, case, meeting):
    item = taken(convened(meeting), case, "voice")
    item = items.recuse(item=item, appointment=meeting.of("voice"), reason="Late", by=world.voice)
    found = {each.name: each for each in could_fill(room(meeting.panel, item))}
    assert next(iter(found)) == "Other Voice"
    assert (found["Other Voice"].ready, found["Other Voice"].effect) == (True, "clear")
    assert (found["Spare Voice"].ready, found["Spare Voice"].why) == (
        False,
        "Other Voice is before them: note that they are away, or out of the room.",
    )
    assert found["Voice"].why == "They left the room for this item."
    assert (found["Near Voice"].effect, found["Near Voice"].appointment) == ("barred", 0)
    assert "borders" in found["Near Voice"].sentence
    item = items.note_arrival(item=item, appointment=meeting.of("other_voice"), by=world.secretary)
    assert could_fill(room(meeting.panel, item)) == []
