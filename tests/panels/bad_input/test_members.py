"""Declarations, absences, trainings, objections, rulings and the room: what cannot be meant is refused by name."""

import re

import pytest
from django.core.exceptions import PermissionDenied

from directory.actions import organisations, posts
from directory.models import PostKind
from panels.actions import absences, accreditations, items, objections, positions, rulings, seats
from panels.errors import NotCompetent, RulingRefused, SeatRefused, SittingRefused
from panels.models import Appointment, Stance
from tests.factories import convened, days, opened, sitting_on
from tests.factories.pages import Reader
from tests.factories.panels import coalition, seated
from tests.factories.world import BEGIN
from tests.panels.actions.steps import nothing_broken, refused
from tests.panels.bad_input.steps import LONG, NOW, path, refused_on, seat

pytestmark = [pytest.mark.django_db, pytest.mark.once]


# Declarations.


@pytest.fixture
def offered(meeting):
    """The Coalition's seat, offered to its representative."""
    free = seat(meeting, "coalition_representative")
    [row] = seated(meeting, coalition(meeting.world, free, "voice"), accept=False)
    return meeting, row


def closed_group(world):
    """The fourth group, closed nine days ago; its officer's post ended before."""
    posts.end_post(post=world.officer_4.posts.get(), ends=(NOW - days(20)).date(), by="system")
    organisations.close_organisation(
        organisation=world.organisations["04A"], closed=(NOW - days(9)).date(), by="system"
    )
    world.organisations["04A"].refresh_from_db()
    return world.organisations["04A"]


INTERESTS = [
    ({"kind": "taste"}, '^"taste" is not a kind of interest: use one of own, practice, '),
    (
        {"starts": NOW.date(), "ends": BEGIN},
        "would end on 1 May 2012, before it began on 4 June 2012: correct the dates",
    ),
    ({"kind": "statement", "starts": (NOW + days(1)).date()}, "cannot be dated 5 June 2012, which is still to come"),
    ({"starts": BEGIN.replace(year=1900)}, "1 May 1900 is more than 60 years ago: correct the date"),
]


@pytest.mark.parametrize(("given", "said"), INTERESTS)
def test_interest_that_cannot_be_meant_is_refused(offered, given, said):
    meeting, row = offered
    said_of = {"kind": "own", "organisation": meeting.world.organisations["02A"]} | given
    with refused(SeatRefused, said):
        seats.accept_seat(appointment=row, by=row.person, interests=[seats.Interest(**said_of)])
    assert Appointment.objects.get(pk=row.pk).state == "invited"


def test_interest_in_an_organisation_that_closed_is_refused_with_the_cure(offered):
    meeting, row = offered
    gone = closed_group(meeting.world)
    said = r"^NHS Group 4 CCG \(04A\) closed on 26 May 2012: name the organisation that took its place"
    with refused(SeatRefused, said):
        seats.accept_seat(appointment=row, by=row.person, interests=[seats.Interest("own", gone)])
    typed = {"answer": "declare", "kind-1": "own", "code-1": "04A", "statement-1": "I led it."}
    page = refused_on(row.person, path(meeting, f"answer/{row.pk}/"), **typed)
    assert (
        "closed on 26 May 2012: name the organisation that took its place, or say when the interest ended."
        in page.words
    )
    assert {name: page.fields[name] for name in typed if name != "answer"} == {
        name: [value] for name, value in typed.items() if name != "answer"
    }
    ended = {"ends-1_0": "26", "ends-1_1": "5", "ends-1_2": "2012"}
    answered = Reader(row.person).send(path(meeting, f"answer/{row.pk}/"), **typed, **ended)
    assert answered.status_code == 302
    assert Appointment.objects.get(pk=row.pk).state == "accepted"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("kind-1", "taste", "taste"),
        ("code-1", "ZZZ", "No organisation has the code ZZZ"),
        ("code-1", "0\x001A", "Null characters are not allowed"),
        ("statement-1", "So\x00.", "Null characters are not allowed"),
        ("statement-1", LONG, "1,000|1000"),
        ("starts-1_2", "9" * 400, "real day"),
    ],
)
def test_declaration_typed_wrong_is_refused_on_the_page_and_stands(offered, field, value, said):
    meeting, row = offered
    typed = {"answer": "declare", "kind-1": "own", "code-1": "02A", "statement-1": "I advise it."} | {field: value}
    if field.startswith("starts"):
        typed |= {"starts-1_0": "1", "starts-1_1": "5"}
    page = refused_on(row.person, path(meeting, f"answer/{row.pk}/"), **typed)
    assert re.search(said, page.words)
    kept = "statement-1" if field != "statement-1" else "code-1"
    assert page.fields[kept] == [typed[kept]]
    assert Appointment.objects.get(pk=row.pk).state == "invited"


# Absences, trainings and texts.


@pytest.mark.parametrize(
    ("starts", "ends", "reason", "said"),
    [
        (-1, 1, "", "^3 June 2012 is past: note an absence from today, 4 June 2012, on.$"),
        (2, 1, "", "would end on 5 June 2012, before it starts: correct the dates.$"),
        (1, 900, "", "is more than two years ahead: give a day up to"),
        (1, 2, "x" * 401, "^The reason is longer than 400 characters: shorten it.$"),
    ],
)
def test_absence_that_cannot_be_meant_is_refused(meeting, starts, ends, reason, said):
    first, last = (NOW + days(starts)).date(), (NOW + days(ends)).date()
    with refused(SeatRefused, said):
        absences.note_absence(
            appointment=meeting.of("chair"), starts=first, ends=last, reason=reason, by=meeting.world.secretary
        )


def test_absence_noted_twice_is_refused_on_the_page(meeting):
    chair = meeting.of("chair")
    absences.note_absence(appointment=chair, starts=NOW.date(), ends=(NOW + days(3)).date(), by=meeting.world.secretary)
    day = {f"{end}_{place}": value for end in ("starts", "ends") for place, value in enumerate(("5", "6", "2012"))}
    page = refused_on(chair.person, path(meeting, f"absent/{chair.pk}/"), **day, reason="At sea.")
    assert "Chair is noted as away from 4 June 2012 to 7 June 2012 already: end that absence first" in page.words
    assert page.fields["reason"] == ["At sea."]
    assert page.fields["starts_0"] == ["5"]


@pytest.mark.parametrize("kind", ["", "Panel training", "x" * 41, "t\x00", "1st"])
def test_training_of_no_proper_name_is_refused(meeting, kind):
    world = meeting.world
    with refused(SeatRefused, "is no kind of training: use a name of the rule set"):
        accreditations.accredit(
            person=world.outsider,
            kind=kind,
            given_by=world.organisations["BOARD"],
            starts=NOW.date(),
            by=world.secretary,
        )


def test_training_does_not_end_before_a_day_somebody_sat_on_it(world, case):
    opened(convened(sitting_on(world, "moderation", [case])), case)
    row, day = world.lay.accreditations.get(), NOW.date()
    with refused(SeatRefused, "^Lay sat on 4 June 2012 on this training: it cannot end before that day.$"):
        accreditations.end_accreditation(accreditation=row, ends=day - days(1), by=world.secretary)
    accreditations.end_accreditation(accreditation=row, ends=day, by=world.secretary)
    nothing_broken()


@pytest.mark.parametrize("reason", ["", "   "])
def test_seat_is_not_left_without_a_reason(meeting, reason):
    chair = meeting.of("chair")
    with refused(SeatRefused, "^Say why the member stands down"):
        seats.stand_down(appointment=chair, by=meeting.world.secretary, reason=reason)
    page = refused_on(meeting.world.secretary, path(meeting, f"do/stand-down/{chair.pk}/"), reason=reason)
    assert "Say why the member stands down" in page.words


# Objections and rulings.


def test_objection_after_the_sitting_is_refused_on_the_page(world, case):
    made = convened(sitting_on(world, "moderation", [case]))
    chair = made.of("chair")
    how = {"person": chair.person, "case_ref": case.ref, "kind": "family", "statement": "His sister."}
    with refused(SeatRefused, "sat on 4 June 2012: an objection to Chair on CCG-01A-2012 is raised before the panel"):
        objections.object_to(panel=made.panel, by=world.officer_1, **how)
    page = refused_on(
        world.officer_1, path(made, f"object/{chair.pk}/{case.ref}/"), kind="family", statement="His sister."
    )
    assert "Write to the conflicts guardian." in page.words
    assert page.fields["statement"] == ["His sister."]


@pytest.mark.parametrize(("statement", "said"), [(LONG, "4,?000"), ("So\x00.", "Null characters")])
def test_objection_too_long_or_broken_is_refused_on_the_page(meeting, case, statement, said):
    chair = meeting.of("chair")
    address = path(meeting, f"object/{chair.pk}/{case.ref}/")
    page = refused_on(meeting.world.officer_1, address, kind="family", statement=statement)
    assert re.search(said, page.words)


@pytest.fixture
def near(world, case):
    """The lay member chairs a neighbour of the applicant, and declares it (D4)."""
    board = world.organisations["02A"]
    posts.appoint(person=world.lay, organisation=board, kind=PostKind.CHAIR, starts=BEGIN, by="system")
    return sitting_on(world, "moderation", [case])


def ruling(meeting, **given):
    how = {"person": meeting.world.lay, "organisation": meeting.world.organisations["01A"], "rule": "D4"}
    said = {"verdict": "dismissed", "effect": "clear", "reason": "A river.", "by": meeting.world.guardian}
    return rulings.rule(**{"panel": meeting.panel} | how | said | given)


def test_ruling_by_a_chair_is_forbidden(near, case):
    with refused(PermissionDenied, "Only the conflicts guardian of the Board rules on interests: a chair never does."):
        ruling(near, by=near.world.chair)
    item, row = near.item(case), near.of("lay")
    page = Reader(near.world.chair).get(f"/conflicts/{near.panel.ref}/{row.pk}/{item.pk}/D4/")
    assert page.status == 403
    assert "a chair never does" in page.words


@pytest.mark.parametrize("name", ["D1", "D9", "D13", "D14"])
def test_ruling_on_what_nobody_lifts_is_refused(near, case, name):
    with refused(RulingRefused, f"^{name} is never ruled on: "):
        ruling(near, rule=name)
    address = f"/conflicts/{near.panel.ref}/{near.of('lay').pk}/{near.item(case).pk}/{name}/"
    assert Reader(near.world.guardian).get(address).status == 403


def test_ruling_without_a_reason_is_refused_on_the_page(near, case):
    address = f"/conflicts/{near.panel.ref}/{near.of('lay').pk}/{near.item(case).pk}/D4/"
    for reason, said in (("", "Give your reason"), (LONG, "4,000"), ("So\x00.", "Null characters")):
        page = refused_on(near.world.guardian, address, verdict="dismissed", effect="clear", reason=reason)
        assert said in page.words.replace("4000", "4,000")
    page = refused_on(near.world.guardian, address, verdict="dismissed", effect="barred", reason="A river.")
    assert "A dismissal of D4 does not bar: confirm it, or say what Lay may do." in page.words
    assert page.fields["reason"] == ["A river."]


# The room.


@pytest.fixture
def room(world, case):
    made = convened(sitting_on(world, "moderation", [case]))
    return made, opened(made, case)


@pytest.mark.parametrize(
    ("outcome", "reasons", "said"),
    [
        ("", "So.", "in 1 to 40 characters"),
        ("y" * 41, "So.", "in 1 to 40 characters"),
        ("full", " ", "Give the panel's"),
    ],
)
def test_outcome_that_says_nothing_or_too_much_is_refused(room, outcome, reasons, said):
    made, item = room
    with refused(SittingRefused, said):
        items.decide_item(item=item, outcome=outcome, reasons=reasons, by=made.world.secretary)


def test_position_of_nobody_and_dissent_without_reasons_are_refused(room, case):
    made, item = room
    voice = made.of("voice")
    with refused(NotCompetent, "position on CCG-01A-2012 comes? from nobody on the panel.$"):
        positions.enter_positions(item=item, positions={10**9: items.Said(Stance.CONCUR)}, by=made.world.secretary)
    with refused(NotCompetent, "^A dissent on CCG-01A-2012 needs its reasons: give those of Voice.$"):
        positions.enter_positions(item=item, positions={voice.pk: items.Said(Stance.DISSENT)}, by=voice.person)
    page = refused_on(voice.person, path(made, f"do/position/{item.pk}/"), stance="dissent", reasons="")
    assert "A dissent on CCG-01A-2012 needs its reasons" in page.words


@pytest.mark.parametrize(("reason", "said"), [("", "Say why"), ("x" * 401, "400"), ("So\x00.", "Null characters")])
def test_leaving_the_room_without_a_reason_is_refused_on_the_page(room, reason, said):
    made, item = room
    voice = made.of("voice")
    page = refused_on(voice.person, path(made, f"do/recuse/{item.pk}/"), reason=reason)
    assert said in page.words
