"""Every act on panels records one event; what a panel cannot be without; its grants."""

from dataclasses import replace
from datetime import date

import pytest

from audit.models import Event
from authorisation.rulesets import seat_plan
from panels.actions import seats, sittings
from panels.actions.absences import end_absence, note_absence
from panels.actions.accreditations import accredit, end_accreditation
from panels.actions.nominations import end_nomination, limit_nomination, nominate, reorder_nominations
from panels.actions.panels import close_panel, confirm_panel, propose_panel
from panels.errors import NotCompetent, PlanRefused
from panels.models import (
    Panel,
    PanelGrant,
)
from panels.rules import COALITION_SEAT
from tests.factories import sitting_on
from tests.factories.panels import coalition
from tests.panels.actions.steps import NOW, nothing_broken, records, refused

pytestmark = pytest.mark.django_db


def test_every_act_of_a_nomination_records_one_event(world):
    nhsa, spare = world.organisations["NHSA"], world.spare
    with records(spare, "person.nominated"):
        nomination = nominate(body=nhsa, person=spare, starts=NOW.date(), capacity=2, by=world.nominator)
    with records(spare, "person.nomination_limited"):
        limit_nomination(nomination=nomination, capacity=None, by=world.nominator)
    order = [nomination.pk, world.nominations["near_voice"].pk, world.nominations["voice"].pk]
    before = Event.objects.count()
    reorder_nominations(body=nhsa, order=order, by=world.nominator)
    assert Event.objects.count() == before + 2
    with records(spare, "person.nomination_ended"):
        end_nomination(nomination=nomination, ends=NOW.date(), by=world.nominator)
    board = world.organisations["BOARD"]
    with records(world.outsider, "person.accredited"):
        row = accredit(
            person=world.outsider, kind="panel_training", given_by=board, starts=NOW.date(), by=world.secretary
        )
    with records(world.outsider, "person.accreditation_ended"):
        end_accreditation(accreditation=row, ends=NOW.date(), by=world.secretary)
    nothing_broken()


def test_every_act_of_a_panel_records_one_event_in_its_stream(world, case):
    by, panel = world.secretary, lambda: Panel.objects.latest("pk")
    plan, tomorrow = seat_plan(world.ruleset.body, "moderation"), date(2012, 6, 5)
    with records(panel, "panel.proposed"):
        propose_panel(plan=plan, title="Moderation", ruleset="small", by=by)
    with records(panel, "sitting.listed"):
        sittings.list_sitting(panel=panel(), on=tomorrow, cases=[sittings.Case(case.ccg, case.ref)], by=by)
    meeting = sitting_on(world, "moderation", [case], voices=("voice", "other_voice"), accept=False)
    with records(panel, "seat.declined"):
        seats.decline_seat(appointment=meeting.of("lay"), by=world.lay, reason="Away")
    with records(panel, "seats.proposed"):
        offer = seats.Proposal(meeting.of("lay").seat, world.finance, world.organisations["BOARD"])
        seats.fill_seats(panel=panel(), proposals=[offer], by=by)
    with records(panel, "seats.invited"):
        seats.invite(panel=panel(), by=by)
    for name in ("chair", "voice", "other_voice", "board_member", "second_board_member", "clinician"):
        with records(panel, "seat.accepted"):
            seats.accept_seat(appointment=meeting.of(name), by=world.people[name])
    with records(panel, "interests.declared"):
        seats.declare_again(appointment=meeting.of("chair"), by=world.chair)
    with records(panel, "seat.stood_down"):
        seats.stand_down(appointment=meeting.of("second_board_member"), by=by, reason="Ill")
    with records(panel, "seats.proposed"):
        reserve = coalition(world, meeting.of("voice").seat, "spare_voice", rank=1)
        seats.fill_seats(panel=panel(), proposals=[reserve], by=by)
    [alternate] = seats.invite(panel=panel(), appointments=None, by=by)[-1:]
    seats.accept_seat(appointment=alternate, by=alternate.person)
    with records(panel, "panel.confirmed"):
        confirm_panel(panel=panel(), by=by)
    with records(panel, "absence.noted"):
        row = note_absence(appointment=meeting.of("chair"), starts=tomorrow, ends=date(2012, 6, 9), by=world.chair)
    with records(panel, "absence.ended"):
        end_absence(absence=row, ends=tomorrow, by=world.chair)
    seats.stand_down(appointment=meeting.of("voice"), by=by, reason="Ill")
    with records(panel, "seat.handed_on"):
        seats.substitute(seat=meeting.of("voice").seat, by=by)
    with records(panel, "panel.closed"):
        close_panel(panel=panel(), reason="Not needed", by=by)
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
