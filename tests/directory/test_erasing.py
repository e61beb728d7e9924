"""A person is erased by order of two others: name, address, what was said of them, what they were told."""

from datetime import UTC, date, datetime
from itertools import chain

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from audit import clock, invariants
from audit.erasable import is_erased
from audit.errors import ErasureRefused
from audit.models import Erasure, Event, Private
from directory import invariants as of_directory
from directory.actions import people, posts, ties
from directory.actions.erasing import erase_events, erase_older, erase_person
from directory.actions.messages import write
from directory.delivery import deliver
from directory.errors import BadPerson
from directory.models import DeliveryState, Message, Person, Post, PostKind, Tie
from tests.directory.conftest import SPRING

PASSWORD = "a long enough pass phrase"
GIVEN = {"ground": "consent_withdrawn", "reference": "IG/2012/001"}
YEAR_LATER = datetime(2013, 6, 1, 11, tzinfo=UTC)
OPTIONS = {**GIVEN, "by": "sec.retary@example.org", "authorised_by": "guar.dian@example.org"}


@pytest.fixture
def guardian(board, make_person):
    person = make_person("Guar Dian")
    posts.appoint(person=person, organisation=board, kind=PostKind.CONFLICTS_GUARDIAN, starts=SPRING, by="system")
    person.refresh_from_db()
    return person


@pytest.fixture
def two(administrator, guardian):
    return {"by": administrator, "authorised_by": guardian}


@pytest.fixture
def gone(ann, ccg, two):
    """Ann, who held a post, was told of it, signed in, and is at work no more."""
    people.set_password(person=ann, password=PASSWORD, by="system")
    post = posts.appoint(
        person=ann, organisation=ccg, kind=PostKind.EMPLOYEE, starts=SPRING, title="Ann's own post", by="system"
    )
    with transaction.atomic():
        write(event=post.event, to=ann, kind="x", subject="For Ann", text="Dear Ann", link="/")
        write(event=post.event, to=two["by"], kind="x", subject="Of Ann", text="Ann came", link="/")
    posts.end_post(post=post, ends=date(2012, 6, 1), by="system")
    ann.refresh_from_db()
    return ann


def sound():
    checks = {**invariants.CHECKS, **of_directory.CHECKS}
    assert list(chain.from_iterable(check() for check in checks.values())) == []


def everything():
    """All text there is, of the log and the directory."""
    rows = [Person, Post, Message, Event, Private, Erasure]
    said = [str(list(model.objects.values_list())) for model in rows]
    return "\n".join([*said, *(bytes(each).decode() for each in Event.objects.values_list("leaf", flat=True))])


def test_nothing_that_names_the_person_is_left(gone, two):
    stream, entries = gone.stream, Event.objects.filter(stream=gone.stream).count()
    assert "Ann" in everything()
    erase_person(person=gone, **GIVEN, **two)
    assert not any(word in everything() for word in ("Ann", "ann.other"))
    gone.refresh_from_db()
    assert (gone.stream, gone.display_name, gone.is_active, gone.erased) == (stream, "Erased person", False, True)
    assert Event.objects.filter(stream=stream).count() == entries + 1
    assert {is_erased(each.text) and is_erased(each.subject) for each in Message.objects.all()} == {True}
    assert is_erased(Post.objects.get(person=gone).title)
    sound()


def test_entry_of_the_stream_names_the_order_and_nobody(gone, two):
    erase_person(person=gone, **GIVEN, **two)
    event = Event.objects.filter(stream=gone.stream).latest("stream_seq")
    assert (event.event_type, event.document["private"]) == ("person.erased", {})
    assert event.document["public"] == {**GIVEN, "authorised_by": two["authorised_by"].stream}


def test_nobody_signs_in_as_an_erased_person(gone, two):
    client = Client()
    assert client.login(username="ann.other@example.org", password=PASSWORD)
    erase_person(person=gone, **GIVEN, **two)
    assert client.get("/outbox/").status_code == 302
    gone.refresh_from_db()
    for address in ("ann.other@example.org", gone.email):
        assert not Client().login(username=address, password=PASSWORD)
    assert not gone.has_usable_password()


def test_erased_person_is_not_brought_back(gone, two):
    erase_person(person=gone, **GIVEN, **two)
    with pytest.raises(BadPerson, match="add them anew"):
        people.reactivate_person(person=gone, by="system")
    with pytest.raises(BadPerson, match="add them anew"):
        people.set_password(person=gone, password=PASSWORD, by="system")
    gone.refresh_from_db()
    with pytest.raises(BadPerson, match="stand for people who were erased"):
        people.add_person(full_name="Bea", email=f"x{gone.email}", by="system")
    people.add_person(full_name="Ann Other", email="ann.other@example.org", by="system")


def test_second_order_finds_nothing_and_records_nothing(gone, two):
    erase_person(person=gone, **GIVEN, **two)
    events = Event.objects.count()
    done = erase_person(person=gone, **{**GIVEN, "reference": "IG/2012/002"}, **two)
    assert (done.bodies, done.copies, done.people, done.events) == (0, 0, 0, ())
    assert Event.objects.count() == events


def test_dry_run_counts_what_the_order_then_does(gone, two):
    before = everything()
    counted = erase_person(person=gone, **GIVEN, **two, dry_run=True)
    assert everything() == before
    done = erase_person(person=gone, **GIVEN, **two)
    assert (counted.bodies, counted.copies) == (done.bodies, done.copies) == (2, 5)


def test_message_that_waits_is_not_mailed_once_erased(gone, two, mailoutbox):
    erase_person(person=gone, **GIVEN, **two)
    kept = Message.objects.get(to=two["by"])
    assert deliver(kept.pk) is False
    kept.delivery.refresh_from_db()
    assert (kept.delivery.state, kept.delivery.reason) == (DeliveryState.WITHHELD, "What it said was erased by order.")
    assert mailoutbox == []


def test_other_people_keep_what_is_theirs(gone, two, make_person, ccg):
    bea = make_person("Bea Other")
    post = posts.appoint(
        person=bea, organisation=ccg, kind=PostKind.EMPLOYEE, starts=SPRING, title="Of Bea", by="system"
    )
    with transaction.atomic():
        for to in (bea, gone):
            write(event=post.event, to=to, kind="y", subject="Bea", text="Bea came", link="/")
    erase_person(person=gone, **GIVEN, **two)
    bea.refresh_from_db()
    assert (bea.full_name, Post.objects.get(person=bea).title) == ("Bea Other", "Of Bea")
    assert {each.to_id: is_erased(each.text) for each in Message.objects.filter(kind="y")} == {
        bea.pk: False,
        gone.pk: True,
    }
    erase_person(person=gone, **{**GIVEN, "reference": "B/2"}, **two)
    sound()


def test_two_people_of_the_right_offices_erase(gone, two, make_person):
    outsider = make_person("Out Sider")
    secretary, guardian = two["by"], two["authorised_by"]
    for by, allowed, says in (
        (outsider, guardian, "Only the secretariat"),
        (guardian, guardian, "Two people"),
        (secretary, secretary, "Two people"),
        (guardian, secretary, "Only the secretariat"),
        (secretary, outsider, "the conflicts guardian or an auditor"),
    ):
        with pytest.raises((PermissionDenied, ErasureRefused), match=says):
            erase_person(person=gone, **GIVEN, by=by, authorised_by=allowed)
    assert not Erasure.objects.exists()


def test_nobody_at_work_is_erased_and_nobody_erases_themselves(gone, two, guardian):
    with pytest.raises(BadPerson, match=r"holds posts in force \(1\): end them first"):
        erase_person(person=people.Person.objects.get(pk=_at_work(gone).pk), **GIVEN, **two)
    with pytest.raises(BadPerson, match="Nobody erases themselves"):
        erase_person(person=guardian, **GIVEN, **two)


def _at_work(person):
    place = Post.objects.get(person=person).organisation
    posts.appoint(person=person, organisation=place, kind=PostKind.CHAIR, starts=SPRING, by="system")
    return person


def test_crash_in_the_middle_leaves_the_person_whole(gone, two, monkeypatch):
    before = everything()

    def broken(*_args, **_given):
        raise KeyboardInterrupt

    monkeypatch.setattr("audit.erasing._empty", broken)
    with pytest.raises(KeyboardInterrupt):
        erase_person(person=gone, **GIVEN, **two)
    assert everything() == before


@pytest.mark.parametrize(
    "change",
    [
        {"full_name": "Erased person"},
        {"email": "x@erased.invalid"},
        {"is_active": False},
    ],
)
def test_name_and_address_go_only_with_their_event(ann, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.filter(pk=ann.pk).update(**change)


def test_tie_is_found_whichever_way_it_stands(two, ccg, make_organisation):
    other = make_organisation("02A")
    tie = ties.add_tie(kind="neighbour", one=other, other=ccg, starts=SPRING, source="Ann said so", by="system")
    ties.end_tie(tie=tie, ends=date(2012, 7, 1), by="system")
    added = Event.objects.get(event_type="tie.added")
    erase_events(events=[added.pk], groups=["free_text"], **GIVEN, **two)
    assert is_erased(Tie.objects.get().source)
    sound()


def test_retention_takes_people_long_gone_and_keeps_those_at_work(gone, two, make_person):
    people.deactivate_person(person=gone, by="system", reason="Moved to Leeds")
    lately = make_person("Bea Other")
    with clock.at(YEAR_LATER):
        people.deactivate_person(person=lately, by="system")
        done = erase_older(than=clock.now(), groups=["person", "free_text"], reference="R/1", **two)
        assert (done.bodies, done.people) == (3, 1)
        kept = set(Private.objects.values_list("event__stream", "grp"))
        assert kept == {(each.stream, "person") for each in (lately, *two.values())}
        assert is_erased(Post.objects.get(person=gone).title)
        assert {each.full_name for each in Person.objects.filter(is_active=False)} == {"Erased person", "Bea Other"}
        sound()
        again = erase_older(than=clock.now(), groups=["person", "free_text"], reference="R/2", **two)
        assert (again.bodies, again.copies, again.people, again.events) == (0, 0, 0, ())


def test_retention_takes_the_groups_named_only(gone, two):
    people.deactivate_person(person=gone, by="system")
    with clock.at(YEAR_LATER):
        erase_older(than=clock.now(), groups=["message"], reference="R/1", **two)
    assert {is_erased(each.text) for each in Message.objects.all()} == {True}
    assert (Person.objects.get(pk=gone.pk).full_name, Post.objects.get(person=gone).title) == (
        "Ann Other",
        "Ann's own post",
    )
    sound()


def run(*args, **options):
    said = []
    call_command(*args, **options, stdout=type("Out", (), {"write": lambda self, text: said.append(text)})())
    return "".join(said)


def test_command_erases_a_person_and_says_the_entries(gone, two):
    said = run("audit_erase", person="Ann.Other@example.org", **OPTIONS)
    assert said.startswith("Erased 2 private bodies and 5 texts of rows, and the name and address of 1 person.")
    for event in Event.objects.filter(event_type="erasure.performed"):
        assert bytes(event.leaf_hash).hex() in said
    assert said.endswith(f"The record knows them from now on only as {gone.stream}.\n")
    with pytest.raises(CommandError, match="Nobody is recorded under"):
        run("audit_erase", person="Ann.Other@example.org", **OPTIONS)
    assert run("audit_erase", person=gone.stream, **OPTIONS).startswith("Nothing is left to erase")


def test_command_erases_one_group_of_one_entry(gone, two):
    entry = Event.objects.get(stream=gone.stream, event_type="post.appointed")
    digest = bytes(entry.leaf_hash).hex()
    said = run("audit_erase", entry=[digest], groups="free_text", dry_run=True, **OPTIONS)
    assert said.startswith("Would erase 1 private body and 1 text of rows.")
    run("audit_erase", entry=[digest], groups="free_text", **OPTIONS)
    assert not Private.objects.filter(event=entry).exists()
    assert Private.objects.filter(event__stream=gone.stream, grp="person").exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"person": "nobody@example.org"}, "Nobody is recorded under nobody@example.org"),
        ({"person": "ann.other@example.org", "by": "x@example.org"}, "Nobody signs in with x@example.org"),
        ({"person": "ann.other@example.org", "by": "guar.dian@example.org"}, "Two people"),
        ({"person": "ann.other@example.org", "reference": "for Ann"}, "The reference is a code"),
        ({"entry": ["ab" * 32], "groups": "person"}, "No entry of the log has the SHA-256 abab"),
        ({"entry": ["xyz"], "groups": "person"}, "No entry of the log has the SHA-256 xyz"),
        ({"entry": ["ab" * 32], "groups": "names"}, "No entry|'names' is no group: give one or more of free_text"),
    ],
)
def test_command_refuses_and_erases_nothing(gone, two, given, says):
    with pytest.raises(CommandError, match=says):
        run("audit_erase", **OPTIONS | given)
    assert not Erasure.objects.exists()


def test_retention_command(gone, two):
    order = {name: value for name, value in OPTIONS.items() if name != "ground"}
    with clock.at(datetime(2016, 2, 29, 12, tzinfo=UTC)):
        assert "Nothing is left" in run("audit_retain", older_than=4, groups="person", **order)
        said = run("audit_retain", older_than=3, groups="person,free_text", dry_run=True, **order)
        assert said.startswith("Before 2013-03-01, person, free_text:\nWould erase 1 private body and 1 text of rows.")
    with pytest.raises(CommandError, match="'names' is no group"):
        run("audit_retain", before=date(2012, 5, 1), groups="names", **order)
    assert not Erasure.objects.exists()


@pytest.mark.parametrize("typed", ["--older-than=0", "--older-than=x", "--before=2012-02-30", "--before=2112-01-01"])
def test_retention_command_refuses_what_is_no_period(db, typed):
    with pytest.raises(CommandError, match="is no|not over yet"):
        call_command(
            "audit_retain", typed, "--groups=person", "--reference=R", "--by=a@b.org", "--authorised-by=c@d.org"
        )
