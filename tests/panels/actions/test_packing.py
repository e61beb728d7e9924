"""Ways to pack a panel that were tried and are shut: sending a member out, silencing one who spoke, listing again."""

import pytest
from django.core.exceptions import PermissionDenied

from audit import clock
from directory.actions.posts import appoint
from panels.actions import items, seats, sittings
from panels.actions.examination import learn_post
from panels.actions.positions import enter_positions
from panels.actions.rulings import rule
from panels.actions.sittings import Case, list_sitting
from panels.errors import SeatRefused, SittingRefused
from panels.models import DisinterestCheck, Stance
from tests.factories import convened, days, opened, sitting_on
from tests.panels.actions.steps import NOW, nothing_broken, refused

pytestmark = pytest.mark.django_db
DISSENT = items.Said(Stance.DISSENT, "The evidence does not show it.")


def test_clear_coalition_representative_is_sent_out_by_nobody_else(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    item = opened(meeting, case)
    for by in (world.secretary, world.chair):
        with refused(SittingRefused, "only they themselves may leave the Coalition's seat"):
            items.recuse(item=item, appointment=meeting.of("voice"), reason="Finds her difficult", by=by)


@pytest.mark.parametrize("name", ["voice", "lay"])
def test_member_who_gave_a_position_is_taken_out_by_nobody_else(world, case, name):
    meeting = convened(sitting_on(world, "moderation", [case], voices=("voice", "other_voice")))
    item, member = opened(meeting, case), meeting.of(name)
    enter_positions(item=item, positions={member.pk: DISSENT}, by=member.person)
    with refused(SittingRefused, "it stands and is counted"):
        items.recuse(item=item, appointment=member, reason="A cousin", by=world.chair)
    with refused(SittingRefused, "it stands and is counted"):
        items.note_departure(item=item, appointment=member, by=world.secretary)
    # Stopped for want of the chair: the member who spoke is not stood down meanwhile either.
    items.note_departure(item=item, appointment=meeting.of("chair"), by=world.secretary)
    with refused(SeatRefused, "which is not decided yet"):
        seats.stand_down(appointment=member, by=world.secretary, reason="Away")
    items.recuse(item=item, appointment=member, reason="A cousin works there.", by=member.person)
    nothing_broken()


def test_case_left_for_an_interest_stays_closed_when_it_is_listed_again(world, case):
    meeting = convened(sitting_on(world, "moderation", [case], voices=("voice", "other_voice")))
    item = opened(meeting, case)
    items.recuse(item=item, appointment=meeting.of("voice"), reason="My brother works there.", by=world.voice)
    items.note_departure(item=item, appointment=meeting.of("chair"), by=world.secretary)
    sittings.close_sitting(sitting=meeting.sitting, by=world.secretary)
    with clock.at(NOW + days(1)):
        again = list_sitting(
            panel=meeting.panel, on=(NOW + days(1)).date(), cases=[Case(case.ccg, case.ref)], by=world.secretary
        )
        said = DisinterestCheck.objects.filter(item__sitting=again, appointment=meeting.of("voice")).latest("pk")
    assert (said.effect, said.rule) == ("barred", "DI")
    assert said.sentence == f"Barred by DI: left the room for {case.ref} on 4 June 2012."


def test_dismissal_covers_nothing_learnt_after_it(world, case):
    meeting = sitting_on(world, "moderation", [case])
    member = meeting.of("lay")
    interest = seats.Interest("provider", world.organisations["H01"], "A few shares")
    seats.declare_again(appointment=member, by=member.person, interests=[interest])
    rule(
        panel=meeting.panel,
        person=member.person,
        organisation=case.ccg,
        rule="D7",
        verdict="dismissed",
        effect="clear",
        reason="Worth ten pounds.",
        by=world.guardian,
    )
    assert member.checks.latest("pk").effect == "clear"
    with clock.at(NOW + days(1)):
        learn_post(
            person=member.person,
            organisation=world.organisations["H01"],
            kind="employee",
            starts=(NOW - days(30)).date(),
            by=world.secretary,
        )
    last = member.checks.latest("pk")
    assert (last.effect, last.rule) == ("barred", "D7")


def test_guardian_with_a_post_at_the_organisation_does_not_rule(world, case):
    meeting = sitting_on(world, "moderation", [case])
    appoint(person=world.guardian, organisation=case.ccg, kind="employee", starts=NOW.date(), by="system")
    with pytest.raises(PermissionDenied, match="somebody else rules on its panels"):
        rule(
            panel=meeting.panel,
            person=meeting.of("lay").person,
            organisation=case.ccg,
            rule="D7",
            verdict="dismissed",
            effect="clear",
            reason="No matter.",
            by=world.guardian,
        )
