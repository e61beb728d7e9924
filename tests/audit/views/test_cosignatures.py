"""Bringing a witness's signature: it is the signature that is believed."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit import checkpoints
from audit.models import Attestation, Event
from audit.notes import COSIGNATURE, Note, SigningKey, cosign
from tests.factories.pages import Page, Reader

PATH = "/audit/cosignatures/"
KEY = SigningKey("coalition.example/witness", COSIGNATURE, b"a witness of the tests, no other")


@pytest.fixture(autouse=True)
def _known(settings):
    settings.AUDIT_WITNESSES = [f"{KEY.verifier}"]


def cosigned(key=KEY, text=None):
    note = Note.parse(checkpoints.latest().note)
    return f"{note.with_signatures(cosign(text or note.text, key, datetime.now(UTC)))}"


@pytest.mark.parametrize("name", ["nominator", "auditor"])
@pytest.mark.parametrize("how", ["pasted", "file", "line"])
def test_cosignature_is_kept_and_shown(walk, name, how):
    client = Reader(walk.world.people[name]).client
    text = cosigned()
    given = {
        "pasted": {"text": text.replace("\n", "\r\n")},
        "file": {"file": SimpleUploadedFile("note.txt", text.encode())},
        "line": {"text": text.splitlines()[-1]},
    }[how]
    page = Page(client.post(PATH, given, follow=True))
    assert "coalition.example/witness" in page.words
    kept = Attestation.objects.get(kind="cosignature")
    assert kept.checkpoint == checkpoints.latest()
    assert Event.objects.filter(event_type="checkpoint.cosigned").exists()
    assert (
        Page(Reader(walk.world.auditor).client.get("/audit/")).words.count("Cosigned by coalition.example/witness") == 2
    )
    assert "coalition.example/witness" in client.get("/audit/checkpoint").content.decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "\u2014 x",
        "a\n1\n\n\u2014 a AAAA",
        "\u0000",
        "<script>alert(1)</script>",
        "\u2014 coalition.example/witness AAAAAAAAAAAAAAAAAAAAAAAA",
    ],
)
def test_what_is_no_cosignature_is_refused_and_shown_again(walk, text):
    page = Page(Reader(walk.world.nominator).client.post(PATH, {"text": text}))
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert "There is a problem" in page.words
    assert not Attestation.objects.filter(kind="cosignature").exists()
    assert not [each for each in page.all("script") if each.get("src") is None]


def test_signature_of_a_stranger_or_of_another_text_is_refused(walk):
    stranger = SigningKey("stranger.example", COSIGNATURE, b"nobody knows this witness at all")
    other = Note.parse(checkpoints.latest().note).text.replace("\n", "\n1", 1)
    for text in (cosigned(stranger), cosigned(text=other)):
        page = Page(Reader(walk.world.nominator).client.post(PATH, {"text": text}))
        assert page.status == 422
    assert not Attestation.objects.filter(kind="cosignature").exists()


def test_form_needs_its_token(walk):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(walk.world.nominator, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(PATH, {"text": cosigned()}).status_code == 403


def test_officer_of_the_coalition_is_led_there_by_the_menu_and_sees_the_newest_head(walk):
    reader = Reader(walk.world.nominator)
    assert reader.get("/").links["Log"] == PATH
    assert "Audit" not in reader.get("/").links
    shown = reader.get(PATH)
    newest = checkpoints.latest()
    assert shown.links[f"{newest.tree_size:,}"] == f"/audit/checkpoints/{newest.tree_size}"
    assert "No witness has cosigned this one" in shown.words
    told = Page(reader.client.post(PATH, {"text": cosigned()}, follow=True))
    assert "No witness has cosigned this one" not in told.words
    assert told.words.count("coalition.example/witness") >= 3
    assert "Log" not in Reader(walk.world.chair).get("/").links
    assert "Log" not in Reader(walk.world.auditor).get("/").links
