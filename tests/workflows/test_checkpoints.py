"""The daily checkpoint: who is told, once, and that what they are sent can be compared with what others hold."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection, transaction

from audit import checkpoints, clock
from audit.actions import record_system
from audit.models import Event
from audit.notes import Head, Note, verified
from authorisation.queries import checkpoint_keepers
from directory.actions import posts
from directory.delivery import deliver
from directory.models import Message, Post
from directory.queries import today
from tests.audit import signer
from tests.factories import Walk
from tests.factories.world import START, days, london
from workflows import queue, tasks
from workflows.actions.checkpoints import KIND, tell_checkpoint

MORNING = london(2012, 6, 4, 8)


@pytest.fixture
def told(world):
    """Let the task run at a moment; how many it told."""

    def at(moment):
        with queue.held(), clock.at(moment):
            return tasks.tell_checkpoint()

    return at


def grow():
    """Something happens, and a head is signed over it."""
    with transaction.atomic():
        record_system("probe.happened", by="system")
    return checkpoints.sign_head()


def names():
    return sorted(Message.objects.filter(kind=KIND).values_list("to__full_name", flat=True))


def test_auditors_guardian_and_the_coalitions_offices_are_told(world, told):
    signed = grow()
    assert told(MORNING) == 4
    assert names() == ["Auditor", "Guardian", "Nominator", "Other Nominator"]
    [event] = Event.objects.filter(event_type=KIND)
    assert event.document["public"] == {
        "size": signed.tree_size,
        "root": signed.note.splitlines()[2],
        "recipients": 4,
    }


def test_one_officer_at_each_applicant_is_told_too(world, settings):
    Walk(world, ccg="01A")
    with clock.at(START):
        posts.appoint(
            person=world.outsider,
            organisation=world.organisations["01A"],
            kind="accountable_officer",
            starts=today(),
            by=world.secretary,
        )
    officers = [each.full_name for each in checkpoint_keepers() if each.full_name.startswith(("Officer", "Outsider"))]
    assert officers == ["Officer 1"]
    settings.AUDIT_TELL_APPLICANTS = False
    assert len(checkpoint_keepers()) == 4


def test_nobody_who_left_is_told(world):
    with clock.at(START + days(3)):
        posts.end_post(post=Post.objects.get(person=world.auditor), ends=today(), by=world.secretary)
    assert "Auditor" not in {each.full_name for each in checkpoint_keepers()}


def test_it_comes_once_a_day_after_seven_and_only_when_the_log_grew(told, world):
    assert told(MORNING) == 0  # nothing is signed
    grow()
    assert told(london(2012, 6, 4, 6, 59)) == 0
    assert [told(MORNING), told(MORNING + timedelta(hours=9))] == [4, 0]
    grow()
    assert told(london(2012, 6, 4, 23, 59)) == 0
    assert told(MORNING + days(1)) == 4
    assert told(MORNING + days(2)) == 0
    checkpoints.sign_head()  # it holds the note on the last message, and nothing else is new
    assert told(MORNING + days(3)) == 0
    grow()
    assert told(MORNING + days(3)) == 4


def test_what_is_mailed_is_the_checkpoint_and_how_to_compare_it(told, settings, world):
    settings.SITE_URL = "https://panels.example"
    signed = grow()
    told(MORNING)
    with clock.at(MORNING):
        assert deliver(Message.objects.get(to=world.auditor).pk)
    [sent] = mail.outbox
    body = sent.message().get_payload(decode=True).decode()
    text = re.search(r"^-{48}\n(.*?)^-{48}$", body, re.DOTALL | re.MULTILINE).group(1)
    note = Note.parse(text)
    assert verified(note, [signer.key().verifier])
    assert Head.parse(note.text).size == signed.tree_size
    assert f"{signed.tree_size} entries" in sent.subject
    assert f"https://panels.example/audit/checkpoints/{signed.tree_size}\n" in body
    assert "verify_log.py compare" in body
    assert f"https://panels.example/audit/consistency?old=N&new={signed.tree_size} " in body


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_everybody_once(world):
    grow()
    together = Barrier(3)

    def tell():
        try:
            with queue.held(), clock.at(MORNING):
                together.wait()
                return tell_checkpoint()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        counts = [each.result() for each in [pool.submit(tell) for _ in range(3)]]
    assert sorted(counts) == [0, 0, 4]
    assert (Message.objects.filter(kind=KIND).count(), Event.objects.filter(event_type=KIND).count()) == (4, 1)
