from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import NoteRefused
from audit.notes import (
    COSIGNATURE,
    ED25519,
    Head,
    Note,
    Signature,
    SigningKey,
    VerifierKey,
    cosign,
    cosigned_at,
    parse_proof,
    proof_text,
    request_text,
    sign,
    verified,
)

ORIGIN = "board.example/ccg-authorisation/log"
LOG = SigningKey(ORIGIN, ED25519, b"l" * 32)
WITNESS = SigningKey("coalition.example/witness", COSIGNATURE, b"w" * 32)
STRANGER = SigningKey(ORIGIN, ED25519, b"s" * 32)
AT = datetime(2012, 11, 30, 12, tzinfo=UTC)
HEAD = Head(ORIGIN, 5, b"r" * 32)
ROOT = b64encode(HEAD.root).decode()


def signed(head=HEAD, *keys):
    return Note(head.body(), tuple(sign(head.body(), key) for key in keys or (LOG,)))


NOTE = signed().with_signatures(cosign(HEAD.body(), WITNESS, AT))
PROOF = [bytes([number]) * 32 for number in range(3)]


def test_checkpoint_reads_as_the_format_says():
    assert NOTE.text == f"{ORIGIN}\n5\n{ROOT}\n"
    assert str(NOTE) == f"{NOTE.text}\n{NOTE.signatures[0]}\n{NOTE.signatures[1]}\n"
    assert str(NOTE.signatures[0]).startswith(f"\u2014 {ORIGIN} ")
    assert Note.parse(str(NOTE)) == NOTE
    assert Head.parse(NOTE.text) == HEAD


def test_both_the_log_and_its_witness_signed():
    assert verified(NOTE, [WITNESS.verifier, LOG.verifier]) == [LOG.verifier, WITNESS.verifier]
    assert cosigned_at(NOTE, WITNESS.verifier) == AT


def test_signature_is_not_repeated():
    assert NOTE.with_signatures(*NOTE.signatures) == NOTE


def test_first_of_a_witnesss_times_counts():
    again = NOTE.with_signatures(
        cosign(NOTE.text, WITNESS, AT + timedelta(days=1)), cosign(NOTE.text, WITNESS, AT - timedelta(days=1))
    )
    assert cosigned_at(again, WITNESS.verifier) == AT - timedelta(days=1)


def test_witness_that_did_not_sign_gives_no_time():
    assert cosigned_at(signed(), WITNESS.verifier) is None
    assert cosigned_at(NOTE, LOG.verifier) is None


def test_strangers_key_under_our_name_does_not_count():
    assert STRANGER.verifier.key_id != LOG.verifier.key_id
    with pytest.raises(NoteRefused, match="None of the known keys signed this"):
        verified(signed(HEAD, STRANGER), [LOG.verifier])
    assert verified(signed(HEAD, STRANGER, LOG), [LOG.verifier]) == [LOG.verifier]


def test_strangers_signature_under_our_name_and_id_refuses_the_note():
    forged = Signature(ORIGIN, LOG.verifier.key_id, sign(HEAD.body(), STRANGER).blob)
    with pytest.raises(NoteRefused, match="is not of this text"):
        verified(Note(HEAD.body(), (forged,)), [LOG.verifier])
    with pytest.raises(NoteRefused, match="is not of this text"):
        verified(NOTE.with_signatures(forged), [LOG.verifier])


def test_log_signature_is_no_cosignature():
    same_seed = SigningKey(ORIGIN, COSIGNATURE, LOG.seed)
    relabelled = Signature(ORIGIN, same_seed.verifier.key_id, b"\0" * 8 + sign(HEAD.body(), LOG).blob)
    with pytest.raises(NoteRefused, match="is not of this text"):
        verified(Note(HEAD.body(), (relabelled,)), [same_seed.verifier])


def test_time_of_a_cosignature_is_signed():
    blob = NOTE.signatures[1].blob
    later = (int.from_bytes(blob[:8]) + 1).to_bytes(8)
    moved = Note(NOTE.text, (Signature(WITNESS.name, WITNESS.verifier.key_id, later + blob[8:]),))
    with pytest.raises(NoteRefused, match="is not of this text"):
        cosigned_at(moved, WITNESS.verifier)


def test_unsigned_note_is_signed_by_nobody():
    with pytest.raises(NoteRefused, match="nobody"):
        verified(Note(HEAD.body(), ()), [LOG.verifier])


def test_seconds_beyond_any_calendar_are_refused():
    seconds = 2**62
    message = f"cosignature/v1\ntime {seconds}\n{HEAD.body()}".encode()
    blob = seconds.to_bytes(8) + WITNESS.signature(message)
    note = Note(HEAD.body(), (Signature(WITNESS.name, WITNESS.verifier.key_id, blob),))
    assert verified(note, [WITNESS.verifier]) == [WITNESS.verifier]
    with pytest.raises(NoteRefused, match="no calendar"):
        cosigned_at(note, WITNESS.verifier)


@pytest.mark.parametrize(("seconds", "holds"), [(2**63 - 1, True), (2**63, False)])
def test_seconds_beyond_the_format_are_no_signature(seconds, holds):
    message = f"cosignature/v1\ntime {seconds}\n{HEAD.body()}".encode()
    assert WITNESS.verifier.verifies(HEAD.body(), seconds.to_bytes(8) + WITNESS.signature(message)) is holds


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (lambda: sign(HEAD.body(), WITNESS), "holds a witness's key"),
        (lambda: cosign(HEAD.body(), LOG, AT), "holds a log's key"),
        (lambda: cosign("Concur.\n", WITNESS, AT), "This is no checkpoint"),
        (lambda: cosign(HEAD.body(), WITNESS, datetime(1969, 12, 31, tzinfo=UTC)), "Set the clock"),
        (lambda: sign("no newline", LOG), "does not end with a newline"),
        (lambda: sign("a\ttab\n", LOG), "control characters"),
        (lambda: SigningKey("a name", ED25519, b"l" * 32), "cannot be a key's name"),
        (lambda: SigningKey("name", ED25519, b"l" * 31), "A private key has 32 bytes"),
        (lambda: VerifierKey("name", 2, b"l" * 32), "of kind 2"),
        (lambda: VerifierKey("name", ED25519, b"l" * 33), "has 33 bytes, not 32"),
        (lambda: Head(ORIGIN, -1, b"r" * 32), "cannot hold -1 entries"),
        (lambda: Head(ORIGIN, 2**63, b"r" * 32), "below 2"),
        (lambda: Head("", 1, b"r" * 32), "cannot be a line"),
        (lambda: Head("two\nlines", 1, b"r" * 32), "cannot be a line"),
        (lambda: Head(ORIGIN, 1, b"r" * 31), "A root has 32 bytes"),
        (lambda: Head(ORIGIN, 1, b"r" * 32, ("",)), "cannot be a line"),
    ],
)
def test_what_must_not_be_signed_or_made(refused, message):
    with pytest.raises(NoteRefused, match=message):
        refused()


def test_naive_moment_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="no time zone"):
        cosign(HEAD.body(), WITNESS, datetime(2012, 11, 30))


def test_extensions_are_kept_and_signed():
    head = Head(ORIGIN, 5, b"r" * 32, ("first", "second"))
    assert Head.parse(head.body()) == head
    assert verified(signed(head), [LOG.verifier])


@pytest.mark.parametrize(
    "body",
    [
        f"{ORIGIN}\n05\n{ROOT}\n",
        f"{ORIGIN}\n+5\n{ROOT}\n",
        f"{ORIGIN}\n-5\n{ROOT}\n",
        f"{ORIGIN}\n5 \n{ROOT}\n",
        f"{ORIGIN}\n1_0\n{ROOT}\n",
        f"{ORIGIN}\n\u0665\n{ROOT}\n",
        f"{ORIGIN}\n\n{ROOT}\n",
        f"{ORIGIN}\n{2**63}\n{ROOT}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{ROOT}\n",
        f"{ORIGIN}\n5\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n5\n{ROOT[:-4]}\n",
        f"{ORIGIN}\n5\n {ROOT}\n",
        f"{ORIGIN}\n5\n{ROOT.replace('=', '')}\n",
        f"{ORIGIN}\n5\n{ROOT[:-2]}J=\n",
        f"{ORIGIN}\n5\n\u00e9{ROOT}\n",
        f"\n5\n{ROOT}\n",
        f"{ORIGIN}\n5\n",
        f"{ORIGIN}\n5\n{ROOT}\n\n",
        f"{ORIGIN}\n5\n{ROOT}",
        f"{ORIGIN}\r\n5\r\n{ROOT}\r\n",
        "",
    ],
)
def test_checkpoint_spelled_otherwise_is_refused(body):
    with pytest.raises(NoteRefused):
        Head.parse(body)


def line(name=ORIGIN, blob=b"i" * 4 + b"s" * 64):
    return f"\u2014 {name} {b64encode(blob).decode()}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n",
        "text\n",
        f"text\n{line()}",
        f"text\n\n{line()}"[:-1],
        f"text\n\n{line()}more",
        "text\n\n- a line\n",
        f"text\n\n{line().replace(' ', '  ')}",
        f"text\n\n{line('a b')}",
        f"text\n\n{line('a+b')}",
        "text\n\n" + line("a\u00a0b"),
        f"text\n\n{line('')}",
        f"text\n\n{line(blob=b'id..')}",
        f"text\n\n\u2014 {ORIGIN} !!!!\n",
        f"text\n\n\u2014 {ORIGIN}\n",
        f"text\0\n\n{line()}",
        f"text\r\n\r\n{line()}",
        f"te\ud800xt\n\n{line()}",
        f"text\n\n{line() * 101}",
        "x" * 1_000_001,
        b"text\xff\n\n" + line().encode(),
    ],
)
def test_note_spelled_otherwise_is_refused(text):
    with pytest.raises(NoteRefused):
        Note.parse(text)


def test_note_takes_a_hundred_signatures():
    assert len(Note.parse(f"text\n\n{line() * 100}").signatures) == 100


KEY_TEXT = str(LOG.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ORIGIN,
        f"{ORIGIN}+{LOG.verifier.key_id.hex()}",
        KEY_TEXT.replace(LOG.verifier.key_id.hex(), "00000000"),
        KEY_TEXT.replace(LOG.verifier.key_id.hex(), LOG.verifier.key_id.hex().upper()),
        KEY_TEXT.replace(ORIGIN, "other.example"),
        KEY_TEXT.replace(ORIGIN, ""),
        KEY_TEXT.replace(ORIGIN, "a name"),
        KEY_TEXT[:-4],
        f"{KEY_TEXT}\n",
        f"{KEY_TEXT} ",
        f"{ORIGIN}+{LOG.verifier.key_id.hex()}+",
        f"{ORIGIN}+{LOG.verifier.key_id.hex()}+AQ==",
        str(LOG),
        "\ud800+00000000+AQ==",
    ],
)
def test_key_spelled_otherwise_is_refused(text):
    with pytest.raises(NoteRefused):
        VerifierKey.parse(text)


@pytest.mark.parametrize("kind", [ED25519, COSIGNATURE])
def test_keys_are_written_and_read(kind):
    key = SigningKey.generate("some.example/name", kind)
    assert SigningKey.parse(str(key)) == key
    assert VerifierKey.parse(str(key.verifier)) == key.verifier
    assert key.seed != SigningKey.generate("some.example/name", kind).seed


@pytest.mark.parametrize("damage", [lambda text: text[12:], lambda text: text[:-4], lambda text: text.replace("+", "")])
def test_private_key_never_stands_in_a_message(damage):
    broken = damage(str(LOG))
    with pytest.raises(NoteRefused) as refusal:
        SigningKey.parse(broken)
    assert b64encode(LOG.seed).decode()[4:20] not in str(refusal.value)
    assert "seed" not in repr(LOG)


def test_private_key_whose_id_belongs_to_another_is_refused():
    with pytest.raises(NoteRefused, match="do not belong together"):
        SigningKey.parse(str(LOG).replace(LOG.verifier.key_id.hex(), STRANGER.verifier.key_id.hex()))


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63), st.binary(max_size=99))
def test_proof_is_written_and_read(index, proof, extra):
    assert parse_proof(proof_text(index, proof, NOTE, extra)) == (index, proof, NOTE, extra)


def test_proof_reads_as_the_format_says():
    hashes = "".join(f"{b64encode(one).decode()}\n" for one in PROOF)
    assert proof_text(3, PROOF, NOTE) == f"c2sp.org/tlog-proof@v1\nindex 3\n{hashes}\n{NOTE}"
    assert proof_text(3, [], NOTE, b"x") == f"c2sp.org/tlog-proof@v1\nextra eA==\nindex 3\n\n{NOTE}"
    assert request_text(4, [], NOTE) == f"old 4\n\n{NOTE}"


WRITTEN = proof_text(3, PROOF, NOTE, b"extra")


@pytest.mark.parametrize(
    "text",
    [
        "",
        WRITTEN.replace("@v1", "@v2"),
        WRITTEN.replace("index 3\n", ""),
        WRITTEN.replace("index 3", "index 03"),
        WRITTEN.replace("index 3", "index -3"),
        WRITTEN.replace("index 3", "index 3 "),
        WRITTEN.replace("index 3", f"index {2**63}"),
        WRITTEN.replace("index 3", "3"),
        WRITTEN.replace("extra ", "extra  "),
        WRITTEN.replace("index 3\n", "index 3\nAAAA\n"),
        WRITTEN.replace("index 3\n", "index 3\n" + "A" * 43 + "\n"),
        WRITTEN.replace("index 3\n", "index 3\n" + f"{b64encode(b'h' * 32).decode()}\n" * 61),
        WRITTEN.replace(f"\n\n{ORIGIN}", f"\n{ORIGIN}"),
        WRITTEN.partition("\n\n")[0],
        WRITTEN[:-1],
        WRITTEN.replace("\n5\n", "\nfive\n"),
        WRITTEN.encode() + b"\xff",
    ],
)
def test_proof_spelled_otherwise_is_refused(text):
    with pytest.raises(NoteRefused):
        parse_proof(text)


READERS = [Note.parse, parse_proof]
PIECES = [
    "\n",
    "\n\n",
    "\u2014 ",
    " ",
    "+",
    "\0",
    "\r",
    "\u0085",
    "0",
    "-1",
    "=",
    "index ",
    "extra ",
    "\ud800",
    "9" * 30,
]


@given(st.sampled_from([str(NOTE), WRITTEN]), st.data())
def test_no_damage_raises_anything_but_a_refusal(text, data):
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        stop = data.draw(st.integers(start, min(len(text), start + 20)))
        text = text[:start] + data.draw(st.sampled_from(PIECES) | st.text(max_size=3)) + text[stop:]
    for read in READERS:
        refused_or_exact(read, text)


@given(st.text() | st.binary())
def test_no_input_raises_anything_but_a_refusal(text):
    for read in [*READERS, *([Head.parse, VerifierKey.parse, SigningKey.parse] if isinstance(text, str) else [])]:
        refused_or_exact(read, text)


def refused_or_exact(read, text):
    """Reading either refuses, or loses nothing of what was written."""
    try:
        found = read(text)
    except NoteRefused as refusal:
        refusal.message.encode()
        return
    if isinstance(found, Note):
        assert str(found) == (text if isinstance(text, str) else text.decode())
        _ = [signature.is_by(LOG.verifier) for signature in found.signatures]
        try:
            verified(found, [LOG.verifier, WITNESS.verifier])
        except NoteRefused:
            return
        assert found.text == NOTE.text


@given(st.binary(max_size=80))
def test_any_blob_is_refused_as_a_signature(blob):
    for key in (LOG.verifier, WITNESS.verifier):
        assert not key.verifies(HEAD.body(), blob)


def test_any_bit_of_a_signature_counts():
    for signature, key in zip(NOTE.signatures, (LOG.verifier, WITNESS.verifier), strict=True):
        number = int.from_bytes(signature.blob)
        for bit in range(8 * len(signature.blob)):
            assert not key.verifies(NOTE.text, (number ^ 1 << bit).to_bytes(len(signature.blob)))
