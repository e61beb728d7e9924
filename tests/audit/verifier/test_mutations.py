"""Ten thousand small changes to what an auditor is given, none of which may pass.

A byte or a line is changed, removed, repeated or exchanged with another. Only changes that leave the file
as it was are drawn again, and so is what no program reads as evidence: the list of keys inside a bundle.
"""

import random
from io import BytesIO

import pytest

from audit.verify_log import check_bundle, check_checkpoint, check_export, check_proof, compare
from tests.audit.failures.world import honest
from tests.audit.verifier.worlds import VKEYS, bundle_of, export_of, named, proof_of, request_of, written

WORLD = named(honest())
BARE = named(honest()).sign()  # one signature: of several, each is evidence without the others
BUNDLE = bundle_of(WORLD, about="CCG-02Q-2012") | {"vkeys": ""}

FILES = {
    "leaves": (
        export_of(WORLD),
        lambda text: check_export(BytesIO(text), str(WORLD.note), VKEYS),
    ),
    "leaves, hashes alone": (
        export_of(WORLD),
        lambda text: check_export(BytesIO(text), str(WORLD.note), VKEYS, quick=True),
    ),
    "checkpoint": (
        str(BARE.note).encode(),
        lambda text: check_checkpoint(text.decode("utf-8", "replace"), VKEYS),
    ),
    "cosigned checkpoint": (
        str(WORLD.note).encode(),
        lambda text: check_checkpoint(text.decode("utf-8", "replace"), VKEYS, require_witness=True),
    ),
    "proof": (
        proof_of(named(honest()).sign(), 4).encode(),
        lambda text: check_proof(text.decode("utf-8", "replace"), VKEYS),
    ),
    "consistency proof": (
        request_of(named(honest()).sign(), 8).encode(),
        lambda text: compare(
            str(named(honest(8)).sign().note), str(BARE.note), VKEYS, request=text.decode("utf-8", "replace")
        ),
    ),
    "bundle": (
        written(BUNDLE | {"checkpoint": str(BARE.note)}).encode(),
        lambda text: check_bundle(text.decode("utf-8", "replace"), VKEYS),
    ),
}


def changed_byte(text, draw):
    at = draw.randrange(len(text))
    return text[:at] + bytes([draw.randrange(256)]) + text[at + 1 :]


def changed_bit(text, draw):
    at = draw.randrange(len(text))
    return text[:at] + bytes([text[at] ^ 1 << draw.randrange(8)]) + text[at + 1 :]


def removed_byte(text, draw):
    at = draw.randrange(len(text))
    return text[:at] + text[at + 1 :]


def repeated_byte(text, draw):
    at = draw.randrange(len(text))
    return text[:at] + text[at : at + 1] + text[at:]


def exchanged_bytes(text, draw):
    one, other = sorted(draw.sample(range(len(text)), 2))
    return b"".join(
        [text[:one], text[other : other + 1], text[one + 1 : other], text[one : one + 1], text[other + 1 :]]
    )


def neighbours_exchanged(text, draw):
    at = draw.randrange(len(text) - 1)
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


def cut_off(text, draw):
    return text[: draw.randrange(len(text))]


def with_lines(change):
    def mutate(text, draw):
        lines = text.splitlines(keepends=True)
        change(lines, draw.randrange(len(lines)), draw.randrange(len(lines)))
        return b"".join(lines)

    return mutate


def removed(lines, one, _):
    del lines[one]


def repeated(lines, one, other):
    lines.insert(other, lines[one])


def exchanged(lines, one, other):
    lines[one], lines[other] = lines[other], lines[one]


MUTATIONS = [
    changed_byte,
    changed_bit,
    removed_byte,
    repeated_byte,
    exchanged_bytes,
    neighbours_exchanged,
    cut_off,
    with_lines(removed),
    with_lines(repeated),
    with_lines(exchanged),
]
EACH = 1_500


def same_signatures(one, other):
    """A note's signatures may stand in any order: it says the same."""
    return sorted(one.split(b"\n")) == sorted(other.split(b"\n")) and one[:9] == other[:9] and one.count(b"\xe2") == 2


@pytest.mark.once
@pytest.mark.parametrize("file", FILES)
def test_no_mutation_passes(file):
    text, check = FILES[file]
    assert check(text).verdict == "verified"
    draw = random.Random(f"mutations of {file}")
    missed = []
    tried = 0
    while tried < EACH:
        mutated = draw.choice(MUTATIONS)(text, draw)
        if mutated == text or (file == "cosigned checkpoint" and same_signatures(text, mutated)):
            continue
        tried += 1
        if check(mutated).verdict == "verified":
            missed.append(mutated)
    assert missed == []


@pytest.mark.once
def test_no_single_bit_of_a_checkpoint_can_be_turned():
    text, check = FILES["checkpoint"]
    for bit in range(len(text) * 8):
        turned = bytearray(text)
        turned[bit // 8] ^= 1 << bit % 8
        assert check(bytes(turned)).verdict != "verified", bit


def test_ten_thousand_are_tried():
    assert EACH * len(FILES) >= 10_000
