"""The life of a panel: alternates, bodies that appoint, capacity, one panel a day, training, absences, closing."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from audit import clock
from directory.actions import people
from directory.models import Message
from panels.actions import items, seats, sittings
from panels.actions.absences import end_absence, note_absence
from panels.actions.accreditations import accredit, accredit_many, end_accreditation
from panels.actions.nominations import limit_nomination, nominate, reorder_nominations
from panels.actions.panels import close_panel, confirm_panel, faults_of
from panels.errors import NotCompetent, SeatRefused
from panels.models import Accreditation, Appointment, DisinterestCheck, Nomination, Panel, PanelGrant
from panels.policies import check_capacity, check_nomination
from panels.seating import holders_on, load_of, rounds_of
from tests.factories import convened, days, opened, sitting_on
from tests.factories.panels import coalition, seated
from tests.panels.actions.steps import NOW, nothing_broken, records, refused

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def voice_seat(meeting, place=0):
    return meeting.panel.seats.filter(kind="coalition_representative").order_by("number")[place]


def fresh(panel):
    return Panel.objects.get(pk=panel.pk)


def offer(meeting, kind, name, body, rank=0):
    world = meeting.world
    seat = meeting.panel.seats.filter(kind=kind).order_by("number")[0]
    proposal = seats.Proposal(seat, world.people[name], world.organisations[body], rank=rank)
    return seats.fill_seats(panel=meeting.panel, proposals=[proposal], by=world.secretary)


@pytest.mark.parametrize(
    ("panel", "kind", "name", "body", "sentence"),
    [
        ("site_visit", "lay", "lay", "RN1", "Lay member is filled by the Board, and North is a region: name who"),
        (
            "site_visit",
            "finance",
            "finance",
            "BOARD",
            "is filled by a region or its area team, and NHS .* is the Board",
        ),
        (
            "site_visit",
            "local_authority",
            "local_authority",
            "AT1",
            "is filled by a local authority, and .* an area team",
        ),
        (
            "moderation",
            "clinician",
            "clinician",
            "NHSA",
            "is filled by the Board, and NHS Alliance is a Coalition body",
        ),
    ],
)
def test_seat_is_filled_by_the_kind_of_body_it_asks_for(world, case, panel, kind, name, body, sentence):
    meeting = sitting_on(world, panel, [case], without=[name])
    with refused(SeatRefused, sentence):
        offer(meeting, kind, name, body)


def test_area_team_fills_a_seat_of_its_region(world, case):
    meeting = sitting_on(world, "site_visit", [case], without=["finance"])
    assert offer(meeting, "finance", "finance", "AT1")[0].appointed_by.code == "AT1"
    nothing_broken()


def test_two_people_in_one_place_and_one_person_in_two_are_refused_by_name(world, case):
    meeting = sitting_on(world, "moderation", [case])
    first, second = voice_seat(meeting), voice_seat(meeting, 1)
    with refused(SeatRefused, "Seat 6, Coalition representative, is held by Voice: stand them down first"):
        seats.fill_seats(panel=meeting.panel, proposals=[coalition(world, first, "other_voice")], by=world.secretary)
    with refused(SeatRefused, "Voice already has a seat on this panel: Coalition representative"):
        seats.fill_seats(panel=meeting.panel, proposals=[coalition(world, second, "voice")], by=world.secretary)
    twice = [coalition(world, second, "other_voice"), coalition(world, first, "other_voice", rank=1)]
    with refused(SeatRefused, "Other Voice already has a seat on this panel"):
        seats.fill_seats(panel=meeting.panel, proposals=twice, by=world.secretary)
    seated(meeting, coalition(world, first, "other_voice", rank=2))
    with refused(SeatRefused, "Seat 6, Coalition representative, alternate 2, is held by Other Voice: choose another"):
        seats.fill_seats(
            panel=meeting.panel, proposals=[coalition(world, first, "spare_voice", rank=2)], by=world.secretary
        )
    for rank in (-1, 21):
        with refused(SeatRefused, f"{rank} is no place among them"):
            offered = coalition(world, first, "spare_voice", rank=rank)
            seats.fill_seats(panel=meeting.panel, proposals=[offered], by=world.secretary)
    nothing_broken()


def test_nobody_sits_on_two_panels_on_one_day(world, case, other_case):
    sitting_on(world, "conditions", [other_case])
    meeting = sitting_on(world, "moderation", [case], voices=(), without=["chair", "board_member"])
    with refused(SeatRefused, r"Voice already sits on PAN-\d+ on 4 June 2012: nobody sits on two panels on one day"):
        seats.fill_seats(
            panel=meeting.panel, proposals=[coalition(world, voice_seat(meeting), "voice")], by=world.secretary
        )
    [alternate] = seated(meeting, coalition(world, voice_seat(meeting), "voice", rank=1))
    with refused(SeatRefused, "Voice already sits on"):
        seats.substitute(seat=alternate.seat, by=world.secretary)
    nothing_broken()


def test_nobody_is_invited_twice_or_from_elsewhere(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    with refused(SeatRefused, r"Nobody proposed for PAN-\d+ waits for an invitation"):
        seats.invite(panel=meeting.panel, by=world.secretary)
    with refused(SeatRefused, r"Chair is not proposed for PAN-\d+"):
        seats.invite(panel=meeting.panel, appointments=[meeting.of("chair")], by=world.secretary)
    with refused(PermissionDenied, "Only the Board's secretariat"):
        seats.invite(panel=meeting.panel, by=world.chair)


def test_invitation_is_a_message_with_a_link_to_the_answer(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    voice = meeting.of("voice")
    told = Message.objects.get(to=world.voice)
    assert (told.kind, told.link) == ("panel.invited", f"/panels/{meeting.panel.ref}/answer/{voice.pk}/")
    assert (voice.state, voice.invited_at) == ("invited", NOW)
    assert not PanelGrant.objects.exists()


def test_whoever_was_shut_out_is_not_invited(world, case):
    meeting = sitting_on(world, "moderation", [case], without=["lay"])
    offer(meeting, "lay", "lay", "BOARD")
    people.deactivate_person(person=world.lay, by="system")
    with refused(SeatRefused, "Lay is no longer active: stand them down first"):
        seats.invite(panel=meeting.panel, by=world.secretary)


def test_offer_is_not_accepted_before_the_invitation(world, case):
    meeting = sitting_on(world, "moderation", [case], without=["lay"])
    [offered] = offer(meeting, "lay", "lay", "BOARD")
    with refused(SeatRefused, "offered to Lay is proposed"):
        seats.accept_seat(appointment=offered, by=world.lay)
    with refused(SeatRefused, "offered to Lay is proposed"):
        seats.decline_seat(appointment=offered, by=world.lay)


def test_panel_is_confirmed_when_it_could_sit_on_every_day(world, case):
    meeting = sitting_on(world, "moderation", [case], voices=())
    with refused(NotCompetent, r"PAN-\d+ cannot be confirmed\. Coalition representative: 0 of 1 accepted\."):
        confirm_panel(panel=meeting.panel, by=world.secretary)
    [asked] = seated(meeting, coalition(world, voice_seat(meeting), "voice"), accept=False)
    with refused(NotCompetent, "0 of 1 accepted. Voice is invited and has not answered"):
        confirm_panel(panel=meeting.panel, by=world.secretary)
    seats.accept_seat(appointment=asked, by=world.voice)
    confirm_panel(panel=meeting.panel, by=world.secretary)
    assert fresh(meeting.panel).state == "confirmed"
    assert Message.objects.filter(to=world.voice, kind="panel.confirmed").count() == 1
    with refused(SeatRefused, "is confirmed already, since 4 June 2012"):
        confirm_panel(panel=meeting.panel, by=world.secretary)
    nothing_broken()


def test_quorum_to_sit_is_asked_before_confirming(world, case):
    out = ["board_member", "second_board_member", "clinician"]
    meeting = sitting_on(world, "moderation", [case], without=out)
    [fault] = faults_of(meeting.panel)
    assert fault == "Quorum to sit is 4 and 3 members can sit on 4 June 2012. Fill another seat."
    with refused(NotCompetent, "Quorum to sit is 4"):
        confirm_panel(panel=meeting.panel, by=world.secretary)


def test_a_member_who_leaves_unsettles_the_panel_and_its_alternate_does_not(world, case):
    meeting = sitting_on(world, "moderation", [case], voices=("voice", "other_voice"))
    [alternate] = seated(meeting, coalition(world, voice_seat(meeting), "spare_voice", rank=1))
    assert fresh(meeting.panel).confirmed_at
    seats.stand_down(appointment=alternate, by=world.secretary, reason="Away")
    assert fresh(meeting.panel).confirmed_at
    seats.stand_down(appointment=meeting.of("other_voice"), by=world.secretary, reason="Away")
    assert fresh(meeting.panel).state == "invited"
    confirm_panel(panel=meeting.panel, by=world.secretary)
    seated(meeting, coalition(world, voice_seat(meeting, 1), "other_voice"))
    assert fresh(meeting.panel).state == "invited"
    nothing_broken()


def test_a_member_without_training_does_not_make_the_panel(world, case):
    row = Accreditation.objects.get(person=world.voice)
    end_accreditation(accreditation=row, ends=TODAY - timedelta(days=1), by=world.secretary)
    meeting = sitting_on(world, "moderation", [case])
    sentence = (
        "Coalition representative: 0 of 1 can sit on 4 June 2012. Voice has no panel training on record for "
        "4 June 2012: record it."
    )
    assert sentence in faults_of(meeting.panel)
    with refused(NotCompetent, "Voice has no panel training on record"):
        confirm_panel(panel=meeting.panel, by=world.secretary)
    accredit(
        person=world.voice,
        kind="panel_training",
        given_by=world.organisations["BOARD"],
        starts=TODAY,
        by=world.secretary,
    )
    confirm_panel(panel=meeting.panel, by=world.secretary)
    nothing_broken()


def test_absence_hands_the_seat_to_the_alternate_of_that_day(world, case):
    tomorrow = TODAY + timedelta(days=1)
    meeting = sitting_on(world, "moderation", [case], on=tomorrow)
    seat = voice_seat(meeting)
    away = {"appointment": meeting.of("voice"), "starts": tomorrow, "ends": tomorrow}
    note_absence(**away, reason="Clinic", by=world.voice)
    assert "Voice is away on 5 June 2012: name an alternate." in faults_of(meeting.panel)[0]
    [alternate] = seated(meeting, coalition(world, seat, "spare_voice", rank=1))
    assert holders_on(meeting.panel, tomorrow)[seat.pk] == alternate
    assert holders_on(meeting.panel, TODAY)[seat.pk] == meeting.of("voice")
    assert faults_of(meeting.panel) == []
    nothing_broken()


def test_alternate_is_told_of_the_absence(world, case):
    tomorrow = TODAY + timedelta(days=1)
    meeting = sitting_on(world, "moderation", [case], on=tomorrow)
    seated(meeting, coalition(world, voice_seat(meeting), "spare_voice", rank=1))
    note_absence(appointment=meeting.of("voice"), starts=TODAY, ends=tomorrow, by=world.secretary)
    told = Message.objects.get(to=world.spare_voice, kind="panel.alternate")
    assert "falls to you on 5 June 2012" in told.text


@pytest.mark.parametrize(
    ("starts", "ends", "sentence"),
    [
        (date(2012, 6, 6), date(2012, 6, 5), "would end on 5 June 2012, before it starts"),
        (date(2012, 6, 3), date(2012, 6, 5), "3 June 2012 is past: note an absence from today, 4 June 2012, on"),
        (date(2012, 6, 4), date(2014, 6, 5), "5 June 2014 is more than two years ahead"),
        (date(2012, 6, 12), date(2012, 6, 15), "away from 10 June 2012 to 12 June 2012 already"),
    ],
)
def test_absence_has_days_that_can_be_meant(world, case, starts, ends, sentence):
    meeting = sitting_on(world, "moderation", [case])
    lay = meeting.of("lay")
    row = note_absence(appointment=lay, starts=date(2012, 6, 10), ends=date(2012, 6, 12), by=world.lay)
    with refused(SeatRefused, sentence):
        note_absence(appointment=lay, starts=starts, ends=ends, by=world.lay)
    with refused(SeatRefused, "longer than 400"):
        note_absence(appointment=lay, starts=TODAY, ends=TODAY, reason="x" * 401, by=world.lay)
    for last, said in ((9, "starts on 10 June 2012"), (12, "ends on 12 June 2012: give an earlier day")):
        with refused(SeatRefused, said):
            end_absence(absence=row, ends=date(2012, 6, last), by=world.lay)
    with clock.at(NOW + days(8)), refused(SeatRefused, "10 June 2012 is past"):
        end_absence(absence=row, ends=date(2012, 6, 10), by=world.lay)
    with clock.at(NOW + days(8)):
        assert end_absence(absence=row, by=world.lay).ends == date(2012, 6, 11)
    with refused(PermissionDenied, "secretariat"):
        note_absence(appointment=lay, starts=TODAY, ends=TODAY, by=world.chair)
    seats.stand_down(appointment=lay, by=world.lay, reason="Away")
    with refused(SeatRefused, "Lay has left the seat"):
        note_absence(appointment=meeting.of("lay"), starts=TODAY, ends=TODAY, by=world.lay)


def test_absence_that_has_not_begun_is_withdrawn_for_good(world, case):
    tomorrow = TODAY + timedelta(days=1)
    meeting = sitting_on(world, "moderation", [case], on=tomorrow)
    voice = meeting.of("voice")
    row = note_absence(appointment=voice, starts=tomorrow, ends=tomorrow, by=world.voice)
    assert faults_of(meeting.panel)
    with records(meeting.panel, "absence.withdrawn"):
        row = end_absence(absence=row, by=world.voice)
    assert (row.withdrawn_at, row.covers(tomorrow), faults_of(meeting.panel)) == (NOW, False, [])
    assert holders_on(meeting.panel, tomorrow)[voice.seat_id] == voice
    for given in ({}, {"ends": TODAY}):
        with refused(SeatRefused, "The absence of Voice from 5 June 2012 to 5 June 2012 was withdrawn"):
            end_absence(absence=row, by=world.voice, **given)
    again = note_absence(appointment=voice, starts=tomorrow, ends=tomorrow, by=world.voice)
    with clock.at(NOW + days(1)), refused(SeatRefused, "starts on 5 June 2012: its last day is that one"):
        end_absence(absence=again, by=world.voice)
    nothing_broken()


def test_seat_is_handed_on_while_an_item_is_stopped(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    seat, voice = voice_seat(meeting), meeting.of("voice")
    [alternate] = seated(meeting, coalition(world, seat, "spare_voice", rank=1))
    item = opened(meeting, case)
    with refused(SeatRefused, "Voice is accepted for the seat of Coalition representative: stand them down"):
        seats.substitute(seat=seat, by=world.secretary)
    items.recuse(item=item, appointment=voice, reason="Late interest", by=world.voice)
    seats.stand_down(appointment=voice, by=world.voice, reason="Interest")
    heir = seats.substitute(seat=seat, by=world.chair)
    assert (heir.pk, heir.rank, fresh(meeting.panel).state) == (alternate.pk, 0, "sitting")
    assert DisinterestCheck.objects.filter(appointment=heir).latest("pk").moment == "substituted"
    assert Message.objects.filter(to=heir.person, kind="panel.handed_on").exists()
    assert items.note_arrival(item=item, appointment=heir, by=world.chair).state == "open"
    nothing_broken()


def test_seat_is_handed_on_to_an_alternate_who_accepted_and_is_active(world, case):
    meeting = sitting_on(world, "moderation", [case], voices=())
    seat = voice_seat(meeting)
    seated(meeting, coalition(world, seat, "spare_voice", rank=1), accept=False)
    with refused(SeatRefused, "No alternate has accepted for the seat of Coalition representative"):
        seats.substitute(seat=seat, by=world.secretary)
    seats.accept_seat(appointment=Appointment.objects.get(person=world.spare_voice), by=world.spare_voice)
    people.deactivate_person(person=world.spare_voice, by="system")
    with refused(SeatRefused, "Spare Voice is no longer active: stand them down first"):
        seats.substitute(seat=seat, by=world.secretary)
    with refused(PermissionDenied, "Only the chair"):
        seats.substitute(seat=seat, by=world.lay)


def test_closed_panel_keeps_its_members_and_shuts_its_papers(world, case):
    meeting = convened(sitting_on(world, "moderation", [case]))
    with refused(SeatRefused, "is in session: close the sitting before the panel"):
        close_panel(panel=meeting.panel, reason="Done", by=world.secretary)
    sittings.close_sitting(sitting=meeting.sitting, by=world.secretary)
    with refused(SeatRefused, r"Say why PAN-\d+ is closed"):
        close_panel(panel=meeting.panel, reason=" ", by=world.secretary)
    close_panel(panel=meeting.panel, reason="Done", by=world.secretary)
    assert (fresh(meeting.panel).state, meeting.of("voice").state) == ("closed", "accepted")
    assert not PanelGrant.objects.exists()
    for act in (
        lambda: close_panel(panel=meeting.panel, reason="Again", by=world.secretary),
        lambda: confirm_panel(panel=meeting.panel, by=world.secretary),
        lambda: seats.invite(panel=meeting.panel, by=world.secretary),
        lambda: seats.stand_down(appointment=meeting.of("voice"), by=world.secretary, reason="Away"),
        lambda: note_absence(appointment=meeting.of("voice"), starts=TODAY, ends=TODAY, by=world.voice),
    ):
        with refused(SeatRefused, r"PAN-\d+ closed on 4 June 2012: propose another panel"):
            act()
    nothing_broken()


def test_nominee_sits_no_more_often_in_a_round_than_the_body_offers(world, case, other_case):
    nomination = limit_nomination(nomination=world.nominations["voice"], capacity=1, by=world.nominator)
    first = sitting_on(world, "moderation", [case], voices=())
    second = sitting_on(world, "moderation", [other_case], on=TODAY + timedelta(days=1), voices=())
    for meeting, on, about in ((first, 2, case), (second, 3, other_case)):
        sittings.list_sitting(
            panel=meeting.panel,
            on=TODAY + timedelta(days=on),
            cases=[sittings.Case(about.ccg, about.ref)],
            by=world.secretary,
            round="Wave 1",
        )
    seated(first, coalition(world, voice_seat(first), "voice"))
    assert (rounds_of(second.panel), load_of(nomination, without=second.panel)) == ({"Wave 1": 1}, {"Wave 1": 1})
    again = coalition(world, voice_seat(second), "voice")
    sentence = "Voice may sit once in Wave 1 for NHS Alliance, and sits once already; this panel asks for once"
    with refused(SeatRefused, sentence):
        seats.fill_seats(panel=second.panel, proposals=[again], by=world.secretary)
    [alternate] = seated(second, coalition(world, voice_seat(second), "voice", rank=1))
    with refused(SeatRefused, "Voice may sit once in Wave 1"):
        seats.substitute(seat=alternate.seat, by=world.secretary)
    limit_nomination(nomination=nomination, capacity=2, by=world.nominator)
    assert seats.substitute(seat=alternate.seat, by=world.secretary).rank == 0
    nothing_broken()


def test_capacity_counts_only_what_has_a_round(world):
    nomination = world.nominations["voice"]
    nomination.capacity = 2
    check_capacity(nomination, {"": 9, "Wave 1": 1}, {"": 9, "Wave 1": 1})
    with pytest.raises(SeatRefused, match="may sit twice in Wave 2 .* has no other sitting; .* asks for 3 times"):
        check_capacity(nomination, {"Wave 2": 3}, {})
    nomination.capacity = None
    check_capacity(nomination, {"Wave 1": 100}, {"Wave 1": 100})


def test_nomination_of_a_body_that_is_none_is_refused(world, case):
    meeting = sitting_on(world, "moderation", [case], voices=())
    false = Nomination(body=world.organisations["BOARD"], person=world.voice, starts=TODAY)
    with pytest.raises(SeatRefused, match="is not a Coalition body and cannot nominate"):
        check_nomination(false, voice_seat(meeting), world.voice, TODAY)


def test_body_orders_everybody_it_nominates(world):
    nhsa, rows = world.organisations["NHSA"], world.nominations
    voice, near = rows["voice"], rows["near_voice"]
    assert [voice.rank, near.rank] == [1, 2]
    for order, sentence in (
        ([voice.pk], "Near Voice is missing in the order"),
        ([voice.pk, near.pk, near.pk], "Near Voice stands in the order twice"),
        ([voice.pk, near.pk, rows["other_voice"].pk], "1 of those in the order are not nominated by NHS Alliance"),
    ):
        with refused(SeatRefused, sentence):
            reorder_nominations(body=nhsa, order=order, by=world.nominator)
    with refused(PermissionDenied, "Only NHS Alliance"):
        reorder_nominations(body=nhsa, order=[near.pk, voice.pk], by=world.other_nominator)
    found = reorder_nominations(body=nhsa, order=[near.pk, voice.pk], by=world.nominator)
    assert [each.pk for each in found] == [near.pk, voice.pk]
    assert [each.pk for each in reorder_nominations(body=nhsa, order=[near.pk, voice.pk], by=world.nominator)] == [
        near.pk,
        voice.pk,
    ]
    nothing_broken()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [({"rank": 0}, "0 is no place"), ({"capacity": 0}, "0 is no number"), ({"capacity": 1001}, "1001 is no number")],
)
def test_numbers_of_a_nomination_can_be_meant(world, given, sentence):
    with refused(SeatRefused, sentence):
        nominate(body=world.organisations["NHSA"], person=world.spare, starts=TODAY, by=world.nominator, **given)


def test_training_is_recorded_once_for_each_and_ends_once(world):
    board, kind = world.organisations["BOARD"], "panel_training"
    given = {"given_by": board, "starts": TODAY, "by": world.secretary}
    for names, changes, sentence in (
        (["outsider", "outsider"], {}, "Outsider is named twice"),
        (["outsider", "voice"], {}, "Voice has panel training on record since 1 May 2012 already: leave them out"),
        ([], {}, "Nobody is named"),
        (["outsider"], {"kind": "No Such!"}, '"No Such!" is no kind of training'),
        (["outsider"], {"ends": date(2012, 6, 3)}, "would end on 3 June 2012, before it starts"),
        (["outsider"], {"starts": date(2022, 6, 5)}, "5 June 2022 is more than ten years ahead"),
    ):
        with refused(SeatRefused, sentence):
            accredit_many(people=[world.people[name] for name in names], **({"kind": kind} | given | changes))
    with refused(PermissionDenied, "secretariat"):
        accredit_many(people=[world.outsider], kind=kind, given_by=board, starts=TODAY, by=world.voice)
    made = accredit_many(people=[world.outsider, world.director], kind=kind, **given)
    assert {row.person_id for row in made} == {world.outsider.pk, world.director.pk}
    with refused(SeatRefused, "starts on 4 June 2012: it cannot end before"):
        end_accreditation(accreditation=made[0], ends=date(2012, 6, 3), by=world.secretary)
    end_accreditation(accreditation=made[0], ends=date(2012, 6, 8), by=world.secretary)
    with refused(SeatRefused, "ends on 8 June 2012 already"):
        end_accreditation(accreditation=made[0], ends=date(2012, 6, 9), by=world.secretary)
    people.deactivate_person(person=world.contact, by="system")
    with refused(SeatRefused, "Contact is no longer active: no training"):
        accredit_many(people=[world.contact], kind=kind, **given)
    nothing_broken()
