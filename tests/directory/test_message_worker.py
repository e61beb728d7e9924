"""Messages by a real worker on a real broker, from the commit to the mail."""

import time
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction

from audit import clock
from audit.actions import record, settle
from directory import messages
from directory.actions import messages as actions
from directory.models import Delivery, DeliveryState, Person
from directory.tasks import send_message, sweep_messages

pytestmark = [pytest.mark.broker, pytest.mark.django_db(transaction=True)]
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def bell(monkeypatch):
    monkeypatch.setattr(messages._Bell, "quiet_until", 0.0)


def told(person):
    with transaction.atomic():
        person = Person.objects.select_for_update().get(pk=person.pk)
        event = record(person, "person.told", by="system")
        settle(person)
        return actions.write(event=event, to=person, kind="k", subject="A seat", text="Answer.", link="/panels/")


def becomes(message, state):
    """Wait for a worker to bring a message to a state."""
    until = time.monotonic() + PATIENCE
    while (found := Delivery.objects.get(pk=message.pk).state) != state:
        assert time.monotonic() < until, f"still {found}"
        time.sleep(0.02)


def test_worker_sends_what_was_committed(ann, worker):
    message = told(ann)
    becomes(message, DeliveryState.SENT)
    assert [letter.to for letter in mail.outbox] == [[ann.email]]


def test_message_rung_for_three_times_is_sent_once(ann, worker):
    with messages.held():
        message = told(ann)
    for _ in range(3):
        send_message.delay(message.pk)
    becomes(message, DeliveryState.SENT)
    after = told(ann)
    becomes(after, DeliveryState.SENT)  # the queue is one line: whatever was rung before is done
    assert len(mail.outbox) == 2
    assert Delivery.objects.get(pk=message.pk).attempts == 1


def test_sweep_sends_what_nobody_rang_for_and_what_a_dead_worker_held(ann, worker):
    with messages.held():
        lost, dead = told(ann), told(ann)
    # Claimed by a worker that was killed, in June of 2012: its lease is long over.
    Delivery.objects.filter(pk=dead.pk).update(
        state=DeliveryState.SENDING, attempts=1, lease=clock.now() + timedelta(minutes=5), tried_at=clock.now()
    )
    sweep_messages.delay()
    becomes(lost, DeliveryState.SENT)
    becomes(dead, DeliveryState.SENT)
    assert len(mail.outbox) == 2
    assert Delivery.objects.get(pk=dead.pk).attempts == 2
