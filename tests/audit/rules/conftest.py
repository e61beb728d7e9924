"""One history for all tests of the rules: a site visit and a moderation with everything that may happen in a room."""

import pytest
from django.db import transaction

from audit import clock
from authorisation.enums import Stage
from panels.actions import items, rulings, seats
from panels.actions.objections import object_to
from panels.actions.positions import enter_positions
from panels.models import Stance
from tests.audit.rules.story import taken
from tests.factories import Walk, build_world, convened, days, opened, sitting_on
from workflows import queue
from workflows.actions import cases

CONCUR, DISSENT = items.Said(Stance.CONCUR), items.Said(Stance.DISSENT, "The evidence is thin.")


def moderated() -> None:
    """Site visit and moderation of 01A: an objection dismissed, interests of three weights, a dissent, an absence."""
    world = build_world()
    walk = Walk(world).to(Stage.MODERATION)
    walk.wait(days(20))
    with queue.held(), clock.at(walk.now):
        meeting = sitting_on(world, "moderation", [walk.case], voices=("voice", "other_voice"))
        second = meeting.of("second_board_member").person
        objection = object_to(
            panel=meeting.panel,
            person=second,
            case_ref=walk.case.ref,
            kind="statement",
            statement="Spoke against us.",
            by=world.officer("01A"),
        )
        ruled = {"panel": meeting.panel, "person": second, "organisation": walk.case.ccg, "reason": "Said nothing."}
        rulings.rule(**ruled, rule="OB", verdict="dismissed", effect="clear", objection=objection, by=world.guardian)
        hospital, own = world.organisations["H01"], walk.case.ccg
        for name, said in (
            ("lay", seats.Interest("family", hospital, "A sister.")),
            ("board_member", seats.Interest("other", own, "A friend.")),
            ("clinician", seats.Interest("statement", own, "A letter.")),
        ):
            member = meeting.of(name)
            seats.declare_again(appointment=member, by=member.person, interests=[said])
        item = opened(convened(meeting), walk.case)
        for name in ("second_board_member", "voice", "other_voice"):
            said = DISSENT if name == "other_voice" else CONCUR
            member = meeting.of(name)
            enter_positions(item=item, positions={member.pk: said}, by=member.person)
        chair, clinician = meeting.of("chair"), meeting.of("clinician")
        enter_positions(item=item, positions={chair.pk: CONCUR}, by=chair.person)
        enter_positions(item=item, positions={clinician.pk: CONCUR}, by=world.secretary)
        items.decide_item(item=item, outcome=walk.verdict, reasons="As shown.", by=chair.person)
        cases.record_moderation(walk.case, item=meeting.item(walk.case), by=world.secretary)


@pytest.fixture(scope="session")
def history(django_db_setup, django_db_blocker):
    """It, as it left the database."""
    with django_db_blocker.unblock(), transaction.atomic():
        moderated()
        story = taken()
        transaction.set_rollback(True)
    return story


@pytest.fixture
def story(history):
    """A copy to alter."""
    return history.copy()
