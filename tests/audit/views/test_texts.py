"""The log's head, keys and proofs as text: what others' software fetches."""

import subprocess
import sys

import pytest
from django.test import Client

from audit import checkpoints, keyring, merkle, verify_log
from audit.models import Attestation, Checkpoint
from audit.nodes import Rows
from audit.notes import Head, Note, verified
from tests.factories.raw import unfenced


@pytest.fixture
def get(walk):
    def page(path):
        return Client().get(path)

    return page


def heads():
    return list(Checkpoint.objects.order_by("tree_size"))


def test_checkpoint_is_the_newest_signed_head(get):
    answer = get("/audit/checkpoint")
    note = Note.parse(answer.content)
    assert verified(note, [each.key for each in keyring.vkeys()])
    assert Head.parse(note.text).size == heads()[-1].tree_size
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "public" in answer.headers["Cache-Control"]


def test_every_checkpoint_has_an_address(get):
    assert len(heads()) > 1
    for each in heads():
        assert get(f"/audit/checkpoints/{each.tree_size}").content.decode() == each.note
    assert get("/audit/checkpoints/1").status_code == 404
    assert get(f"/audit/checkpoints/{10**40}").status_code == 404


def test_consistency_connects_two_heads(get):
    first, newest = heads()[0], heads()[-1]
    answer = get(f"/audit/consistency?old={first.tree_size}")
    report = verify_log.compare(first.note, newest.note, checkpoints.vkeys_text(), request=answer.content.decode())
    assert report.verdict == "verified"
    explicit = get(f"/audit/consistency?old={first.tree_size}&new={newest.tree_size}")
    assert explicit.content == answer.content
    assert explicit.headers["Cache-Control"] != answer.headers["Cache-Control"]
    assert merkle.root(Rows(), first.tree_size) == bytes(first.root)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?old=", 400),
        ("?old=x", 400),
        ("?old=-1", 400),
        ("?old=1.5", 400),
        ("?old=٣", 400),
        (f"?old={10**30}", 400),
        ("?old=99999999", 400),
        ("?old=1&new=x", 400),
        ("?old=1&new=2", 404),
        ("?new=5", 400),
    ],
)
def test_consistency_that_cannot_be_asked_is_told(get, query, status):
    answer = get(f"/audit/consistency{query}")
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.content.decode().strip()


def test_keys_are_what_the_verifier_reads(get):
    keys = get("/audit/vkeys").content.decode()
    assert verify_log.check_checkpoint(get("/audit/checkpoint").content.decode(), keys).verdict == "verified"


def test_verifier_is_the_one_used_here_and_runs_alone(get, tmp_path):
    answer = get("/audit/verify_log.py")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="verify_log.py"'
    (tmp_path / "verify_log.py").write_bytes(answer.content)
    (tmp_path / "checkpoint.txt").write_bytes(get("/audit/checkpoint").content)
    (tmp_path / "vkeys.txt").write_bytes(get("/audit/vkeys").content)
    (tmp_path / "request.txt").write_bytes(get("/audit/consistency?old=0").content)
    command = [sys.executable, "-I", "verify_log.py", "--help"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60).returncode == 0


def test_log_that_was_never_signed_says_so(get):
    with unfenced():
        Attestation.objects.all().delete()
        Checkpoint.objects.all().delete()
        found = {path: get(path).status_code for path in ("/audit/checkpoint", "/audit/consistency?old=0")}
        open_still = {get(path).status_code for path in ("/audit/vkeys", "/audit/verify/")}
    assert set(found.values()) == {404}
    assert open_still == {200}


def test_texts_are_read_only(get):
    for path in ("checkpoint", "vkeys", "consistency?old=0", "verify_log.py"):
        assert Client().post(f"/audit/{path}").status_code == 405
