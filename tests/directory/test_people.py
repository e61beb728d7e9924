import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from audit.models import Event, Private
from directory.actions import people, posts
from directory.errors import BadPerson
from directory.models import Person, PostKind
from directory.permissions import may_see_email
from directory.rows import NewPerson
from tests.directory.conftest import SPRING


def test_add_person_records_the_name_only_in_private(ann):
    event = Event.objects.get(stream=ann.stream)

    assert event.document["public"] == {"synthetic": False}
    assert b"Ann" not in bytes(event.leaf)
    assert Private.objects.get(event=event).document == {
        "title": "",
        "full_name": "Ann Other",
        "email": "ann.other@example.org",
    }


def test_add_person_by_an_administrator_is_allowed(administrator):
    added = people.add_person(full_name="Bo Else", email="bo@example.org", by=administrator)

    assert Event.objects.get(stream=added.stream).document["actor"] == administrator.stream


def test_add_person_by_somebody_else_is_denied(board, ann):
    with pytest.raises(PermissionDenied):
        people.add_person(full_name="Bo Else", email="bo@example.org", by=ann)

    assert list(Person.objects.all()) == [ann]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"full_name": "  "}, "A person needs a name of printable characters: type the full name."),
        ({"full_name": "Ann\nOther"}, "A person needs a name of printable characters: type the full name."),
        ({"full_name": "n" * 151}, f"'{'n' * 30}…' is longer than 150 characters: shorten it."),
        ({"email": "nowhere"}, "'nowhere' is not an e-mail address: type one like name@example.org."),
        (
            {"email": " ANN.other@example.org"},
            "ann.other@example.org already belongs to somebody: look the person up, or use another address.",
        ),
    ],
)
def test_add_person_with_bad_details_is_refused(ann, values, sentence):
    with pytest.raises(BadPerson) as refusal:
        people.add_person(**{"full_name": "Bo Else", "email": "bo@example.org", **values}, by="system")

    assert refusal.value.message == sentence
    assert Person.objects.count() == 1


def test_add_many_people_costs_the_same_queries_for_ten_and_for_a_hundred(db, django_assert_max_num_queries):
    for size in (10, 100):
        rows = [NewPerson(full_name=f"P {n}", email=f"p{n}.{size}@example.org") for n in range(size)]
        with django_assert_max_num_queries(12):
            added = people.add_many(people=rows, by="system")
        assert [person.full_name for person in added] == [row.full_name for row in rows]

    assert Event.objects.filter(event_type="person.added").count() == 110


def test_add_many_people_with_one_address_twice_adds_nobody(db):
    rows = [NewPerson(full_name=name, email="same@example.org") for name in ("Ann Other", "Bo Else")]

    with pytest.raises(BadPerson, match="given to two people"):
        people.add_many(people=rows, by="system")

    assert Person.objects.count() == 0
    assert Event.objects.count() == 0


def test_deactivate_takes_the_grants_and_keeps_the_posts(ann, ccg):
    posts.appoint(person=ann, organisation=ccg, kind=PostKind.CHAIR, starts=SPRING, by="system")

    person = people.deactivate_person(person=ann, by="system", reason="left")

    assert not person.is_active
    assert person.grants.count() == 0
    assert person.posts.filter(in_force=True).count() == 1
    with pytest.raises(BadPerson):
        people.deactivate_person(person=ann, by="system")

    assert people.reactivate_person(person=ann, by="system").grants.count() == 1
    with pytest.raises(BadPerson):
        people.reactivate_person(person=ann, by="system")


def test_deactivate_by_somebody_else_is_denied(board, ann, make_person):
    with pytest.raises(PermissionDenied):
        people.deactivate_person(person=make_person("Bo Else"), by=ann)


def test_person_cannot_be_deleted_or_changed_without_an_event(ann):
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.filter(pk=ann.pk).update(full_name="Nobody")
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.filter(pk=ann.pk).delete()

    assert Person.objects.get().full_name == "Ann Other"


def test_password_is_set_by_oneself_and_the_log_does_not_hold_it(ann, client):
    people.set_password(person=ann, password="a long-enough phrase", by=ann)

    assert client.login(username="Ann.Other@example.org", password="a long-enough phrase")
    assert not client.login(username="ann.other@example.org", password="another phrase")
    last = Event.objects.filter(stream=ann.stream).order_by("stream_seq").last()
    assert (last.event_type, last.document["public"]) == ("person.password_set", {})
    assert Private.objects.filter(event=last).count() == 0


def test_password_of_somebody_else_is_denied(board, ann, make_person):
    with pytest.raises(PermissionDenied):
        people.set_password(person=make_person("Bo Else"), password="a long-enough phrase", by=ann)


def test_password_that_is_too_short_is_refused(ann):
    with pytest.raises(BadPerson, match="too short"):
        people.set_password(person=ann, password="short", by="system")


def test_sign_in_with_an_old_hash_writes_nothing(ann, client, settings):
    people.set_password(person=ann, password="a long-enough phrase", by=ann)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]

    assert client.login(username=ann.email, password="a long-enough phrase")
    assert Person.objects.get(pk=ann.pk).password.startswith("md5$")


def test_person_without_a_password_cannot_sign_in(ann, client):
    assert not client.login(username=ann.email, password="")


def test_people_with_posts_are_visible_and_their_addresses_are_not(administrator, ann, ccg, make_person):
    bo, cy = make_person("Bo Else"), make_person("Cy Third")
    posts.appoint(person=bo, organisation=ccg, kind=PostKind.PANEL_MEMBER, starts=SPRING, by="system")

    def names(viewer):
        return sorted(p.full_name for p in Person.objects.visible_to(viewer))

    def addresses(viewer):
        return sorted(p.full_name for p in Person.objects.contactable_by(viewer))

    assert (names(ann), addresses(ann)) == (["Ann Other", "Bo Else", "Sec Retary"], ["Ann Other"])
    everybody = ["Ann Other", "Bo Else", "Cy Third", "Sec Retary"]
    assert (names(administrator), addresses(administrator)) == (everybody, everybody)
    assert (names(AnonymousUser()), addresses(AnonymousUser())) == ([], [])
    gone = people.deactivate_person(person=cy, by="system")
    assert (names(gone), addresses(gone)) == ([], [])
    assert [may_see_email(viewer, bo) for viewer in (bo, administrator, ann, gone, AnonymousUser())] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_names_are_written_with_and_without_the_title(make_person):
    person = make_person("Ann Other", title="Dr")

    assert (str(person), person.get_full_name(), person.get_short_name()) == (
        "Dr Ann Other",
        "Dr Ann Other",
        "Ann Other",
    )


def test_password_is_compared_asynchronously_too(ann):
    people.set_password(person=ann, password="a long-enough phrase", by=ann)
    ann.refresh_from_db()

    assert async_to_sync(ann.acheck_password)("a long-enough phrase")
    assert not async_to_sync(ann.acheck_password)("another phrase")
