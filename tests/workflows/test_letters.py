"""The decision letter: a PDF for whatever people wrote, with the proof that the decision is in the log."""

import json
import re
import zlib
from base64 import b64decode
from hashlib import sha256

import pytest
from django.db import transaction

from audit import checkpoints, clock, signing
from audit.errors import NotYetSigned
from audit.merkle import root_of_inclusion
from audit.models import Attestation, Checkpoint, Event
from audit.notes import Head, Note, parse_proof, verified
from authorisation.enums import Stage
from authorisation.models import Decision, Letter
from panels import documents
from tests.audit import signer
from tests.factories import Walk
from tests.factories.raw import unfenced
from workflows import letters
from workflows.engine import sweep
from workflows.engine.nodes import Job
from workflows.engine.tasks import Task


@pytest.fixture
def walk(world):
    walk = Walk(world, direction="Share the plan").to(Stage.LETTER)
    with clock.at(walk.now):
        yield walk


@pytest.fixture
def decided(walk):
    return walk.case


@pytest.fixture
def printed(decided):
    return letters.proof_for(decided)


def holds(pdf, text):
    """Whether a part of the PDF, packed or not, is this text."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return text.encode() in parts or text.encode() in map(unpacked, parts)


def unpacked(part):
    try:
        return zlib.decompress(part)
    except zlib.error:
        return b""


def job(walk):
    return Task._default_manager.get(process=walk.case.process_id, flow_task_type=Job.task_type, finished=None)


def test_letter_is_the_same_bytes_for_the_same_case_and_head_at_the_same_moment(decided, printed):
    once = letters.render(decided, printed)
    assert once.startswith(b"%PDF-")
    assert letters.render(decided, printed) == once


def test_letter_says_what_was_decided_and_what_the_coalition_said(decided, printed):
    told = letters.facts(decided, printed)
    assert told["outcome"] == "Authorised with conditions"
    assert [row["code"] for row in told["conditions"]] == ["1.1B", "3.1.1B"]
    assert told["directions"] == ["Share the plan"]
    assert {row["stance"] for row in told["coalition"]} == {"concurred"}


def test_letter_prints_a_signed_head_and_where_the_decision_stands_under_it(decided, printed, settings):
    settings.SITE_URL = "https://panels.example"
    told = letters.facts(decided, printed)["log"]
    decision = Event.objects.get(event_type="decision.recorded")
    newest = Checkpoint.objects.get()
    assert (told["origin"], told["size"]) == (settings.AUDIT_ORIGIN, newest.tree_size)
    assert (b64decode(told["root"]), len(told["root"])) == (bytes(newest.root), 44)
    assert told["index"] == decision.log_leaf.leaf_index
    assert told["page"] == "https://panels.example/audit/verify/"


def test_the_code_proves_the_decision_with_nothing_but_the_logs_key(decided, printed):
    index, path, note, leaf_hash = parse_proof(letters.facts(decided, printed)["log"]["proof"])
    head = Head.parse(note.text)
    assert leaf_hash == sha256(b"\0" + bytes(Event.objects.get(event_type="decision.recorded").leaf)).digest()
    assert verified(note, [signer.key().verifier])
    assert root_of_inclusion(leaf_hash, index, head.size, path) == head.root


def test_the_proof_is_attached_to_the_pdf_for_those_who_cannot_scan(decided, printed):
    pdf = letters.render(decided, printed)
    assert holds(pdf, printed.proof)
    assert f"{decided.ref}.tlog-proof".encode() in pdf


def test_the_code_is_no_wider_than_it_prints_well(decided, printed):
    """A proof in a log of 2**26 entries, under two keys at once and a long name, is the largest there will be."""
    index, path, note, _hash = parse_proof(printed.proof)
    line = f"{note.signatures[0]}".replace("panel-authority.example/log", "x" * 60)
    longest = "\n".join([printed.proof, *["A" * 44] * (26 - len(path)), line, "x" * 60])
    told = letters.facts(decided, type(printed)(printed.head, index, longest))["log"]
    assert letters.facts(decided, printed)["log"]["width"] < told["width"] < 75


def test_issuing_records_which_head_left_the_house(walk):
    assert sweep.run_job(job(walk).pk)
    letter, newest = Letter.objects.get(), Checkpoint.objects.get()
    [issued] = Event.objects.filter(event_type="letter.issued")
    index = Event.objects.get(event_type="decision.recorded").log_leaf.leaf_index
    root = f"{Note.parse(newest.note).text}".splitlines()[2]
    assert issued.document["public"] == {
        "sha256": letter.sha256,
        "checkpoint": {"size": newest.tree_size, "root": root, "index": index},
    }
    [kept] = Attestation.objects.filter(kind="letter")
    assert (kept.checkpoint, kept.who, kept.at) == (newest, walk.case.ref, letter.issued_at)
    assert holds(bytes(letter.pdf), bytes(kept.blob).decode())
    assert index < newest.tree_size


def test_one_head_serves_every_letter_of_a_batch(world):
    walks = [Walk(world, ccg=ccg).to(Stage.LETTER) for ccg in ("01A", "03A")]
    with clock.at(max(each.now for each in walks)):
        for each in walks:
            assert sweep.run_job(job(each).pk)
    assert Checkpoint.objects.count() == 1
    assert Attestation.objects.filter(kind="letter", checkpoint=Checkpoint.objects.get()).count() == 2


def test_without_a_signature_the_letter_is_owed_and_nothing_is_half_done(walk, monkeypatch):
    def nobody(event):
        raise NotYetSigned("No head yet.")

    owed = job(walk)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "ensure_covering", nobody)
        with pytest.raises(NotYetSigned):
            sweep.run_job(owed.pk)
    owed.refresh_from_db()
    assert (owed.data, walk.stage) == ({"attempts": 1, "error": "NotYetSigned"}, Stage.LETTER)
    assert not Letter.objects.exists()
    assert not Attestation.objects.exists()
    assert not Event.objects.filter(event_type="letter.issued").exists()
    with clock.at(owed.scheduled):
        assert sweep.sweep_jobs() == 1
        assert sweep.run_job(owed.pk)
    assert Letter.objects.get().decision.application == walk.case


@pytest.mark.django_db(transaction=True)
def test_the_head_is_signed_outside_the_transaction_of_the_case(world, monkeypatch):
    """What is signed must stand: a head signed inside a transaction could be rolled back."""
    walk, asked = Walk(world).to(Stage.LETTER), []
    sign = signing.KeepingSigner.sign

    def noted(self, head, extends):
        asked.append(Event.objects.filter(event_type="decision.recorded").exists())
        return sign(self, head, extends)

    monkeypatch.setattr(signing.KeepingSigner, "sign", noted)
    with clock.at(walk.now), transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        letters.write(walk.case)
    with clock.at(walk.now):
        assert sweep.run_job(job(walk).pk)
    assert asked == [True]


@pytest.mark.parametrize("reasons", ["Well done 😀", "中文 العربية", 'Quote " and \\ and #let $math$'])
def test_letter_is_written_whatever_the_reasons_hold(decided, printed, reasons):
    with unfenced():
        Decision.objects.filter(application=decided).update(reasons=reasons)
        decided.refresh_from_db()
        assert letters.facts(decided, printed)["reasons"] == reasons
        pdf = letters.render(decided, printed)
        assert pdf.startswith(b"%PDF-")
        assert holds(pdf, printed.proof)


def test_characters_the_font_lacks_are_given_by_number():
    told = documents._numbered({"reasons": "Well 😀", "numbered": False}, "😀")
    assert told == {"reasons": "Well [U+1F600]", "numbered": False}
    assert json.dumps(told)
