"""Every way to fail that we know of, each by name, with what the verifier must say about it.

Two of them pass, and honestly so: a history rewritten by whoever has the key, and an old state shown
again, look right to an auditor who holds nothing from elsewhere. The rows after them show what does tell.
"""

import subprocess
import sys
from dataclasses import replace

import pytest

from audit import verify_log
from tests.audit.failures.world import (
    BOARD,
    ELSEWHERE,
    LAST_OF_LEEDS,
    NEXT,
    ORIGIN,
    STRANGER,
    committed,
    honest,
)

VERIFIED, TAMPERED, UNUSABLE = 0, 1, 2
EARLIER, WHOLE = honest(8).note, honest().note


def forged():
    """A history rewritten from entry 4 on, by whoever has the Board's key."""
    return honest().alter(4).relink().sign()


def set_back():
    """The log as it was at 8 entries, honestly signed, shown today."""
    return honest(8)


def fork():
    """Another log of the same size, under the same key."""
    return honest().alter(LAST_OF_LEEDS, reason_code="other").sign()


def restated(index, old, new):
    """One entry in another spelling, signed as it stands."""

    def change(entry):
        assert old in entry
        return entry.replace(old, new)

    return honest().spell(index, change).sign()


def other_log():
    return honest().sign(ELSEWHERE, origin=ELSEWHERE.name).trust(BOARD, ELSEWHERE)


def only_the_witness():
    world = honest().demand_witness()
    world.note = replace(world.note, signatures=world.note.signatures[1:])
    return world


def forged_proof():
    """The forged log's proof of entry 4, with the true checkpoint in place of the forged one."""
    world = forged().prove(4)
    world.proof = world.proof.replace(str(world.note), str(WHOLE))
    return world


def last_key_first(entry):
    return b'{"v":1,' + entry[1:].replace(b',"v":1}', b"}")


def root_of(*notes):
    return [note.text.split("\n")[2] for note in notes]


def place(row):
    return row["index"], row["group"]


def swapped(private):
    """The texts of entries 4 and 5, each under the other's index."""
    index = {4: 5, 5: 4}
    moved = [row | {"index": index[row["index"]]} if row["group"] == "free_text" else row for row in private]
    return sorted(moved, key=place)


def relabelled(private):
    """The two groups of entry 5, each under the other's name."""
    name = {"person": "free_text", "free_text": "person"}
    return [row | {"group": name[row["group"]]} if row["index"] == 5 else row for row in private]


def without(private, *gone):
    return [row for row in private if place(row) != gone]


def moved_beyond(private):
    return [*private[:-1], private[-1] | {"index": 99}]


def regrouped(private):
    return committed(private, 7, "interest", group="person")


LOG = [
    # An honest log
    ("nothing was done", honest, VERIFIED, "12 entries"),
    ("nothing, beside an earlier checkpoint", lambda: honest().hold(EARLIER), VERIFIED, "8 entries"),
    ("nothing, and the Coalition cosigned", lambda: honest().demand_witness(), VERIFIED, "coalition.example"),
    ("nothing, and the key was changed", lambda: honest().sign(BOARD, NEXT).trust(NEXT), VERIFIED, "VERIFIED"),
    # Entries
    ("tampered row", lambda: honest().alter(4), TAMPERED, "entry 4 or this one was altered"),
    ("tampered last row", lambda: honest().alter(LAST_OF_LEEDS), TAMPERED, "root"),
    ("tampered with links rebuilt", lambda: honest().alter(4).relink(), TAMPERED, "root"),
    ("deleted", lambda: honest().delete(4), TAMPERED, "Entry 6 is the first bad one"),
    ("deleted and re-signed", lambda: honest().delete(4).relink().sign(), TAMPERED, "where 2 is due"),
    ("last of its case deleted", lambda: honest().delete(LAST_OF_LEEDS), TAMPERED, "Entry 11"),
    ("reordered", lambda: honest().swap(4, 7), TAMPERED, "Entry 4 is the first bad one"),
    ("reordered between cases", lambda: honest().swap(4, 5), TAMPERED, "root"),
    ("reordered and re-signed", lambda: honest().swap(4, 7).relink().sign(), TAMPERED, "where 2 is due"),
    ("duplicated", lambda: honest().duplicate(4), TAMPERED, "stands twice"),
    ("duplicated and re-signed", lambda: honest().duplicate(4).relink().sign(), TAMPERED, "stands twice"),
    ("truncated", lambda: honest().truncate(9), TAMPERED, "Entry 9 is the first bad one: it is missing"),
    ("empty export", lambda: honest().truncate(0), TAMPERED, "Entry 0"),
    ("entry added after signing", lambda: honest().go_on("decision.changed"), TAMPERED, "Entry 12"),
    ("seq said otherwise and re-signed", lambda: honest().alter(4, seq=3).relink().sign(), TAMPERED, "Entry 4"),
    # One spelling
    ("blank in the JSON", lambda: restated(4, b'"v":1', b'"v": 1'), TAMPERED, "canonical spelling"),
    ("keys in another order", lambda: honest().spell(4, last_key_first).sign(), TAMPERED, "canonical spelling"),
    ("number spelt otherwise", lambda: restated(4, b'"v":1', b'"v":1.0'), TAMPERED, "not a whole number"),
    ("letter escaped", lambda: restated(4, b"finding.recorded", b"\\u0066inding.recorded"), TAMPERED, "Entry 4"),
    ("duplicate key", lambda: restated(4, b'"v":1', b'"v":1,"v":1'), TAMPERED, "stands twice in one object"),
    ("duplicate key, last one true", lambda: restated(4, b'"role":', b'"role":"","role":'), TAMPERED, "stands twice"),
    ("field left out", lambda: restated(4, b'"role":"secretary",', b""), TAMPERED, "fields are not those"),
    ("field added", lambda: honest().alter(4, note="x").relink().sign(), TAMPERED, "fields are not those"),
    ("not an object", lambda: honest().spell(11, lambda _: b"[]").sign(), TAMPERED, "Entry 11"),
    ("not UTF-8", lambda: honest().spell(11, lambda entry: entry + b"\xff").sign(), TAMPERED, "not UTF-8"),
    # Whoever has the key
    ("re-signed with the stolen key, alone", forged, VERIFIED, "--old"),
    (
        "... against an earlier checkpoint",
        lambda: forged().hold(EARLIER),
        TAMPERED,
        "The first 8 entries are not those",
    ),
    ("... against the Coalition's copy", lambda: forged().hold(WHOLE), TAMPERED, "signed two different histories"),
    ("... when a cosignature is asked for", lambda: forged().demand_witness(), UNUSABLE, "No witness"),
    (
        "... with the Coalition's line carried over",
        lambda: forged().cosigned(WHOLE).demand_witness(),
        TAMPERED,
        "coalition.example",
    ),
    ("old checkpoint replayed, alone", set_back, VERIFIED, "8 entries"),
    ("... against something newer", lambda: set_back().hold(WHOLE), TAMPERED, "outdated state"),
    ("fork of equal size", lambda: fork().hold(WHOLE), TAMPERED, "signed two different histories"),
    (
        "fork of larger size",
        lambda: fork().go_on("case.closed").sign().hold(WHOLE),
        TAMPERED,
        "The first 12 entries are not those",
    ),
    (
        "two heads of one size compared",
        lambda: fork().hold(WHOLE).compare(),
        TAMPERED,
        "signed two different histories",
    ),
    ("one head compared with itself", lambda: honest().hold(WHOLE).compare(), VERIFIED, "VERIFIED"),
    # Keys and checkpoints
    ("wrong key", lambda: honest().trust(STRANGER), UNUSABLE, "no key of that name that you trust"),
    ("stranger's key under our name", lambda: honest().sign(STRANGER), UNUSABLE, "no key of that name that you trust"),
    ("other origin", lambda: honest().sign(origin="other.example"), UNUSABLE, "other.example"),
    ("other log's checkpoint, its key trusted", other_log, VERIFIED, "elsewhere.example/log"),
    ("... held against one of this log", lambda: other_log().hold(EARLIER), UNUSABLE, "is of another log"),
    ("altered root", lambda: honest().say(*root_of(WHOLE, forged().note)), TAMPERED, "altered"),
    ("altered size", lambda: honest().say("\n12\n", "\n11\n").truncate(11), TAMPERED, "altered"),
    ("altered name", lambda: honest().say(ORIGIN, "other.example/log"), UNUSABLE, "no key of that name"),
    ("size with a leading zero", lambda: honest().say("\n12\n", "\n012\n"), UNUSABLE, "whole number"),
    ("negative size", lambda: honest().say("\n12\n", "\n-12\n"), UNUSABLE, "whole number"),
    ("missing signature", lambda: honest().unsigned(), UNUSABLE, "signed note"),
    ("witness alone signed", only_the_witness, UNUSABLE, "no key of that name"),
]

DISCLOSURES = [
    ("all disclosed", lambda: honest().disclose(), VERIFIED, "6 private texts"),
    ("altered text", lambda: honest().disclose(lambda all_: committed(all_, 7, "interest", body="{}")), TAMPERED, "7"),
    (
        "altered salt",
        lambda: honest().disclose(lambda all_: committed(all_, 7, "interest", salt="0" * 64)),
        TAMPERED,
        "7",
    ),
    ("swapped between entries", lambda: honest().disclose(swapped), TAMPERED, "not what the entry committed to"),
    ("groups swapped in one entry", lambda: honest().disclose(relabelled), TAMPERED, "not what the entry committed to"),
    (
        "one of two groups erased",
        lambda: honest().disclose(lambda all_: without(all_, 5, "person")),
        VERIFIED,
        "5 private texts",
    ),
    (
        "text blanked, salt kept",
        lambda: honest().disclose(lambda all_: committed(all_, 5, "person", body="")),
        TAMPERED,
        "5",
    ),
    (
        "salt blanked, text kept",
        lambda: honest().disclose(lambda all_: committed(all_, 5, "person", salt="")),
        UNUSABLE,
        "salt",
    ),
    ("all erased", lambda: honest().disclose(lambda _: []), VERIFIED, "6 not disclosed"),
    ("disclosed twice", lambda: honest().disclose(lambda all_: sorted(all_ * 2, key=place)), TAMPERED, "twice"),
    ("for an entry beyond the log", lambda: honest().disclose(moved_beyond), TAMPERED, "99"),
    ("for a group never committed to", lambda: honest().disclose(regrouped), TAMPERED, "no private group"),
]

PROOFS = [
    ("true proof", lambda: honest().prove(4), VERIFIED, "VERIFIED"),
    ("other leaf", lambda: honest().prove(4, leaf=5), TAMPERED, "root"),
    ("other index", lambda: honest().prove(4, at=5), TAMPERED, "root"),
    ("index beyond the log", lambda: honest().prove(4, at=12), TAMPERED, "cannot be in a log of 12 entries"),
    ("missing hash", lambda: honest().prove(4, change=lambda hashes: hashes[:-1]), TAMPERED, "fewer hashes"),
    ("extra hash", lambda: honest().prove(4, change=lambda hashes: [*hashes, hashes[0]]), TAMPERED, "more hashes"),
    ("hashes reordered", lambda: honest().prove(4, change=lambda hashes: hashes[::-1]), TAMPERED, "root"),
    (
        "short hash",
        lambda: honest().prove(4, change=lambda hashes: [hashes[0][:31], *hashes[1:]]),
        UNUSABLE,
        "32 bytes",
    ),
    ("long hash", lambda: honest().prove(4, change=lambda hashes: [*hashes, b"h" * 33]), UNUSABLE, "32 bytes"),
    ("proof from the forged log", forged_proof, TAMPERED, "root"),
    ("proof signed by a stranger", lambda: honest().sign(STRANGER).prove(4), UNUSABLE, "no key of that name"),
]


def rows(*tables):
    return [pytest.param(*row[1:], id=row[0]) for table in tables for row in table]


@pytest.mark.parametrize(("deed", "status", "sentence"), rows(LOG, DISCLOSURES, PROOFS))
def test_failure_case(deed, status, sentence, tmp_path, capsys):
    arguments = [str(argument) for argument in deed().write(tmp_path)]
    found = verify_log.main(arguments)
    said = capsys.readouterr().out
    assert sentence in said
    assert found == status, said
    assert {VERIFIED: "VERIFIED", TAMPERED: "TAMPERED", UNUSABLE: "UNUSABLE"}[status] == said.split("\n")[-2]


QUICK = [row for row in LOG if row[0] in {"nothing was done", "tampered row", "truncated", "wrong key", "deleted"}]


@pytest.mark.parametrize(("deed", "status", "sentence"), rows(QUICK))
def test_quick_check_sees_every_change_though_not_what_it_is(deed, status, sentence, tmp_path, capsys):
    arguments = [str(argument) for argument in deed().write(tmp_path)]
    assert verify_log.main([*arguments, "--quick"]) == status


ALONE = [
    row
    for row in (*LOG, *PROOFS)
    if row[0] in {"nothing was done", "true proof", "altered root", "stranger's key under our name", "tampered row"}
    or "Coalition" in row[0]
]


@pytest.mark.once
@pytest.mark.parametrize(("deed", "status", "sentence"), rows(ALONE))
def test_failure_case_without_any_package(deed, status, sentence, tmp_path):
    """Isolated and without site-packages: an auditor's plain Python, where cryptography cannot be imported."""
    plain = [sys.executable, "-I", "-S"]
    missing = subprocess.run([*plain, "-c", "import cryptography"], capture_output=True, check=False)
    assert missing.returncode != 0
    checked = subprocess.run(
        [*plain, verify_log.__file__, *deed().write(tmp_path)], capture_output=True, check=False, cwd=tmp_path
    )
    said = checked.stdout.decode()
    assert sentence in said
    assert checked.returncode == status, said
    assert checked.stderr == b""
