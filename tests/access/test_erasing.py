"""A real case, erased as far as an order reaches: every page still opens, and every check still holds."""

import json
import re

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from audit import clock, erased
from audit.erasable import MARK, is_erased
from audit.erasing import PREVAILING, Ground, groups
from audit.models import Event, Private
from audit.reading import note_export
from authorisation.models import Submission
from directory.actions import posts
from directory.actions.erasing import erase_events, erase_older, erase_person
from directory.actions.messages import write
from directory.actions.signing_in import note_sign_in_failed
from directory.models import Message, Person
from panels.minutes import draft
from panels.models import Absence, Declaration, Objection, Outcome, Panel, Position, Recusal
from tests.access.papers import CANARY
from tests.factories import days
from tests.factories.pages import Reader
from tests.factories.raw import unfenced
from workflows.management.commands.check_invariants import all_checks

pytestmark = pytest.mark.django_db
# What an order never empties: the decision and the conditions, which stand in the letter.
PUBLISHED = {"decision", "test", "direction"}


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
    for each in Submission.objects.all():
        assert is_erased(each.constitution)
        assert (is_erased(each.declarations), len(each.declarations)) == (True, 1)
    held()
    again = erase_events(events=everything, groups=groups(), ground="unlawful", **two)
    assert (again.bodies, again.copies, again.events) == (0, 0, ())


@pytest.mark.usefixtures("now")
def test_list_of_texts_changes_by_its_order_only(sealed, two):
    row = Submission.objects.latest("pk")
    said = "[Erased on 1 June 2012: x]"
    for value in ([said], [], ["other"], [*row.declarations, said]):
        with pytest.raises(IntegrityError), transaction.atomic():
            Submission.objects.filter(pk=row.pk).update(declarations=value)
    erase_events(events=[row.event_id], groups=["free_text"], ground="unlawful", **two)
    row.refresh_from_db()
    [said] = row.declarations
    assert is_erased(said)
    for value in ([said, said], [], ["other"]):
        with pytest.raises(IntegrityError), transaction.atomic():
            Submission.objects.filter(pk=row.pk).update(declarations=value)
    with unfenced():
        Submission.objects.filter(pk=row.pk).update(declarations=["Statement"])
        [found] = list(erased.faults())
        assert f"Submission {row.pk}: its declarations stands though free_text of event" in found
    assert list(erased.faults()) == []


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize("ground", sorted(Ground))
def test_facts_a_member_was_cleared_on_go_only_where_the_ground_prevails(sealed, two, ground):
    decided = list(Event.objects.filter(event_type="item.decided").values_list("id", flat=True))
    if ground == Ground.RETENTION:
        done = erase_older(than=clock.now() + days(1), groups=["interest"], **two)
    else:
        done = erase_events(events=decided, groups=["interest"], ground=ground, **two)
    left = Private.objects.filter(event__in=decided, grp="interest").count()
    assert (left, done.kept) == ((0, 0) if ground in PREVAILING else (len(decided), len(decided)))
    assert len(decided) > 1
    held()


@pytest.mark.usefixtures("now")
def test_person_who_was_erased_is_named_nowhere_any_more(sealed, two):
    person = sealed.shut_out["left_the_room"]
    names = (person.email, person.full_name)
    note_sign_in_failed(email=person.email.upper())
    for typed in (person.full_name.lower(), f"by {person.full_name}, perhaps", "Decision"):
        note_export(what="events", form="csv", rows=1, chosen={}, typed={"by": typed}, by=sealed.world.auditor)
    kept = note_export(what="log", form="csv", rows=1, chosen={}, typed={"text": "Leeds"}, by=sealed.world.auditor)
    with transaction.atomic():
        for number, text in enumerate((f"{person.full_name} sits.", f"{person.full_name}2 sits.")):
            write(event=kept, to=sealed.world.chair, kind=f"x{number}", subject="Of a panel", text=text, link="/")
    assert named_in(names) > {"audit.Private.body", "directory.Person.email", "directory.Message.text"}
    for post in person.posts.filter(in_force=True):
        posts.end_post(post=post, ends=clock.now().date(), by="system")
    erase_person(person=person, ground="consent_withdrawn", **two)
    other = Message.objects.filter(event=kept, text__startswith=person.full_name)
    assert [each.kind for each in other] == ["x1"]
    assert named_in(names) == {"directory.Message.text"}
    assert [row.event for row in Private.objects.filter(event__event_type="export.made")] == [kept]
    held()


def named_in(names):
    """The columns of the whole database that hold one of these."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            for value in model._base_manager.values_list(field.attname, flat=True):
                held = bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
                if any(name.casefold() in held.casefold() for name in names):
                    found.add(f"{model._meta.label}.{field.name}")
    return found


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
