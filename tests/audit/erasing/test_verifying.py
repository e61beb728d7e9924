"""What a stranger sees of erasures: the same log, fewer texts, and the entries that ordered it."""

from audit import checkpoints, erasing
from audit.erasing import Ground
from audit.exporting.export import Wanted, export
from tests.audit.erasing.conftest import order
from tests.audit.exports.conftest import FULL, verify

DISCLOSED = (*FULL, "--disclosures", "private.jsonl")


def taken(folder):
    export(folder, Wanted(checkpoints.sign_head(force=True), private=True))
    return folder


def test_log_verifies_before_and_after_and_holds_what_it_held(remark, tmp_path):
    rows = [remark(f"Text {number}", "Ada") for number in range(5)]
    before = taken(tmp_path / "before")
    erasing.erase(erasing.of_events([rows[1].event_id], ["person"]), order())
    erasing.erase(erasing.of_events([row.event_id for row in rows[2:4]], erasing.groups()), order(Ground.UNLAWFUL))
    after = taken(tmp_path / "after")
    assert verify(before, *DISCLOSED).returncode == 0
    kept = str(before / "checkpoint.txt")
    done = verify(after, *DISCLOSED, "--erased", "--old", kept)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (after / "export.jsonl").read_bytes().startswith((before / "export.jsonl").read_bytes())
    assert len((before / "private.jsonl").read_text().splitlines()) == 10
    left = (after / "private.jsonl").read_text()
    assert len(left.splitlines()) == 5
    assert ("Text 1" in left, "Text 2" in left) == (True, False)


def test_disclosure_kept_from_before_still_verifies(remark, tmp_path):
    """Whoever was given a text keeps it: erasure takes it from us, it does not unsay the log."""
    row = remark()
    before = taken(tmp_path / "before")
    erasing.erase(erasing.of_events([row.event_id], erasing.groups()), order())
    after = taken(tmp_path / "after")
    (after / "private.jsonl").write_bytes((before / "private.jsonl").read_bytes())
    assert verify(after, *DISCLOSED).returncode == 0
