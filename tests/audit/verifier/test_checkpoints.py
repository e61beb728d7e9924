"""Signatures, keys and witnesses: who signed what, and who is believed."""

from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from audit.notes import COSIGNATURE, Note, SigningKey, cosign, sign
from audit.verify_log import check_checkpoint
from tests.audit.failures.world import BEGIN, BOARD, COALITION, NEXT, ORIGIN, STRANGER, honest
from tests.audit.verifier.worlds import VKEYS, check

BARE = honest().sign().note
COSIGNED = honest().note


def failed(report):
    return "\n".join(step.detail for step in report.steps if not step.ok)


def test_says_who_signed_and_who_saw_it():
    report = check_checkpoint(str(COSIGNED), VKEYS)
    assert report.verdict == "verified"
    assert report.facts["origin"] == ORIGIN
    assert report.facts["size"] == 12
    assert [one["name"] for one in report.facts["signers"]] == [ORIGIN]
    assert report.facts["witnesses"] == [
        {"name": COALITION.name, "id": COALITION.verifier.key_id.hex(), "at": "2012-10-02 09:00:00 UTC"}
    ]


def test_dates_of_a_key_are_shown():
    keys = f"# the log\n{BOARD.verifier} from=2012-01-01T00:00:00Z until=2013-04-01\n"
    report = check_checkpoint(str(BARE), keys)
    assert report.verdict == "verified"
    assert report.facts["signers"][0]["from"] == "2012-01-01T00:00:00Z"
    assert "from 2012-01-01T00:00:00Z until 2013-04-01" in report.steps[0].detail


def test_witness_outside_its_keys_dates_does_not_count():
    keys = f"{BOARD.verifier}\n{COALITION.verifier} until=2012-10-01\n"
    report = check_checkpoint(str(COSIGNED), keys)
    assert report.verdict == "verified"
    assert any("outside the key's dates" in step.detail for step in report.steps)
    assert check_checkpoint(str(COSIGNED), keys, require_witness=True).verdict == "unusable"


def test_date_at_which_a_logs_key_ends_counts():
    """What shows when a key signed is a witness's time; without one nothing does."""
    ended = f"{BOARD.verifier} until=2012-09-30\n{COALITION.verifier}\n"
    report = check_checkpoint(str(COSIGNED), ended)
    assert report.verdict == "unusable"
    assert "past its date" in failed(report)
    bare = check_checkpoint(str(BARE), ended)
    assert bare.verdict == "verified"
    assert any("no witness's time shows that it signed before" in step.detail for step in bare.steps)
    in_time = check_checkpoint(str(COSIGNED), ended.replace("2012-09-30", "2012-12-31"))
    assert (in_time.verdict, "remark" in str(in_time.steps)) == ("verified", False)


def test_key_that_ended_beside_one_that_did_not_is_remarked_on():
    note = BARE.with_signatures(sign(BARE.text, NEXT), *COSIGNED.signatures[1:])
    report = check_checkpoint(str(note), f"{BOARD.verifier} until=2012-09-30\n{NEXT.verifier}\n{COALITION.verifier}\n")
    assert report.verdict == "verified"
    assert any("has ended, before a witness saw this" in step.detail for step in report.steps)


def test_cosignature_of_an_earlier_checkpoint_will_do_up_to_there():
    newest = honest().sign()
    assert check(newest, require_witness=True).verdict == "unusable"
    assert check(newest, require_witness=True, old=[str(honest(8).sign().note)]).verdict == "unusable"
    report = check(newest, require_witness=True, old=[str(honest(8).note)])
    assert report.verdict == "verified"
    assert any("up to its first 8 entries" in step.detail for step in report.steps)
    rewritten = honest().alter(4).relink().sign()
    assert check(rewritten, require_witness=True, old=[str(honest(8).note)]).verdict == "tampered"


def test_time_beyond_what_the_format_allows_is_false():
    far = SigningKey("far.example", COSIGNATURE, b"f" * 32)
    message = f"cosignature/v1\ntime {2**63}\n{BARE.text}".encode()
    line = cosign(BARE.text, far, BEGIN)
    line = type(line)(line.name, line.key_id, (2**63).to_bytes(8, "big") + far.signature(message))
    assert check_checkpoint(str(BARE.with_signatures(line)), f"{VKEYS}{far.verifier}\n").verdict == "tampered"


def test_unknown_signers_are_listed_and_not_believed():
    note = BARE.with_signatures(sign(BARE.text, STRANGER))
    report = check_checkpoint(str(note), VKEYS)
    assert report.verdict == "verified"
    assert len(report.facts["unknown_signers"]) == 1
    assert "not counted" in report.steps[0].detail


def test_witnesses_alone_do_not_make_a_checkpoint():
    note = Note(BARE.text, COSIGNED.signatures[1:])
    assert check_checkpoint(str(note), VKEYS).verdict == "unusable"


def test_key_of_another_log_is_no_key_of_this_one():
    other = SigningKey("other.example/log", 1, BOARD.seed)
    note = Note(BARE.text, (sign(BARE.text, other),))
    report = check_checkpoint(str(note), f"{other.verifier}\n")
    assert report.verdict == "unusable"


def test_one_false_signature_of_a_known_key_spoils_the_note():
    false = sign(BARE.text.replace("12", "13"), NEXT)
    note = BARE.with_signatures(false)
    assert check_checkpoint(str(note), VKEYS).verdict == "verified"
    report = check_checkpoint(str(note), f"{VKEYS}{NEXT.verifier}\n")
    assert report.verdict == "tampered"


def test_cosignature_of_another_time_is_false():
    line = COSIGNED.signatures[1]
    moved = type(line)(line.name, line.key_id, (1).to_bytes(8, "big") + line.blob[8:])
    assert check_checkpoint(str(BARE.with_signatures(moved)), VKEYS).verdict == "tampered"


def test_time_beyond_every_calendar_is_shown_as_it_is():
    far = SigningKey("far.example", COSIGNATURE, b"f" * 32)
    seconds = 2**62
    message = f"cosignature/v1\ntime {seconds}\n{BARE.text}".encode()
    line = cosign(BARE.text, far, BEGIN)
    line = type(line)(line.name, line.key_id, seconds.to_bytes(8, "big") + far.signature(message))
    report = check_checkpoint(str(BARE.with_signatures(line)), f"{VKEYS}{far.verifier} until=2030-01-01\n")
    assert report.verdict == "verified"
    assert str(seconds) in report.facts["witnesses"][0]["at"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n12\n", "\n+12\n"),
        lambda text: text.replace("\n12\n", "\n\u0661\u0662\n"),
        lambda text: text.replace("\n12\n", f"\n{'9' * 5000}\n"),
        lambda text: text.replace("\u2014", "-"),
        lambda text: text + text.split("\n\n")[1],
        lambda text: text.split("\n\n")[0] + "\n\n",
        lambda text: "\n\n" + text.split("\n\n")[1],
        lambda text: text.replace("\n\n", "\n\n\n"),
        lambda text: text.replace("=\n", "==\n"),
        lambda text: text.replace("=\n", "\n"),
    ],
)
def test_file_that_is_no_checkpoint_is_unusable(change):
    text = change(str(BARE))
    assert text != str(BARE)
    assert check_checkpoint(text, VKEYS).verdict == "unusable"


def test_last_bits_of_base64_cannot_be_changed():
    """The last letter of a root holds two bits that no byte of it uses."""
    root = BARE.text.split("\n")[2]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = root[:-2] + letters[letters.index(root[-2]) ^ 1] + "="
    assert check_checkpoint(str(BARE).replace(root, other), VKEYS).verdict == "unusable"


@pytest.mark.parametrize(
    "keys",
    [
        "",
        "# nobody\n",
        "nonsense\n",
        str(BOARD.verifier).replace("+", " "),
        str(BOARD.verifier)[:-1],
        str(BOARD.verifier).replace(ORIGIN, "other.example/log"),
        f"{BOARD.verifier} sometime\n",
        f"{BOARD.verifier} from=yesterday\n",
        f"{BOARD.verifier} after=2012-01-01\n",
        "a+00000000+AQ==\n",
        "\x00\n",
    ],
)
def test_list_of_keys_that_cannot_be_read_is_unusable(keys):
    report = check_checkpoint(str(BARE), keys)
    assert report.verdict == "unusable"
    assert failed(report)


def test_list_of_keys_may_come_from_windows_and_hold_kinds_of_the_future():
    blob = b"\x06" + b"k" * 1312
    key_id = sha256(f"{ORIGIN}\n".encode() + blob).hexdigest()[:8]
    unknown = f"{ORIGIN}+{key_id}+{b64encode(blob).decode()}"
    keys = f"# list\r\n{BOARD.verifier} until=2030-01-01T00:00:00+00:00\r\n{unknown}\r\n"
    assert check_checkpoint(str(BARE), keys).verdict == "verified"


def test_the_specifications_own_example():
    """The example of C2SP's tlog-cosignature: a log, and a witness who saw it in March 2023."""
    published = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo"
        "+zyWE+xeMcTOAYQ8=\n"
        "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1n"
        "PZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    report = check_checkpoint(published, VKEYS)
    assert report.verdict == "unusable", "none of its keys is ours"
    assert "example.com/behind-the-sofa (033de0ae), witness.example.com/w1 (8d66cf3f)" in failed(report)
    assert datetime.fromtimestamp(0x641850CB, UTC).year == 2023
