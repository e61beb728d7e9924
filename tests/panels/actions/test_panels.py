"""Every act on panels records one event; what a panel cannot be without; its grants."""

from dataclasses import replace
from datetime import date

import pytest

from authorisation.rulesets import seat_plan
from panels.actions import items, seats, sittings
from panels.actions.nominations import end_nomination, nominate
from panels.actions.panels import propose_panel
from panels.errors import NotCompetent, PlanRefused
from panels.models import (
    Panel,
    PanelGrant,
)
from panels.rules import COALITION_SEAT
from tests.factories import opened, positions, sitting_on
from tests.panels.actions.steps import NOW, nothing_broken, records, refused

pytestmark = pytest.mark.django_db


def test_every_act_records_one_event_in_its_stream(world, case):
    by, panel = world.secretary, lambda: Panel.objects.latest("pk")
    nhsa, tomorrow = world.organisations["NHSA"], date(2012, 6, 5)
    with records(world.spare, "person.nominated"):
        nomination = nominate(body=nhsa, person=world.spare, starts=NOW.date(), by=world.nominator)
    with records(world.spare, "person.nomination_ended"):
        end_nomination(nomination=nomination, ends=NOW.date(), by=world.nominator)
    with records(panel, "panel.proposed"):
        plan = seat_plan(world.ruleset.body, "moderation")
        propose_panel(plan=plan, title="Moderation", ruleset="small", by=by)
    with records(panel, "sitting.listed"):
        sittings.list_sitting(panel=panel(), on=tomorrow, cases=[sittings.Case(case.ccg, case.ref)], by=by)
    meeting = sitting_on(world, "moderation", [case], voices=("voice", "other_voice"), accept=False)
    with records(panel, "seat.declined"):
        seats.decline_seat(appointment=meeting.of("lay"), by=world.lay, reason="Away")
    with records(panel, "seats.proposed"):
        seat = meeting.of("lay").seat
        seats.fill_seats(
            panel=panel(), proposals=[seats.Proposal(seat, world.finance, world.organisations["BOARD"])], by=by
        )
    for name in ("chair", "voice", "other_voice", "board_member", "second_board_member", "clinician"):
        with records(panel, "seat.accepted"):
            seats.accept_seat(appointment=meeting.of(name), by=world.people[name])
    with records(panel, "interests.declared"):
        seats.declare_again(appointment=meeting.of("chair"), by=world.chair)
    with records(panel, "seat.stood_down"):
        seats.stand_down(appointment=meeting.of("second_board_member"), by=by, reason="Ill")
    with records(panel, "sitting.convened"):
        sittings.convene(sitting=meeting.sitting, by=world.chair)
    with records(panel, "item.opened"):
        item = opened(meeting, case, absent=["second_board_member", "lay", "other_voice"])
    with records(panel, "member.arrived"):
        items.note_arrival(item=item, appointment=meeting.of("other_voice"), by=by)
    with records(panel, "member.departed"):
        items.note_departure(item=item, appointment=meeting.of("clinician"), by=by)
    with records(panel, "member.arrived"):
        items.note_arrival(item=item, appointment=meeting.of("clinician"), by=by)
    with records(panel, "member.recused"):
        items.recuse(item=item, appointment=meeting.of("other_voice"), reason="Friend", by=world.other_voice)
    with records(panel, "item.decided"):
        items.decide_item(item=item, outcome="full", reasons="So.", positions=positions(item), by=world.chair)
    with records(panel, "sitting.closed"):
        sittings.close_sitting(sitting=meeting.sitting, by=world.chair)
    nothing_broken()


@pytest.mark.parametrize("kind", ["site_visit", "moderation", "conditions", "decision", "review"])
def test_panel_of_any_kind_needs_its_coalition_seat(world, case, kind):
    plan = seat_plan(world.ruleset.body, kind)
    without = replace(plan, seats=tuple(seat for seat in plan.seats if seat.type != COALITION_SEAT))
    with refused(PlanRefused, "has no required Coalition seat: add a seat of type"):
        propose_panel(plan=without, title="None", ruleset="small", by=world.secretary)
    meeting = sitting_on(world, kind, [case], voices=())
    with refused(NotCompetent, r"cannot be convened\. Coalition representative: 0 of 1 accepted"):
        sittings.convene(sitting=meeting.sitting, by=world.secretary)


def test_grants_follow_seats(world, case):
    """I12."""
    meeting = sitting_on(world, "moderation", [case], accept=False)
    assert PanelGrant.objects.count() == 0
    seats.accept_seat(appointment=meeting.of("chair"), by=world.chair)
    grants = PanelGrant.objects.values_list("user", "permission__codename").order_by("permission__codename")
    assert list(grants) == [(world.chair.pk, "chair"), (world.chair.pk, "sit")]
    seats.stand_down(appointment=meeting.of("chair"), by=world.chair, reason="Ill")
    assert PanelGrant.objects.count() == 0


@pytest.mark.parametrize(("ref", "pk"), [("PAN-0042", 42), ("PAN-12345", 12345)])
def test_panel_has_a_readable_reference(ref, pk):
    assert (Panel(pk=pk).ref, Panel.pk_of(ref)) == (ref, pk)


@pytest.mark.parametrize("ref", ["42", "PAN-", "PAN-x", "CCG-01A", "PAN-" + "9" * 19])
def test_what_is_no_reference_is_refused(ref):
    with pytest.raises(ValueError, match="it looks like PAN-0042"):
        Panel.pk_of(ref)
