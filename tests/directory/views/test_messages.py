"""The pages of messages, and above all whose messages they do not show."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import clock
from directory.delivery import MOST_ATTEMPTS, deliver
from directory.models import Delivery, DeliveryState, Message
from tests.directory.test_messages import LATER, bell, fail_for_good, told
from tests.factories import build_world
from tests.factories.pages import Reader
from tests.factories.world import START

__all__ = ["bell"]
SECRET = "Only for the voice"


@pytest.fixture
def world(db):
    with clock.at(START):
        yield build_world()


@pytest.fixture
def sent(world):
    """Something the Coalition's voice was told and mailed."""
    message = told(world.voice, subject=SECRET, text="Its own text.")
    assert deliver(message.pk) is True
    return message


def cost(reader, path):
    reader.get(path)
    with CaptureQueriesContext(connection) as asked:
        reader.get(path)
    return len(asked)


@pytest.mark.parametrize("who", ["outsider", "chair", "officer_1", "guardian", "auditor", "nominator", "director"])
def test_message_of_another_person_is_not_there(world, sent, who):
    reader = Reader(getattr(world, who))
    page = reader.get("/outbox/")
    assert page.heading == "Messages"
    assert "0 messages." in page.words
    assert SECRET not in page.html
    assert "0 messages." in reader.get("/outbox/", q="voice", state="sent").words
    gone = reader.get(f"/outbox/{sent.pk}/")
    assert (gone.status, "Its own text" in gone.html) == (404, False)
    assert gone.words == reader.get("/outbox/4711/").words
    assert reader.client.post(f"/outbox/{sent.pk}/send-again/").status_code == 404


@pytest.mark.parametrize("path", ["/outbox/", "/outbox/1/"])
def test_messages_are_for_people_signed_in(world, sent, path):
    assert Reader().client.get(path).headers["Location"].startswith("/sign-in/?next=")


def test_number_no_database_knows_is_not_there(world):
    assert Reader(world.secretary).get(f"/outbox/{9 * 10**30}/").status == 404


def test_recipient_reads_the_message_and_goes_on(world, sent):
    told(world.chair)
    reader = Reader(world.voice)
    page = reader.get("/outbox/")
    assert "1 message." in page.words
    assert [text for text in page.links if SECRET in text] == [f"{SECRET}, message {sent.pk}"]
    page = reader.get(f"/outbox/{sent.pk}/")
    assert page.heading == SECRET
    assert "Its own text." in page.words
    assert page.links["Open the page this is about"] == sent.link
    assert "Sent, at the first attempt, 1 June 2012 at 10am" in page.words
    assert "Send again" not in page.html


def test_message_not_judged_yet_or_withheld_is_not_shown(world, sent):
    waiting, gone = told(world.voice, subject="Still waiting"), told(world.voice, subject="Since withdrawn")
    Delivery.objects.filter(pk=gone.pk).update(state=DeliveryState.WITHHELD, reason="The offer was answered.")
    reader = Reader(world.voice)
    page = reader.get("/outbox/")
    assert "1 message." in page.words
    for hidden in (waiting, gone):
        assert hidden.subject not in page.html
        assert reader.get(f"/outbox/{hidden.pk}/").status == 404
    page = Reader(world.secretary).get("/outbox/")
    assert "3 messages." in page.words
    assert "Withheld: The offer was answered." in Reader(world.secretary).get(f"/outbox/{gone.pk}/").words


def test_somebody_shut_out_sees_nothing(world, sent):
    world.voice.is_active = False
    assert list(Message.objects.visible_to(world.voice)) == []


def test_secretariat_finds_by_recipient_and_state(world, sent):
    told(world.other_voice, subject="Owed")
    told(world.chair, subject="Owed too")
    reader = Reader(world.secretary)
    assert "3 messages." in reader.get("/outbox/").words
    found = reader.get("/outbox/", q="voi\x00ce")
    assert "2 messages found." in found.words
    assert found.words.index("Owed") < found.words.index(SECRET)
    assert "1 message found." in reader.get("/outbox/", q="VOICE other").words
    assert "1 message found." in reader.get("/outbox/", state="sent").words
    assert "2 messages found." in reader.get("/outbox/", state="owed").words
    assert "3 messages." in reader.get("/outbox/", state="nonsense").words


def test_lists_are_paged_and_cost_the_same_for_one_and_for_many(world, sent):
    readers = [Reader(world.secretary), Reader(world.voice)]
    once = [cost(reader, "/outbox/") for reader in readers]
    for number in range(60):
        message = told(world.voice, subject=f"Number {number}")
        deliver(message.pk)
    assert [cost(reader, "/outbox/") for reader in readers] == once
    for reader in readers:
        page = reader.get("/outbox/", page="2")
        assert "61 messages." in page.words
        assert page.words.index("Number 9") < page.words.index(SECRET)


def test_secretariat_sends_again_what_failed(world, monkeypatch):
    message = told(world.voice, subject=SECRET)
    reader, path = Reader(world.secretary), f"/outbox/{message.pk}/"
    assert "Send again" not in reader.get(path).html
    fail_for_good(monkeypatch, message)
    words = reader.get(path).words
    assert f"Given up after {MOST_ATTEMPTS} attempts: SMTPServerDisconnected" in words
    assert "Send again" in words
    assert "Send again" not in Reader(world.voice).get(path).html
    assert Reader(world.voice).client.post(f"{path}send-again/").status_code == 403
    assert reader.client.post(f"{path}send-again/").headers["Location"] == path
    page = reader.get(path)
    assert "The message is on its way again." in page.words
    assert "Given up, and asked to be sent again by Secretary" in page.words
    with clock.at(clock.now() + LATER):
        assert deliver(message.pk) is True
    assert "Sent, at the first attempt" in reader.get(path).words


def test_send_again_refuses_what_was_sent(world, sent):
    reader = Reader(world.secretary)
    assert reader.client.get(f"/outbox/{sent.pk}/send-again/").status_code == 405
    response = reader.client.post(f"/outbox/{sent.pk}/send-again/")
    assert response.status_code == 422
    assert "Only a message that failed can be sent again" in response.content.decode()


def test_history_says_what_is_still_to_come(world, monkeypatch):
    message = told(world.voice)
    reader, path = Reader(world.secretary), f"/outbox/{message.pk}/"
    assert "Waits for a worker" in reader.get(path).words
    Delivery.objects.filter(pk=message.pk).update(
        state=DeliveryState.SENDING, attempts=1, lease=clock.now(), tried_at=clock.now()
    )
    assert "Taken by a worker" in reader.get(path).words
    Delivery.objects.filter(pk=message.pk).update(state=DeliveryState.OWED, lease=None, error="OSError")
    assert "Failed, after 1 attempt: OSError" in reader.get(path).words
    assert "To be tried again, 1 June 2012 at 10am" in reader.get(path).words


def test_every_page_leads_to_the_messages(world):
    assert Reader(world.outsider).get("/").links["Messages"] == "/outbox/"
    assert "Messages" not in Reader().get("/").links
