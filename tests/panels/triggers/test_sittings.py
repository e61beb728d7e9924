"""Sittings, items and who is in the room: nothing is taken out of order, without the Coalition, or by the untrained."""

import pytest

from panels.actions import sittings
from panels.actions.accreditations import end_accreditation
from panels.actions.panels import close_panel
from panels.models import Attendance, Nomination, Sitting
from tests.factories import convened, days, opened, sitting_on
from tests.factories.panels import coalition, seated
from tests.factories.raw import insert, last_event, refused, run, unfenced, update
from tests.panels.triggers.steps import NOW, another_event, broken

pytestmark = pytest.mark.django_db


def test_item_refused_at_sitting_not_convened(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    item = meeting.item(case)
    event = last_event(meeting.panel)
    refused("convene the sitting|no Coalition representative", *update(item, state="open", event_id=event))
    with unfenced():
        run(*update(item, state="open", event_id=last_event(meeting.panel)))
        assert len(broken("I1 every item is taken at a convened sitting")) == 1


def test_item_refused_while_nobody_of_the_coalition_is_in_the_room(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = meeting.item(case)
    refused("no Coalition representative", *update(item, state="open", event_id=last_event(meeting.panel)))


def test_item_is_closed_only_with_its_outcome(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    event = another_event(meeting)
    refused("closes with its outcome", *update(item, state="closed", closed_at=NOW, event_id=event))


def test_item_goes_no_way_the_table_does_not_know(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    listed = meeting.item(case)
    refused("goes no other way", *update(listed, state="stopped", event_id=last_event(meeting.panel)))
    item = opened(meeting, case)
    refused("goes no other way", *update(item, state="listed", event_id=another_event(meeting)))


def test_item_keeps_its_case(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    event = another_event(meeting)
    for change in ({"case_ref": "CCG-03A-2012"}, {"cycle": 2011}, {"organisation_id": at_now.organisations["03A"].pk}):
        refused("keeps its panel, sitting and case", *update(item, **change, event_id=event))


@pytest.mark.parametrize("accept", [True, False])
def test_sitting_refused_without_accepted_coalition(at_now, case, accept):
    """Nobody of the Coalition on the panel, or somebody who has only been invited."""
    meeting = sitting_on(at_now, "moderation", [case], voices=() if accept else ("voice",), accept=accept)
    # Two guards hold this: the panel is not confirmed, and its Coalition seat is empty.
    refused(
        "cannot be convened|not confirmed",
        *update(meeting.sitting, convened_at=NOW, event_id=last_event(meeting.panel)),
    )
    with unfenced():
        run(*update(meeting.sitting, convened_at=NOW, event_id=last_event(meeting.panel)))
        assert broken("I1 every convened panel has its Coalition representative") == [
            f"{meeting.panel.ref} was convened for 2012-06-04 without a Coalition representative."
        ]


def test_sitting_refused_of_a_panel_that_is_not_confirmed(at_now, case):
    """Everybody has accepted, the Coalition's representative too; nobody has settled the composition."""
    meeting = sitting_on(at_now, "moderation", [case], confirm=False)
    refused(
        "not confirmed, or it is closed",
        *update(meeting.sitting, convened_at=NOW, event_id=last_event(meeting.panel)),
    )


def test_closed_panel_lists_and_convenes_nothing(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    sitting = Sitting.objects.get(pk=meeting.sitting.pk)
    close_panel(panel=meeting.panel, reason="Given up.", by=at_now.secretary)
    event = last_event(meeting.panel)
    refused("confirm its members before", *update(sitting, convened_at=NOW, event_id=event))
    refused("the panel is closed", *insert(sitting, on=NOW.date() + days(3), event_id=event))


def test_sitting_inserted_convened_is_refused(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    row = Sitting.objects.get(pk=meeting.sitting.pk)
    refused("listed first", *insert(row, on=NOW.date().replace(day=9), convened_at=NOW))


def test_sitting_stays_convened_and_with_its_panel(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    other = sitting_on(at_now, "conditions", [case])
    later = another_event(meeting)
    sitting = Sitting.objects.get(pk=meeting.sitting.pk)
    refused("stays with its panel", *update(sitting, convened_at=None, event_id=later))
    refused("stays with its panel|not of this panel", *update(sitting, panel_id=other.panel.pk, event_id=later))
    for change in ({"on": NOW.date() - days(1)}, {"convened_at": NOW - days(1)}, {"place": "Elsewhere"}):
        refused("stays convened on its day", *update(sitting, **change, event_id=later))
    refused("stays convened on its day", *update(sitting, round="Wave 9", event_id=later))
    sittings.close_sitting(sitting=sitting, by=at_now.secretary)
    refused("when it is over", *update(sitting, closed_at=None, event_id=another_event(meeting)))


def test_sitting_is_not_closed_over_an_open_item(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    opened(meeting, case)
    event = another_event(meeting)
    refused("an item is open", *update(meeting.sitting, convened_at=NOW, closed_at=NOW, event_id=event))


def present(meeting, item, appointment):
    return Attendance(
        event_id=last_event(meeting.panel), item=item, appointment=appointment, present=True, noted_at=NOW
    )


def test_attendance_refused_of_a_member_without_the_training(at_now, case):
    """It ended the day before; it is not enough that it was there when the seat was accepted."""
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    training = at_now.lay.accreditations.get()
    end_accreditation(accreditation=training, ends=NOW.date() - days(1), by=at_now.secretary)
    item, lay = opened(meeting, case, absent=["lay"]), meeting.of("lay")
    refused("no record of the training", *insert(present(meeting, item, lay)))
    run(*insert(present(meeting, item, lay), present=False))
    with unfenced():
        run(*insert(present(meeting, item, lay)))
        [told] = broken("I1 everybody present is trained")
        assert f"{at_now.lay.stream} was present for {case.ref} without the training" in told


@pytest.mark.parametrize(("day", "trained"), [(-1, False), (0, True), (1, True)])
def test_training_counts_to_its_last_day(at_now, case, day, trained):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item, lay = opened(meeting, case, absent=["lay"]), meeting.of("lay")
    last = NOW.date() + days(day)
    end_accreditation(accreditation=at_now.lay.accreditations.get(), ends=last, by=at_now.secretary)
    row = insert(present(meeting, item, lay))
    if trained:
        run(*row)
    else:
        refused("no record of the training", *row)


def test_seat_has_one_person_in_the_room(at_now, case):
    """Her alternate is let in by hand beside her; when she has left the room, the database lets the alternate in."""
    meeting = sitting_on(at_now, "moderation", [case])
    seat = meeting.of("voice").seat
    [second] = seated(meeting, coalition(at_now, seat, "other_voice", rank=1))
    item = opened(convened(meeting), case)
    refused("somebody else holds this seat", *insert(present(meeting, item, second)))
    with unfenced():
        run(*insert(present(meeting, item, second)))
        assert broken("I3 one person holds a seat in the room") == [
            f"{meeting.panel.ref}: two people held one seat for {case.ref}."
        ]
    run(*insert(present(meeting, item, meeting.of("voice")), present=False))
    run(*insert(present(meeting, item, second)))
    refused("somebody else holds this seat", *insert(present(meeting, item, meeting.of("voice"))))


def test_nomination_is_not_ended_before_what_was_taken_on_it(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    opened(meeting, case)
    nomination = Nomination.objects.get(person=at_now.voice)
    later = another_event(meeting)
    refused("on a later day", *update(nomination, ends=NOW.date() - days(1), event_id=later))
    run(*update(nomination, ends=NOW.date(), event_id=later))
