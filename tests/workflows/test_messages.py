"""What the processes that are their own workers do with messages to people."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.core import mail

from audit import clock
from directory.delivery import deliver
from directory.models import Delivery, DeliveryState
from tests.directory.test_messages import told
from workflows import queue
from workflows.replay.run import NOT_MAILED, Replay
from workflows.replay.script import moment

DAY = date(2012, 10, 8)


@pytest.mark.django_db(transaction=True)
def test_replay_shows_its_messages_and_mails_none(world):
    """Without a broker and without a worker: nobody is rung for, and no later sweep finds anything owed."""
    replay, written = Replay(wave=1), []
    act = SimpleNamespace(at=moment(DAY), do=lambda: written.append(told(world.voice)), name="invite")
    replay.deeds = SimpleNamespace()
    replay.script = SimpleNamespace(upto=lambda _last: 1, days=lambda _last: [(DAY, [act])])
    replay.play(until=DAY)
    [message] = written
    row = Delivery.objects.get(pk=message.pk)
    assert (row.state, row.reason, row.cleared_at) == (DeliveryState.KEPT, NOT_MAILED, act.at)
    assert (deliver(message.pk), mail.outbox) == (False, [])


@pytest.mark.django_db(transaction=True)
def test_who_holds_jobs_rings_for_no_message(world, monkeypatch):
    monkeypatch.setattr("directory.tasks.send_message.apply_async", lambda **_options: pytest.fail("rung"))
    with queue.held(), clock.at(moment(DAY)):
        message = told(world.voice)
    assert Delivery.objects.get(pk=message.pk).state == DeliveryState.OWED
