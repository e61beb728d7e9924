"""The first page of the audit: how far the log is verified, signed and witnessed, and what needs attention."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import attesting, checkpoints, clock, doctor, rechecking, sequencing
from audit.actions import record_system
from audit.models import Attestation, Checkpoint, Event, Leaf
from audit.notes import COSIGNATURE, Note, SigningKey, cosign
from audit.witnessing import keep_cosignature
from tests.factories.pages import Page, Reader
from tests.factories.raw import run, unfenced

PATH = "/audit/"


def page(client):
    return Page(client.get(PATH))


WITNESS = SigningKey("coalition.example/witness", COSIGNATURE, b"w" * 32)


def witnessed(settings):
    settings.AUDIT_WITNESSES = [f"{WITNESS.verifier}"]
    note = Note.parse(checkpoints.latest().note)
    return keep_cosignature(f"{note.with_signatures(cosign(note.text, WITNESS, clock.real_now()))}", by="system")


def test_log_not_read_again_says_so_and_the_button_reads_it(auditor):
    assert "Not verified again yet" in page(auditor).text("h2")
    record_system("probe.happened", by="system")
    size, signed = sequencing.log_size(), checkpoints.latest().tree_size
    assert signed < size
    told = Page(auditor.post("/audit/recheck/", follow=True))
    assert f"The first {size:,} of {size + 1:,} entries were verified again" in told.text("h2")
    assert f"read entries 0 to {size - 1:,} again" in told.words
    assert f"{signed:,} of these entries were signed for then; the newest {size - signed:,} " in told.words
    assert f"{size:,} entries were checked from the first, and nothing is wrong. {signed:,} of them" in told.words
    last = rechecking.last_recheck()
    assert (last.size, last.sound) == (size, True)
    assert told.links["The record of that check"] == f"/audit/entries/{last.entry}/"


EVENT = "WHERE id = (SELECT event_id FROM audit_leaf WHERE leaf_index = 7)"


@pytest.mark.parametrize(
    ("statement", "values", "entry"),
    [
        (f"UPDATE audit_event SET leaf = %s {EVENT}", [b"{}"], 7),
        (f"UPDATE audit_event SET event_type = 'x' {EVENT}", [], 7),
        ("UPDATE audit_leaf SET leaf_hash = %s WHERE leaf_index = 7", [bytes(32)], 7),
        ("UPDATE audit_checkpoint SET root = %s", [bytes(32)], None),
        ("UPDATE audit_checkpoint SET note = replace(note, 'A', 'B')", [], None),
    ],
)
def test_what_was_changed_in_the_database_is_found_and_stays_on_the_page(auditor, statement, values, entry):
    with unfenced():
        run(statement, *values)
        answered = Page(auditor.post("/audit/recheck/", follow=True))
        last = rechecking.last_recheck()
        assert not last.sound
        for shown in (answered, page(auditor)):
            assert shown.status == 200
            assert any(each.startswith("The log is broken") for each in shown.text("h2"))
            assert last.fault
            assert last.fault in shown.words
            assert "nothing is wrong" not in shown.words
            if entry is not None:
                assert f"The log is broken at entry {entry}" in shown.text("h2")
                assert auditor.get(shown.links[f"Open entry {entry}"]).status_code == 200


def test_entry_that_is_gone_is_named_and_leads_nowhere(auditor):
    with unfenced():
        run("DELETE FROM audit_leaf WHERE leaf_index = 7")
        shown = Page(auditor.post("/audit/recheck/", follow=True))
    assert "The log is broken at entry 7" in shown.text("h2")
    assert "Open entry 7" not in shown.links


def test_log_is_not_said_to_be_late_before_it_is_two_days_old(auditor, walk):
    late = "was not checked again in the last two days"
    assert late not in page(auditor).words
    with time_machine.travel(clock.real_now() + timedelta(days=3), tick=False):
        shown = Page(Reader(walk.world.auditor).client.get(PATH))
    assert late in shown.words
    assert shown.links["Check it now"] == "#recheck"
    assert 'id="recheck"' in shown.html


def test_page_says_when_the_tables_were_compared_with_the_log(auditor):
    assert "have not been compared with it yet" in page(auditor).words
    for differences, said in ((0, "no differences"), (1, "1 difference"), (2, "2 differences")):
        event = record_system("log.reconciled", by="system", public={"differences": differences, "first": []})
        shown = page(auditor)
        assert said in shown.words
        assert shown.links["The record of that comparison"] == f"/audit/entries/{bytes(event.leaf_hash).hex()}/"


def test_log_cut_short_is_found(auditor):
    with unfenced():
        run("DELETE FROM audit_leaf WHERE leaf_index >= %s", sequencing.log_size() - 2)
        assert "is missing" in rechecking.recheck() or "the log holds" in rechecking.recheck()


def test_newest_checkpoint_and_all_others_with_who_holds_them(auditor, settings, monkeypatch):
    newest = checkpoints.latest()
    witnessed(settings)
    kept = {"checkpoint": newest, "at": clock.real_now()}
    Attestation.objects.create(kind="cosignature", who="Forger", blob=b"x", **kept)
    Attestation.objects.create(kind="letter", who="Forger", blob=b"x", **kept)
    Attestation.objects.create(kind="tsa", who="Stamps Ltd", blob=b"x", **kept)
    assert "Time-stamped by Stamps Ltd" not in page(auditor).words
    monkeypatch.setattr(attesting, "stamp_fault", lambda _row, _roots: "")
    letters = Attestation.objects.filter(kind="letter").count()
    shown = page(auditor)
    assert letters
    assert "Cosigned by coalition.example/witness" in shown.words
    assert "Cosigned by Forger" not in shown.words
    assert "Time-stamped by Stamps Ltd" in shown.words
    for each in Checkpoint.objects.all():
        assert shown.links[f"{each.tree_size:,}"] == f"/audit/checkpoints/{each.tree_size}"


def test_long_list_of_checkpoints_has_pages_and_costs_the_same(auditor):
    def asked():
        with CaptureQueriesContext(connection) as counted:
            found = page(auditor)
        return len(counted), found

    before, _ = asked()
    newest = checkpoints.latest()
    for number in range(1, 40):
        Checkpoint.objects.create(
            tree_size=newest.tree_size + number,
            root=newest.root,
            note=newest.note,
            key_id="x",
            created_at=newest.created_at,
        )
    after, found = asked()
    assert after <= before
    assert "Page 1 of 3." in found.words
    assert Page(auditor.get(PATH, {"page": "99"})).status == 200


def test_what_is_wrong_stands_first_with_its_cure(auditor, monkeypatch):
    found = [
        doctor.Finding(doctor.Severity.ALARM, "It <b>burns</b>.", "Put it out."),
        doctor.Finding(doctor.Severity.WARNING, "It is late.", "Wait."),
    ]
    monkeypatch.setattr(doctor, "examine", lambda: found)
    words = page(auditor).words
    places = [words.index(each) for each in ("Alarm", "It <b>burns</b>.", "Put it out.", "Warning", "It is late.")]
    assert places == sorted(places)
    assert places[-1] < words.index("Newest checkpoint")


def test_what_the_doctor_finds_is_on_the_page(auditor):
    found = doctor.examine()
    assert found
    assert all(each.what in page(auditor).words for each in found)


def test_nothing_wrong_is_said(auditor, monkeypatch):
    monkeypatch.setattr(doctor, "examine", list)
    event = record_system("probe.happened", by="system")
    size, signed = sequencing.log_size(), checkpoints.latest().tree_size
    shown = page(auditor)
    assert event
    assert "Nothing wrong was found" in shown.words
    assert f"{signed:,} of {size:,} entries are signed for; the newest {size - signed:,} will be" in shown.words
    assert "all is signed" not in shown.words.casefold()
    assert "What needs attention" not in shown.text("h2")


def test_pages_only_read(auditor):
    before = Event.objects.count(), Leaf.objects.count()
    page(auditor)
    assert (Event.objects.count(), Leaf.objects.count()) == before
    assert auditor.get("/audit/recheck/").status_code == 405
