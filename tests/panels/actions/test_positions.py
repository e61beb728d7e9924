"""Positions: entered by the member or for them, seen by four eyes, the Coalition's by its own hand."""

import pytest
from django.core.exceptions import PermissionDenied

from audit.models import Event
from panels.actions import items
from panels.actions.positions import enter_positions
from panels.errors import NotCompetent, SittingRefused
from panels.models import Composition, Position, Stance
from tests.factories import Walk, convened, opened, sitting_on, spoken
from tests.panels.actions.steps import nothing_broken, records, refused

pytestmark = pytest.mark.django_db
CONCUR, ABSTAIN = items.Said(Stance.CONCUR), items.Said(Stance.ABSTAIN)


@pytest.fixture
def meeting(world, case):
    return convened(sitting_on(world, "moderation", [case]))


@pytest.fixture
def item(meeting, case):
    return opened(meeting, case)


def key(meeting, name):
    return meeting.members[name].pk


def others(meeting, *names):
    """A position for everybody but these."""
    return {each.pk: CONCUR for each in meeting.everybody if each.pk not in {key(meeting, name) for name in names}}


def decided(item, by, outcome="full"):
    return items.decide_item(item=item, outcome=outcome, reasons="So.", by=by)


def test_position_is_an_event_with_its_reasons_kept_apart(world, meeting, item):
    said = items.Said(Stance.DISSENT, "Too soon for this group.")
    with records(meeting.panel, "positions.entered"):
        enter_positions(item=item, positions={key(meeting, "lay"): said}, by=world.lay)
    event = Event.objects.latest("pk")
    rows = [{"seat": "lay", "person": world.lay.stream, "stance": "dissent"}]
    assert event.document["public"] == {"case": item.case_ref, "positions": rows}
    assert "Too soon" not in str(event.document)
    row = Position.objects.get()
    assert (row.entered_by, row.stance, row.reasons) == (world.lay, "dissent", "Too soon for this group.")


def test_latest_position_counts_and_every_one_is_kept(world, meeting, item):
    for said in (items.Said(Stance.DISSENT, "No."), CONCUR):
        enter_positions(item=item, positions={key(meeting, "lay"): said}, by=world.lay)
    enter_positions(item=item, positions=others(meeting, "lay", "voice"), by=world.chair)
    enter_positions(item=item, positions={key(meeting, "voice"): CONCUR}, by=world.voice)
    decided(item, world.secretary)
    rows = Composition.objects.get().body["members"]
    assert {row["stance"] for row in rows} == {"concur"}
    assert Position.objects.filter(appointment=key(meeting, "lay")).count() == 2
    nothing_broken()


def test_four_eyes_see_what_was_entered_for_others(world, meeting, item):
    enter_positions(item=item, positions={key(meeting, "voice"): CONCUR}, by=world.voice)
    enter_positions(item=item, positions=others(meeting, "voice"), by=world.secretary)
    with refused(NotCompetent, "You entered the position of Chair on .*: they confirm it by entering their own, or"):
        decided(item, world.secretary)
    decided(item, world.chair)
    entered = {row["seat"]: row["entered_by"] for row in Composition.objects.get().body["members"]}
    assert entered["coalition_representative"] == world.voice.stream
    assert entered["lay"] == world.secretary.stream
    nothing_broken()


def test_coalition_position_waits_for_its_own_hand(world, meeting, item):
    enter_positions(item=item, positions=others(meeting), by=world.chair)
    with refused(NotCompetent, "The position of Voice, Coalition representative, on .* waits for their own hand"):
        decided(item, world.secretary)
    enter_positions(item=item, positions={key(meeting, "voice"): CONCUR}, by=world.voice)
    decided(item, world.secretary)


def test_nobody_writes_over_a_members_own_position(world, meeting, item):
    enter_positions(item=item, positions={key(meeting, "lay"): items.Said(Stance.DISSENT, "No.")}, by=world.lay)
    for by in (world.secretary, world.chair):
        with refused(SittingRefused, "Lay entered their own position on .*: only they change it"):
            enter_positions(item=item, positions={key(meeting, "lay"): CONCUR}, by=by)


@pytest.mark.parametrize("by", ["voice", "outsider", "director"])
def test_only_whoever_runs_the_item_enters_for_others(world, meeting, item, by):
    with refused(PermissionDenied, "Only the chair of"):
        enter_positions(item=item, positions={key(meeting, "lay"): CONCUR}, by=world.people[by])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("nothing", "No position on .* was given: choose one"),
        ("stranger", "A position on .* comes from nobody on the panel"),
        ("silent dissent", "A dissent on .* needs its reasons: give those of Lay"),
        ("barred", "Near Voice does not count for .* and may not take a position"),
    ],
)
def test_position_is_of_a_counted_member_and_whole(world, case, given, sentence):
    far = Walk(world, ccg="04A").case
    meeting = convened(sitting_on(world, "moderation", [case, far], voices=("near_voice", "voice")))
    item = opened(meeting, case)
    said = {
        "nothing": {},
        "stranger": {10**6: CONCUR},
        "silent dissent": {key(meeting, "lay"): items.Said(Stance.DISSENT, " ")},
        "barred": {key(meeting, "near_voice"): CONCUR},
    }[given]
    with refused(NotCompetent, sentence):
        enter_positions(item=item, positions=said, by=world.secretary)


def test_no_position_before_the_item_opens_or_after_its_outcome(world, meeting, case):
    said = {key(meeting, "lay"): CONCUR}
    with refused(SittingRefused, "is listed before"):
        enter_positions(item=meeting.item(case), positions=said, by=world.lay)
    item = spoken(opened(meeting, case))
    decided(item, world.secretary)
    with refused(SittingRefused, "is closed before"):
        enter_positions(item=item, positions=said, by=world.lay)


def test_abstention_is_no_vote_against(world, meeting, item):
    seats = ("chair", "lay", "clinician", "board_member")
    spoken(item, **dict.fromkeys(seats, ABSTAIN))
    decided(item, world.secretary)
    nothing_broken()


def test_position_of_whoever_leaves_afterwards_does_not_count(world, meeting, item):
    dissent = items.Said(Stance.DISSENT, "No.")
    spoken(item, lay=dissent)
    items.recuse(item=item, appointment=meeting.of("lay"), reason="Friend", by=world.lay)
    decided(item, world.secretary)
    stances = {row["seat"]: row["stance"] for row in Composition.objects.get().body["members"]}
    assert stances["lay"] == ""
    nothing_broken()
