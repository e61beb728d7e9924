"""Whose signature is kept, over what, and what is answered to the rest."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit import attesting, clock
from audit.errors import CosignatureRefused
from audit.models import Attestation, Checkpoint, Event
from audit.notes import COSIGNATURE, Head, Note, Signature, SigningKey, cosign, cosigned_at, verified
from audit.witnessing import keep_cosignature, note_with_cosignatures, witnesses
from tests.audit.witnessing.conftest import ORIGIN, SEEN

STRANGER = SigningKey("stranger.example/witness", COSIGNATURE, b"s" * 32)


def kept():
    return list(Attestation.objects.filter(kind="cosignature").values_list("checkpoint", "who", "at"))


def refused(text):
    """The sentence somebody is refused with; nothing is kept then."""
    before = (kept(), Event.objects.count())
    with pytest.raises(CosignatureRefused) as answer:
        keep_cosignature(text, by="system")
    assert (kept(), Event.objects.count()) == before
    return answer.value.message


def test_a_cosigned_note_is_kept_with_its_event_and_handed_out(signed, cosigned, witness, clerk):
    checkpoint = signed(7)
    keep_cosignature(f"{cosigned(checkpoint)}", by=clerk)
    assert kept() == [(7, witness.name, SEEN)]
    [event] = Event.objects.filter(event_type="checkpoint.cosigned")
    assert event.document["public"] == {"size": 7, "who": witness.name}
    assert event.document["actor"] == clerk.stream
    note = Note.parse(note_with_cosignatures(checkpoint))
    assert verified(note, [witness.verifier]) == [witness.verifier]
    assert cosigned_at(note, witness.verifier) == SEEN
    assert note.signatures[0] == Note.parse(checkpoint.note).signatures[0]
    assert Checkpoint.objects.get().note == checkpoint.note


def test_signature_lines_alone_find_the_checkpoint_they_fit(signed, cosigned):
    older, _newer = signed(7), signed(9)
    line = cosigned(older).signatures[-1]
    assert keep_cosignature(f"{line}\n", by="system").checkpoint_id == 7


@pytest.mark.parametrize("spoil", [lambda text: text.replace("\n", "\r\n"), str.strip, lambda text: f"\n{text}\n\n"])
def test_what_a_browser_does_to_a_note_is_forgiven(signed, cosigned, spoil):
    keep_cosignature(spoil(f"{cosigned(signed(7))}"), by="system")
    assert len(kept()) == 1


def test_the_same_again_changes_nothing(signed, cosigned):
    checkpoint = signed(7)
    first = keep_cosignature(f"{cosigned(checkpoint)}", by="system")
    assert keep_cosignature(f"{cosigned(checkpoint)}", by="system") == first
    assert keep_cosignature(f"{cosigned(checkpoint, at=SEEN + timedelta(days=1))}", by="system") == first
    assert (len(kept()), Event.objects.count()) == (1, 1)


def test_signature_of_a_witness_who_changed_her_key_is_kept_beside_the_first(signed, cosigned, witness, settings):
    """Under one name, on one checkpoint: whoever trusts only the new key finds it."""
    checkpoint, new = signed(7), SigningKey(witness.name, COSIGNATURE, b"n" * 32)
    settings.AUDIT_WITNESSES = [*settings.AUDIT_WITNESSES, f"{new.verifier}"]
    keep_cosignature(f"{cosigned(checkpoint)}", by="system")
    keep_cosignature(f"{cosigned(checkpoint, key=new, at=SEEN + timedelta(days=1))}", by="system")
    keep_cosignature(f"{cosigned(checkpoint, key=new)}", by="system")
    assert kept() == [(7, witness.name, SEEN), (7, witness.name, SEEN + timedelta(days=1))]
    assert len(Note.parse(note_with_cosignatures(checkpoint)).signatures) == 3


def forgeries(witness, checkpoint, other):
    """Rows that anybody who writes rows may write: what they hold, in whose name, of which moment."""
    line = f"{cosign(Note.parse(checkpoint.note).text, witness, SEEN)}"
    elsewhere = f"{cosign(Note.parse(other.note).text, witness, SEEN)}"
    zeros = f"{Signature(witness.name, witness.verifier.key_id, bytes(72))}"
    stranger = f"{cosign(Note.parse(checkpoint.note).text, STRANGER, SEEN)}"
    return {
        "zeros": (zeros, witness.name, SEEN),
        "another head": (elsewhere, witness.name, SEEN),
        "another moment": (line, witness.name, SEEN - timedelta(days=1)),
        "another name": (line, "somebody", SEEN),
        "a stranger": (stranger, STRANGER.name, SEEN),
        "nonsense": ("x", witness.name, SEEN),
        "two lines": (f"{line}\n{line}", witness.name, SEEN),
    }


@pytest.mark.parametrize(
    "how", ["zeros", "another head", "another moment", "another name", "a stranger", "nonsense", "two lines"]
)
def test_row_that_is_no_signature_is_not_handed_out_and_stands_in_nobodys_way(signed, cosigned, witness, how):
    checkpoint, other = signed(7), signed(9)
    blob, who, at = forgeries(witness, checkpoint, other)[how]
    row = Attestation.objects.create(checkpoint=checkpoint, kind="cosignature", who=who, blob=blob.encode(), at=at)
    assert note_with_cosignatures(checkpoint) == checkpoint.note
    assert list(attesting.proven(Attestation.objects.all())) == []
    [said] = attesting.faults(Attestation.objects.all())
    assert said.startswith(f"Attestation {row.pk} of the head of 7 entries")
    if how != "another moment":  # that is the very signature, which is there already
        kept_now = keep_cosignature(f"{cosigned(checkpoint)}", by="system")
        assert list(attesting.proven(Attestation.objects.all())) == [kept_now]
        assert len(Note.parse(note_with_cosignatures(checkpoint)).signatures) == 2


def test_two_witnesses_in_one_note_are_both_kept(signed, cosigned, witness, settings):
    settings.AUDIT_WITNESSES = [*settings.AUDIT_WITNESSES, f"{STRANGER.verifier}"]
    checkpoint = signed(7)
    both = cosigned(checkpoint).with_signatures(*cosigned(checkpoint, key=STRANGER).signatures)
    keep_cosignature(f"{both}", by="system")
    assert {who for _size, who, _at in kept()} == {witness.name, STRANGER.name}
    assert len(Note.parse(note_with_cosignatures(checkpoint)).signatures) == 3


def test_a_stranger_is_refused_by_name(signed, cosigned, witness, settings):
    text = f"{cosigned(signed(7), key=STRANGER)}"
    assert STRANGER.name in refused(text)
    assert witness.name in refused(text)
    settings.AUDIT_WITNESSES = []
    assert "AUDIT_WITNESSES" in refused(text)


def test_a_stranger_under_the_witness_name_is_refused(signed, cosigned, witness):
    assert "None of these" in refused(f"{cosigned(signed(7), key=SigningKey(witness.name, COSIGNATURE, b'f' * 32))}")


def test_the_logs_own_signature_is_no_witness(signed, witness, settings, log_key):
    settings.AUDIT_WITNESSES = [*settings.AUDIT_WITNESSES, f"{log_key.verifier}"]
    assert witnesses() == [witness.verifier]
    assert ORIGIN in refused(signed(7).note)


def test_a_signature_of_another_head_is_refused(signed, cosigned):
    checkpoint, other = signed(7), signed(9)
    moved = Note(Note.parse(checkpoint.note).text, (cosigned(other).signatures[-1],))
    assert "does not verify" in refused(f"{moved}")


def test_every_changed_byte_of_the_signature_is_refused(signed, cosigned):
    note = cosigned(signed(7))
    last = note.signatures[-1]
    for place in range(len(last.blob)):
        blob = last.blob[:place] + bytes([last.blob[place] ^ 1]) + last.blob[place + 1 :]
        assert "does not verify" in refused(f"{Note(note.text, (Signature(last.name, last.key_id, blob),))}")


def forged(witness, head):
    return f"{Note(head.body(), (cosign(head.body(), witness, SEEN),))}"


def test_a_head_this_log_never_signed_is_refused(signed, witness):
    signed(7)
    assert "no checkpoint of 8 entries" in refused(forged(witness, Head(ORIGIN, 8, b"r" * 32)))
    assert "two faces" in refused(forged(witness, Head(ORIGIN, 7, b"r" * 32)))
    assert "other.example/log" in refused(forged(witness, Head("other.example/log", 7, b"r" * 32)))
    line = forged(witness, Head(ORIGIN, 8, b"r" * 32)).splitlines()[-1]
    assert "none of the newest 1" in refused(line)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "panels.example/log\n7\nroot", "\N{EM DASH} name", "a\n1\n!!\n\n\N{EM DASH} b AAAA", "\x00\n\n"],
)
def test_what_is_no_note_is_refused(signed, witness, text):
    signed(7)
    assert refused(text)


def test_lines_without_any_checkpoint_are_refused(witness, db):
    line = forged(witness, Head(ORIGIN, 8, b"r" * 32)).splitlines()[-1]
    assert "no checkpoint yet" in refused(line)


def test_a_signature_from_the_future_is_refused(signed, cosigned):
    checkpoint = signed(7)
    assert "still to come" in refused(f"{cosigned(checkpoint, at=clock.real_now() + timedelta(hours=2))}")
    keep_cosignature(f"{cosigned(checkpoint, at=clock.real_now() + timedelta(minutes=2))}", by="system")


def test_a_time_no_calendar_holds_is_refused(signed, witness):
    text = Note.parse(signed(7).note).text
    seconds = 2**60
    body = f"cosignature/v1\ntime {seconds}\n{text}".encode()
    blob = seconds.to_bytes(8) + witness.signature(body)
    assert "calendar" in refused(f"{Note(text, (Signature(witness.name, witness.verifier.key_id, blob),))}")


def test_witnesses_are_read_from_the_file_too(witness, settings, tmp_path):
    settings.AUDIT_WITNESSES_FILE = str(tmp_path / "vkey")
    assert witnesses() == [witness.verifier]
    (tmp_path / "vkey").write_text(f"{STRANGER.verifier}\n\n{witness.verifier}\n")
    assert witnesses() == [witness.verifier, STRANGER.verifier]


def test_the_command_keeps_what_a_file_holds(signed, cosigned, tmp_path, monkeypatch):
    checkpoint, told = signed(7), io.StringIO()
    file = tmp_path / "cosigned.txt"
    file.write_text(f"{cosigned(checkpoint)}", encoding="utf-8")
    call_command("audit_cosign", str(file), stdout=told)
    assert "coalition.example/witness cosigned 7 entries on 2 March 2026, 09:30 UTC" in told.getvalue()
    monkeypatch.setattr("sys.stdin", io.StringIO(checkpoint.note))
    with pytest.raises(CommandError, match="None of these"):
        call_command("audit_cosign", "-")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("audit_cosign", str(tmp_path / "absent"))


@pytest.mark.django_db(transaction=True)
def test_one_is_kept_when_two_bring_it_at_once(signed, cosigned):
    text, together = f"{cosigned(signed(7))}", Barrier(4)

    def bring():
        try:
            together.wait()
            return keep_cosignature(text, by="system").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = [each.result() for each in [pool.submit(bring) for _ in range(4)]]
    assert len(set(answers)) == len(kept()) == Event.objects.count() == 1
