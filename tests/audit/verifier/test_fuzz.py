"""Anything at all as input: an exit status of 0, 1 or 2 and a sentence, never a traceback.

``run`` is called, not ``main``: what main turns into words as a last resort is a failure here.
"""

import json
import random
import sys
from pathlib import Path

import pytest

from audit import verify_log
from audit.canonical import canonical
from audit.errors import NotCanonical
from tests.audit.failures.world import COALITION, ORIGIN, checkpoint, honest
from tests.audit.verifier.worlds import VKEYS, bundle_of, check, named, private_of, proof_of, request_of, written

ROUNDS = 300
DEEP = 100_000
ODD = [
    None,
    True,
    "",
    "x",
    "\x00",
    "\u2028\u202e\x1b[2J",
    "person:",
    "0" * 64,
    "z" * 64,
    -1,
    0,
    1,
    2**53 - 1,
    2**63,
    10**400,
    [],
    [[]],
    [None],
    {},
    {"a": {}},
    ["x", 1, None, {}],
    "2012-02-30",
    "2012-10-01T00:00:00.000000Z",
    "9999-12-31T23:59:59.999999Z",
]


@pytest.fixture
def folder(tmp_path):
    """Every kind of file that a command reads, honest to begin with."""
    world = named(honest())
    files = {
        "export.jsonl": b"".join(entry + b"\n" for entry in world.entries),
        "checkpoint.txt": str(world.note),
        "old.txt": str(named(honest(8)).note),
        "vkeys.txt": VKEYS,
        "private.jsonl": private_of(world).getvalue(),
        "frontier.json": check(honest(0)).frontier,
        "bundle.json": written(bundle_of(world, about="CCG-02Q-2012")),
        "letter.tlog-proof": proof_of(named(honest()), 4),
        "leaf.json": world.entries[4],
        "request.txt": request_of(world, 8),
        "first.txt": f"old 0\n\n{world.note}",
        "key": f"{COALITION}\n",
        "state.json": json.dumps({ORIGIN: {"size": 8, "root": named(honest(8)).note.text.split("\n")[2]}}),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "key").chmod(0o600)
    return tmp_path


EXPORT = "export.jsonl checkpoint.txt --keys vkeys.txt"
COMMANDS = [
    EXPORT,
    f"{EXPORT} --quick --old old.txt",
    f"{EXPORT} --old old.txt --disclosures private.jsonl --erased --require-witness",
    f"{EXPORT} --frontier frontier.json --save-frontier kept.json --json",
    f"rules {EXPORT}",
    f"rules {EXPORT} --disclosures private.jsonl --json",
    "bundle bundle.json --keys vkeys.txt --old checkpoint.txt",
    "proof letter.tlog-proof --keys vkeys.txt",
    "proof letter.tlog-proof --keys vkeys.txt --leaf leaf.json --json",
    "compare old.txt checkpoint.txt --keys vkeys.txt --proof request.txt",
    "compare old.txt checkpoint.txt --keys vkeys.txt --export export.jsonl",
    "witness first.txt --keys vkeys.txt --state fresh.json --key-file key --first",
    "witness request.txt --keys vkeys.txt --state state.json --key-file key --json",
]


def arguments_of(command, folder):
    return [str(folder / word) if (folder / word).exists() or "." in word else word for word in command.split()]


def status_of(arguments, capsys):
    try:
        status = verify_log.run(arguments)
    except SystemExit as leaving:
        status = leaving.code
    said = capsys.readouterr()
    assert status in {0, 1, 2}
    assert "Traceback" not in said.err
    assert len(said.out) + len(said.err) < 200_000
    assert not {"\x1b", "\u202e"} & set(said.out + said.err), "what was read reaches the terminal raw"
    return status


def noise(content, draw):
    """Other bytes in place of some, or of all."""
    kind = draw.randrange(10)
    if kind == 0:
        return draw.randbytes(draw.randrange(200))
    if kind == 1:
        return draw.choice([b"", b"\x00", b"\n", b"\n\n", b"{", b"[" * DEEP, b'{"a":' * DEEP, b"9" * DEEP, b"\xff\xfe"])
    if kind == 2:
        return content * draw.choice([0, 2, 3])
    changed = bytearray(content)
    for _ in range(draw.choice([1, 1, 2, 5, 50])):
        at = draw.randrange(len(changed) + 1)
        piece = draw.choice(
            [b"", b"\n", b" ", b"0", b"=", b"+", b'"', b"\xc3", draw.randbytes(3), content[at : at + 20]]
        )
        changed[at : at + draw.choice([0, 1, 1, 10])] = piece
    return bytes(changed)


@pytest.mark.once
@pytest.mark.parametrize("command", COMMANDS)
def test_noise_in_any_file(command, folder, capsys):
    honest_ = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    arguments = arguments_of(command, folder)
    assert status_of(arguments, capsys) in {0, 1}
    draw = random.Random(command)
    found = set()
    for _ in range(ROUNDS):
        (folder / "fresh.json").unlink(missing_ok=True)
        name = draw.choice([word for word in command.split() if word in honest_])
        other = draw.choice(sorted(honest_)) if draw.randrange(20) == 0 else name
        (folder / name).write_bytes(noise(honest_[other], draw))
        found.add(status_of(arguments, capsys))
        for one in {name, "state.json"}:
            (folder / one).write_bytes(honest_[one])
    assert found >= {2}, "the noise reaches the check"


def odd(value, draw):
    """The same JSON with one value, somewhere, replaced, removed or added."""
    if draw.randrange(4) == 0 or not isinstance(value, dict | list) or not value:
        return draw.choice(ODD)
    if isinstance(value, list):
        at = draw.randrange(len(value))
        return [*value[:at], *draw.choice([[], [odd(value[at], draw)], [value[at]] * 2]), *value[at + 1 :]]
    key = draw.choice(sorted(value))
    if draw.randrange(6) == 0:
        return {one: value[one] for one in value if one != key}
    return value | {draw.choice([key] * 8 + ["extra"]): odd(value[key], draw)}


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("bundle.json", COMMANDS[6]),
        ("frontier.json", COMMANDS[3]),
        ("private.jsonl", COMMANDS[2]),
        ("private.jsonl", COMMANDS[5]),
        ("state.json", COMMANDS[12]),
        ("leaf.json", COMMANDS[8]),
    ],
)
def test_other_values_in_any_json(name, command, folder, capsys):
    arguments = arguments_of(command, folder)
    lines = (folder / name).read_text().splitlines()
    draw = random.Random(f"{name} {command}")
    for _ in range(ROUNDS):
        at = draw.randrange(len(lines))
        changed = json.dumps(
            odd(json.loads(lines[at]), draw), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        (folder / name).write_text("\n".join([*lines[:at], changed, *lines[at + 1 :]]) + "\n")
        status_of(arguments, capsys)


@pytest.mark.once
@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[2], COMMANDS[4], COMMANDS[5]])
def test_other_values_in_entries_that_were_signed_so(command, folder, capsys):
    """The keeper of the key may sign anything: the checks behind the signature are reached."""
    arguments = arguments_of(command, folder)
    draw = random.Random(command)
    for _ in range(ROUNDS):
        world = named(honest())
        at = draw.randrange(len(world.entries))
        try:
            world.entries[at] = canonical(odd(json.loads(world.entries[at]), draw))
        except NotCanonical:
            continue
        (folder / "export.jsonl").write_bytes(b"".join(entry + b"\n" for entry in world.entries))
        (folder / "checkpoint.txt").write_text(str(checkpoint(world.entries)))
        status_of(arguments, capsys)


@pytest.mark.parametrize("command", COMMANDS)
def test_folder_or_nothing_in_place_of_a_file(command, folder, capsys):
    for word in command.split():
        if (folder / word).is_file():
            (folder / word).rename(folder / "aside")
            assert status_of(arguments_of(command, folder), capsys) == 2
            (folder / word).mkdir()
            assert status_of(arguments_of(command, folder), capsys) == 2
            (folder / word).rmdir()
            (folder / "aside").rename(folder / word)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="There is no /dev/zero here. Cure: run on Linux.")
def test_file_without_end(folder, capsys):
    arguments = arguments_of(EXPORT, folder)
    assert status_of(["/dev/zero", *arguments[1:]], capsys) == 2
    assert status_of(["/dev/null", *arguments[1:]], capsys) == 1


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--help",
        "bundle --help",
        "nonsense",
        "proof",
        "witness",
        "witness-key",
        "export.jsonl",
        "compare a b",
        "export.jsonl checkpoint.txt",
        f"{EXPORT} --quick --save-frontier kept.json",
        f"{EXPORT} --key nonsense",
        f"{EXPORT} --witness nonsense",
        f"{EXPORT} --nonsense",
        f"{EXPORT} --save-frontier no/such/folder/kept.json",
    ],
)
def test_any_command_line(words, folder, capsys):
    assert status_of(arguments_of(words, folder), capsys) == (0 if "--help" in words else 2)


def test_last_resort_is_words_too(monkeypatch, capsys):
    def fail(_):
        raise ZeroDivisionError("never seen")

    monkeypatch.setattr(verify_log, "run", fail)
    assert verify_log.main([]) == 2
    said = capsys.readouterr()
    assert "A fault of this verifier (ZeroDivisionError: 'never seen')" in said.err
    assert said.err.endswith("UNUSABLE\n")
    assert sys.exc_info() == (None, None, None)


def test_missing_file_is_named(folder, capsys):
    arguments = arguments_of(EXPORT, folder)
    assert verify_log.run([str(folder / "nowhere.jsonl"), *arguments[1:]]) == 2
    assert "nowhere.jsonl': No such file" in capsys.readouterr().out
