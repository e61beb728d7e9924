"""A real case, erased as far as an order reaches: every page still opens, and every check still holds."""

import json
import re

import pytest

from audit import clock
from audit.erasable import MARK, is_erased
from audit.erasing import groups
from audit.models import Event, Private
from directory.actions import posts
from directory.actions.erasing import erase_events, erase_person
from directory.models import Message, Person
from panels.minutes import draft
from panels.models import Absence, Declaration, Objection, Outcome, Panel, Position, Recusal
from tests.access.papers import CANARY
from tests.factories.pages import Reader
from workflows.management.commands.check_invariants import all_checks

pytestmark = pytest.mark.django_db
# What an order never empties: the decision and the conditions, which stand in the letter.
PUBLISHED = {"decision", "test", "direction", "constitution", "statement"}


@pytest.fixture
def now(sealed):
    with clock.at(sealed.walk.now):
        yield


@pytest.fixture
def two(sealed):
    return {"reference": "IG/2012/001", "by": sealed.world.secretary, "authorised_by": sealed.world.guardian}


def found_in(text):
    return set(re.findall(rf"{CANARY}-([a-z]+(?:-[a-z]+)*)", text))


def bodies():
    return "\n".join(bytes(body).decode() for body in Private.objects.values_list("body", flat=True))


def pages(sealed):
    """Every page of the case and its panels that holds papers, as the auditor sees it."""
    reader = Reader(sealed.world.auditor)
    case = f"/applications/{sealed.ref}/"
    paths = [case, f"{case}readers/", "/conflicts/", "/conflicts/?show=ruled"]
    for meeting in sealed.meetings:
        of = meeting.panel.ref
        paths += [f"/panels/{of}/", f"/audit/panels/{of}/"]
        paths += [f"/panels/{of}/sitting/{meeting.sitting.pk}/", f"/panels/{of}/minutes/{meeting.sitting.pk}/"]
    return {path: reader.get(path) for path in paths}


def held():
    found = {name: check() for name, check in all_checks().items()}
    assert {name: sentences for name, sentences in found.items() if sentences} == {}


@pytest.mark.usefixtures("now")
def test_everything_an_order_reaches_is_gone_from_every_page(sealed, two):
    before = found_in("".join(page.html for page in pages(sealed).values()))
    assert before >= {"outcome", "dissent", "desk-reason", "report", "decision", "comment", "leaving"}
    compositions = {each.pk: json.dumps(each.composition.body) for each in Outcome.objects.all()}
    everything = list(Event.objects.values_list("id", flat=True))
    done = erase_events(events=everything, groups=groups(), ground="unlawful", **two)
    assert done.bodies > 20
    assert found_in(bodies()) <= PUBLISHED
    for path, page in pages(sealed).items():
        assert page.status == 200, path
        assert found_in(page.html) <= PUBLISHED, path
    assert MARK in "".join(page.html for page in pages(sealed).values())
    assert {each.pk: json.dumps(each.composition.body) for each in Outcome.objects.all()} == compositions
    assert all(is_erased(each.reasons) for each in Outcome.objects.all())
    held()


@pytest.mark.usefixtures("now")
def test_what_a_public_task_needs_stays_on_any_other_ground(sealed, two):
    said = {each.pk: each.reasons for each in Outcome.objects.all()}
    spoken = {each.pk: each.reasons for each in Position.objects.all()}
    everything = list(Event.objects.values_list("id", flat=True))
    done = erase_events(events=everything, groups=groups(), ground="objection", **two)
    assert done.kept > 10
    assert {each.pk: each.reasons for each in Outcome.objects.all()} == said
    assert {each.pk: each.reasons for each in Position.objects.all()} == spoken
    assert {is_erased(each.statement) for each in Objection.objects.all()} == {True}
    assert {is_erased(each.reason) for each in Recusal.objects.all()} == {True}
    held()


@pytest.mark.usefixtures("now")
def test_member_who_was_erased_keeps_their_seat_in_the_record(sealed, two):
    person = sealed.shut_out["left_the_room"]
    stream, name = person.stream, person.full_name
    for post in person.posts.filter(in_force=True):
        posts.end_post(post=post, ends=clock.now().date(), by="system")
    erase_person(person=person, ground="consent_withdrawn", **two)
    person = Person.objects.get(pk=person.pk)
    assert (person.stream, person.display_name) == (stream, "Erased person")
    assert {is_erased(each.reason) for each in Recusal.objects.filter(appointment__person=person)} == {True}
    assert all(each.nil or is_erased(each.statement) for each in Declaration.objects.filter(person=person))
    assert {is_erased(each.text) for each in Message.objects.filter(to=person)} == {True}
    assert not Absence.objects.filter(appointment__person=person).exclude(reason__startswith=MARK).exclude(reason="")
    panel = Panel.objects.get(pk=sealed.walk.meetings["decision"].panel.pk)
    rows = Outcome.objects.get(item__panel=panel).composition.body["members"]
    assert stream in {row["person"] for row in rows}
    words = " ".join(page.words for page in pages(sealed).values())
    assert "Erased person" in words
    assert name not in words
    held()


@pytest.mark.usefixtures("now")
def test_minutes_say_that_their_text_was_erased(sealed, two):
    sitting = sealed.walk.meetings["decision"].sitting
    before = draft(sitting)
    assert not before.erased
    stream = sealed.walk.meetings["decision"].panel.stream
    events = Event.objects.filter(stream=stream).values_list("id", flat=True)
    erase_events(events=list(events), groups=["free_text"], ground="unlawful", **two)
    after = draft(sitting)
    assert after.erased
    assert (after.sha256 != before.sha256, after.items[0].reasons.startswith(MARK)) == (True, True)


@pytest.mark.usefixtures("now")
@pytest.mark.once
def test_reads_of_what_is_sensitive_are_recorded(sealed):
    world, ref = sealed.world, sealed.meetings[0].panel.ref
    sitting = sealed.meetings[0].sitting.pk
    person = world.chair
    auditor = Reader(world.auditor)
    for path in (f"/applications/{sealed.ref}/readers/", "/conflicts/", f"/panels/{ref}/", f"/audit/panels/{ref}/"):
        auditor.get(path)
    auditor.get(f"/panels/{ref}/sitting/{sitting}/")
    assert auditor.client.get(f"/panels/{ref}/minutes/{sitting}/minutes.pdf").status_code == 200
    Reader(world.secretary).get(f"/people/{person.pk}/posts/")
    Reader(world.chair).get(f"/panels/{ref}/")
    Reader(world.chair).get("/conflicts/")
    recorded = Event.objects.filter(event_type__in=["record.read", "export.made"])
    said = [(each.document["public"]["what"], each.document["public"]["ref"]) for each in recorded]
    assert len(said) == len(set(said))
    assert set(said) == {
        ("readers", sealed.ref),
        ("conflicts", ""),
        ("panel", ref),
        ("audit-panel", ref),
        ("panel-sitting", ref),
        ("minutes", ref),
        ("person-posts", person.stream),
    }
    assert {each.document["actor"] for each in recorded} == {world.auditor.stream, world.secretary.stream}
