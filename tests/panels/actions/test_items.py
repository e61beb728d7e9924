"""Items: opened, recused, decided; one outcome, whole or refused."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from audit import clock
from authorisation.models import Application
from directory.actions import people, posts
from panels.actions import items, seats, sittings
from panels.actions.nominations import end_nomination, nominate
from panels.actions.panels import confirm_panel
from panels.actions.positions import enter_positions
from panels.errors import NotCompetent, SittingRefused
from panels.models import (
    Composition,
    Position,
    Recusal,
    Seat,
    Stance,
)
from panels.permissions import chairs_case
from panels.rules import COALITION_SEAT
from tests.factories import Walk, convened, days, decide, opened, positions, sitting_on, spoken
from tests.factories.panels import coalition, seated
from tests.panels.actions.steps import NOW, decide_open, nothing_broken, refused

pytestmark = pytest.mark.django_db


def test_nomination_that_ended_before_the_day_does_not_carry_an_item(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    end_nomination(nomination=world.nominations["voice"], ends=date(2012, 6, 3), by=world.nominator)
    with refused(NotCompetent, "No Coalition representative is present"):
        opened(meeting, case)


def test_nomination_that_ended_between_the_day_of_the_sitting_and_today_does_not_carry_an_item(world, case):
    with clock.at(NOW - days(1)):
        meeting = sitting_on(world, "moderation", [case])
    convened(meeting)
    end_nomination(nomination=world.nominations["voice"], ends=date(2012, 6, 3), by=world.nominator)
    nominate(body=world.organisations["NHSA"], person=world.voice, starts=date(2012, 6, 4), by=world.nominator)
    with refused(NotCompetent, "No Coalition representative is present"):
        opened(meeting, case)


def test_nomination_that_starts_after_the_day_of_the_sitting_does_not_carry_an_item(world, case):
    end_nomination(nomination=world.nominations["voice"], ends=date(2012, 6, 3), by=world.nominator)
    later = nominate(body=world.organisations["NHSA"], person=world.voice, starts=NOW.date(), by=world.nominator)
    with clock.at(NOW - days(1)):
        meeting = sitting_on(world, "moderation", [case], voices=())
    seat = Seat.objects.filter(panel=meeting.panel, kind=COALITION_SEAT)[0]
    proposal = seats.Proposal(seat, world.voice, later.body, later)
    seated(meeting, proposal)
    with refused(NotCompetent, "cannot be confirmed. .*Voice is not nominated on 3 June 2012: ask NHS Alliance"):
        confirm_panel(panel=meeting.panel, by=world.secretary)


def test_barred_member_leaves_the_room_for_one_case_and_sits_for_the_other(world, case):
    other_case = Walk(world, ccg="04A").case
    meeting = convened(sitting_on(world, "moderation", [case, other_case], voices=("near_voice", "voice")))
    decide(meeting, case, "full")
    near = meeting.members["near_voice"]
    assert list(Recusal.objects.values_list("appointment", "item__case_ref")) == [(near.pk, case.ref)]
    assert not Position.objects.filter(item__case_ref=case.ref, appointment=near).exists()
    item = opened(meeting, other_case)
    assert near.pk in positions(item)
    assert not Recusal.objects.filter(item=item).exists()


def test_position_of_a_member_who_left_is_refused(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    item = opened(meeting, case)
    items.recuse(item=item, appointment=meeting.of("lay"), reason="Friend", by=world.lay)
    said = {meeting.members["lay"].pk: items.Said(Stance.CONCUR)}
    with refused(NotCompetent, "Lay does not count for .* and may not take a position"):
        enter_positions(item=item, positions=said, by=world.lay)


def test_coalition_barred_from_the_item_stops_it_before_it_opens(world, case, other_case):
    """02A borders 01A and 03A; the only voice comes from there."""
    far = Walk(world, ccg="04A").case
    meeting = convened(sitting_on(world, "moderation", [case, far], voices=("near_voice",)))
    with refused(NotCompetent, "No Coalition representative is present"):
        opened(meeting, case)
    decide(meeting, far, "full")


def test_absent_coalition_stops_the_item_before_it_opens(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    with refused(NotCompetent, "No Coalition representative is present"):
        opened(meeting, case, absent=["voice"])


def test_missing_chair_or_quorum_stops_the_item(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    with refused(NotCompetent, "The seat of Chair is required and empty"):
        opened(meeting, case, absent=["chair"])
    with refused(NotCompetent, "Quorum to sit is 4 and 3 members count"):
        opened(meeting, case, absent=["board_member", "second_board_member", "clinician"])


def test_recusal_of_the_only_voice_stops_the_item_and_an_alternate_takes_the_seat(world, case):
    meeting = sitting_on(world, "site_visit", [case])
    (alternate,) = seated(meeting, coalition(world, meeting.members["voice"].seat, "other_voice", rank=1))
    convened(meeting)
    item = opened(meeting, case)
    item = items.recuse(item=item, appointment=meeting.of("voice"), reason="Late interest", by=world.voice)
    assert item.state == "stopped"
    with refused(SittingRefused, "is stopped before"):
        items.decide_item(item=item, outcome="report", reasons="So.", by=world.secretary)
    with refused(SittingRefused, "stays out of it"):
        items.note_arrival(item=item, appointment=meeting.of("voice"), by=world.secretary)
    item = items.note_arrival(item=item, appointment=alternate, by=world.secretary)
    assert item.state == "open"
    items.decide_item(item=spoken(item), outcome="report", reasons="So.", by=world.secretary)
    [row] = [each for each in Composition.objects.get().body["members"] if each["coalition"] and each["stance"]]
    assert (row["rank"], row["nominated_by"], row["sits"]) == (1, "NAPC", True)
    nothing_broken()


def test_alternate_who_has_not_accepted_does_not_take_the_seat(world, case):
    meeting = sitting_on(world, "site_visit", [case])
    proposal = coalition(world, meeting.members["voice"].seat, "other_voice", rank=1)
    (asked,) = seated(meeting, proposal, accept=False)
    item = opened(convened(meeting), case)
    item = items.recuse(item=item, appointment=meeting.of("voice"), reason="Late interest", by=world.voice)
    with refused(SittingRefused, "Other Voice holds no accepted seat"):
        items.note_arrival(item=item, appointment=asked, by=world.secretary)


def test_departure_of_the_only_voice_stops_the_item_until_it_is_back(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    item = opened(meeting, case)
    assert items.note_departure(item=item, appointment=meeting.of("voice"), by=world.chair).state == "stopped"
    assert items.note_arrival(item=item, appointment=meeting.of("voice"), by=world.chair).state == "open"
    decide_open(world, item)
    nothing_broken()


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ("voice missing", NotCompetent, "The position of Voice, Coalition representative, on .* is missing"),
        ("lay missing", NotCompetent, "The position of Lay, Lay member, on .* is missing"),
        ("all dissent", NotCompetent, "is not carried: 0 concur and 6 dissent"),
        ("no reasons", SittingRefused, "Give the panel's reasons"),
        ("no outcome", SittingRefused, "Name the outcome"),
        ("long outcome", SittingRefused, "in 1 to 40 characters"),
    ],
)
def test_decision_of_an_item_is_whole_or_refused(world, case, change, error, sentence):
    meeting = convened(sitting_on(world, "moderation", [case]))
    item = opened(meeting, case)
    stance = items.Said(Stance.DISSENT, "No.") if change == "all dissent" else items.Said(Stance.CONCUR)
    for each in meeting.everybody:
        if each.pk != meeting.members.get(change.removesuffix(" missing"), each).pk or "missing" not in change:
            enter_positions(item=item, positions={each.pk: stance}, by=each.person)
    outcome = {"no outcome": "", "long outcome": "x" * 41}.get(change, "full")
    reasons = " " if change == "no reasons" else "So."
    with refused(error, sentence):
        items.decide_item(item=item, outcome=outcome, reasons=reasons, by=world.secretary)


def test_dissent_of_the_coalition_is_kept_with_its_reasons(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    item = opened(meeting, case)
    decide_open(world, item, coalition_representative=items.Said(Stance.DISSENT, "Too lenient."))
    assert Position.objects.get(appointment=meeting.members["voice"]).reasons == "Too lenient."
    composition = Composition.objects.get()
    (row,) = [each for each in composition.body["members"] if each["coalition"]]
    assert (row["stance"], row["by"], row["present"]) == ("dissent", "NHSA", True)


def test_declaration_grows_old_and_is_renewed(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    with clock.at(NOW + days(29)):
        with refused(NotCompetent, "No Coalition representative"):
            opened(meeting, case)
        for appointment in meeting.everybody:
            seats.declare_again(appointment=appointment, by=appointment.person)
        decide(meeting, case, "full")
    nothing_broken()


def test_post_taken_after_acceptance_bars_at_the_item(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    posts.appoint(
        person=world.voice, organisation=world.organisations["02A"], kind="employee", starts=NOW.date(), by="system"
    )
    with refused(NotCompetent, "No Coalition representative"):
        opened(meeting, case)


def test_post_taken_during_the_item_bars_at_its_decision(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    item = spoken(opened(meeting, case))
    posts.appoint(
        person=world.voice, organisation=world.organisations["01A"], kind="employee", starts=NOW.date(), by="system"
    )
    with refused(NotCompetent, "No Coalition representative"):
        items.decide_item(item=item, outcome="full", reasons="So.", by=world.secretary)


def test_deactivated_member_does_not_count(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    people.deactivate_person(person=world.voice, by="system")
    with refused(NotCompetent, "Voice is no longer active and does not sit on CCG-01A-2012"):
        opened(meeting, case)
    with refused(NotCompetent, "No Coalition representative"):
        opened(meeting, case, absent=["voice"])


def test_deactivated_member_is_not_in_the_room(world, case, other_case):
    meeting = convened(sitting_on(world, "moderation", [case, other_case]))
    item = spoken(opened(meeting, case))
    people.deactivate_person(person=world.lay, by="system")
    with refused(NotCompetent, "Lay is no longer active and does not sit on CCG-01A-2012: note that they are not"):
        items.decide_item(item=item, outcome="full", reasons="So.", by=world.secretary)
    items.note_departure(item=item, appointment=meeting.of("lay"), by=world.secretary)
    with refused(NotCompetent, "Lay is no longer active"):
        items.note_arrival(item=item, appointment=meeting.of("lay"), by=world.secretary)
    items.decide_item(item=item, outcome="full", reasons="So.", by=world.secretary)
    with refused(NotCompetent, "Lay is no longer active and does not sit on CCG-03A-2012: note that they are not"):
        opened(meeting, other_case)
    nothing_broken()


def test_recusal_needs_a_member_and_a_reason_and_happens_once(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    item = opened(meeting, case)
    for reason, sentence in ((" ", "Say why"), ("x" * 401, "longer than 400")):
        with refused(SittingRefused, sentence):
            items.recuse(item=item, appointment=meeting.of("lay"), reason=reason, by=world.lay)
    items.recuse(item=item, appointment=meeting.of("lay"), reason="Friend", by=world.lay)
    with refused(SittingRefused, "has left the room"):
        items.recuse(item=item, appointment=meeting.of("lay"), reason="Friend", by=world.lay)
    other = sitting_on(world, "conditions", [case])
    with refused(SittingRefused, "holds no accepted seat"):
        items.recuse(item=item, appointment=other.of("finance"), reason="Friend", by=world.secretary)


def test_members_read_only_what_they_may_judge(world, case, other_case):
    """I3, I10: seat, bar and recusal decide; the barred and the recused see neither the case nor that it is there."""
    far = Walk(world, ccg="04A").case
    meeting = convened(sitting_on(world, "moderation", [case, other_case, far], voices=("near_voice", "voice")))
    reads = lambda name: list(Application.objects.visible_to(world.people[name]).values_list("ref", flat=True))  # noqa: E731
    assert reads("voice") == [case.ref, other_case.ref, far.ref]
    assert reads("near_voice") == [far.ref]
    assert reads("outsider") == []
    item = opened(meeting, far)
    items.recuse(item=item, appointment=meeting.of("near_voice"), reason="Late", by=world.near_voice)
    assert reads("near_voice") == []
    sittings.list_sitting(
        panel=meeting.panel,
        on=NOW.date() + timedelta(days=1),
        cases=[sittings.Case(case.ccg, case.ref)],
        by=world.secretary,
    )
    assert reads("near_voice") == []


def test_chair_who_left_the_room_does_not_record_the_case(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    assert chairs_case(world.chair, case.ref, "moderation")
    assert not chairs_case(world.chair, case.ref, "decision")
    item = opened(meeting, case)
    items.recuse(item=item, appointment=meeting.of("chair"), reason="Friend", by=world.chair)
    assert not chairs_case(world.chair, case.ref, "moderation")


def test_a_chair_who_left_the_room_does_not_run_the_item(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    item = opened(meeting, case)
    items.recuse(item=item, appointment=meeting.of("chair"), reason="A friend of the applicant", by=world.chair)
    with pytest.raises(PermissionDenied, match="somebody else runs this item"):
        items.recuse(item=item, appointment=meeting.of("lay"), reason="Sent out", by=world.chair)
