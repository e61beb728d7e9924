"""What the house wrote by its own actions keeps every rule, with and without disclosures."""

import json

import pytest

from audit.verify_log import main
from tests.audit.rules.conftest import moderated
from tests.audit.rules.story import KEYS, recomposed, taken

pytestmark = pytest.mark.django_db


def test_honest_history_keeps_every_rule(db):
    moderated()
    story = taken()
    shown, public = story.check(), story.check(disclosed=False)
    assert [step.detail for step in shown.steps + public.steps if not step.ok] == []
    assert (shown.verdict, public.verdict) == ("verified", "verified")
    counts = shown.facts["rules"]
    assert counts["items decided"] == counts["items recomputed"] == 2
    assert (counts["panels"], counts["Coalition voices heard"], counts["dissents recorded"]) == (2, 3, 1)
    # 7 members on each panel, 15 tests each, and one objection.
    assert counts["tests recomputed by disclosure"] == 14 * 15 + 1
    assert public.facts["rules"]["tests recomputed by disclosure"] == 0


@pytest.fixture
def files(tmp_path, story):
    export, note, shown = story.files()
    (tmp_path / "export.jsonl").write_bytes(export)
    (tmp_path / "checkpoint.txt").write_text(note)
    (tmp_path / "private.jsonl").write_bytes(shown)
    (tmp_path / "vkeys.txt").write_text(KEYS)
    return tmp_path


def run(files, capsys, *more):
    names = [str(files / name) for name in ("export.jsonl", "checkpoint.txt")]
    status = main(["rules", *names, "--keys", str(files / "vkeys.txt"), *more])
    return status, capsys.readouterr().out


def test_command_says_what_it_recomputed(files, capsys):
    status, said = run(files, capsys, "--disclosures", str(files / "private.jsonl"))
    assert status == 0
    assert "2 items recomputed" in said
    assert "211 tests recomputed by disclosure" in said


def test_command_fails_and_names_the_entry(files, story, capsys):
    decided = story.last("item.decided")
    decided.public["composition"]["quorum"]["needed"] = 1
    (files / "export.jsonl").write_bytes(story.files()[0])
    (files / "checkpoint.txt").write_text(story.files()[1])
    status, said = run(files, capsys, "--json")
    report = json.loads(said)
    assert (status, report["verdict"]) == (1, "breached")
    where = f"Entry {story.entries.index(decided):,} (number {decided.document['seq']} of {decided.document['stream']})"
    assert f"{where}: the composition is not the one its hash names." in [step["detail"] for step in report["steps"]]


def older(story) -> None:
    """Before rule sets said their plans, and compositions when the tests were asked."""
    for entry in story.all("ruleset.loaded"):
        entry.document["public"] = {name: entry.public[name] for name in ("version", "sha256")}
    for entry in story.all("item.decided"):
        del entry.public["composition"]["asked_at"]
        recomposed(entry)


def test_entries_of_earlier_releases_pass_only_when_allowed_and_are_counted(story):
    older(story)
    assert story.check(disclosed=False).verdict == "breached"
    report = story.check(disclosed=False, allow_old=True)
    assert report.verdict == "verified"
    counts = report.facts["rules"]
    assert (counts["items recomputed"], counts["items not recomputable"]) == (0, 2)
    assert counts["entries of an earlier release passed over"] == 4


def test_what_was_said_once_has_to_be_said_from_then_on(story):
    """The allowance for old entries ends with the first new one."""
    del story.last("item.decided").public["composition"]["asked_at"]
    recomposed(story.last("item.decided"))
    report = story.check(disclosed=False, allow_old=True)
    assert report.verdict == "breached"
    assert any("it lacks asked_at" in step.detail for step in report.steps if not step.ok)


def test_the_last_line_tells_of_the_allowance(files, story, capsys):
    older(story)
    (files / "export.jsonl").write_bytes(story.files()[0])
    (files / "checkpoint.txt").write_text(story.files()[1])
    assert run(files, capsys)[0] == 1
    status, said = run(files, capsys, "--allow-old")
    assert status == 0
    last = said.splitlines()[-1]
    assert last == "VERIFIED, except for 4 entries of an earlier release, which --allow-old passed over"


def test_items_whose_facts_are_withheld_are_named(files, story, capsys):
    shown = (files / "private.jsonl").read_bytes().splitlines(keepends=True)
    index = story.entries.index(story.last("item.decided"))
    kept = [line for line in shown if json.loads(line)["index"] != index]
    (files / "private.jsonl").write_bytes(b"".join(kept))
    status, said = run(files, capsys, "--disclosures", str(files / "private.jsonl"))
    assert status == 0
    assert f"withheld, or erased, are the facts of 1 item: CCG-01A-2012 (entry {index:,})." in said


def test_names_and_interests_stay_out_of_what_everybody_reads(story):
    """The facts are in the private part alone."""
    public = b"\n".join(story.leaves()[0])
    for word in (b"A sister.", b"A friend.", b"family", b"neighbours", b"Voice"):
        assert word not in public
    facts = story.last("item.decided").private["interest"]
    assert {member["seat"] for member in facts["members"]} >= {"chair", "coalition_representative"}
    assert max(map(len, story.leaves()[0])) < 60_000
