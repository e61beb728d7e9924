"""What leaves the house is checked with what left with it, and by nothing else."""

import json

import pytest

from audit import checkpoints
from audit.actions import record_system
from audit.exporting.errors import ExportRefused
from audit.exporting.export import Wanted, export
from audit.models import Erasure, Event, Leaf, Private
from tests.audit.exports.conftest import FULL, SECRETS, verify
from tests.audit.exports.reader import read


def lines(file):
    return file.read_bytes().split(b"\n")[:-1]


def test_export_is_the_leaves_byte_for_byte(exported, head):
    folder = exported()
    assert sorted(each.name for each in folder.iterdir()) == [
        "README.txt",
        "checkpoint.txt",
        "export.jsonl",
        "verify_log.py",
        "vkeys.txt",
    ]
    leaves = Leaf.objects.order_by("leaf_index").values_list("event__leaf", flat=True)
    assert lines(folder / "export.jsonl") == [bytes(each) for each in leaves]
    assert len(leaves) == head.tree_size
    assert (folder / "checkpoint.txt").read_text().split("\n")[1] == str(head.tree_size)


def test_export_verifies_with_what_is_in_its_folder(exported):
    done = verify(exported(), *FULL)
    assert (done.returncode, done.stderr) == (0, "")
    assert "VERIFIED" in done.stdout.upper()


@pytest.mark.parametrize("file", ["export.jsonl", "checkpoint.txt"])
def test_changed_byte_does_not_verify(exported, file):
    folder = exported()
    content = bytearray((folder / file).read_bytes())
    # The count of a noted case; the first letter of the root.
    at = content.index(b'"count":3') + 8 if file == "export.jsonl" else nth_line(content, 2)
    content[at] = ord("4") if content[at] != ord("4") else ord("5")
    (folder / file).write_bytes(content)
    done = verify(folder, *FULL)
    assert (done.returncode, done.stderr) == (1, "")


def nth_line(content, number):
    """Where a line begins."""
    return len(b"".join(bytes(content).splitlines(keepends=True)[:number]))


def test_entry_changed_in_the_database_is_exported_as_it_stands_and_said(exported, head, unfenced, tmp_path):
    unfenced()
    event = Event.objects.get(log_leaf__leaf_index=4)
    Event.objects.filter(pk=event.pk).update(leaf=bytes(event.leaf).replace(b'"count":4', b'"count":5'))
    written = export(tmp_path / "out", Wanted(head))
    assert written.fault == "entry 4 is not the one the log took"
    assert verify(tmp_path / "out", *FULL).returncode == 1


def test_entry_removed_from_the_database_is_missed(head, unfenced, tmp_path):
    unfenced()
    Leaf.objects.filter(leaf_index=7).delete()
    written = export(tmp_path / "out", Wanted(head))
    assert (written.entries, written.fault) == (head.tree_size - 1, "entry 7 is missing")
    assert verify(tmp_path / "out", *FULL).returncode == 1


def test_entry_removed_before_the_part_that_is_exported_is_missed(head, unfenced, tmp_path):
    unfenced()
    Leaf.objects.filter(leaf_index=2).delete()
    assert (
        f"{head.tree_size - 1} of its {head.tree_size} entries" in export(tmp_path / "out", Wanted(head, start=5)).fault
    )


def test_sound_log_has_no_fault(head, tmp_path):
    assert export(tmp_path / "out", Wanted(head)).fault == ""
    assert export(tmp_path / "rest", Wanted(head, start=5)).fault == ""


def test_next_part_verifies_against_the_frontier_of_the_one_before(exported, head, open_case, note, tmp_path):
    first = exported()
    kept = tmp_path / "frontier.json"
    assert verify(first, *FULL, "--save-frontier", str(kept)).returncode == 0
    note(open_case("Hull"), 3)
    checkpoints.sign_head()
    second = exported("next", start=head.tree_size)
    assert len(lines(second / "export.jsonl")) == checkpoints.latest().tree_size - head.tree_size == 4
    done = verify(second, *FULL, "--frontier", str(kept))
    assert (done.returncode, done.stderr) == (0, "")
    mutated = (second / "export.jsonl").read_bytes().replace(b'"count":2', b'"count":3')
    (second / "export.jsonl").write_bytes(mutated)
    assert verify(second, *FULL, "--frontier", str(kept)).returncode == 1


def test_export_from_the_end_is_empty_and_verifies(exported, head, tmp_path):
    kept = tmp_path / "frontier.json"
    assert verify(exported(), *FULL, "--save-frontier", str(kept)).returncode == 0
    folder = exported("nothing", start=head.tree_size)
    assert (folder / "export.jsonl").read_bytes() == b""
    assert f"Entries   none new, {head.tree_size} in all" in (folder / "README.txt").read_text()
    assert verify(folder, *FULL, "--frontier", str(kept)).returncode == 0


@pytest.mark.parametrize("beyond", [1, 10**17, None])
def test_part_that_begins_outside_the_log_is_refused(head, beyond):
    start = head.tree_size + beyond if beyond else -1
    with pytest.raises(ExportRefused, match=f"There is no entry {start} to begin with: .* {head.tree_size} entries"):
        Wanted(head, start=start)


def test_nothing_private_leaves_unless_asked(exported):
    held = [bytes(row.body).decode() for row in Private.objects.all()]
    assert all(any(secret in body for body in held) for secret in SECRETS)
    everything = "".join(each.read_text() for each in exported(tiles=False).rglob("*") if each.is_file())
    tiles = b"".join(each.read_bytes() for each in exported("tiled", tiles=True).rglob("*") if each.is_file())
    assert [secret for secret in SECRETS if secret in everything or secret.encode() in tiles] == []


def test_private_part_opens_the_commitments(exported):
    folder = exported(private=True)
    rows = [json.loads(line) for line in lines(folder / "private.jsonl")]
    assert [(row["index"], row["group"]) for row in rows[:2]] == [(1, "free_text"), (1, "person")]
    assert len(rows) == 20
    assert json.loads(rows[1]["body"]) == {"email": SECRETS[1], "name": SECRETS[0]}
    disclosed = (*FULL, "--disclosures", "private.jsonl")
    assert verify(folder, *disclosed).returncode == 0
    forged = (folder / "private.jsonl").read_text().replace("Ann Other", "Ann Adder", 1)
    (folder / "private.jsonl").write_text(forged)
    assert verify(folder, *disclosed).returncode == 1
    assert SECRETS[2] not in (folder / "export.jsonl").read_text()


def test_private_part_of_an_increment_has_only_what_is_new(exported):
    rows = [json.loads(line) for line in lines(exported(private=True, start=8) / "private.jsonl")]
    assert sorted({row["index"] for row in rows}) == [8, 9, 10, 11]


def test_what_was_erased_is_not_disclosed_and_the_rest_verifies(exported, head):
    event = Event.objects.get(log_leaf__leaf_index=3)
    told = {"events": [bytes(event.leaf_hash).hex()], "groups": ["person"], "ground": "order", "reference": "1"}
    order = record_system("erasure.performed", by="system", public=told)
    Erasure.objects.create(event=event, grp="person", erasure_event=order, ground="by order", at=head.created_at)
    Private.objects.filter(event=event, grp="person").delete()
    folder = exported(private=True)
    rows = [json.loads(line) for line in lines(folder / "private.jsonl")]
    assert [row["group"] for row in rows if row["index"] == 3] == ["free_text"]
    assert verify(folder, *FULL, "--disclosures", "private.jsonl", "--erased").returncode == 0


def test_tiles_hold_the_same_log(exported):
    folder = exported(tiles=True, private=True)
    assert read(folder / "tiles") == lines(folder / "export.jsonl")
    assert (folder / "tiles" / "checkpoint").read_bytes() == (folder / "checkpoint.txt").read_bytes()


def test_tiles_of_a_part_are_refused(head):
    with pytest.raises(ExportRefused, match="Tiles are always of the whole log"):
        Wanted(head, start=1, tiles=True)


def test_entries_after_the_checkpoint_are_not_in_it(exported, head, open_case, note):
    note(open_case("Hull"), 3)
    assert len(lines(exported() / "export.jsonl")) == head.tree_size


def test_failure_half_way_leaves_nothing(head, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "vkeys_text", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export(tmp_path / "out", Wanted(head))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wanted", [{}, {"private": True}, {"tiles": True}])
def test_page_for_the_auditor_names_every_file_and_a_command_that_works(exported, wanted):
    folder = exported(**wanted)
    page = (folder / "README.txt").read_text()
    assert [each.name for each in folder.iterdir() if each.name != "README.txt" and each.name not in page] == []
    assert max(map(len, page.splitlines())) <= 120
    assert len(page.splitlines()) <= 75
    assert verify(folder, *command_of(page)).returncode == 0


def test_page_of_a_part_says_to_check_it_against_the_frontier(exported, head, tmp_path):
    verify(exported(), *FULL, "--save-frontier", str(tmp_path / "frontier.json"))
    folder = exported("next", start=head.tree_size)
    (tmp_path / "frontier.json").rename(folder / "frontier.json")
    assert verify(folder, *command_of((folder / "README.txt").read_text())).returncode == 0


def command_of(page):
    """The arguments of the one command that the page tells the auditor to run."""
    return next(line.split()[3:] for line in page.splitlines() if line.startswith("  python3 -I verify_log.py export"))
