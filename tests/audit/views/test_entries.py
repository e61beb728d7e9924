"""One entry: what it says, what it keeps to itself, its place, and its proof."""

import hashlib

import pytest

from audit import actions, checkpoints, verify_log
from audit.actions import record_system
from audit.leaf import hash_of
from audit.models import Erasure, Event, Private
from audit.queries import by_hash, index_of
from tests.access.papers import CANARY
from tests.factories.pages import Page, Reader
from tests.factories.raw import run, unfenced


@pytest.fixture
def decided(walk):
    return Event.objects.get(event_type="decision.recorded")


def address(event):
    return f"/audit/entries/{bytes(event.leaf_hash).hex()}/"


def opened():
    """What was opened, as it was noted."""
    return [each.document["public"]["what"] for each in Event.objects.filter(event_type="record.read")]


def test_entry_says_what_was_recorded_and_by_whom(read, walk, decided):
    page = read(address(decided))
    assert page.heading.endswith("Decision recorded")
    assert f"Entry {index_of(decided):,} of the log" in page.words
    assert walk.world.secretary.display_name in page.words
    assert page.links[f"{walk.case.ref}, {walk.case.ccg.name}"] == f"/applications/{walk.case.ref}/"
    assert decided.document["public"]["composition_sha256"] in page.words


def test_private_content_is_there_only_after_it_was_asked_for_and_noted(read, auditor, decided, walk):
    assert CANARY not in read(address(decided)).html
    assert "private-free_text" not in opened()
    shown = Page(auditor.post(address(decided), {"show": "free_text"}))
    assert "Qanary-decision" in shown.words
    assert "As committed to" in shown.words
    noted = Event.objects.filter(event_type="record.read").latest("pk")
    assert noted.document["actor"] == walk.world.auditor.stream
    assert noted.document["public"] == {"what": "private-free_text", "ref": bytes(decided.leaf_hash).hex()}
    assert CANARY not in read(address(decided)).html


def test_private_content_is_kept_nowhere_on_its_way(auditor, decided):
    answer = auditor.post(address(decided), {"show": "free_text"})
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("group", ["person", "nothing", "", "free_text\x00"])
def test_group_that_is_not_there_shows_and_records_nothing(auditor, decided, group):
    before = opened()
    answer = auditor.post(address(decided), {"show": group})
    assert answer.status_code == 200
    assert CANARY not in answer.content.decode()
    assert opened() == before


def test_private_content_that_was_changed_is_said_to_be(auditor, decided):
    with unfenced():
        run("UPDATE audit_private SET body = %s WHERE event_id = %s", b'{"reasons":"Other"}', decided.pk)
        shown = Page(auditor.post(address(decided), {"show": "free_text"}))
    assert "was changed afterwards" in shown.words


def test_erased_content_says_on_what_ground(read, auditor, decided):
    order = record_system("erasure.performed", by="system", public={"events": [], "groups": [], "ground": "art17"})
    Erasure.objects.create(event=decided, grp="free_text", erasure_event=order, ground="art17", at=order.occurred_at)
    Private.objects.filter(event=decided).delete()
    page = read(address(decided))
    assert "Erased" in page.words
    assert "art17" in page.words
    assert page.links["The entry that says so"] == address(order)
    assert "Show" not in page.text("button")
    assert "Shown below" not in Page(auditor.post(address(decided), {"show": "free_text"})).words


def test_content_missing_without_an_order_is_an_alarm(read, decided):
    with unfenced():
        Private.objects.filter(event=decided).delete()
        page = read(address(decided))
    assert "no erasure says why" in page.words


def test_neighbours_are_those_of_its_stream(read, decided, walk):
    around = Event.objects.filter(stream=walk.case.stream)
    before, after = (around.get(stream_seq=decided.stream_seq + step) for step in (-1, 1))
    links = read(address(decided)).links
    assert (links["Entry before it"], links["Entry after it"]) == (address(before), address(after))
    assert "It is the first" in read(address(around.get(stream_seq=1))).words


def test_proof_leads_to_the_signed_root_and_is_what_the_verifier_accepts(read, auditor, decided):
    page = read(address(decided))
    assert "It leads to the signed root" in page.words
    answer = auditor.get(f"{address(decided)}proof")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="entry-{index_of(decided)}.tlog-proof"'
    report = verify_log.check_proof(answer.content.decode(), checkpoints.vkeys_text())
    assert report.verdict == "verified"
    assert report.facts["leaf_hash"] == bytes(decided.leaf_hash).hex()
    assert hashlib.sha256(b"\x00" + bytes(decided.leaf)).hexdigest() in page.html


def test_proof_that_leads_elsewhere_is_said(read, decided):
    with unfenced():
        run("UPDATE audit_leaf SET leaf_hash = %s WHERE leaf_index = %s", bytes(32), index_of(decided) ^ 1)
        page = read(address(decided))
    assert "It does not lead to the signed root" in page.words


def test_entry_that_nothing_signs_for_yet(read, auditor, walk):
    case = walk.case
    event = actions.record(case, "case.looked_at", by=walk.world.chair)
    actions.settle(case)
    page = read(address(event))
    assert "No checkpoint holds it so far" in page.words
    assert auditor.get(f"{address(event)}proof").status_code == 404


def test_content_is_shown_as_text(read, auditor, walk):
    case = walk.case
    nasty = "<script>alert(1)</script>{{ 7 * 7 }}"
    public = {"text": nasty, "deep": [{"a": {"b": [1, 2, None, True]}}, {"a": nasty}], "none": []}
    event = actions.record(case, nasty[:20], by=walk.world.chair, public=public, private={"free_text": [nasty]})
    actions.settle(case)
    for page in (read(address(event)), Page(auditor.post(address(event), {"show": "free_text"}))):
        assert nasty in page.words
        assert not [each for each in page.all("script") if each.get("src") is None]


@pytest.mark.parametrize("typed", ["0" * 64, "f" * 63, "F" * 64, "g" * 64])
def test_entry_that_does_not_exist_is_not_found(auditor, typed):
    assert auditor.get(f"/audit/entries/{typed}/").status_code == 404


def test_address_is_of_one_event_for_good(decided):
    assert by_hash(bytes(decided.leaf_hash)) == decided


def altered(event, how):
    """Change an event in the database as somebody could who takes the triggers away."""
    leaf = bytes(event.leaf).replace(b"2012", b"2013")
    assert leaf != bytes(event.leaf)
    statements = {
        "leaf": ("UPDATE audit_event SET leaf = %s WHERE id = %s", leaf),
        "leaf and hash": ("UPDATE audit_event SET leaf = %s, leaf_hash = %s WHERE id = %s", leaf, hash_of(leaf)),
        "no leaf": ("UPDATE audit_event SET leaf = %s WHERE id = %s", b"\xff{"),
        "other leaf": ("UPDATE audit_event SET leaf = %s WHERE id = %s", b'{"actor":7,"public":[],"type":{}}'),
        "place": ("UPDATE audit_leaf SET leaf_hash = %s WHERE event_id = %s", bytes(32)),
        "type": ("UPDATE audit_event SET event_type = %s WHERE id = %s", "decision.forged"),
        "moment": ("UPDATE audit_event SET occurred_at = %s WHERE id = %s", "2011-01-01 00:00:00"),
    }
    run(*statements[how], event.pk)


@pytest.mark.parametrize("how", ["leaf", "leaf and hash", "no leaf", "other leaf", "place", "type", "moment"])
def test_entry_that_was_changed_is_never_called_proven(read, auditor, decided, how):
    with unfenced():
        altered(decided, how)
        page = read(address(decided))
        listed = read("/audit/events/", first=str(index_of(decided)), last=str(index_of(decided)))
    assert "This is not what was signed" in page.text("h2")
    assert "It leads to the signed root" not in page.words
    assert "cannot have been written later" not in page.words
    assert f"{address(decided)}proof" not in page.links.values()
    assert "Altered" in listed.words


def test_everything_changed_to_fit_still_does_not_lead_to_what_was_signed(read, decided):
    leaf = bytes(decided.leaf).replace(b"2012", b"2013")
    with unfenced():
        altered(decided, "leaf and hash")
        run("UPDATE audit_leaf SET leaf_hash = %s WHERE event_id = %s", hash_of(leaf), decided.pk)
        page = read(f"/audit/entries/{hash_of(leaf).hex()}/")
    assert "This is not what was signed" in page.text("h2")
    assert "It does not lead to the root that was signed" in page.words
    assert "cannot have been written later" not in page.words


def test_root_is_the_one_that_was_signed_not_the_column(read, decided):
    with unfenced():
        run("UPDATE audit_checkpoint SET root = %s", bytes(32))
        assert "It leads to the signed root" in read(address(decided)).words
        run("UPDATE audit_checkpoint SET note = replace(note, %s, %s)", "\u2014 ", "\u2014 x")
        page = read(address(decided))
    assert "is not signed by a key of this log" in page.words
    assert "It leads to the signed root" not in page.words


def test_what_was_not_changed_is_not_marked(read, walk, decided):
    assert "This is not what was signed" not in read(address(decided)).words
    for path in (
        "/audit/events/",
        f"/applications/{walk.case.ref}/trace/",
        f"/applications/{walk.case.ref}/bundle.json",
    ):
        shown = read(path)
        assert shown.status == 200
        assert "Altered" not in shown.words
        assert "not what was signed" not in shown.words


@pytest.mark.parametrize("how", ["leaf", "no leaf", "other leaf", "place", "type"])
def test_trace_and_bundle_tell_of_an_entry_that_was_changed(read, walk, decided, how):
    with unfenced():
        altered(decided, how)
        trace = read(f"/applications/{walk.case.ref}/trace/")
        bundle = read(f"/applications/{walk.case.ref}/bundle.json")
        officer = Page(
            Reader(walk.world.officer(walk.case.ccg.code)).client.get(f"/applications/{walk.case.ref}/bundle.json")
        )
    assert trace.status == 200
    assert "Altered This entry is not what was signed" in " ".join(trace.words.split())
    for page in (bundle, officer):
        assert "This is not what was signed" in page.text("h2")
        assert "1 entry of this record was changed" in page.words
    assert address(decided) in bundle.links.values()
    assert address(decided) not in officer.links.values()
