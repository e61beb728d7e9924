"""Every row of a panel names an event of that panel's own stream, whoever writes (I8)."""

import pytest

from panels.actions import absences
from panels.actions.minutes import add_note
from panels.models import Absence, Accreditation, AgendaOrder, Attendance, DisinterestCheck, MinuteNote, Refusal
from tests.factories import convened, opened, sitting_on
from tests.factories.raw import insert, last_event, refused, run, unfenced, update
from tests.panels.triggers.steps import NOW, broken
from tests.panels.triggers.test_interests import objection_of, ruling_of

pytestmark = pytest.mark.django_db


def count_of(table):
    return [f"1 rows of {table} name an event that is not of their panel."]


def test_row_refused_on_event_of_another_stream(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    row = Attendance(
        event_id=last_event(case), item=item, appointment=meeting.members["voice"], present=False, noted_at=NOW
    )
    refused("not of this panel", *insert(row))
    with unfenced():
        run(*insert(row))
        assert broken("I8 every row of a panel is of its own stream") == count_of("panels_attendance")


def test_check_refused_on_event_of_another_stream(at_now, case):
    """A test that clears a member is the panel's own finding: nobody is cleared in the name of another event."""
    meeting = sitting_on(at_now, "moderation", [case])
    row = DisinterestCheck.objects.latest("pk")
    refused("not of this panel", *insert(row, event_id=last_event(case)))
    with unfenced():
        run(*insert(row, event_id=last_event(case)))
        assert broken("I8 every row of a panel is of its own stream") == count_of("panels_disinterestcheck")
    run(*insert(row, event_id=last_event(meeting.panel)))


def rows(meeting, case):
    world = meeting.world
    lay = meeting.of("lay")
    return {
        "objection": objection_of(meeting, case),
        "ruling": ruling_of(meeting, case),
        "refusal": Refusal(panel=meeting.panel, act="invite", sentence="Nobody waits.", refused_at=NOW),
        "agendaorder": AgendaOrder(sitting=meeting.sitting, items=[meeting.item(case).pk], made_at=NOW),
        "minutenote": MinuteNote(sitting=meeting.sitting, text="So.", written_by=world.chair, written_at=NOW),
        "absence": Absence(appointment=lay, starts=NOW.date(), ends=NOW.date(), noted_at=NOW),
    }


@pytest.mark.parametrize("name", ["objection", "ruling", "refusal", "agendaorder", "minutenote", "absence"])
def test_row_of_a_panel_refused_on_event_of_another_panel(at_now, case, other_case, name):
    meeting = sitting_on(at_now, "moderation", [case])
    other = sitting_on(at_now, "moderation", [other_case])
    row = rows(meeting, case)[name]
    refused("not of this panel", *insert(row, event_id=last_event(other.panel)))
    with unfenced():
        run(*insert(row, event_id=last_event(other.panel)))
        assert broken("I8 every row of a panel is of its own stream") == count_of(f"panels_{name}")
    run(*insert(row, event_id=last_event(meeting.panel)))


def test_absence_is_shortened_on_an_event_of_its_own_panel(at_now, case, other_case):
    meeting = sitting_on(at_now, "moderation", [case])
    other = sitting_on(at_now, "moderation", [other_case])
    row = absences.note_absence(
        appointment=meeting.of("lay"), starts=NOW.date(), ends=NOW.date().replace(day=9), by=at_now.secretary
    )
    absences.note_absence(
        appointment=other.of("lay"), starts=NOW.date(), ends=NOW.date().replace(day=9), by=at_now.secretary
    )
    later = last_event(other.panel)
    assert later > row.event_id
    refused("not of this panel", *update(row, ends=NOW.date(), event_id=later))


def test_training_is_recorded_on_an_event_of_its_own_person(at_now):
    row = Accreditation.objects.get(person=at_now.lay)
    refused("not of this person", *insert(row, kind="other", event_id=last_event(at_now.chair)))
    run(*insert(row, kind="other", event_id=last_event(at_now.lay)))


@pytest.mark.parametrize("model", [AgendaOrder, MinuteNote])
def test_order_and_note_are_neither_edited_nor_deleted(at_now, case, other_case, model):
    meeting = convened(sitting_on(at_now, "moderation", [case, other_case]))
    add_note(sitting=meeting.sitting, text="The chair was late.", by=at_now.chair)
    row = model.objects.first()
    refused("append-only", *update(row, event_id=row.event_id))
    refused("never deleted", f"DELETE FROM {model._meta.db_table} WHERE id = %s", row.pk)
