"""The file by itself: any Python from 3.9, no package, nothing of ours, and its own Ed25519."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import verify_log
from tests.audit.failures.world import COALITION, honest
from tests.audit.verifier.worlds import bundle_of, named, proof_of, request_of, written

FILE = Path(verify_log.__file__)
TREE = ast.parse(FILE.read_text(), feature_version=(3, 9))

# RFC 8032, section 7.1: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
            "24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
            "eeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed2"
            "8dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), VECTORS)
def test_published_vectors(seed, public, message, signature):
    seed, public, message, signature = map(bytes.fromhex, (seed, public, message, signature))
    assert verify_log.plain_public(seed) == public
    assert verify_log.plain_sign(seed, message) == signature
    assert verify_log.plain_verify(public, message, signature)
    assert not verify_log.plain_verify(public, message + b"!", signature)
    for at in (0, 31, 32, 63):
        turned = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
        assert not verify_log.plain_verify(public, message, turned)


def test_own_signatures_are_those_of_the_library():
    for number in range(20):
        seed, message = bytes([number]) * 32, b"m" * number
        key = Ed25519PrivateKey.from_private_bytes(seed)
        assert verify_log.plain_public(seed) == key.public_key().public_bytes_raw()
        assert verify_log.plain_sign(seed, message) == key.sign(message)


def test_second_spelling_of_a_signature_is_refused():
    """S and S plus the order of the group satisfy the same equation; only the smaller is a signature."""
    public, message, signature = (bytes.fromhex(part) for part in VECTORS[0][1:])
    order = 2**252 + 27742317777372353535851937790883648493
    other = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert not verify_log.plain_verify(public, message, other)
    assert not verify_log.verifies(public, message, other)


@pytest.mark.parametrize(
    ("public", "signature"),
    [
        (b"", b"s" * 64),
        (b"p" * 31, b"s" * 64),
        (b"\xff" * 32, b"s" * 64),
        (b"\x02" + bytes(31), b"s" * 64),
        (b"p" * 32, b""),
    ],
)
def test_what_is_no_key_or_signature_verifies_nothing(public, signature):
    assert not verify_log.plain_verify(public, b"", signature)
    assert not verify_log.verifies(public, b"", signature)


def imported():
    for node in ast.walk(TREE):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield str(node.module).partition(".")[0]


def test_needs_nothing_but_the_standard_library():
    assert set(imported()) - {"cryptography"} <= sys.stdlib_module_names


def test_code_is_of_python_3_9():
    """What the grammar of 3.9 takes but its library does not: unions and new arguments at run time."""
    for node in ast.walk(TREE):
        assert not isinstance(node, ast.Match), "match is of 3.10"
        if isinstance(node, ast.Call):
            named_ = {keyword.arg for keyword in node.keywords}
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            assert not (name == "zip" and "strict" in named_), node.lineno
            assert not (name == "dataclass" and named_ & {"slots", "kw_only"}), node.lineno
            assert not (name in {"from_bytes", "to_bytes"} and len(node.args) < 2), "byteorder is optional from 3.11"
            assert name not in {"pairwise", "batched", "bit_count", "file_digest", "StrEnum", "aiter", "anext"}
        if isinstance(node, ast.ImportFrom):
            assert not {name.name for name in node.names} & {"UTC", "Self", "TypeAlias", "ParamSpec", "StrEnum"}


def pythons():
    """This Python, and whatever others from 3.9 on start here."""
    others = [found for version in range(9, 16) if (found := shutil.which(f"python3.{version}"))]
    return [sys.executable, *filter(works, others)]


def run(python, *arguments):
    return subprocess.run(
        [*python, str(FILE), *map(str, arguments)], capture_output=True, check=False, cwd=FILE.anchor, timeout=60
    )


def works(python):
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.fixture
def folder(tmp_path):
    """An export, a bundle, a proof and a request, as files."""
    world = named(honest())
    world.demand_witness().disclose().write(tmp_path)
    (tmp_path / "vkeys.txt").write_text(f"{world.keys[0]}\n{COALITION.verifier}\n")
    (tmp_path / "case.bundle.json").write_bytes(written(bundle_of(world, about="CCG-02Q-2012")).encode())
    (tmp_path / "letter.tlog-proof").write_bytes(proof_of(named(honest()), 4).encode())
    (tmp_path / "request.txt").write_bytes(request_of(world, 8).encode())
    (tmp_path / "old.txt").write_bytes(str(named(honest(8)).note).encode())
    return tmp_path


def every_command(folder):
    keys = ["--keys", folder / "vkeys.txt"]
    export = [folder / "export.jsonl", folder / "checkpoint.txt", *keys, "--require-witness"]
    yield [*export, "--disclosures", folder / "private.jsonl", "--save-frontier", folder / "frontier.json"]
    yield ["bundle", folder / "case.bundle.json", *keys, "--require-witness"]
    yield ["proof", folder / "letter.tlog-proof", *keys]
    yield ["compare", folder / "old.txt", folder / "checkpoint.txt", *keys, "--proof", folder / "request.txt"]
    yield ["witness-key", "coalition.example/second", "--key-file", folder / "key"]
    yield ["witness", folder / "first.txt", *keys, "--state", folder / "state", "--key-file", folder / "key", "--first"]


@pytest.mark.once
def test_every_command_runs_isolated_and_without_packages(folder):
    (folder / "first.txt").write_bytes(b"old 0\n\n" + (folder / "checkpoint.txt").read_bytes())
    for python, arguments in ((python, one) for python in pythons() for one in every_command(folder)):
        if arguments[0] == "witness-key":
            (folder / "key").unlink(missing_ok=True)
            (folder / "state").unlink(missing_ok=True)
        done = run([python, "-I", "-S"], *arguments)
        assert done.returncode == 0, (arguments, done.stdout.decode(), done.stderr.decode())
        assert b"VERIFIED" in done.stdout + done.stderr
        assert b"Traceback" not in done.stderr


@pytest.mark.once
def test_reader_who_goes_away_is_no_fault(folder):
    arguments = [sys.executable, "-I", str(FILE), *map(str, next(every_command(folder)))]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0
    assert said == b""


@pytest.mark.once
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_any_terminal_can_show_the_answer(folder, encoding):
    for arguments in every_command(folder):
        if arguments[0] not in {"witness", "witness-key"}:
            done = subprocess.run(
                [sys.executable, str(FILE), *map(str, arguments)],
                capture_output=True,
                check=False,
                env={"PYTHONIOENCODING": encoding, "LC_ALL": "C"},
            )
            assert done.returncode == 0, done.stderr
            assert done.stdout.rstrip().endswith(b"VERIFIED")
