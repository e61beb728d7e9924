"""Two checkpoints of one log, and the witness, who compares each with the one before."""

import json
import os
import stat
from base64 import b64encode
from io import BytesIO

import pytest

from audit import verify_log
from audit.notes import SigningKey, VerifierKey
from audit.verify_log import check_checkpoint, compare, is_consistent, witness
from tests.audit.failures.world import COALITION, ELSEWHERE, ORIGIN, honest
from tests.audit.merkle.trees import leaf_hashes, naive_consistency, naive_root
from tests.audit.verifier.worlds import VKEYS, export_of, request_of

NOW = 1_790_000_000
BEFORE, AFTER = honest(8), honest()


def failed(report):
    return "\n".join(step.detail for step in report.steps if not step.ok)


def test_consistency_of_all_small_trees():
    leaves = leaf_hashes(20)
    roots = [naive_root(leaves[:size]) for size in range(21)]
    for new in range(1, 21):
        for old in range(1, new + 1):
            proof = naive_consistency(old, leaves[:new]) if old < new else []
            assert is_consistent(old, roots[old], new, roots[new], proof)
            assert not is_consistent(old, roots[old - 1], new, roots[new], proof)
            assert not is_consistent(old, roots[old], new, roots[new], [*proof, roots[1]])
            assert not proof or not is_consistent(old, roots[old], new, roots[new], proof[:-1])
            assert not proof or not is_consistent(old, roots[old], new, roots[new - 1], proof)
    assert is_consistent(0, roots[0], 5, roots[5], [])
    assert not is_consistent(0, roots[1], 5, roots[5], [])
    assert not is_consistent(0, roots[0], 5, roots[5], [roots[1]])
    assert not is_consistent(7, roots[7], 5, roots[5], [roots[1]])


@pytest.mark.parametrize("size", range(12))
def test_later_continues_earlier(size):
    old, new = str(honest(size).note), str(AFTER.note)
    by_proof = compare(old, new, VKEYS, request=request_of(AFTER, size) if size else f"old 0\n\n{AFTER.note}")
    by_export = compare(old, new, VKEYS, export=BytesIO(export_of(AFTER)))
    turned = compare(new, old, VKEYS, export=BytesIO(export_of(AFTER)))
    assert [one.verdict for one in (by_proof, by_export, turned)] == ["verified"] * 3


def test_two_heads_of_one_size_are_proof_of_misconduct():
    fork = honest().alter(4).relink().sign()
    report = compare(str(AFTER.note), str(fork.note), VKEYS)
    assert report.verdict == "tampered"
    assert "These two checkpoints together prove it to anybody" in failed(report)


def test_rewritten_log_has_no_proof_that_connects_it():
    rewritten = honest().alter(4).relink().sign()
    old, new = str(BEFORE.note), str(rewritten.note)
    assert compare(old, new, VKEYS, request=request_of(rewritten, 8)).verdict == "tampered"
    assert compare(old, new, VKEYS, export=BytesIO(export_of(rewritten))).verdict == "tampered"


def test_without_evidence_nothing_is_decided():
    assert compare(str(BEFORE.note), str(AFTER.note), VKEYS).verdict == "unusable"
    other = honest().sign(ELSEWHERE, origin=ELSEWHERE.name)
    report = compare(str(BEFORE.note), str(other.note), f"{VKEYS}{ELSEWHERE.verifier}\n")
    assert report.verdict == "unusable"


def test_proof_for_other_checkpoints_decides_nothing():
    assert compare(str(honest(7).note), str(AFTER.note), VKEYS, request=request_of(AFTER, 8)).verdict == "unusable"


# The witness


@pytest.fixture
def asked(tmp_path, capsys):
    """Run the witness's command as the Coalition would; the state and the key stay from one call to the next."""
    keys, key, state = tmp_path / "vkeys.txt", tmp_path / "key", tmp_path / "state.json"
    keys.write_text(VKEYS)
    key.write_text(f"{COALITION}\n")
    key.chmod(0o600)

    def ask(request, *more):
        (tmp_path / "request.txt").write_bytes(request.encode())
        arguments = ["witness", tmp_path / "request.txt", "--keys", keys, "--state", state, "--key-file", key, *more]
        status = verify_log.run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return status, said.out if status == 0 else "", said.err if status == 0 else said.out

    ask.state, ask.key = state, key
    return ask


def first(world):
    return f"old 0\n\n{world.note}"


def test_witness_cosigns_what_continues(asked):
    status, note, _ = asked(first(BEFORE.sign()), "--first")
    assert status == 0
    report = check_checkpoint(note, VKEYS, require_witness=True)
    assert report.verdict == "verified"
    assert report.facts["witnesses"][0]["name"] == COALITION.name
    status, note, _ = asked(request_of(honest().sign(), 8))
    assert status == 0
    assert check_checkpoint(note, VKEYS, require_witness=True).facts["size"] == 12
    again, _, _ = asked(request_of(honest().sign(), 8))
    assert again == 0, "the same head may be cosigned again"


@pytest.mark.parametrize(
    ("request_", "status", "sentence"),
    [
        (lambda: request_of(honest().alter(4).relink().sign(), 8), 1, "does not continue what you cosigned last"),
        (lambda: first(honest(4)), 1, "covers only 4"),
        (lambda: first(honest(8).alter(7).sign()), 1, "another history of this size"),
        (lambda: request_of(honest(), 7), 2, "you cosigned 8 last"),
        (lambda: request_of(honest(), 8).replace("old 8", "old 9"), 2, "you cosigned 8 last"),
        (lambda: request_of(honest(), 8)[4:], 2, "no request"),
        (lambda: request_of(honest().sign(ELSEWHERE), 8), 2, "no key of that name"),
    ],
)
def test_witness_refuses(asked, request_, status, sentence):
    asked(first(honest(8)), "--first")
    kept = asked.state.read_bytes()
    found, _, said = asked(request_())
    assert found == status, said
    assert sentence in said
    assert asked.state.read_bytes() == kept


def test_witness_without_a_record_signs_nothing_unless_told_that_it_is_the_first_time(asked):
    status, _, said = asked(first(honest()))
    assert status == 2
    assert "Restore the state file" in said
    assert not asked.state.exists()
    assert asked(request_of(honest(), 8), "--first")[0] == 2, "the first request starts from 0"
    assert asked(first(honest()), "--first")[0] == 0
    kept = asked.state.read_bytes()
    status, _, said = asked(first(honest()), "--first")
    assert (status, asked.state.read_bytes()) == (2, kept)
    assert "leave out --first" in said


def test_witness_of_other_logs_has_no_record_of_this_one(asked):
    asked.state.write_text(json.dumps({ELSEWHERE.name: {"size": 1, "root": b64encode(bytes(32)).decode()}}))
    assert asked(first(honest()))[0] == 2
    assert asked(first(honest()), "--first")[0] == 0
    assert ELSEWHERE.name in json.loads(asked.state.read_text())


@pytest.mark.parametrize("state", ["{", "[]", json.dumps({ORIGIN: 5}), json.dumps({ORIGIN: {"size": 8}})])
def test_damaged_record_is_unusable(asked, state):
    asked.state.write_text(state)
    assert asked(first(honest()))[0] == 2
    assert asked(first(honest()), "--first")[0] == 2


def test_witness_writes_down_what_it_signs_before_anybody_sees_it(asked, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    status, note, said = asked(first(honest()), "--first")
    assert (status, note) == (2, "")
    assert "\u2014 coalition" not in said.split("Witness")[0]
    assert not asked.state.exists()


def test_key_that_others_may_read_is_refused(asked):
    asked.key.chmod(0o644)
    status, _, said = asked(first(honest()), "--first")
    assert status == 2
    assert "chmod 600" in said


@pytest.mark.parametrize(
    "text", ["", "nonsense", f"{COALITION}\n{COALITION}\n", "PRIVATE+KEY+a+b+c", "PRIVATE+KEY+a+b"]
)
def test_key_file_that_holds_no_key_is_unusable(asked, text):
    asked.key.write_text(text)
    assert asked(first(honest()), "--first")[0] == 2


def test_log_key_is_no_witness_key():
    report, state, note = witness(
        first(honest()), VKEYS, "", str(SigningKey("a.example", 1, b"a" * 32)), NOW, first=True
    )
    assert (report.verdict, state, note) == ("unusable", "", "")


def test_new_key_is_private_and_works(tmp_path, capsys):
    path = tmp_path / "key"
    assert verify_log.run(["witness-key", "coalition.example/new", "--key-file", str(path)]) == 0
    vkey = capsys.readouterr().out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = SigningKey.parse(path.read_text().strip())
    assert key.verifier == VerifierKey.parse(vkey.strip())
    _, _, note = witness(first(honest()), VKEYS, "", path.read_text(), NOW, first=True)
    report = check_checkpoint(note, VKEYS + vkey, require_witness=True)
    assert "2026-09-21 14:13:20 UTC" in [one["at"] for one in report.facts["witnesses"]]
    before = path.read_bytes()
    assert verify_log.run(["witness-key", "coalition.example/new", "--key-file", str(path)]) == 2
    assert "a key is never overwritten" in capsys.readouterr().out
    assert path.read_bytes() == before
    assert verify_log.run(["witness-key", "a name", "--key-file", str(tmp_path / "other")]) == 2
