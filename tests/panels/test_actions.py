"""Every act on panels: one event in its stream when it is done, nothing at all when it is refused."""

import contextlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from audit import clock
from audit.invariants import CHECKS as RECORD
from audit.models import Event
from authorisation.models import Application
from authorisation.rulesets import seat_plan
from directory.actions import people, posts
from panels import invariants
from panels.actions import items, seats, sittings
from panels.actions.panels import end_nomination, nominate, propose_panel
from panels.errors import NotCompetent, PlanRefused, SeatRefused, SittingRefused
from panels.models import (
    Appointment,
    Attendance,
    Composition,
    Declaration,
    DisinterestCheck,
    Item,
    Nomination,
    Outcome,
    Panel,
    PanelGrant,
    Position,
    Recusal,
    Seat,
    Sitting,
    Stance,
)
from panels.permissions import chairs_case
from panels.rules import COALITION_SEAT
from tests.factories import Walk, convened, days, decide, london, opened, positions, sitting_on
from tests.factories.panels import coalition

pytestmark = pytest.mark.django_db
NOW = london(2012, 6, 4)
TABLES = [
    Panel,
    Seat,
    Appointment,
    Declaration,
    DisinterestCheck,
    Sitting,
    Item,
    Attendance,
    Recusal,
    Position,
    Composition,
    Outcome,
    PanelGrant,
    Nomination,
    Event,
]


@pytest.fixture(autouse=True)
def _still(db):
    with clock.at(NOW):
        yield


@pytest.fixture
def case(world):
    return Walk(world).case


@pytest.fixture
def other_case(world):
    return Walk(world, ccg="03A").case


def counts():
    heads = {bytes(panel.audit_head) for panel in Panel.objects.all()}
    return {model.__name__: model.objects.count() for model in TABLES} | {"heads": heads}


@contextlib.contextmanager
def refused(error, sentence):
    """Refused with a sentence, and no row and no head of a stream differs from before."""
    before = counts()
    with pytest.raises(error, match=sentence):
        yield
    assert counts() == before


@contextlib.contextmanager
def records(aggregate, event_type):
    """Exactly one event, of this aggregate, of this type."""
    before = Event.objects.count()
    yield
    assert Event.objects.count() == before + 1
    event = Event.objects.latest("pk")
    assert (event.event_type, event.stream) == (
        event_type,
        aggregate().stream if callable(aggregate) else aggregate.stream,
    )


def nothing_broken():
    checks = RECORD | invariants.CHECKS
    assert {name: found for name, check in checks.items() if (found := check())} == {}


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


def test_convening_waits_for_acceptance(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    seats.accept_seat(appointment=meeting.of("chair"), by=world.chair)
    with refused(NotCompetent, "Coalition representative: 0 of 1 accepted"):
        sittings.convene(sitting=meeting.sitting, by=world.secretary)


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("voice", "none", "has no nomination: the Coalition seat is filled by a Coalition body; ask one"),
        ("voice", "another's", "The nomination given is for Other Voice, not for Voice"),
        ("voice", "ended", "does not cover 4 June 2012"),
        ("voice", "future", "does not cover 4 June 2012"),
        ("lay", "for lay", "is not a Coalition seat: leave the nomination out"),
        ("near_voice", "", r"Barred by D4: own organisation, 02A, borders 01A"),
    ],
)
def test_coalition_seat_is_taken_by_its_nominee_alone(world, case, name, change, sentence):
    meeting = sitting_on(world, "moderation", [case], voices=(), without=["lay"])
    kind = "lay" if change == "for lay" else COALITION_SEAT
    seat = Seat.objects.filter(panel=meeting.panel, kind=kind).first()
    nomination = world.nominations.get(name)
    if change == "none":
        nomination = None
    elif change in {"another's", "for lay"}:
        nomination = world.nominations["other_voice"]
    elif change == "ended":
        end_nomination(nomination=nomination, ends=date(2012, 6, 3), by=world.nominator)
        nomination.refresh_from_db()
    elif change == "future":
        end_nomination(nomination=nomination, ends=date(2012, 6, 1), by=world.nominator)
        nomination = nominate(
            body=world.organisations["NHSA"], person=world.voice, starts=date(2012, 6, 5), by=world.nominator
        )
    proposal = seats.Proposal(seat, world.people[name], world.organisations["NHSA"], nomination)
    with refused(SeatRefused, sentence):
        seats.fill_seats(panel=meeting.panel, proposals=[proposal], by=world.secretary)


def test_nomination_that_ended_before_acceptance_is_worth_nothing(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    end_nomination(nomination=world.nominations["voice"], ends=date(2012, 6, 3), by=world.nominator)
    with refused(SeatRefused, "does not cover 4 June 2012"):
        seats.accept_seat(appointment=meeting.of("voice"), by=world.voice)


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
    [offered] = seats.fill_seats(panel=meeting.panel, proposals=[proposal], by=world.secretary)
    seats.accept_seat(appointment=offered, by=world.voice)
    convened(meeting)
    with refused(NotCompetent, "No Coalition representative is present"):
        opened(meeting, case)


@pytest.mark.parametrize("ahead", [0, 1, 30])
def test_sitting_is_convened_on_its_day_or_later(world, case, ahead):
    """Days are counted in London: midnight there, in summer, is still the day before in UTC."""
    meeting = sitting_on(world, "moderation", [case], on=NOW.date() + days(ahead))
    if ahead:
        with (
            clock.at(london(2012, 6, 4, hour=23) + days(ahead - 1)),
            refused(
                SittingRefused, rf"{meeting.panel.ref} sits on .* 2012: it can be convened on that day, not before"
            ),
        ):
            convened(meeting)
    with clock.at(london(2012, 6, 4, hour=0) + days(ahead)):
        convened(meeting)
    nothing_broken()


def test_sitting_held_on_its_day_may_be_recorded_later(world, case):
    meeting = sitting_on(world, "moderation", [case])
    with clock.at(NOW + days(3)):
        convened(meeting)
    nothing_broken()


@pytest.mark.parametrize(
    ("on", "sentence"),
    [
        (date(2012, 6, 3), r"3 June 2012 is past: list the sitting of PAN-\d+ for today or a later day"),
        (date(2014, 6, 5), r"5 June 2014 is more than two years ahead: list .* for 4 June 2014 at the latest"),
        (date(9999, 12, 31), "31 December 9999 is more than two years ahead"),
        (date(1, 1, 1), "1 January 1 is past|1 January 0001 is past"),
    ],
)
def test_sitting_is_listed_for_a_day_that_can_be_meant(world, case, on, sentence):
    meeting = sitting_on(world, "moderation", [case])
    agenda = [sittings.Case(case.ccg, case.ref)]
    with refused(SittingRefused, sentence):
        sittings.list_sitting(panel=meeting.panel, on=on, cases=agenda, by=world.secretary)
    latest = sittings.list_sitting(panel=meeting.panel, on=date(2014, 6, 4), cases=agenda, by=world.secretary)
    assert latest.on == date(2014, 6, 4)


def test_nomination_has_days_that_can_be_meant(world):
    body, far = world.organisations["NHSA"], date(2022, 6, 5)
    given = {"body": body, "person": world.spare, "by": world.nominator}
    sentence = "5 June 2022 is more than ten years ahead: give a day of the nomination up to 4 June 2022"
    with refused(SeatRefused, sentence):
        nominate(starts=far, **given)
    with refused(SeatRefused, sentence):
        nominate(starts=NOW.date(), ends=far, **given)
    with refused(SeatRefused, sentence):
        end_nomination(nomination=world.nominations["voice"], ends=far, by=world.nominator)
    nominate(starts=NOW.date(), ends=date(2022, 6, 4), **given)


def test_nomination_lasts_as_long_as_what_was_taken_on_it(world, case, other_case):
    meeting = convened(sitting_on(world, "moderation", [case, other_case]))
    item, nomination = opened(meeting, case), world.nominations["voice"]
    with refused(SeatRefused, "Voice sat on 4 June 2012 on this nomination: it cannot end before that day"):
        end_nomination(nomination=nomination, ends=date(2012, 6, 3), by=world.nominator)
    decide_open(world, item)
    with refused(SeatRefused, "Voice sat on 4 June 2012 on this nomination: it cannot end before that day"):
        end_nomination(nomination=nomination, ends=date(2012, 6, 3), by=world.nominator)
    end_nomination(nomination=nomination, ends=date(2012, 6, 4), by=world.nominator)
    nothing_broken()


@pytest.mark.parametrize(
    ("body", "by", "error", "sentence"),
    [
        ("NHSA", "other_nominator", PermissionDenied, "Only NHS Alliance may nominate"),
        ("NHSA", "secretary", PermissionDenied, "Only NHS Alliance may nominate"),
        ("NAPC", "other_nominator", SeatRefused, "correct the dates"),
    ],
)
def test_only_the_body_itself_nominates(world, body, by, error, sentence):
    with refused(error, sentence):
        nominate(
            body=world.organisations[body],
            person=world.spare,
            starts=date(2012, 6, 4),
            ends=date(2012, 6, 3),
            by=world.people[by],
        )


def test_board_cannot_nominate_for_the_coalition(world):
    with refused(SeatRefused, "is not a Coalition body: only a Coalition body may nominate"):
        nominate(body=world.organisations["BOARD"], person=world.spare, starts=NOW.date(), by="system")


def test_seat_is_offered_once_and_nobody_has_two(world, case):
    meeting = sitting_on(world, "moderation", [case])
    board = world.organisations["BOARD"]
    lay = meeting.of("lay").seat
    with refused(SeatRefused, r"Lay member, is held by Lay: stand them down first"):
        seats.fill_seats(panel=meeting.panel, proposals=[seats.Proposal(lay, world.spare, board)], by=world.secretary)
    seats.stand_down(appointment=meeting.of("lay"), by=world.lay, reason="Ill")
    with refused(SeatRefused, "Chair already has a seat on this panel"):
        seats.fill_seats(panel=meeting.panel, proposals=[seats.Proposal(lay, world.chair, board)], by=world.secretary)
    people.deactivate_person(person=world.spare, by="system")
    world.spare.refresh_from_db()
    with refused(SeatRefused, "no longer active"):
        seats.fill_seats(panel=meeting.panel, proposals=[seats.Proposal(lay, world.spare, board)], by=world.secretary)


def test_only_the_person_proposed_answers(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    for by in (world.secretary, world.chair):
        with refused(PermissionDenied, "Only the person proposed"):
            seats.accept_seat(appointment=meeting.of("voice"), by=by)
        with refused(PermissionDenied, "Only the person proposed"):
            seats.decline_seat(appointment=meeting.of("voice"), by=by)


def test_declaration_that_bars_from_every_case_is_kept_and_leaves_the_seat_free(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    interest = seats.Interest("post", case.ccg, "Advised them")
    with refused(SeatRefused, '"hobby" is not a kind of interest'):
        seats.accept_seat(appointment=meeting.of("lay"), by=world.lay, interests=[seats.Interest("hobby")])
    with records(meeting.panel, "seat.declined"):
        answered = seats.accept_seat(appointment=meeting.of("lay"), by=world.lay, interests=[interest])
    assert (answered.state, meeting.of("lay").state) == ("declined", "declined")
    event = Event.objects.latest("pk")
    assert (event.document["public"]["barred_by"], event.document["public"]["declared"]) == ("D14", 1)
    line = Declaration.objects.get(person=world.lay)
    assert (line.event, line.organisation, line.statement) == (event, case.ccg, "Advised them")
    check = DisinterestCheck.objects.get(event=event)
    assert (check.moment, check.effect, check.rule) == ("accepted", "barred", "D14")
    assert not PanelGrant.objects.exists()
    with refused(SeatRefused, "is declined"):
        seats.accept_seat(appointment=meeting.of("lay"), by=world.lay)
    nothing_broken()


@pytest.mark.parametrize("nil_since", [False, True])
def test_what_was_declared_counts_when_a_seat_is_offered_again(world, case, nil_since):
    far = Walk(world, ccg="04A").case
    meeting = sitting_on(world, "moderation", [case], accept=False)
    seat, board = meeting.of("lay").seat, world.organisations["BOARD"]
    interest = seats.Interest("post", case.ccg, "Advised them")
    seats.accept_seat(appointment=meeting.of("lay"), by=world.lay, interests=[interest])
    again = [seats.Proposal(seat, world.lay, board)]
    with refused(SeatRefused, "cannot take the seat of Lay member. Barred by D14: declared an interest in 01A"):
        seats.fill_seats(panel=meeting.panel, proposals=again, by=world.secretary)
    tomorrow, agenda = NOW.date() + days(1), [sittings.Case(far.ccg, far.ref)]
    sittings.list_sitting(panel=meeting.panel, on=tomorrow, cases=agenda, by=world.secretary)
    [offered] = seats.fill_seats(panel=meeting.panel, proposals=again, by=world.secretary)
    if nil_since:
        assert seats.accept_seat(appointment=offered, by=world.lay).state == "accepted"
    newest = {row.item.case_ref: row.effect for row in offered.checks.select_related("item").order_by("pk")}
    assert newest == {case.ref: "barred", far.ref: "clear"}
    nothing_broken()


def test_member_who_declares_an_interest_in_every_case_keeps_the_declaration(world, case):
    meeting = sitting_on(world, "moderation", [case])
    with records(meeting.panel, "interests.declared"):
        seats.declare_again(
            appointment=meeting.of("lay"), by=world.lay, interests=[seats.Interest("post", case.ccg, "Advised them")]
        )
    assert Declaration.objects.filter(person=world.lay, organisation=case.ccg).exists()
    newest = DisinterestCheck.objects.filter(appointment=meeting.of("lay")).latest("pk")
    assert (newest.moment, newest.effect) == ("declared", "barred")
    nothing_broken()


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
    said = positions(item) | {meeting.members["lay"].pk: items.Said(Stance.CONCUR)}
    with refused(NotCompetent, "Lay does not count for .* and may not take a position"):
        items.decide_item(item=item, outcome="full", reasons="So.", positions=said, by=world.secretary)


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
    meeting = convened(sitting_on(world, "site_visit", [case]))
    item = opened(meeting, case)
    item = items.recuse(item=item, appointment=meeting.of("voice"), reason="Late interest", by=world.voice)
    assert item.state == "stopped"
    with refused(SittingRefused, "is stopped before"):
        items.decide_item(item=item, outcome="report", reasons="So.", positions={}, by=world.secretary)
    with refused(SittingRefused, "stays out of it"):
        items.note_arrival(item=item, appointment=meeting.of("voice"), by=world.secretary)
    seats.stand_down(appointment=meeting.of("voice"), by=world.voice, reason="Interest")
    seat = meeting.members["voice"].seat
    (alternate,) = seats.fill_seats(
        panel=meeting.panel, proposals=[coalition(world, seat, "other_voice")], by=world.secretary
    )
    with refused(SittingRefused, "holds no accepted seat"):
        items.note_arrival(item=item, appointment=alternate, by=world.secretary)
    seats.accept_seat(appointment=alternate, by=world.other_voice)
    item = items.note_arrival(item=item, appointment=alternate, by=world.secretary)
    assert item.state == "open"
    items.decide_item(item=item, outcome="report", reasons="So.", positions=positions_of(item), by=world.secretary)
    nothing_broken()


def positions_of(item):
    accepted = set(Appointment.objects.filter(panel=item.panel_id, state="accepted").values_list("pk", flat=True))
    return {pk: said for pk, said in positions(item).items() if pk in accepted}


def test_departure_of_the_only_voice_stops_the_item_until_it_is_back(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    item = opened(meeting, case)
    assert items.note_departure(item=item, appointment=meeting.of("voice"), by=world.chair).state == "stopped"
    assert items.note_arrival(item=item, appointment=meeting.of("voice"), by=world.chair).state == "open"
    decide_open(world, item)
    nothing_broken()


def decide_open(world, item, **stances):
    said = positions(item, **stances)
    return items.decide_item(item=item, outcome="full", reasons="So.", positions=said, by=world.secretary)


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ("voice missing", NotCompetent, "The position of Voice, Coalition representative, on .* is missing"),
        ("lay missing", NotCompetent, "The position of Lay, Lay member, on .* is missing"),
        ("stranger", NotCompetent, "come from nobody on the panel"),
        ("all dissent", NotCompetent, "is not carried: 0 concur and 6 dissent"),
        ("silent dissent", NotCompetent, "A dissent on .* needs its reasons"),
        ("no reasons", SittingRefused, "Give the panel's reasons"),
        ("no outcome", SittingRefused, "Name the outcome"),
    ],
)
def test_decision_of_an_item_is_whole_or_refused(world, case, change, error, sentence):
    meeting = convened(sitting_on(world, "moderation", [case]))
    item = opened(meeting, case)
    said = positions(item)
    if "missing" in change:
        del said[meeting.members[change.split()[0]].pk]
    elif change == "stranger":
        said[10**6] = items.Said(Stance.CONCUR)
    elif change == "all dissent":
        said = dict.fromkeys(said, items.Said(Stance.DISSENT, "No."))
    elif change == "silent dissent":
        said[meeting.members["voice"].pk] = items.Said(Stance.DISSENT, " ")
    with refused(error, sentence):
        items.decide_item(
            item=item,
            outcome="" if change == "no outcome" else "full",
            reasons=" " if change == "no reasons" else "So.",
            positions=said,
            by=world.secretary,
        )


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
    item = opened(meeting, case)
    posts.appoint(
        person=world.voice, organisation=world.organisations["01A"], kind="employee", starts=NOW.date(), by="system"
    )
    with refused(NotCompetent, "No Coalition representative"):
        decide_open(world, item)


def test_deactivated_member_does_not_count(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    people.deactivate_person(person=world.voice, by="system")
    with refused(NotCompetent, "No Coalition representative"):
        opened(meeting, case)


def test_deactivated_member_is_not_in_the_room(world, case, other_case):
    meeting = convened(sitting_on(world, "moderation", [case, other_case]))
    item = opened(meeting, case)
    people.deactivate_person(person=world.lay, by="system")
    with refused(NotCompetent, "Lay is no longer active and does not sit on CCG-03A-2012: note that they are not"):
        opened(meeting, other_case)
    with refused(NotCompetent, "Lay is no longer active and does not sit on CCG-01A-2012: note that they are not"):
        decide_open(world, item)
    items.note_departure(item=item, appointment=meeting.of("lay"), by=world.secretary)
    with refused(NotCompetent, "Lay is no longer active"):
        items.note_arrival(item=item, appointment=meeting.of("lay"), by=world.secretary)
    decide_open(world, item)
    nothing_broken()


@pytest.mark.parametrize("act", ["open", "close", "convene"])
def test_sitting_goes_one_way(world, case, act):
    meeting = sitting_on(world, "moderation", [case])
    if act == "open":
        with refused(SittingRefused, "is not convened yet: convene it before opening"):
            opened(meeting, case)
    elif act == "close":
        with refused(SittingRefused, "is not in session"):
            sittings.close_sitting(sitting=meeting.sitting, by=world.chair)
    else:
        convened(meeting)
        with refused(SittingRefused, "is convened already"):
            sittings.convene(sitting=meeting.sitting, by=world.chair)


def test_sitting_closes_when_no_item_is_open_and_takes_none_after(world, case, other_case):
    meeting = convened(sitting_on(world, "moderation", [case, other_case]))
    item = opened(meeting, case)
    with refused(SittingRefused, "is still open: decide it"):
        sittings.close_sitting(sitting=meeting.sitting, by=world.chair)
    items.recuse(item=item, appointment=meeting.of("voice"), reason="Interest", by=world.voice)
    sittings.close_sitting(sitting=meeting.sitting, by=world.chair)
    with refused(SittingRefused, "is over: list CCG-03A-2012 for another day"):
        opened(meeting, other_case)
    with refused(SittingRefused, "is over: list CCG-01A-2012 for another day"):
        items.note_arrival(item=item, appointment=meeting.of("lay"), by=world.chair)


def test_agenda_is_a_set_of_cases_once_a_day(world, case):
    meeting = sitting_on(world, "moderation", [case])
    agenda = [sittings.Case(case.ccg, case.ref)]
    with refused(SittingRefused, "already sits on 4 June 2012"):
        sittings.list_sitting(panel=meeting.panel, on=NOW.date(), cases=agenda, by=world.secretary)
    tomorrow = NOW.date() + timedelta(days=1)
    with refused(SittingRefused, "is on the agenda twice"):
        sittings.list_sitting(panel=meeting.panel, on=tomorrow, cases=agenda * 2, by=world.secretary)
    with refused(SittingRefused, "needs at least one case"):
        sittings.list_sitting(panel=meeting.panel, on=tomorrow, cases=[], by=world.secretary)


def test_only_the_chair_and_the_secretariat_run_a_sitting(world, case):
    meeting = sitting_on(world, "moderation", [case])
    for name in ("voice", "lay", "outsider", "director"):
        with refused(PermissionDenied, "Only the chair of"):
            sittings.convene(sitting=meeting.sitting, by=world.people[name])
        with refused(PermissionDenied, "Only the Board's secretariat"):
            sittings.list_sitting(panel=meeting.panel, on=NOW.date(), cases=[], by=world.people[name])
    convened(meeting)
    item = opened(meeting, case)
    with refused(PermissionDenied, "Only the chair of"):
        items.recuse(item=item, appointment=meeting.of("voice"), reason="Out", by=world.lay)
    with refused(PermissionDenied, "Only the chair of"):
        items.decide_item(item=item, outcome="full", reasons="So.", positions={}, by=world.voice)


def test_nobody_stands_down_in_the_middle_of_an_item(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    opened(meeting, case)
    with refused(SeatRefused, "An item is open before"):
        seats.stand_down(appointment=meeting.of("voice"), by=world.voice, reason="Away")
    with refused(SeatRefused, "Say why"):
        seats.stand_down(appointment=meeting.of("voice"), by=world.voice, reason=" ")


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


def test_grants_follow_seats(world, case):
    """I12."""
    meeting = sitting_on(world, "moderation", [case], accept=False)
    assert PanelGrant.objects.count() == 0
    seats.accept_seat(appointment=meeting.of("chair"), by=world.chair)
    grants = PanelGrant.objects.values_list("user", "permission__codename").order_by("permission__codename")
    assert list(grants) == [(world.chair.pk, "chair"), (world.chair.pk, "sit")]
    seats.stand_down(appointment=meeting.of("chair"), by=world.chair, reason="Ill")
    assert PanelGrant.objects.count() == 0


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


def test_offer_that_was_not_accepted_reads_nothing(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    assert not Application.objects.visible_to(world.voice).exists()
    seats.accept_seat(appointment=meeting.of("voice"), by=world.voice)
    assert Application.objects.visible_to(world.voice).exists()
    seats.stand_down(appointment=meeting.of("voice"), by=world.voice, reason="Ill")
    assert not Application.objects.visible_to(world.voice).exists()


@pytest.mark.parametrize(("ref", "pk"), [("PAN-0042", 42), ("PAN-12345", 12345)])
def test_panel_has_a_readable_reference(ref, pk):
    assert (Panel(pk=pk).ref, Panel.pk_of(ref)) == (ref, pk)


@pytest.mark.parametrize("ref", ["42", "PAN-", "PAN-x", "CCG-01A", "PAN-" + "9" * 19])
def test_what_is_no_reference_is_refused(ref):
    with pytest.raises(ValueError, match="it looks like PAN-0042"):
        Panel.pk_of(ref)


def test_a_chair_who_left_the_room_does_not_run_the_item(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    item = opened(meeting, case)
    items.recuse(item=item, appointment=meeting.of("chair"), reason="A friend of the applicant", by=world.chair)
    with pytest.raises(PermissionDenied, match="somebody else runs this item"):
        items.recuse(item=item, appointment=meeting.of("lay"), reason="Sent out", by=world.chair)
