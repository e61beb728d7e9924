"""Signing in, out and in vain are entries of the log; the password is in none, the address in private only."""

from datetime import timedelta

import pytest
from django.db import connection

from audit import clock
from audit.models import Event, Private
from directory.actions.people import set_password
from directory.actions.signing_in import MOST_FAILURES, note_sign_in_failed
from tests.directory.test_messages import told
from tests.factories import build_world
from tests.factories.pages import Reader
from tests.factories.world import START

PASSWORD = "a long enough pass phrase"
WRONG = "quite another pass phrase"


@pytest.fixture
def world(db):
    with clock.at(START):
        made = build_world()
        made.secretary = set_password(person=made.secretary, password=PASSWORD, by="system")
        yield made


def said(kind):
    return list(Event.objects.filter(event_type=kind).order_by("id"))


def sign_in(reader, email="secretary@example.test", password=PASSWORD):
    return reader.send("/sign-in/", email=email, password=password)


def after(seconds):
    return clock.at(START + timedelta(seconds=seconds))


def log():
    leaves = b"".join(bytes(leaf) for leaf in Event.objects.values_list("leaf", flat=True))
    bodies = b"".join(bytes(body) for body in Private.objects.values_list("body", flat=True))
    return leaves.decode(), bodies.decode()


def test_signing_in_and_out_is_recorded(world):
    reader = Reader()
    assert sign_in(reader).status_code == 302
    reader.client.post("/sign-out/")
    [came], [left] = said("person.signed_in"), said("person.signed_out")
    assert {each.document["actor"] for each in (came, left)} == {world.secretary.stream}
    assert {each.stream for each in (came, left)} == {"system"}
    assert came.document["public"] == {"way": "password"}
    assert said("sign_in.failed") == []


def test_nobody_signs_out_nobody(world):
    Reader().client.post("/sign-out/")
    assert said("person.signed_out") == []


@pytest.mark.parametrize("email", ["secretary@example.test", "nobody@example.test"])
def test_failure_keeps_the_address_in_private_and_the_password_nowhere(world, email):
    assert sign_in(Reader(), email.upper(), WRONG).status_code == 422
    [event] = said("sign_in.failed")
    assert (event.document["actor"], event.document["public"]) == ("system", {"more": 0})
    assert {row.grp: row.document for row in Private.objects.filter(event=event)} == {"person": {"email": email}}
    leaves, bodies = log()
    assert email not in leaves
    assert WRONG not in leaves + bodies


def test_person_shut_out_fails_like_everybody(world):
    from directory.actions.people import deactivate_person

    deactivate_person(person=world.secretary, by="system")
    assert sign_in(Reader()).status_code == 422
    assert len(said("sign_in.failed")) == 1


def test_half_filled_form_is_no_attempt(world):
    reader = Reader()
    reader.send("/sign-in/", email="secretary@example.test")
    reader.send("/sign-in/", password=PASSWORD)
    assert said("sign_in.failed") == []


def test_failures_of_one_address_are_recorded_once_a_minute_and_the_rest_counted(world):
    for second in range(10):
        with after(second):
            sign_in(Reader(), "Nobody@example.test", WRONG)
    assert [each.document["public"] for each in said("sign_in.failed")] == [{"more": 0}]
    with after(120):
        sign_in(Reader(), "somebody@example.test", WRONG)
    with after(240):
        sign_in(Reader(), "nobody@example.test", WRONG)
    assert [each.document["public"]["more"] for each in said("sign_in.failed")] == [0, 9, 0]


def test_many_addresses_do_not_flood_the_log(world):
    for number in range(MOST_FAILURES + 40):
        note_sign_in_failed(email=f"a{number}@example.test")
    assert len(said("sign_in.failed")) == MOST_FAILURES
    with after(61):
        note_sign_in_failed(email="b@example.test")
    assert said("sign_in.failed")[-1].document["public"] == {"more": 40}


def test_sign_in_that_cannot_be_recorded_lets_nobody_in(world, monkeypatch):
    def broken(**_given):
        raise RuntimeError

    monkeypatch.setattr("directory.views.signing_in.note_signed_in", broken)
    reader = Reader()
    with pytest.raises(RuntimeError):
        sign_in(reader)
    assert reader.client.session.get("_auth_user_id") is None
    assert not connection.needs_rollback


def test_secretariat_reading_what_somebody_was_told_is_recorded_and_reading_ones_own_is_not(world):
    own, others = told(world.secretary), told(world.chair)
    reader = Reader(world.secretary)
    for _ in range(2):
        reader.get(f"/outbox/{own.pk}/")
        reader.get(f"/outbox/{others.pk}/")
    assert [each.document["public"] for each in said("record.read")] == [{"what": "message", "ref": str(others.pk)}]
    assert [each.document["actor"] for each in said("record.read")] == [world.secretary.stream]
