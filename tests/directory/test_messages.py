"""What people are told: written with its event, mailed once, withheld when it has become wrong."""

import os
import smtplib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError
from kombu.exceptions import OperationalError

from audit import clock
from audit.actions import record, settle
from audit.models import Event
from config.processes import free_port
from directory import delivery, invariants, messages
from directory.actions import messages as actions
from directory.actions import people
from directory.delivery import LEASE, MOST_ATTEMPTS, backoff, deliver, sweep
from directory.errors import BadMessage
from directory.models import Delivery, DeliveryState, Message, Person
from directory.rows import NewMessage
from directory.tasks import send_message

LATER = timedelta(hours=3)


@pytest.fixture(autouse=True)
def bell(monkeypatch):
    """A bell nobody has found broken yet."""
    monkeypatch.setattr(messages._Bell, "quiet_until", 0.0)


def told(person, *, kind="person.told", subject="A seat is offered to you", link="/panels/PAN-0001/answer/7/", **given):
    """A message to a person because of an event of theirs."""
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person.pk)
        event = record(person, "person.told", by="system")
        settle(person)
        return actions.write(
            event=event,
            to=person,
            kind=kind,
            subject=subject,
            text=given.pop("text", "Answer by Friday."),
            link=link,
            about=given.pop("about", person.stream),
        )


def fresh(message):
    return Delivery.objects.get(pk=message.pk)


def failing(monkeypatch, error=smtplib.SMTPServerDisconnected):
    """A mail server that refuses everything and says what nobody may keep."""

    def send(self, letters):
        raise error("ann.other@example.org: Answer by Friday.")

    monkeypatch.setattr(EmailBackend, "send_messages", send)


def fail_for_good(monkeypatch, message):
    with monkeypatch.context() as patch:
        failing(patch)
        for attempt in range(MOST_ATTEMPTS):
            with clock.at(clock.now() + LATER * (attempt + 1)):
                assert deliver(message.pk) is False
    assert fresh(message).state == DeliveryState.FAILED


# Writing


def test_message_is_owed_from_the_moment_it_is_written(ann):
    message = told(ann)
    assert (message.to, message.kind, message.link) == (ann, "person.told", "/panels/PAN-0001/answer/7/")
    assert (message.about, message.written_at) == (ann.stream, clock.now())
    assert message.event.event_type == "person.told"
    row = fresh(message)
    assert (row.state, row.attempts, row.due_at, row.cleared_at) == (DeliveryState.OWED, 0, clock.now(), None)


def test_many_are_told_with_the_same_statements_as_one(make_person, django_assert_num_queries):
    everyone = [make_person(f"Person {name}") for name in "Abcdefg"]
    with transaction.atomic():
        event = record(everyone[0], "person.told", by="system")
        settle(everyone[0])
        rows = [NewMessage(to=one, kind="k", subject="S", text="T", link="/") for one in everyone]
        with django_assert_num_queries(2):
            written = actions.write_many(event=event, rows=rows)
    assert [one.to for one in written] == everyone
    assert Delivery.objects.filter(state=DeliveryState.OWED).count() == 7


def test_message_goes_when_its_transaction_does(ann):
    with pytest.raises(ZeroDivisionError), messages.held() as keys, transaction.atomic():
        told(ann)
        raise ZeroDivisionError
    assert (keys, Message.objects.count(), Delivery.objects.count()) == ([], 0, 0)


@pytest.mark.django_db(transaction=True)
def test_message_outside_a_transaction_is_refused(ann):
    with pytest.raises(TransactionManagementError):
        actions.write(event=Event.objects.get(stream=ann.stream), to=ann, kind="k", subject="S", text="T", link="/")


@pytest.mark.parametrize(
    ("subject", "kept"),
    [
        ("Seat\r\nBcc: all@example.org", "Seat Bcc: all@example.org"),
        ("Seat\x00\x0b\u2028\x85at  last\t", "Seat at last"),
        ("S" * 300, "S" * 199 + "…"),
    ],
)
def test_subject_is_one_line_of_words(ann, subject, kept):
    message = told(ann, subject=subject)
    assert message.subject == kept
    assert deliver(message.pk) is True
    [letter] = mail.outbox
    assert letter.recipients() == [ann.email]
    assert "\n" not in letter.message()["Subject"].replace("\n ", " ")
    assert letter.message()["Bcc"] is None


@pytest.mark.parametrize(
    "link",
    ["", "panels/", "//elsewhere.test/", "https://elsewhere.test/", "/a b", "/a\nb", "/\\elsewhere", "/" + "a" * 200],
)
def test_link_that_leaves_the_site_is_refused(ann, link):
    with pytest.raises(BadMessage, match="no page of this site"):
        told(ann, link=link)


@pytest.mark.parametrize("empty", [{"subject": " \n"}, {"text": "\x00 "}, {"kind": ""}])
def test_message_that_says_nothing_is_refused(ann, empty):
    with pytest.raises(BadMessage, match="says nothing"):
        told(ann, **empty)


def test_an_event_says_the_same_to_a_person_once(ann):
    message = told(ann)
    with pytest.raises(IntegrityError), transaction.atomic():
        actions.write(event=message.event, to=ann, kind=message.kind, subject="S", text="T", link=message.link)


@pytest.mark.parametrize("change", [{"subject": "Another"}, {"link": "/register/"}])
def test_message_is_never_edited(ann, change):
    message = told(ann)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(**change)


@pytest.mark.parametrize(
    "change", [{"subject": "Two\nlines"}, {"subject": ""}, {"link": "//elsewhere.test"}, {"link": "mailto:x"}]
)
def test_database_refuses_a_bad_message_by_itself(ann, change):
    message = told(ann)
    row = {"event": message.event, "to": ann, "kind": "other", "subject": "S", "text": "T", "link": "/"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.create(**{**row, "written_at": clock.now(), **change})


# Sending


def test_mail_is_plain_text_with_an_absolute_link(ann, settings):
    settings.SITE_URL = "https://panels.example"
    message = told(ann)
    assert deliver(message.pk) is True
    [letter] = mail.outbox
    assert (letter.subject, letter.from_email, letter.to) == (message.subject, settings.DEFAULT_FROM_EMAIL, [ann.email])
    assert letter.body.startswith("Answer by Friday.\n\nhttps://panels.example/panels/PAN-0001/answer/7/\n")
    assert "https://panels.example/outbox/" in letter.body
    sent = letter.message()
    assert sent.get_content_type() == "text/plain"
    assert sent["Message-ID"] == f"<message-{message.pk}@panels.example>"
    row = fresh(message)
    assert (row.state, row.sent_at, row.cleared_at, row.lease) == (DeliveryState.SENT, clock.now(), clock.now(), None)


def test_delivered_twice_is_sent_once(ann):
    message = told(ann)
    assert (deliver(message.pk), deliver(message.pk), sweep()) == (True, False, 0)
    assert len(mail.outbox) == 1


def test_rung_again_while_it_is_sent_is_sent_once(ann, monkeypatch):
    message, inner, send = told(ann), [], EmailBackend.send_messages

    def slowly(self, letters):
        inner.append(deliver(message.pk))
        return send(self, letters)

    monkeypatch.setattr(EmailBackend, "send_messages", slowly)
    assert (deliver(message.pk), inner, len(mail.outbox)) == (True, [False], 1)


def test_unknown_message_is_nothing_to_do(db):
    assert deliver(4_711) is False


def test_worker_killed_after_its_claim_is_replaced(ann):
    message = told(ann)
    assert delivery._claim(message.pk) is not None
    with messages.held() as keys:
        assert (deliver(message.pk), sweep(), keys) == (False, 0, [])
        with clock.at(clock.now() + LEASE):
            assert (sweep(), keys) == (1, [message.pk])
            assert deliver(message.pk) is True
    assert len(mail.outbox) == 1
    assert fresh(message).attempts == 2


def test_worker_back_from_the_dead_changes_nothing(ann):
    message = told(ann)
    dead = delivery._claim(message.pk)
    with clock.at(clock.now() + LEASE):
        assert delivery._claim(message.pk) is not None
    assert delivery._finish(dead, state=DeliveryState.WITHHELD, reason="Too late.") is False
    assert fresh(message).state == DeliveryState.SENDING


def test_lost_too_often_is_given_up(ann):
    message = told(ann)
    for attempt in range(MOST_ATTEMPTS):
        with clock.at(clock.now() + LATER * attempt):
            assert delivery._claim(message.pk) is not None
    with clock.at(clock.now() + LATER * MOST_ATTEMPTS), messages.held() as keys:
        assert (sweep(), keys, deliver(message.pk)) == (0, [], False)
    assert (fresh(message).state, fresh(message).error) == (DeliveryState.FAILED, "WorkerLost")


def test_failure_waits_longer_each_time_and_then_gives_up(ann, monkeypatch, caplog):
    message, at = told(ann), clock.now()
    failing(monkeypatch)
    for attempt in range(1, MOST_ATTEMPTS):
        with clock.at(at):
            assert deliver(message.pk) is False
            row = fresh(message)
            assert (row.state, row.attempts, row.error) == (DeliveryState.OWED, attempt, "SMTPServerDisconnected")
            assert row.due_at == at + backoff(attempt)
            assert deliver(message.pk) is False
            at = row.due_at
    with clock.at(at):
        assert deliver(message.pk) is False
    assert (fresh(message).state, fresh(message).attempts) == (DeliveryState.FAILED, MOST_ATTEMPTS)
    assert [backoff(number) // timedelta(minutes=1) for number in range(1, 5)] == [1, 5, 25, 125]
    assert "ann.other" not in caplog.text
    assert "Friday" not in caplog.text
    with clock.at(at + LATER), messages.held() as keys:
        assert (sweep(), keys) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_claim_a_message_once(ann):
    message = told(ann)
    start = Barrier(20)

    def work(_number):
        try:
            start.wait()
            return deliver(message.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        sent = list(pool.map(work, range(20)))
    assert sorted(sent) == [False] * 19 + [True]
    assert (len(mail.outbox), fresh(message).attempts) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"state": DeliveryState.OWED, "sent_at": None},
        {"state": DeliveryState.SENDING, "attempts": F("attempts") + 1},
        {"reason": "Rewritten"},
    ],
)
def test_database_refuses_to_send_what_was_sent(ann, change):
    message = told(ann)
    deliver(message.pk)
    with pytest.raises(IntegrityError, match="Write a new message"), transaction.atomic():
        Delivery.objects.filter(pk=message.pk).update(**change)


def test_database_refuses_sent_without_a_claim_and_deleting(ann):
    row = Delivery.objects.filter(pk=told(ann).pk)
    with pytest.raises(IntegrityError, match="claimed"), transaction.atomic():
        row.update(state=DeliveryState.SENT, sent_at=clock.now(), cleared_at=clock.now())
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        row._raw_delete(row.db)


def test_message_without_a_delivery_is_a_broken_invariant(ann):
    message = told(ann)
    assert invariants.messages_have_their_delivery() == []
    bare = Message.objects.create(
        event=message.event, to=ann, kind="bare", subject="S", text="T", link="/", written_at=clock.now()
    )
    assert invariants.messages_have_their_delivery() == [f"Message {bare.pk} (bare) has no delivery: it is never sent."]


# The guard


@pytest.fixture
def judged(monkeypatch):
    """Messages of the kind "judged" are withheld while a reason stands in the list."""
    reasons = []
    monkeypatch.setattr(messages, "_checks", {})

    def check(message):
        return reasons[0] if reasons else ""

    messages.withhold_if("judged", check)
    messages.withhold_if("judged", check)
    assert messages._checks == {"judged": [check]}
    return reasons


def test_message_that_has_become_wrong_is_withheld(ann, judged):
    message, other = told(ann, kind="judged"), told(ann, kind="other")
    judged.append("The offer was answered.")
    assert (deliver(message.pk), deliver(other.pk)) == (False, True)
    assert [letter.subject for letter in mail.outbox] == [other.subject]
    row = fresh(message)
    assert (row.state, row.reason, row.cleared_at) == (DeliveryState.WITHHELD, "The offer was answered.", None)
    judged.clear()
    assert deliver(message.pk) is False


def test_guard_is_asked_again_at_every_attempt(ann, judged, monkeypatch):
    message = told(ann, kind="judged")
    with monkeypatch.context() as patch:
        failing(patch)
        deliver(message.pk)
    assert list(Message.objects.visible_to(ann)) == [message]
    judged.append("Barred from the case. " * 30)
    with clock.at(clock.now() + LATER):
        assert deliver(message.pk) is False
    assert (fresh(message).state, len(fresh(message).reason)) == (DeliveryState.WITHHELD, 300)
    assert list(Message.objects.visible_to(ann)) == []


def test_guard_that_breaks_sends_nothing(ann, monkeypatch):
    monkeypatch.setattr(messages, "_checks", {"judged": [lambda message: 1 / 0]})
    message = told(ann, kind="judged")
    assert deliver(message.pk) is False
    row = fresh(message)
    assert (row.state, row.error, row.cleared_at) == (DeliveryState.OWED, "ZeroDivisionError", None)
    assert mail.outbox == []


def test_deactivated_recipient_is_mailed_nothing(ann):
    message = told(ann)
    people.deactivate_person(person=ann, by="system")
    assert deliver(message.pk) is False
    assert (fresh(message).state, mail.outbox) == (DeliveryState.WITHHELD, [])


def test_not_mailed_is_shown_and_never_rung_for(ann, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks, messages.not_mailed("Replayed."):
        message = told(ann)
    assert (callbacks, deliver(message.pk), mail.outbox) == ([], False, [])
    row = fresh(message)
    assert (row.state, row.reason, row.cleared_at) == (DeliveryState.KEPT, "Replayed.", clock.now())
    assert list(Message.objects.visible_to(ann)) == [message]


# Sending again


def test_secretariat_sends_again_what_failed(ann, administrator, monkeypatch, django_capture_on_commit_callbacks):
    message = told(ann)
    fail_for_good(monkeypatch, message)
    with messages.held() as keys, django_capture_on_commit_callbacks(execute=True):
        again = actions.send_again(message=message, by=administrator)
    assert keys == [message.pk]
    assert (again.delivery.state, again.delivery.attempts) == (DeliveryState.OWED, 0)
    assert (again.delivery.again_by, again.delivery.again_at) == (administrator, clock.now())
    assert Event.objects.filter(event_type="message.sent_again").count() == 1
    assert deliver(message.pk) is True
    assert len(mail.outbox) == 1


def test_only_a_failed_message_is_sent_again(ann):
    message = told(ann)
    for _ in range(2):
        with pytest.raises(BadMessage, match="Only a message that failed"):
            actions.send_again(message=message, by="system")
        deliver(message.pk)
    assert not Event.objects.filter(event_type="message.sent_again").exists()


def test_nobody_but_the_secretariat_sends_again(ann, monkeypatch):
    message = told(ann)
    fail_for_good(monkeypatch, message)
    with pytest.raises(PermissionDenied):
        actions.send_again(message=message, by=ann)
    assert actions.send_again(message=message, by="system").delivery.again_by is None


# Ringing


def test_held_messages_are_owed_and_rung_for_by_nobody(ann, django_capture_on_commit_callbacks):
    with messages.held() as keys, django_capture_on_commit_callbacks(execute=True):
        message = told(ann)
    assert keys == [message.pk]
    assert fresh(message).state == DeliveryState.OWED


def test_broker_away_neither_loses_nor_delays(ann, monkeypatch, django_capture_on_commit_callbacks):
    rung = []

    def apply_async(*, args, **options):
        rung.extend(args)
        raise OperationalError("away")

    monkeypatch.setattr(send_message, "apply_async", apply_async)
    with django_capture_on_commit_callbacks(execute=True):
        first, second = told(ann), told(ann)
    assert rung == [first.pk]  # nobody waits a second time
    monkeypatch.setattr(send_message, "apply_async", lambda *, args, **options: rung.extend(args))
    monkeypatch.setattr(messages._Bell, "quiet_until", 0.0)
    assert (sweep(), rung[1:]) == (2, [first.pk, second.pk])


def test_broker_that_refuses_is_not_waited_for(root):
    """In a process of its own, whose broker was never there: Celery alone would take six seconds over each message."""
    script = (
        "import django, time; django.setup(); from directory import messages; began = time.monotonic();"
        "messages.ring([1]); assert messages._Bell.quiet_until; messages._Bell.quiet_until = 0; messages.ring([2]);"
        "print(time.monotonic() - began)"
    )
    place = {"DJANGO_SETTINGS_MODULE": "tests.settings", "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(run.stdout) < 3


def test_schedule_sweeps_messages(settings):
    assert settings.CELERY_BEAT_SCHEDULE["messages"]["task"] == "directory.tasks.sweep_messages"
