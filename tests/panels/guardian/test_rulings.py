"""The conflicts guardian confirms and dismisses; four tests are nobody's to lift; nothing disappears."""

import pytest
from django.core.exceptions import PermissionDenied

from audit.models import Event
from directory.actions import posts
from directory.models import Message, PostKind
from directory.rules import POST_GRANTS
from panels.actions import seats
from panels.actions.objections import object_to
from panels.actions.rulings import rule
from panels.errors import RulingRefused, SeatRefused
from panels.models import Recusal, Refusal, Ruling
from panels.policies.interests import NEVER, RULED
from panels.rules.table import NEVER_OVERRIDDEN, RULES
from tests.factories import Walk, convened, opened, sitting_on
from tests.factories.world import BEGIN
from tests.panels.actions.steps import nothing_broken, records

REASON = "The border is a river nobody crosses."


@pytest.fixture
def near(world, case):
    """The lay member chairs 02A, a neighbour of 01A: D4 has them declare."""
    posts.appoint(
        person=world.lay, organisation=world.organisations["02A"], kind=PostKind.CHAIR, starts=BEGIN, by="system"
    )
    return sitting_on(world, "site_visit", [case])


def rules(meeting, **given):
    world = meeting.world
    return rule(
        **{
            "panel": meeting.panel,
            "person": world.lay,
            "organisation": world.organisations["01A"],
            "rule": "D4",
            "verdict": "dismissed",
            "effect": "clear",
            "reason": REASON,
            "by": world.guardian,
        }
        | given
    )


def latest(meeting, name="lay"):
    return meeting.of(name).checks.latest("pk")


def test_dismissal_makes_the_test_milder_and_the_latest_ruling_counts(near):
    assert latest(near).effect == "declare_only"
    with records(lambda: near.panel, "conflict.ruled"):
        rules(near)
    assert (latest(near).moment, latest(near).effect) == ("ruled", "clear")
    rules(near, verdict="confirmed", effect="barred", reason="They sold us water.")
    assert (latest(near).effect, latest(near).rule) == ("barred", "D4")
    assert Ruling.objects.count() == 2
    nothing_broken()


def test_reason_is_in_no_public_record_and_in_no_message(near):
    made = rules(near)
    assert REASON.encode() not in bytes(made.event.leaf)
    told = Message.objects.filter(event=made.event)
    assert {each.to.email for each in told} == {"lay@example.test", "secretary@example.test"}
    assert not [each for each in told if REASON in each.text + each.subject]


@pytest.mark.parametrize("name", ["secretary", "chair", "auditor", "officer_1", "lay", "outsider"])
def test_only_the_guardian_of_the_board_rules(near, name):
    with pytest.raises(PermissionDenied):
        rules(near, by=near.world.people[name])
    assert not Ruling.objects.exists()


def test_guardian_of_a_coalition_body_does_not_rule(near):
    world = near.world
    posts.appoint(
        person=world.spare,
        organisation=world.organisations["NHSA"],
        kind=PostKind.CONFLICTS_GUARDIAN,
        starts=BEGIN,
        by="system",
    )
    assert "rule_on_conflicts" in POST_GRANTS[PostKind.CONFLICTS_GUARDIAN]
    with pytest.raises(PermissionDenied, match="conflicts guardian of the Board"):
        rules(near, by=world.spare)


def test_guardian_with_a_seat_on_the_panel_does_not_rule(near):
    world = near.world
    posts.appoint(
        person=world.chair,
        organisation=world.organisations["BOARD"],
        kind=PostKind.CONFLICTS_GUARDIAN,
        starts=BEGIN,
        by="system",
    )
    with pytest.raises(PermissionDenied, match="You have a seat on PAN-"):
        rules(near, by=world.chair)


def test_tests_never_ruled_on_are_those_the_rules_name():
    assert set(NEVER) == NEVER_OVERRIDDEN
    assert set(RULED) | set(NEVER) == set(RULES)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        *(({"rule": each}, f"{each} is never ruled on: ") for each in sorted(NEVER)),
        ({"rule": "D99"}, '"D99" is not a test that is ruled on'),
        ({"reason": " "}, "Give the reason for ruling on D4 of Lay"),
        ({"reason": "x" * 4001}, "longer than 4000 characters"),
        ({"effect": "perhaps"}, "Rule that the interest is confirmed or dismissed"),
        ({"rule": "D7"}, "D7 does not apply to Lay for 01A now"),
        ({"effect": "barred"}, "A dismissal of D4 does not bar"),
        ({"effect": "declare_only"}, "D4 says declare only of Lay: a dismissal is milder"),
        ({"verdict": "confirmed"}, "D4 says declare only of Lay: a confirmation is nothing milder"),
        ({"rule": "OB"}, "Name the objection for OB"),
    ],
)
def test_ruling_is_refused_by_name_and_the_refusal_is_kept(near, given, sentence):
    with pytest.raises(RulingRefused, match=sentence):
        rules(near, **given)
    assert not Ruling.objects.exists()
    assert Refusal.objects.get().act == "rule"
    assert Event.objects.latest("pk").event_type == "panel.refused"


def test_organisation_that_is_not_before_the_panel_is_refused(near):
    with pytest.raises(RulingRefused, match="Nothing of 03A is before PAN-"):
        rules(near, organisation=near.world.organisations["03A"])
    with pytest.raises(SeatRefused, match="Spare has no seat on PAN-"):
        rules(near, person=near.world.spare)


def objected(meeting, case):
    world = meeting.world
    return object_to(
        panel=meeting.panel,
        person=world.lay,
        case_ref=case.ref,
        kind="other",
        statement="Plays golf with our rival.",
        by=world.officer("01A"),
    )


@pytest.mark.parametrize(
    ("verdict", "effect", "after"),
    [("dismissed", "clear", "clear"), ("confirmed", "discuss_no_vote", "discuss_no_vote")],
)
def test_objection_is_dismissed_or_upheld_and_the_applicant_is_told(meeting, case, verdict, effect, after):
    made = rules(meeting, rule="OB", objection=objected(meeting, case), verdict=verdict, effect=effect)
    assert latest(meeting).effect == after
    assert meeting.world.officer("01A") in [each.to for each in Message.objects.filter(event=made.event)]
    nothing_broken()


@pytest.mark.parametrize(("verdict", "effect"), [("dismissed", "declare_only"), ("confirmed", "clear")])
def test_objection_ruled_against_itself_is_refused(meeting, case, verdict, effect):
    with pytest.raises(RulingRefused, match="An objection that is dismissed leaves the member clear"):
        rules(meeting, rule="OB", objection=objected(meeting, case), verdict=verdict, effect=effect)


def test_objection_of_another_case_is_refused(world, case):
    other = Walk(world, ccg="03A").case
    met = sitting_on(world, "moderation", [case, other])
    with pytest.raises(RulingRefused, match="That objection is not to Lay for 03A"):
        rules(met, rule="OB", organisation=other.ccg, objection=objected(met, case), effect="clear")


def test_ruling_that_bars_in_an_open_item_sends_the_member_out_at_once(near, case):
    item = opened(convened(near), case)
    rules(near, verdict="confirmed", effect="barred")
    assert Recusal.objects.get(item=item).appointment == near.of("lay")
    assert near.item(case).state == "open"
    nothing_broken()


def test_ruling_that_empties_the_coalition_seat_stops_the_item(meeting, case):
    world = meeting.world
    said = seats.Interest("statement", case.ccg, "I praised it once.")
    seats.declare_again(appointment=meeting.of("voice"), by=world.voice, interests=[said])
    item = opened(convened(meeting), case)
    made = rules(meeting, person=world.voice, rule="D12", verdict="confirmed", effect="barred")
    assert meeting.item(case).state == "stopped"
    assert Recusal.objects.get(item=item).event == made.event
    nothing_broken()
