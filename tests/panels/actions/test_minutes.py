"""Minutes: drafted from the record, corrected by addition, signed once."""

import pytest
from django.core.exceptions import PermissionDenied

from audit import clock
from audit.models import Event
from directory.models import TieKind
from panels.actions import items, seats, sittings
from panels.actions.examination import learn_tie
from panels.actions.minutes import add_note, sign_minutes
from panels.actions.rulings import rule
from panels.errors import NotCompetent, SittingRefused
from panels.minutes import draft
from panels.models import MinuteNote, Sitting, Stance
from panels.presenters.minutes import covers, document
from tests.factories import convened, days, opened, sitting_on, spoken
from tests.factories.panels import coalition, seated
from tests.panels.actions.steps import NOW, records, refused

pytestmark = pytest.mark.django_db
MINUTE = 1 / 24 / 60


def at(minutes):
    return clock.at(NOW + days(minutes * MINUTE))


@pytest.fixture
def meeting(world, case):
    """Taken, stopped by an interest declared at the table, gone on with the alternate, decided with a dissent."""
    made = sitting_on(world, "moderation", [case])
    (other,) = seated(made, coalition(world, made.members["voice"].seat, "other_voice", rank=1))
    convened(made)
    with at(1), pytest.raises(NotCompetent):
        opened(made, case, absent=["voice"])
    with at(2):
        item = opened(made, case)
    interest = seats.Interest("family", case.ccg, "My brother chairs it.")
    with at(3):
        item = items.declare_at_table(item=item, appointment=made.of("voice"), interests=[interest], by=world.voice)
    with at(4):
        item = items.note_arrival(item=item, appointment=other, by=world.secretary)
    with at(5):
        item = spoken(item, lay=items.Said(Stance.DISSENT, "Too soon."))
        items.decide_item(item=item, outcome="full", reasons="The evidence.", by=world.secretary)
    return made


def closed(meeting):
    with at(6):
        sittings.close_sitting(sitting=meeting.sitting, by=meeting.world.chair)
    return sitting_of(meeting)


def sitting_of(meeting):
    return Sitting.objects.select_related("panel").get(pk=meeting.sitting.pk)


def test_minutes_say_what_was_recorded_and_not_why_people_left(world, case, meeting):
    minutes = draft(closed(meeting))
    [item] = minutes.items
    assert [(line.time, line.text.partition(" (")[0]) for line in item.lines] == [
        ("10:02", "Taken. Present: Chair"),
        ("10:03", "Voice"),
        ("10:04", "Other Voice"),
        ("10:05", "The positions were taken and the outcome recorded."),
    ]
    assert item.lines[1].text.endswith("declared an interest and left the room. The item stopped.")
    assert item.lines[2].text == (
        "Other Voice (Coalition representative, alternate 1, National Association of Primary Care) came into the room. "
        "The item went on."
    )
    assert [line.text for line in item.refused] == ["Refused to Secretary: opening an item."]
    assert item.sat == []
    assert item.quorum == "To sit: 4 needed, 6 there. To decide: 3 needed, 6 voting."
    said = {each.name: (each.stance, each.reasons) for each in item.positions}
    assert (said["Lay"], said["Other Voice"]) == (("dissented", "Too soon."), ("concurred", ""))
    assert "Voice" not in said
    assert "brother" not in minutes.text
    assert [(each.seat, each.by) for each in minutes.seats if each.coalition] == [
        ("Coalition representative", "NHS Alliance"),
        ("Coalition representative, alternate 1", "National Association of Primary Care"),
    ]


def test_chair_signs_the_text_once_and_notes_after_it_change_nothing(world, case, meeting):
    with refused(SittingRefused, "is not over: close it before its minutes are signed"):
        sign_minutes(sitting=meeting.sitting, by=world.chair)
    closed(meeting)
    with records(meeting.panel, "minutes.noted"):
        add_note(sitting=meeting.sitting, text=" Thanks were given. ", by=world.secretary)
    text = draft(sitting_of(meeting))
    with records(meeting.panel, "minutes.signed"):
        signed = sign_minutes(sitting=meeting.sitting, by=world.chair)
    assert signed.signed_sha256 == text.sha256 == Event.objects.latest("pk").document["public"]["minutes_sha256"]
    add_note(sitting=meeting.sitting, item=meeting.item(case), text="For plan read planning.", by=world.chair)
    after = draft(sitting_of(meeting))
    assert (after.sha256, after.signature.by) == (text.sha256, "Chair")
    assert [(each.text, each.late) for each in after.notes] == [
        ("Thanks were given.", False),
        ("For plan read planning.", True),
    ]
    with refused(SittingRefused, "are signed already: add a note instead"):
        sign_minutes(sitting=meeting.sitting, by=world.chair)


def test_minutes_are_corrected_by_addition_alone(world, other_case, meeting):
    for text in (" ", "x" * 4001):
        with refused(SittingRefused, "Write what is to be added, in up to 4,000 characters"):
            add_note(sitting=meeting.sitting, text=text, by=world.secretary)
    with refused(PermissionDenied, "Only the chair of"):
        add_note(sitting=meeting.sitting, text="No.", by=world.lay)
    with refused(PermissionDenied, "may sign its minutes"):
        sign_minutes(sitting=meeting.sitting, by=world.secretary)
    other = sitting_on(world, "moderation", [other_case], on=NOW.date() + days(30), accept=False)
    with refused(SittingRefused, "is not on the agenda of"):
        add_note(sitting=meeting.sitting, item=other.item(other_case), text="No.", by=world.secretary)
    with refused(SittingRefused, "is not convened yet: there are no minutes"):
        add_note(sitting=other.sitting, text="No.", by=world.secretary)
    assert not MinuteNote.objects.exists()


def test_minutes_say_that_a_ruling_stopped_the_item(world, case):
    made = sitting_on(world, "moderation", [case])
    interest = seats.Interest("statement", case.ccg, "I praised it once.")
    seats.declare_again(appointment=made.of("voice"), by=world.voice, interests=[interest])
    convened(made)
    with at(1):
        opened(made, case)
    with at(2):
        rule(
            panel=made.panel,
            person=world.voice,
            organisation=case.ccg,
            rule="D12",
            verdict="confirmed",
            effect="barred",
            reason="A month ago.",
            by=world.guardian,
        )
    [item] = draft(sitting_of(made)).items
    assert [(line.time, line.text) for line in item.lines[1:]] == [
        (
            "10:02",
            "Voice (Coalition representative, NHS Alliance) was shown out, barred by test D12 of disinterest.",
        ),
        ("10:02", "The item stopped after a ruling of the conflicts guardian."),
    ]


def test_minutes_say_that_an_item_stopped_although_nobody_left(world, case):
    """The only Coalition representative keeps their chair and loses their vote."""
    made = convened(sitting_on(world, "moderation", [case]))
    with at(1):
        item = opened(made, case)
    interest = seats.Interest("other", case.ccg, "We share an office.")
    with at(2):
        seats.declare_again(appointment=made.of("voice"), by=world.voice, interests=[interest])
    assert (made.item(case).state, item.recusals.exists()) == ("stopped", False)
    [taken] = draft(sitting_of(made)).items
    assert [line.text for line in taken.lines[1:]] == ["The item stopped after an interest was declared."]


def test_minutes_say_that_an_examination_stopped_the_item(world, case):
    made = convened(sitting_on(world, "moderation", [case]))
    with at(1):
        opened(made, case)
    with at(2):
        learn_tie(
            kind=TieKind.NEIGHBOUR,
            one=world.organisations["05A"],
            other=case.ccg,
            starts=NOW.date(),
            by=world.secretary,
        )
    [taken] = draft(sitting_of(made)).items
    assert "The item stopped after the members were tested again." in [line.text for line in taken.lines]


def test_minutes_name_who_was_shown_out_and_who_sat_with_an_interest(world, case):
    """By the test, never by the facts."""
    made = convened(sitting_on(world, "moderation", [case]))
    for name, kind in (("lay", "statement"), ("clinician", "other"), ("second_board_member", "family")):
        interest = seats.Interest(kind, case.ccg, "A secret of mine.")
        seats.declare_again(appointment=made.of(name), by=world.people[name], interests=[interest])
    with at(1):
        opened(made, case)
    minutes = draft(sitting_of(made))
    [item] = minutes.items
    assert "Second Board Member" not in item.lines[0].text
    assert item.lines[1].text.startswith("Second Board Member (")
    assert item.lines[1].text.endswith(") was shown out, barred by test D8 of disinterest.")
    with_interest, without_vote = item.sat
    assert with_interest.startswith("Sat with an interest declared: Lay (")
    assert with_interest.endswith(", test D12.")
    assert without_vote.startswith("Sat without a vote: Clinician (")
    assert without_vote.endswith(", test DI.")
    assert "secret" not in minutes.text


def test_fingerprint_says_what_it_covers(world, case, meeting):
    closed(meeting)
    sign_minutes(sitting=meeting.sitting, by=world.chair)
    assert covers(draft(sitting_of(meeting))) == "It covers the whole text."
    add_note(sitting=meeting.sitting, text="For plan read planning.", by=world.chair)
    minutes = draft(sitting_of(meeting))
    assert covers(minutes) == "It covers the whole text, but not the 1 note added after signing."
    assert document(minutes, fingerprint=minutes.sha256)["items"][0]["number"] == 1
