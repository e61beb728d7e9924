"""Objections and rulings: raised in time, and ruled on by the conflicts guardian alone, whoever writes."""

import pytest

from directory.actions import posts
from directory.models import PostKind
from panels.actions.objections import object_to
from panels.actions.rulings import rule
from panels.models import Objection, Refusal, Ruling
from tests.factories import convened, sitting_on
from tests.factories.raw import insert, last_event, refused, run, unfenced, update
from tests.factories.world import BEGIN
from tests.panels.triggers.steps import NOW, broken

pytestmark = pytest.mark.django_db


def objection_of(meeting, case, **given):
    row = {
        "event_id": last_event(meeting.panel),
        "panel": meeting.panel,
        "person": meeting.world.lay,
        "organisation": case.ccg,
        "case_ref": case.ref,
        "kind": "family",
        "statement": "His sister.",
        "raised_by": meeting.world.officer(case.ccg.code),
        "raised_at": NOW,
    }
    return Objection(**row | given)


def ruling_of(meeting, case, **given):
    row = {
        "event_id": last_event(meeting.panel),
        "panel": meeting.panel,
        "person": meeting.world.lay,
        "organisation": case.ccg,
        "rule": "D4",
        "verdict": "dismissed",
        "effect": "clear",
        "reason": "A river.",
        "ruled_by": meeting.world.guardian,
        "ruled_at": NOW,
    }
    return Ruling(**row | given)


def test_objection_and_ruling_in_order_are_taken_by_raw_sql(at_now, case):
    """The control: what is refused below is refused for its own reason."""
    meeting = sitting_on(at_now, "moderation", [case])
    run(*insert(objection_of(meeting, case)))
    run(*insert(ruling_of(meeting, case)))
    assert (Objection.objects.count(), Ruling.objects.count()) == (1, 1)


def test_objection_refused_of_a_stranger_and_of_a_case_not_on_the_agenda(at_now, case, other_case):
    meeting = sitting_on(at_now, "moderation", [case])
    for row in (
        objection_of(meeting, case, person=at_now.spare),
        objection_of(meeting, other_case),
        objection_of(meeting, case, organisation=other_case.ccg),
    ):
        refused("before the panel sits", *insert(row))


def test_objection_refused_once_the_panel_sits(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    refused("before the panel sits", *insert(objection_of(meeting, case)))


@pytest.mark.parametrize("name", ["secretary", "chair", "auditor", "officer_1", "lay"])
def test_ruling_refused_of_everybody_but_the_guardian(at_now, case, name):
    meeting = sitting_on(at_now, "moderation", [case])
    refused("only the conflicts guardian", *insert(ruling_of(meeting, case, ruled_by=at_now.people[name])))


def test_ruling_refused_of_a_guardian_with_a_seat_on_the_panel(at_now, case):
    """The chair is made guardian as well: there, somebody else rules."""
    meeting = sitting_on(at_now, "moderation", [case], accept=False)
    board, kind = at_now.organisations["BOARD"], PostKind.CONFLICTS_GUARDIAN
    posts.appoint(person=at_now.chair, organisation=board, kind=kind, starts=BEGIN, by="system")
    refused("on no panel they have a seat on", *insert(ruling_of(meeting, case, ruled_by=at_now.chair)))


def test_ruling_refused_of_a_guardian_of_another_body(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    body, kind = at_now.organisations["NHSA"], PostKind.CONFLICTS_GUARDIAN
    posts.appoint(person=at_now.outsider, organisation=body, kind=kind, starts=BEGIN, by="system")
    refused("only the conflicts guardian", *insert(ruling_of(meeting, case, ruled_by=at_now.outsider)))


@pytest.mark.parametrize("name", ["D1", "D9", "D13", "D14"])
def test_ruling_that_lifts_what_nobody_may_is_refused(at_now, case, name):
    meeting = sitting_on(at_now, "moderation", [case])
    row = ruling_of(meeting, case, rule=name)
    refused("nobody lifts", *insert(row))
    with unfenced():
        run(*insert(row))
        assert broken("I3 rulings are the guardian's, and lift no more than may be") == [
            f"{meeting.panel.ref}: a ruling lifts {name}, which nobody may."
        ]
    run(*insert(row, verdict="confirmed", effect="barred"))


@pytest.mark.parametrize("model", [Objection, Ruling, Refusal])
def test_what_was_objected_ruled_and_refused_stays(at_now, case, model):
    meeting = sitting_on(at_now, "moderation", [case])
    said = object_to(
        panel=meeting.panel,
        person=at_now.lay,
        case_ref=case.ref,
        kind="family",
        statement="His sister.",
        by=at_now.officer("01A"),
    )
    how = {"panel": meeting.panel, "person": at_now.lay, "organisation": case.ccg, "reason": "None.", "objection": said}
    rule(rule="OB", verdict="dismissed", effect="clear", by=at_now.guardian, **how)
    run(
        *insert(
            Refusal(
                event_id=last_event(meeting.panel),
                panel=meeting.panel,
                act="invite",
                sentence="Nobody waits.",
                refused_at=NOW,
            )
        )
    )
    row = model.objects.first()
    refused("append-only", *update(row, event_id=row.event_id))
    refused("never deleted", f"DELETE FROM {model._meta.db_table} WHERE id = %s", row.pk)
