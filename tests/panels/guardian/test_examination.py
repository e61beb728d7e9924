"""A post or a tie learnt tests everybody it could bear on again: at once from a page, by the sweep otherwise."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import clock
from audit.models import Event
from authorisation.permissions import readable_cases
from directory.actions import posts, ties
from directory.errors import BadPost
from directory.models import Post, PostKind, Tie, TieKind
from directory.rows import NewPost
from panels.actions import examination
from panels.actions.examination import end_post, end_tie, learn_post, learn_tie, sweep_stale
from panels.actions.nominations import end_nomination
from panels.models import DisinterestCheck, Recusal
from panels.stale import stale
from tests.factories import Walk, convened, decide, opened, sitting_on
from tests.factories.world import BEGIN
from tests.panels.actions.steps import NOW, nothing_broken

EXAMINED = "members.examined"


@pytest.fixture(autouse=True)
def _nothing_swept(monkeypatch):
    monkeypatch.setattr(examination._Swept, "seen", ())


def examined():
    return Event.objects.filter(event_type=EXAMINED).count()


def post(world, name, code, **given):
    return learn_post(
        **{
            "person": world.people[name],
            "organisation": world.organisations[code],
            "kind": PostKind.GOVERNING_BODY_MEMBER,
            "starts": BEGIN,
            "by": world.secretary,
        }
        | given
    )


def told(changes):
    return [each.sentence for each in changes]


def test_new_post_bars_and_says_so(meeting, case):
    _, changes = post(meeting.world, "voice", "02A")
    assert told(changes) == [f"Voice is now barred from 01A on {meeting.panel.ref} (D4)."]
    check = meeting.of("voice").checks.latest("pk")
    assert (check.moment, check.effect, check.rule) == ("examined", "barred", "D4")
    assert Event.objects.latest("pk").document["public"]["changed"][0]["rule"] == "D4"
    assert readable_cases(meeting.world.voice, [case.ref]) == set()
    nothing_broken()


def test_new_post_in_an_open_item_empties_the_seat_and_stops_it(meeting, case):
    opened(convened(meeting), case)
    _, changes = post(meeting.world, "voice", "01A")
    assert told(changes) == [f"Voice is now barred from 01A on {meeting.panel.ref} (D1) and has left the room."]
    assert meeting.item(case).state == "stopped"
    assert Recusal.objects.get().appointment == meeting.of("voice")
    nothing_broken()


def test_new_tie_bars_and_its_end_clears(meeting):
    world = meeting.world
    given = {"one": world.organisations["05A"], "other": world.organisations["01A"], "by": world.secretary}
    tie, changes = learn_tie(kind=TieKind.NEIGHBOUR, starts=BEGIN, **given)
    assert told(changes) == [f"Voice is now barred from 01A on {meeting.panel.ref} (D4)."]
    _, changes = end_tie(tie=tie, ends=NOW.date(), by=world.secretary)
    assert told(changes) == [f"Voice is now clear of every test for 01A on {meeting.panel.ref}."]


def test_post_that_ended_is_looked_back_on(meeting):
    made, _ = post(meeting.world, "voice", "01A", starts=date(2009, 1, 1))
    _, changes = end_post(post=made, ends=date(2009, 2, 1), by=meeting.world.secretary)
    assert told(changes) == [f"Voice is now clear of every test for 01A on {meeting.panel.ref}."]


def test_shared_main_provider_touches_the_other_who_shares_it(meeting):
    world = meeting.world
    hospital, fifth = world.organisations["H01"], world.organisations["05A"]
    _, changes = learn_tie(kind=TieKind.MAIN_PROVIDER, one=hospital, other=fifth, starts=BEGIN, by=world.secretary)
    assert told(changes) == [f"Voice is now barred from 01A on {meeting.panel.ref} (D4)."]


def test_what_bears_on_nobody_writes_nothing(meeting):
    world, before = meeting.world, Event.objects.count()
    learn_tie(
        kind=TieKind.NEIGHBOUR,
        one=world.organisations["03A"],
        other=world.organisations["06A"],
        starts=BEGIN,
        by=world.secretary,
    )
    assert (examined(), Event.objects.count()) == (0, before + 1)


def test_test_that_could_have_changed_is_kept_though_it_did_not(meeting):
    """Each evaluation after something was learnt is kept, once; the sweep then finds nothing to do."""
    _, changes = post(meeting.world, "lay", "06A")
    assert (changes, examined()) == ([], 1)
    assert stale() == {}
    assert (sweep_stale(), examined()) == (0, 1)


def test_case_that_is_closed_or_over_is_left_alone(meeting, case):
    decide(convened(meeting), case, "report")
    _, changes = post(meeting.world, "voice", "01A")
    assert (changes, examined()) == ([], 0)


@pytest.mark.parametrize("name", ["auditor", "chair", "guardian", "officer_1", "nominator"])
def test_only_the_secretariat_records_posts_and_ties(meeting, name):
    world = meeting.world
    by = world.people[name]
    one, other = world.organisations["05A"], world.organisations["01A"]
    acts = [
        lambda: post(world, "voice", "02A", by=by),
        lambda: end_post(post=Post.objects.filter(person=world.voice).get(), ends=NOW.date(), by=by),
        lambda: learn_tie(kind=TieKind.NEIGHBOUR, one=one, other=other, starts=BEGIN, by=by),
        lambda: end_tie(tie=Tie.objects.all()[0], ends=NOW.date(), by=by),
    ]
    before = Event.objects.count()
    for act in acts:
        with pytest.raises(PermissionDenied):
            act()
    assert Event.objects.count() == before


def test_post_the_directory_refuses_leaves_no_trace(meeting):
    before = Event.objects.count(), DisinterestCheck.objects.count()
    with pytest.raises(BadPost):
        post(meeting.world, "voice", "01A", ends=BEGIN)
    assert (Event.objects.count(), DisinterestCheck.objects.count()) == before


def test_sweep_finds_what_was_imported(meeting):
    world = meeting.world
    row = NewPost(
        person=world.voice, organisation=world.organisations["01A"], kind=PostKind.GOVERNING_BODY_MEMBER, starts=BEGIN
    )
    posts.add_many(posts=[row], by="system")
    assert sweep_stale() == 1
    assert meeting.of("voice").checks.latest("pk").rule == "D1"
    assert (sweep_stale(), examined()) == (0, 1)
    nothing_broken()


def test_sweep_finds_a_tie_whose_day_has_come(meeting):
    world, day = meeting.world, NOW.date() + timedelta(days=2)
    ties.add_tie(
        kind=TieKind.NEIGHBOUR,
        one=world.organisations["05A"],
        other=world.organisations["01A"],
        starts=day,
        by="system",
    )
    assert sweep_stale() == 0
    with clock.at(NOW + timedelta(days=1)):
        assert sweep_stale() == 0
    with clock.at(NOW + timedelta(days=2)):
        assert sweep_stale() == 1
        assert sweep_stale() == 0


def test_sweep_finds_a_post_that_expired(meeting):
    made, changes = post(meeting.world, "voice", "02A", ends=NOW.date() + timedelta(days=1))
    assert len(changes) == 1
    with clock.at(NOW + timedelta(days=1)):
        posts.expire(clock.now())
        assert sweep_stale() == 1
        assert meeting.of("voice").checks.latest("pk").effect == "clear"
    assert made.pk


def test_sweep_is_cheap_when_nothing_was_learnt(meeting):
    sweep_stale()
    with CaptureQueriesContext(connection) as asked:
        assert sweep_stale() == 0
    assert len(asked) == 3


def test_examination_costs_the_same_for_one_case_and_for_three(world, case):
    others = [Walk(world, ccg=ccg).case for ccg in ("03A", "06A")]

    def cost(kind, cases, name, on):
        sitting_on(world, kind, cases, on=on)
        with CaptureQueriesContext(connection) as asked:
            post(world, name, "02A")
        return len(asked)

    once = cost("site_visit", [case], "key_assessor", NOW.date())
    thrice = cost("moderation", [case, *others], "second_board_member", NOW.date() + timedelta(days=1))
    assert thrice == once


def test_no_panel_is_nothing_to_examine(db):
    assert examination.examine_again(panels=[], why="sweep", by="system") == []


def test_nomination_that_ends_stops_an_item_it_no_longer_covers(world, case):
    """The record may be made late: the panel met on Monday, and it is Tuesday when the body takes its member back."""
    met = convened(sitting_on(world, "site_visit", [case], on=NOW.date()))
    opened(met, case)
    with clock.at(NOW + timedelta(days=1)):
        nomination = world.nominations["voice"]
        end_nomination(nomination=nomination, ends=NOW.date(), by=world.nominator)
    assert met.item(case).state == "stopped"
    assert Event.objects.latest("pk").document["public"]["why"] == "nomination.ended"
    nothing_broken()
