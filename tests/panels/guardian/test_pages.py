"""The desk, the applicant's objection, posts and ties as pages: who may open them, and what each may read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directory.actions import posts
from directory.models import Post, PostKind, Tie
from panels.actions import seats
from panels.actions.objections import object_to
from panels.actions.rulings import rule
from panels.models import Objection, Ruling
from tests.factories import Walk, convened, sitting_on
from tests.factories.pages import Reader
from tests.factories.world import BEGIN, PEOPLE
from tests.panels.actions.steps import NOW

DESK = "/conflicts/"
SECRET, WHY = "Her brother runs our hospital.", "He left the hospital in 2003."
EVERYBODY = [name for name, _, _ in PEOPLE] + ["outsider", "spare"]
ALL = {"secretary", "guardian", "auditor"}


@pytest.fixture
def objected(meeting, case):
    return object_to(
        panel=meeting.panel,
        person=meeting.world.lay,
        case_ref=case.ref,
        kind="family",
        statement=SECRET,
        by=meeting.world.officer("01A"),
    )


def dismissed(meeting, objection, **given):
    return rule(
        **{
            "panel": meeting.panel,
            "person": meeting.world.lay,
            "organisation": objection.organisation,
            "rule": "OB",
            "verdict": "dismissed",
            "effect": "clear",
            "reason": WHY,
            "by": meeting.world.guardian,
            "objection": objection,
        }
        | given
    )


def reads(world, name, **query):
    return Reader(world.people[name]).get(DESK, **query).words


@pytest.mark.parametrize("name", EVERYBODY)
def test_statement_and_reason_are_read_by_those_the_guard_names(meeting, objected, name):
    """The member and the desk read both; the applicant what it said, with verdict and effect; nobody else a word."""
    world = meeting.world
    waiting = reads(world, name)
    dismissed(meeting, objected)
    ruled = reads(world, name, show="ruled")
    assert (SECRET in waiting) is (name in ALL | {"lay", "officer_1"})
    assert (SECRET in ruled) is (name in ALL | {"lay", "officer_1"})
    assert (WHY in ruled) is (name in ALL | {"lay"})
    assert ("Dismissed" in ruled) is (name in ALL | {"lay", "officer_1"})
    assert SECRET not in reads(world, name)


def test_counts_and_filters_tell_strangers_nothing(meeting, objected):
    for name in ("officer_2", "voice", "nominator", "outsider"):
        page = Reader(meeting.world.people[name]).get(DESK, q="Lay")
        assert "Nothing waits that fits." in page.words
        assert page.text("dd") == []
        assert "Conflicts" not in page.links


def test_strangers_sign_in_first(db):
    assert Reader().client.get(DESK).status_code == 302


def test_desk_shows_inferences_and_declarations_with_their_facts(meeting, case):
    world = meeting.world
    said = seats.Interest("statement", case.ccg, "I praised it once.")
    seats.declare_again(appointment=meeting.of("voice"), by=world.voice, interests=[said])
    posts.appoint(
        person=world.finance, organisation=world.organisations["02A"], kind="chair", starts=BEGIN, by="system"
    )
    seats.declare_again(appointment=meeting.of("finance"), by=world.finance)
    words = reads(world, "guardian")
    assert "Declared under D12: " in words
    assert "Declared under D4: own organisation, 02A, borders 01A." in words
    assert "Inferred from posts and ties" in words
    assert "I praised it once." not in words
    assert "D12" not in reads(world, "guardian", source="inferred").partition("Waiting for a ruling")[2]
    assert "Nothing waits that fits." in reads(world, "guardian", source="objection")
    assert "Nothing waits that fits." in reads(world, "guardian", effect="Barred")
    assert "Finance for" in reads(world, "guardian", q="finance 01a")
    assert "D12" not in reads(world, "voice")


def test_guardian_rules_and_rules_again_from_the_desk(meeting, objected):
    reader = Reader(meeting.world.guardian)
    link = next(href for text, href in reader.get(DESK).links.items() if text.startswith("Rule on OB of Lay"))
    sent = reader.send(link, verdict="dismissed", effect="clear", reason=WHY)
    assert sent.status_code == 302
    assert "Nothing waits." in reader.get(DESK).words
    again = next(
        href for text, href in reader.get(DESK, show="ruled").links.items() if text.startswith("Rule again on OB")
    )
    assert WHY in reader.get(again).words
    reader.send(again, verdict="confirmed", effect="barred", reason="She told me so.")
    words = reader.get(DESK, show="ruled").words
    assert (WHY in words, "She told me so." in words, words.count("Superseded")) == (True, True, 1)
    assert Ruling.objects.count() == 2


def test_ruling_that_is_refused_keeps_what_was_entered(meeting, objected):
    reader = Reader(meeting.world.guardian)
    link = next(href for text, href in reader.get(DESK).links.items() if text.startswith("Rule on OB of Lay"))
    page = reader.refused(link, verdict="dismissed", effect="declare_only", reason=WHY)
    assert page.status == 422
    assert "An objection that is dismissed leaves the member clear" in page.words
    assert page.fields["reason"] == [WHY]


@pytest.mark.parametrize("name", ["secretary", "auditor", "chair", "lay", "officer_1", "outsider"])
def test_nobody_else_opens_the_ruling_and_no_link_leads_there(meeting, objected, name):
    reader = Reader(meeting.world.people[name])
    assert not [text for text in reader.get(DESK).links if text.startswith("Rule on")]
    member, item = meeting.of("lay").pk, meeting.items["CCG-01A-2012"].pk
    path = f"{DESK}{meeting.panel.ref}/{member}/{item}/OB/?objection={objected.pk}"
    assert reader.client.get(path).status_code == 403


@pytest.mark.parametrize("tail", ["0/{item}/OB/", "{member}/0/OB/", "{member}/{item}/OB/"])
def test_ruling_on_nothing_is_not_found(meeting, objected, tail):
    tail = tail.format(member=meeting.of("lay").pk, item=meeting.items["CCG-01A-2012"].pk)
    reader = Reader(meeting.world.guardian)
    assert reader.client.get(f"{DESK}{meeting.panel.ref}/{tail}").status_code == 404


def test_test_that_is_never_ruled_on_says_why(meeting):
    member, item = meeting.of("lay").pk, meeting.items["CCG-01A-2012"].pk
    page = Reader(meeting.world.guardian).get(f"{DESK}{meeting.panel.ref}/{member}/{item}/D1/")
    assert page.status == 403
    assert "D1 is never ruled on: nobody judges their own organisation" in page.words


def test_applicant_objects_from_its_own_page(world):
    walk = Walk(world)
    sitting_on(world, "site_visit", [walk.case], on=NOW.date())
    reader = Reader(world.officer("01A"))
    page = reader.get(f"/applications/{walk.case.ref}/")
    assert "Who will judge us" in page.text("h2")
    link = next(href for text, href in page.links.items() if text.startswith("Object to Lay"))
    assert reader.send(link, kind="family", statement=SECRET).status_code == 302
    assert "Objection raised" in reader.get(f"/applications/{walk.case.ref}/").words
    assert Objection.objects.get().statement == SECRET


def test_others_read_who_will_judge_and_may_not_object(meeting, case):
    page = Reader(meeting.world.auditor).get(f"/applications/{case.ref}/")
    assert "Who will judge this application" in page.text("h2")
    assert not [text for text in page.links if text.startswith("Object")]
    path = f"/panels/{meeting.panel.ref}/object/{meeting.of('lay').pk}/{case.ref}/"
    for name in ("auditor", "secretary", "officer_2", "lay"):
        assert Reader(meeting.world.people[name]).client.get(path).status_code == 403


def test_panel_that_sits_is_no_longer_objected_to(meeting, case):
    convened(meeting)
    page = Reader(meeting.world.officer("01A")).get(f"/applications/{case.ref}/")
    assert "Who will judge us" not in page.text("h2")


def test_desk_costs_the_same_for_one_and_for_three(meeting, case, objected):
    def cost(**query):
        reader = Reader(meeting.world.guardian)
        reader.get(DESK)
        with CaptureQueriesContext(connection) as asked:
            reader.get(DESK, **query)
        return len(asked)

    dismissed(meeting, objected, verdict="confirmed", effect="discuss_no_vote")
    for kind in ("own",):
        object_to(
            panel=meeting.panel,
            person=meeting.world.lay,
            case_ref=case.ref,
            kind=kind,
            statement=SECRET,
            by=meeting.world.officer("01A"),
        )
    once = cost(), cost(show="ruled")
    for name in ("chair", "finance"):
        again = object_to(
            panel=meeting.panel,
            person=meeting.world.people[name],
            case_ref=case.ref,
            kind="other",
            statement=SECRET,
            by=meeting.world.officer("01A"),
        )
        dismissed(meeting, again, person=meeting.world.people[name])
        object_to(
            panel=meeting.panel,
            person=meeting.world.people[name],
            case_ref=case.ref,
            kind="own",
            statement=SECRET,
            by=meeting.world.officer("01A"),
        )
    assert (cost(), cost(show="ruled")) == once


DAY = {"starts_0": "1", "starts_1": "5", "starts_2": "2012"}


def test_secretariat_records_and_ends_a_post_and_reads_what_follows(meeting):
    world = meeting.world
    reader = Reader(world.secretary)
    path = f"/people/{world.voice.pk}/posts/"
    assert "Record a post" in reader.get(path).heading
    reader.send(path, kind=PostKind.GOVERNING_BODY_MEMBER, code="02a", **DAY)
    told = reader.get(path).words
    assert f"Voice is now barred from 01A on {meeting.panel.ref} (D4)." in told
    post = Post.objects.get(person=world.voice, organisation__code="02A")
    reader.send(f"{path}{post.pk}/end/", ends_0="2", ends_1="6", ends_2="2012")
    assert "Voice is now clear of every test for 01A" in reader.get(path).words


def test_secretariat_records_and_ends_a_tie_from_either_end(meeting):
    world = meeting.world
    reader = Reader(world.secretary)
    path = "/organisations/01A/ties/"
    reader.send(path, kind="main_provider-", code="H01", **DAY)
    assert "already have this tie in that time" in reader.refused(path, kind="main_provider-", code="H01", **DAY).words
    reader.send(path, kind="neighbour", code="05A", **DAY)
    assert f"Voice is now barred from 01A on {meeting.panel.ref} (D4)." in reader.get(path).words
    tie = Tie.objects.get(one__code="01A", other__code="05A")
    reader.send(f"{path}{tie.pk}/end/", ends_0="4", ends_1="6", ends_2="2012")
    assert "is now clear of every test" in reader.get(path).words


@pytest.mark.parametrize("name", ["auditor", "guardian", "chair", "officer_1", "outsider"])
def test_posts_and_ties_are_the_secretariats(meeting, name):
    world = meeting.world
    reader = Reader(world.people[name])
    post, tie = Post.objects.filter(person=world.voice).get(), Tie.objects.filter(one__code="01A")[0]
    paths = [
        f"/people/{world.voice.pk}/posts/",
        f"/people/{world.voice.pk}/posts/{post.pk}/end/",
        "/organisations/01A/ties/",
        f"/organisations/01A/ties/{tie.pk}/end/",
    ]
    assert {reader.client.get(path).status_code for path in paths} == {403}
    assert not [text for text in reader.get("/people/").links if text.startswith("Posts of")]


def test_code_nobody_has_is_said(meeting):
    page = Reader(meeting.world.secretary).refused("/organisations/01A/ties/", kind="neighbour", code="ZZZ", **DAY)
    assert "No organisation has the code ZZZ" in page.words
