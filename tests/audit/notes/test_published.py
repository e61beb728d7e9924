from base64 import b64decode
from datetime import UTC, datetime

import pytest

from audit.errors import NoteRefused
from audit.notes import Head, Note, SigningKey, VerifierKey, cosigned_at, request_text, sign, verified
from tests.audit.notes import published as theirs


def keys(*texts):
    return [VerifierKey.parse(text) for text in texts]


@pytest.mark.parametrize(
    ("note", "key"),
    [(theirs.EXAMPLE_NOTE, theirs.EXAMPLE_KEY), (theirs.GO_NOTE, theirs.GO_KEY), (theirs.SERVED, theirs.SERVED_LOG)],
)
def test_published_note_verifies_with_its_key_and_with_no_other(note, key):
    assert verified(Note.parse(note), keys(key)) == keys(key)
    with pytest.raises(NoteRefused, match="None of the known keys signed this"):
        verified(Note.parse(note), keys(*other_than(key)))


def other_than(key):
    return [one for one in (theirs.EXAMPLE_KEY, theirs.GO_KEY) if one != key]


@pytest.mark.parametrize(
    "note", [theirs.EXAMPLE_NOTE, theirs.POEM, theirs.GO_NOTE, theirs.SOFA, theirs.SERVED], ids=lambda note: note[:9]
)
def test_published_note_is_written_as_it_was_read(note):
    assert str(Note.parse(note)) == str(Note.parse(note.encode())) == note


@pytest.mark.parametrize("key", [theirs.EXAMPLE_KEY, theirs.GO_KEY, theirs.SERVED_LOG, *theirs.SERVED_WITNESSES])
def test_published_key_is_written_as_it_was_read(key):
    assert str(VerifierKey.parse(key)) == key


def test_text_may_have_empty_lines():
    assert Note.parse(theirs.POEM).text.endswith("di sole:\n\ned è subito sera.\n")


def test_private_key_signs_what_its_owner_published():
    key = SigningKey.parse(theirs.GO_PRIVATE)
    note = Note.parse(theirs.GO_NOTE)
    assert str(key) == theirs.GO_PRIVATE
    assert str(key.verifier) == theirs.GO_KEY
    assert sign(note.text, key) == note.signatures[0]


def test_witnesses_of_a_served_checkpoint_signed_it_at_their_time():
    note = Note.parse(theirs.SERVED)
    witnesses = keys(*theirs.SERVED_WITNESSES)
    assert verified(note, [*witnesses, *keys(theirs.SERVED_LOG)]) == [*keys(theirs.SERVED_LOG), *witnesses]
    for witness in witnesses:
        assert cosigned_at(note, witness) == datetime.fromtimestamp(theirs.SERVED_TIME, UTC)


@pytest.mark.parametrize("change", [("1432088532", "1432088533"), ("U7WM", "U7WN"), ("arche2025h1.staging.ct", "x")])
def test_witnesses_did_not_sign_anything_else(change):
    text, *signatures = theirs.SERVED.partition("\n\n")
    note = Note.parse("".join([text.replace(*change), *signatures]))
    for witness in keys(*theirs.SERVED_WITNESSES):
        with pytest.raises(NoteRefused, match="is not of this text"):
            cosigned_at(note, witness)
        with pytest.raises(NoteRefused, match="is not of this text"):
            verified(note, [witness])


def test_cosignature_of_the_specification_gives_its_time():
    signature = Note.parse(theirs.SOFA).signatures[1]
    assert signature.name == "witness.example.com/w1"
    assert int.from_bytes(signature.blob[:8]) == theirs.SOFA_TIME
    assert len(signature.blob) == 8 + 64


def test_checkpoint_of_the_specification_is_read():
    head = Head.parse(Note.parse(theirs.SOFA).text)
    assert (head.origin, head.size, head.extensions) == ("example.com/behind-the-sofa", 20_852_163, ())
    assert f"{head.body()}\n" in theirs.SOFA


def test_request_of_the_specification_is_written():
    first, _, note = theirs.SOFA_REQUEST.partition("\n\n")
    hashes = [b64decode(line) for line in first.split("\n")[1:]]
    assert request_text(20_852_014, hashes, Note.parse(note)) == theirs.SOFA_REQUEST
