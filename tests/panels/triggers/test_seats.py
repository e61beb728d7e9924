"""Panels, nominations and seats: a plan nobody edits, one person in each place, named by whoever may (I1)."""

import pytest
from django.db import transaction

from audit.models import Event
from panels.actions import absences, seats, sittings
from panels.actions.accreditations import accredit, end_accreditation
from panels.actions.panels import close_panel
from panels.models import Accreditation, Appointment, Item, Nomination, Panel, Seat, Sitting
from tests.factories import convened, days, opened, sitting_on
from tests.factories.panels import coalition, seated
from tests.factories.raw import insert, last_event, refused, run, unfenced, update
from tests.panels.triggers.steps import NOW, another_event, broken, panel_refused

pytestmark = pytest.mark.django_db


def test_panel_changes_only_with_its_event(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    panel = Panel.objects.get(pk=meeting.panel.pk)
    refused("together with its event", *update(panel, title="Other"))
    with unfenced():
        run(*update(panel, plan={**panel.plan, "seats": panel.plan["seats"][:-1]}))
        assert "no required Coalition seat" in broken("I1 every plan requires the Coalition seat")[0]


@pytest.mark.parametrize("change", [{"plan": {}}, {"kind": "decision"}, {"ruleset": "2013"}])
def test_panel_keeps_its_plan_even_with_an_event(at_now, case, change):
    meeting = sitting_on(at_now, "moderation", [case])
    panel_refused("keeps its kind, its seat plan and its rule set", meeting.panel, **change)


@pytest.mark.parametrize("accept", [True, False])
def test_panel_is_not_confirmed_without_accepted_coalition(at_now, case, accept):
    meeting = sitting_on(at_now, "moderation", [case], voices=() if accept else ("voice",), accept=accept)
    panel_refused("it cannot be confirmed", meeting.panel, confirmed_at=NOW)
    with unfenced():
        run(*update(meeting.panel, confirmed_at=NOW))
        assert broken("I1 every confirmed panel has its Coalition representative") == [
            f"{meeting.panel.ref} is confirmed and has no Coalition representative."
        ]


@pytest.mark.parametrize("change", ["confirmed_at", "closed_at"])
def test_panel_begins_neither_confirmed_nor_closed(at_now, case, change):
    like = sitting_on(at_now, "moderation", [case]).panel
    new = Panel(kind=like.kind, title="New", ruleset=like.ruleset, plan=like.plan, created_at=NOW)
    panel_refused("a panel is proposed first", new, **{change: NOW})


def test_panel_closes_when_no_sitting_is_in_session_and_stays_closed(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    panel_refused("closes when no sitting is in session", meeting.panel, closed_at=NOW)
    sittings.close_sitting(sitting=meeting.sitting, by=at_now.secretary)
    close_panel(panel=meeting.panel, reason="Done.", by=at_now.secretary)
    for change in ({"closed_at": None}, {"closed_at": NOW + days(1)}, {"confirmed_at": None}):
        panel_refused("and stays closed", meeting.panel, **change)


@pytest.mark.parametrize("which", ["none", "another person's", "a board's"])
def test_coalition_seat_refused_without_its_nomination(at_now, case, which):
    meeting = sitting_on(at_now, "moderation", [case], voices=())
    seat = Seat.objects.filter(panel=meeting.panel, kind="coalition_representative").first()
    event = last_event(meeting.panel)
    nomination = {"none": None, "another person's": at_now.nominations["other_voice"].pk, "a board's": None}[which]
    if which == "a board's":
        # The register itself does not forbid a nomination by another kind of body: the seat does.
        row = Nomination(event_id=event, body=at_now.organisations["BOARD"], person=at_now.voice, starts=NOW.date())
        run(*insert(row))
        nomination = Nomination.objects.get(body=at_now.organisations["BOARD"]).pk
    row = Appointment(
        event_id=event,
        panel=meeting.panel,
        seat=seat,
        person=at_now.voice,
        nomination_id=nomination,
        appointed_by=at_now.organisations["NHSA"],
        state="proposed",
        proposed_at=NOW,
    )
    refused("nomination of a Coalition body", *insert(row))
    with unfenced():
        run(*insert(row))
        assert broken("I1 every Coalition seat rests on a nomination") == [
            f"{meeting.panel.ref}: {at_now.voice.stream} has a Coalition seat without a nomination for it."
        ]


def test_nomination_keeps_its_body_its_person_and_its_first_day(at_now):
    nomination = Nomination.objects.get(person=at_now.voice)
    later = Event.objects.latest("pk").pk
    changes = (
        {"person_id": at_now.near_voice.pk},
        {"body_id": at_now.organisations["NAPC"].pk},
        {"starts": nomination.starts - days(9)},
    )
    for change in changes:
        refused("a nomination keeps its body", *update(nomination, **change, event_id=later))


@pytest.mark.parametrize(("kind", "code"), [("chair", "NHSA"), ("chair", "RN1"), ("lay", "05A"), ("lay", "LA1")])
def test_seat_refused_to_somebody_of_another_kind_of_organisation(at_now, case, kind, code):
    meeting = sitting_on(at_now, "moderation", [case], without=[kind])
    seat = meeting.panel.seats.get(kind=kind)
    row = Appointment(
        event_id=last_event(meeting.panel),
        panel=meeting.panel,
        seat=seat,
        person=at_now.spare,
        appointed_by=at_now.organisations[code],
        state="proposed",
        proposed_at=NOW,
    )
    refused("filled by another kind of organisation", *insert(row))


@pytest.mark.parametrize(("code", "allowed"), [("RN1", True), ("AT1", True), ("BOARD", False)])
def test_seat_of_a_region_is_filled_by_it_or_its_area_team(at_now, case, code, allowed):
    meeting = sitting_on(at_now, "site_visit", [case], without=["finance"])
    row = Appointment(
        event_id=last_event(meeting.panel),
        panel=meeting.panel,
        seat=meeting.panel.seats.get(kind="finance"),
        person=at_now.spare,
        appointed_by=at_now.organisations[code],
        state="proposed",
        proposed_at=NOW,
    )
    if allowed:
        run(*insert(row))
    else:
        refused("filled by another kind of organisation", *insert(row))


def test_appointment_cannot_begin_accepted_or_come_back(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    lay = meeting.of("lay")
    for state in ("invited", "accepted", "declined"):
        refused("proposed first", *insert(lay, state=state, person_id=at_now.spare.pk))
    with transaction.atomic():
        seats.stand_down(appointment=lay, by=at_now.lay, reason="Away")
        for state in ("proposed", "invited", "accepted"):
            refused("ends once", *update(lay, state=state, event_id=another_event(meeting)))


def test_appointment_is_asked_before_it_is_accepted(at_now, case):
    """From proposed straight to accepted, though a declaration is on file."""
    meeting = sitting_on(at_now, "moderation", [case], without=["lay"])
    seat, board = meeting.panel.seats.get(kind="lay"), at_now.organisations["BOARD"]
    [first] = seated(meeting, seats.Proposal(seat, at_now.lay, board))
    seats.stand_down(appointment=first, by=at_now.lay, reason="Away")
    offered = seats.Proposal(seat, at_now.lay, board)
    [again] = seats.fill_seats(panel=meeting.panel, proposals=[offered], by=at_now.secretary)
    refused("accepted once", *update(again, state="accepted", event_id=another_event(meeting)))


def test_place_takes_one_person_and_a_person_one_place(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case], accept=False)
    lay, event = meeting.of("lay"), last_event(meeting.panel)
    again = {"state": "proposed", "event_id": event, "invited_at": None}
    refused("place|UNIQUE|unique", *insert(lay, person_id=at_now.spare.pk, **again))
    refused("person|UNIQUE|unique", *insert(lay, rank=1, **again))


def test_appointment_accepted_needs_declaration(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case], accept=False)
    lay = meeting.of("lay")
    seats.accept_seat(appointment=meeting.of("chair"), by=at_now.chair)
    refused("declaration of interests", *update(lay, state="accepted", event_id=last_event(meeting.panel)))
    with unfenced():
        run(*update(lay, state="accepted", answered_at=NOW, event_id=last_event(meeting.panel)))
        assert len(broken("I1 every accepted seat has its declaration")) == 1
        assert broken("I12 grants follow seats") == [
            f"Person {at_now.lay.pk} holds a seat on {meeting.panel.ref} that gives 'sit', but not the grant."
        ]


@pytest.mark.parametrize(
    ("column", "value"), [("seat_id", "seat"), ("person_id", "person"), ("nomination_id", "nomination")]
)
def test_appointment_keeps_what_it_was_made_with(at_now, case, column, value):
    meeting = sitting_on(at_now, "moderation", [case], accept=False)
    row = meeting.of("voice")
    free = Seat.objects.filter(panel=meeting.panel, kind="coalition_representative").last().pk
    given = {"seat": free, "person": at_now.other_voice.pk, "nomination": at_now.nominations["other_voice"].pk}[value]
    seats.accept_seat(appointment=meeting.of("chair"), by=at_now.chair)
    said = "appointment keeps|nomination of a Coalition|accepted once"
    refused(said, *update(row, **{column: given}, event_id=last_event(meeting.panel)))


def test_alternate_takes_the_seat_and_never_another_place(at_now, case):
    """An accepted alternate becomes the member when the seat is empty; nothing else ever moves in the order."""
    meeting = sitting_on(at_now, "moderation", [case])
    seat = meeting.of("voice").seat
    [second] = seated(meeting, coalition(at_now, seat, "other_voice", rank=2))
    event = another_event(meeting)
    refused("place|UNIQUE|unique", *update(second, rank=0, event_id=event))
    refused("appointment keeps its seat|accepted once", *update(second, rank=1, event_id=event))
    refused("appointment keeps its seat|accepted once", *update(meeting.of("voice"), rank=1, event_id=event))
    seats.stand_down(appointment=meeting.of("voice"), by=at_now.voice, reason="Away")
    run(*update(second, rank=0, event_id=last_event(meeting.panel)))


def test_alternate_who_has_not_accepted_takes_no_seat(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    seat = meeting.of("voice").seat
    [second] = seated(meeting, coalition(at_now, seat, "other_voice", rank=1), accept=False)
    seats.stand_down(appointment=meeting.of("voice"), by=at_now.voice, reason="Away")
    refused("accepted once", *update(second, rank=0, event_id=last_event(meeting.panel)))


@pytest.mark.parametrize("model", [Appointment, Item, Sitting, Nomination])
def test_register_changes_only_with_a_later_event_and_is_never_deleted(at_now, case, model):
    convened(sitting_on(at_now, "moderation", [case]))
    row = model.objects.first()
    refused("later event|accepted once", *update(row, event_id=row.event_id))
    refused("never deleted", f"DELETE FROM {model._meta.db_table} WHERE id = %s", row.pk)


def test_training_keeps_its_person_and_ends_once(at_now):
    row = Accreditation.objects.get(person=at_now.lay)
    later = last_event(at_now.lay)
    changes = (
        {"person_id": at_now.spare.pk},
        {"kind": "other"},
        {"starts": row.starts - days(30)},
        {"given_by_id": at_now.organisations["NHSA"].pk},
    )
    for change in changes:
        refused("record of training keeps|not of this person|later event", *update(row, **change, event_id=later))
    refused("never deleted", "DELETE FROM panels_accreditation WHERE id = %s", row.pk)


def test_training_that_ended_does_not_begin_again(at_now):
    person, row = at_now.lay, Accreditation.objects.get(person=at_now.lay)
    end_accreditation(accreditation=row, ends=NOW.date(), by=at_now.secretary)
    accredit(
        person=person, kind="other", given_by=at_now.organisations["BOARD"], starts=NOW.date(), by=at_now.secretary
    )
    person.refresh_from_db()
    refused("ends once", *update(row, ends=None, event_id=last_event(person)))


def test_training_outlasts_the_days_sat_on_it(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    opened(meeting, case)
    person, row = meeting.of("lay").person, Accreditation.objects.get(person=meeting.of("lay").person)
    board = at_now.organisations["BOARD"]
    accredit(person=person, kind="other", given_by=board, starts=NOW.date(), by=at_now.secretary)
    person.refresh_from_db()
    refused("on that day at the earliest", *update(row, ends=NOW.date() - days(1), event_id=last_event(person)))


def test_absence_keeps_its_member_and_grows_no_longer(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    first, last = NOW.date() + days(2), NOW.date() + days(4)
    row = absences.note_absence(appointment=meeting.of("lay"), starts=first, ends=last, by=at_now.lay)
    event = another_event(meeting)
    changes = (
        {"appointment_id": meeting.of("chair").pk},
        {"starts": first - days(1)},
        {"ends": last + days(1)},
    )
    for change in changes:
        refused("an absence keeps its member", *update(row, **change, event_id=event))
    run(*update(row, ends=last - days(1), event_id=event))
    refused("never deleted", "DELETE FROM panels_absence WHERE id = %s", row.pk)


def test_absence_is_withdrawn_once_before_it_begins(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    first, last = NOW.date() + days(2), NOW.date() + days(4)
    row = absences.note_absence(appointment=meeting.of("lay"), starts=first, ends=last, by=at_now.lay)
    event = another_event(meeting)
    refused("withdrawn once before it begins", *update(row, withdrawn_at=NOW + days(2), event_id=event))
    refused("withdrawn once before it begins", *update(row, withdrawn_at=NOW, ends=last - days(1), event_id=event))
    run(*update(row, withdrawn_at=NOW, event_id=event))
    for change in ({"withdrawn_at": None}, {"withdrawn_at": NOW + days(1)}, {"ends": last - days(1)}):
        refused("withdrawn once before it begins", *update(row, **change, event_id=another_event(meeting)))
