"""The public check: what holds, what was altered, what is no evidence at all; and that nothing is kept."""

import json
import random
import re
import zlib
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit import keyring
from audit.forms import dropped
from audit.models import Checkpoint, Event
from audit.notes import ED25519, Head, Note, SigningKey, parse_proof, proof_text, sign
from audit.presenters import checking
from authorisation.models import Letter
from tests.audit import signer
from tests.factories.pages import Page, Reader
from tests.factories.raw import run, unfenced

PATH = "/audit/verify/"


@pytest.fixture
def bundle(walk, auditor):
    return auditor.post(f"/applications/{walk.case.ref}/bundle.json").content.decode()


@pytest.fixture
def proof(walk, auditor):
    event = Event.objects.get(event_type="decision.recorded")
    return auditor.get(f"/audit/entries/{bytes(event.leaf_hash).hex()}/proof").content.decode()


def drop(content, name="file.txt"):
    content = content.encode() if isinstance(content, str) else content
    return Page(Client().post(PATH, {"file": SimpleUploadedFile(name, content)}))


def paste(text):
    return Page(Client().post(PATH, {"text": text}))


def verdict(page):
    return [
        each
        for each in page.text("h2")
        if each in {"Verified", "Tampered with", "It cannot be checked"} or each.startswith("It holds by itself")
    ]


def test_page_asks_for_evidence_and_leads_to_all_that_is_needed_without_it(walk):
    page = Reader().get(PATH)
    assert page.heading == "Check a record"
    assert {"/audit/verify_log.py", "/audit/vkeys", "/audit/checkpoint"} <= set(page.links.values())
    assert not page.response.cookies.get("session")


def test_bundle_proof_and_checkpoint_hold(walk, bundle, proof):
    for text in (bundle, proof, Checkpoint.objects.latest("tree_size").note):
        page = drop(text)
        assert page.status == 200
        assert verdict(page) == ["Verified"]
        assert "What it does not prove" in page.text("h2")
        assert "python3 verify_log.py" in page.words
    assert f"about {walk.case.ref}" in drop(bundle).words


def test_what_is_pasted_may_have_lost_its_line_ends(proof):
    for text in (proof.replace("\n", "\r\n"), f"\n\n  {proof}\n\n", proof.rstrip()):
        assert verdict(paste(text)) == ["Verified"]


def test_older_checkpoint_is_continued_by_the_newest(walk):
    page = drop(Checkpoint.objects.earliest("tree_size").note)
    assert "continues the one you hold" in page.words
    assert verdict(page) == ["Verified"]


def test_letter_itself_is_checked_with_the_code_inside(walk):
    letter = Letter.objects.get()
    page = drop(bytes(letter.pdf), "letter.pdf")
    assert verdict(page) == ["Verified"]
    assert "A letter with these very bytes was issued here" in page.words
    altered = drop(bytes(letter.pdf) + b"\n% more", "letter.pdf")
    assert "It holds by itself, and does not fit what is here" in altered.text("h2")
    assert "No letter with these bytes was issued here" in altered.words


def test_auditor_is_led_to_the_entry_and_nobody_else(walk, auditor, proof):
    event = Event.objects.get(event_type="decision.recorded")
    path = f"/audit/entries/{bytes(event.leaf_hash).hex()}/"
    given = {"text": proof}
    assert Page(auditor.post(PATH, given)).links["Open this entry"] == path
    assert path not in paste(proof).links.values()


def test_altered_bundle_names_what_is_wrong(bundle):
    document = json.loads(bundle)
    leaf = document["streams"][0]["leaves"][3]
    document["streams"][0]["leaves"][3] = leaf.replace("2012", "2013", 1)
    page = drop(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
    assert verdict(page) == ["Tampered with"]
    assert re.search(r"Entry [45] of .* is bad|belongs to", page.words)


def test_any_altered_letter_of_a_code_is_caught(proof):
    luck = random.Random(7)
    for _ in range(40):
        at = luck.randrange(len(proof))
        other = luck.choice([each for each in "ABCxyz019+/=\n—" if each != proof[at]])
        page = paste(proof[:at] + other + proof[at + 1 :])
        assert verdict(page) != ["Verified"], (at, other)
        assert page.status in {200, 422}


def test_history_rewritten_here_does_not_fit_a_checkpoint_from_before(walk):
    kept, newest = Checkpoint.objects.earliest("tree_size"), Checkpoint.objects.latest("tree_size")
    with unfenced():
        run("UPDATE audit_checkpoint SET root = %s WHERE tree_size = %s", bytes(32), newest.pk)
        page = drop(kept.note)
    assert verdict(page) == ["It holds by itself, and does not fit what is here"]
    assert "rewritten" in page.words


def test_head_that_this_log_no_longer_reaches_is_an_alarm(walk):
    newest = Checkpoint.objects.latest("tree_size")
    head = Head(Note.parse(newest.note).text.partition("\n")[0], newest.tree_size + 50, bytes(range(32)))
    note = Note(head.body(), (sign(head.body(), signer.key()),))
    assert "cut back" in drop(f"{note}").words


@pytest.mark.parametrize(
    "junk",
    [
        "x",
        "{",
        "{}",
        "[]",
        '{"format":"panel-authority/bundle@v1"}',
        "{" * 100_000,
        '{"a":' * 50_000,
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v1\nindex 5\n\n",
        "a\n1\nAAAA\n\n— a AAAA\n",
        "\n\n— ",
        "\ufeff{}",
        "\u0000",
        "<script>alert(1)</script>",
        "9" * 5000,
        '{"checkpoint": 1e400}',
        '{"checkpoint": ' + "9" * 5000 + "}",
    ],
)
def test_junk_is_answered_with_a_sentence(walk, junk):
    for page in (drop(junk), paste(junk)):
        assert page.status in {200, 400, 422}
        assert verdict(page) != ["Verified"]
        assert not [each for each in page.all("script") if each.get("src") is None]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"%PDF-1.7\nstream\nx\nendstream", b"PK\x03\x04", bytes(1000)])
def test_bytes_that_are_no_text_are_answered_with_a_sentence(walk, content):
    page = drop(content)
    assert page.status in {400, 422}
    assert "There is a problem" in page.words


def test_letter_whose_code_unpacks_to_a_flood_is_not_unpacked(walk):
    bomb = zlib.compress(b"c2sp.org/tlog-proof@v1\n" + b"A" * 50_000_000)
    page = drop(b"%PDF-1.7\nstream\n" + bomb + b"\nendstream")
    assert verdict(page) == ["It cannot be checked"]


def test_file_too_large_is_refused_with_the_limit(walk):
    page = drop(b"x" * (dropped.LARGEST + 1))
    assert page.status == 413
    assert "larger than 5 MB" in page.words
    page = drop(b"x" * (dropped.LARGEST_REQUEST + 1))
    assert page.status == 413


def test_pasted_text_too_long_is_refused_with_the_cure(walk):
    page = paste("x" * 3_000_000)
    assert page.status == 413
    assert "Choose it as a file" in page.words


def test_nothing_given_is_said(walk):
    for given in ({}, {"text": "  \n"}, {"file": SimpleUploadedFile("empty", b"")}):
        page = Page(Client().post(PATH, given))
        assert page.status == 400
        assert page.title.startswith("Error: ")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (b"--x", "multipart/form-data; boundary="),
        (b"text=%ff%fe", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"text=a", "application/x-www-form-urlencoded; charset=nothing"),
        (b"&".join(b"a=1" for _ in range(2000)), "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ],
)
def test_requests_no_browser_sends_are_answered(walk, body, kind):
    answer = Client().generic("POST", PATH, body, content_type=kind)
    assert answer.status_code in {400, 413, 422}


def test_nothing_dropped_is_kept(walk, bundle, monkeypatch):
    def written(*_args, **_named):
        raise AssertionError("A file was made of what was dropped.")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", written)
    monkeypatch.setattr("django.core.files.uploadedfile.TemporaryUploadedFile.__init__", written)
    before = Event.objects.count()
    assert drop(bundle + " " * 3_000_000).status == 200
    assert Event.objects.count() == before


def test_handler_counts_what_it_does_not_hold():
    handler = dropped.InMemory()
    handler.new_file("file", "x", "text/plain", None)
    for _ in range(7):
        handler.receive_data_chunk(b"x" * dropped.MEGABYTE, 0)
    held = handler.file_complete(7 * dropped.MEGABYTE)
    assert held.size == 7 * dropped.MEGABYTE
    assert len(BytesIO(held.read()).getvalue()) == dropped.LARGEST


def test_keys_of_the_page_are_the_published_ones(proof, monkeypatch):
    monkeypatch.setattr(keyring, "vkeys", list)
    assert verdict(paste(proof)) == ["It cannot be checked"]


NO_LETTERS = {
    "a stream that never ends, begun again and again": b"stream\n" * 700_000,
    "streams that hold nothing": b"stream\nendstream\n" * 300_000,
    "packed streams that are no code": (b"stream\n" + zlib.compress(b"x") + b"endstream\n") * 150_000,
    "packed nothing, for long": b"stream\n\x78\x9c" + b"\0\0\0\xff\xff" * 1_000_000 + b"endstream",
    "a word that begins nothing": b"stream " * 700_000,
    "ends alone": b"endstream\n" * 500_000,
}


@pytest.mark.parametrize("what", NO_LETTERS)
def test_large_file_that_is_no_letter_is_read_once(what, monkeypatch):
    """Every byte is looked at once, and few streams are unpacked: work grows with the file, whatever is in it."""
    unpacked = []
    monkeypatch.setattr(checking, "_unpacked", lambda stream: unpacked.append(len(stream)) or b"")
    pdf = Searched(b"%PDF-1.7\n" + NO_LETTERS[what])
    assert checking.code_in(pdf) == ""
    assert pdf.passed <= 2 * len(pdf)
    assert sum(unpacked) <= len(pdf)
    assert len(unpacked) <= checking.MOST_STREAMS


class Searched(bytes):
    """Bytes that count how many of them were searched."""

    passed = 0

    def find(self, what, start=0):
        found = super().find(what, start)
        self.passed += (len(self) if found < 0 else found + len(what)) - start
        return found


def test_code_stands_behind_words_that_only_look_like_a_stream(proof):
    code = zlib.compress(proof.encode())
    for between in (b"\n", b"\r\n"):
        pdf = b"%PDF-1.7 a stream of words (stream) stream\nnone\nendstream stream" + between + code + b"endstream"
        assert checking.code_in(pdf) == proof


def test_no_more_is_unpacked_than_a_code_can_be():
    bomb = zlib.compress(b"c2sp.org/tlog-proof@v1\n" + b"a" * 50_000_000, 9)
    assert len(checking.code_in(b"%PDF-1.7\nstream\n" + bomb + b"\nendstream")) == checking.LARGEST_CODE


def test_steps_name_records_as_people_do_and_no_options(walk, auditor, bundle):
    page = drop(bundle)
    assert f"The entries of {walk.case.ref}" in page.words
    assert f"The entries of {walk.meetings['decision'].panel.ref}" in page.words
    assert "panel:" not in page.words
    assert "--old" not in page.words


def test_stream_that_nobody_knows_is_left_as_it_is(bundle):
    stream = json.loads(bundle)["streams"][0]["stream"]
    steps = checking.check(bundle, checking.BUNDLE).steps
    assert any(step.what == f"Stream '{stream}'" for step in steps)


def test_letter_is_saved_by_what_is_attached_to_it(walk, proof):
    shown = drop(bytes(Letter.objects.get().pdf), "letter.pdf").words
    assert "save the file that is attached to it as letter.tlog-proof" in shown
    assert "Save what you gave as letter.tlog-proof" not in shown
    assert "Save what you gave as letter.tlog-proof" in paste(proof).words


def test_checkpoint_that_does_not_hold_says_what_each_file_of_the_command_is(walk):
    newest = Checkpoint.objects.latest("tree_size")
    lines = newest.note.split("\n")
    lines[2] = lines[2][:5] + ("A" if lines[2][5] != "A" else "B") + lines[2][6:]
    page = paste("\n".join(lines))
    assert verdict(page) == ["Tampered with"]
    assert page.links["newest checkpoint"] == "/audit/checkpoint"
    assert page.links["proof between the two"] == f"/audit/consistency?old={newest.tree_size}"
    for name in ("checkpoint.txt", "newest.txt", "consistency.txt", "vkeys.txt"):
        assert f"as {name}" in page.words


def test_evidence_of_another_log_is_said_to_be_that(walk, proof):
    index, path, note, extra = parse_proof(proof)
    other = note.text.replace(note.text.partition("\n")[0], "elsewhere.example/log", 1)
    key = SigningKey("elsewhere.example/log", ED25519, b"the key of the log of another on")
    signed = Note(other, (sign(other, key),))
    for text in (f"{signed}", proof_text(index, path, signed, extra)):
        page = paste(text)
        assert "This is of another log" in page.text("h2")
        assert "the log elsewhere.example/log" in page.words
        assert "public keys of that log" in page.words
