"""The commands an operator types: what they write, what they record, and what they refuse in a sentence."""

import json

import pytest
from django.core.management import CommandError, call_command

from audit import checkpoints
from audit.leaf import hash_of
from audit.models import Checkpoint, Event
from authorisation.management.commands import audit_export
from tests.audit.exports.conftest import FULL, verify
from tests.factories import Walk, build_world
from tests.factories.raw import unfenced


@pytest.fixture
def world(db):
    return build_world()


@pytest.fixture
def walk(world):
    return Walk(world)


def exports():
    return [event.document for event in Event.objects.filter(event_type="export.made").order_by("id")]


def names(folder):
    return sorted(each.name for each in folder.iterdir())


def test_command_signs_and_writes_everything_up_to_then(world, tmp_path, capsys):
    call_command("audit_export", str(tmp_path / "out"))
    newest = checkpoints.latest()
    assert f"{newest.tree_size} entries up to checkpoint at {newest.tree_size}" in capsys.readouterr().out
    assert verify(tmp_path / "out", *FULL).returncode == 0
    assert Event.objects.count() == newest.tree_size + 1


def test_export_is_in_the_next_export(world, tmp_path):
    call_command("audit_export", str(tmp_path / "one"), by=world.auditor.email)
    size = checkpoints.latest().tree_size
    call_command("audit_export", str(tmp_path / "two"), start=str(size))
    (line,) = (tmp_path / "two" / "export.jsonl").read_text().splitlines()
    document = json.loads(line)
    assert (document["type"], document["actor"]) == ("export.made", world.auditor.stream)
    assert document["public"] == {
        "what": "log",
        "form": "jsonl",
        "rows": size,
        "filter": {"from": "0", "size": str(size)},
    }


def test_export_of_private_parts_says_so(world, tmp_path):
    call_command("audit_export", str(tmp_path / "out"), "--private")
    assert (tmp_path / "out" / "private.jsonl").stat().st_size > 0
    assert [(each["public"]["what"], each["actor"]) for each in exports()] == [("private", "system")]


def test_without_a_key_the_newest_checkpoint_is_exported_and_said(world, tmp_path, capsys, monkeypatch):
    kept = checkpoints.sign_head()
    Walk(world)
    monkeypatch.setattr(checkpoints, "signer", lambda: None)
    call_command("audit_export", str(tmp_path / "out"))
    told = capsys.readouterr()
    assert "Nothing new is signed. This process holds no key" in told.err
    assert "1 later entry is not in the export." in told.err
    assert f"{kept.tree_size} entries up to" in told.out
    assert verify(tmp_path / "out", *FULL).returncode == 0


def test_log_that_nobody_signed_is_not_exported(world, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "signer", lambda: None)
    with pytest.raises(CommandError, match="The log has no checkpoint yet: run audit_keygen once"):
        call_command("audit_export", str(tmp_path / "out"))
    assert names(tmp_path) == []
    assert exports() == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"start": "7e3"}, "7e3 is no number of an entry: give 0 or more"),
        ({"start": "-1"}, "-1 is no number of an entry"),
        ({"start": "٣"}, "is no number of an entry"),
        ({"start": "9" * 30}, "is no number of an entry"),
        ({"start": "99999999"}, "There is no entry 99999999 to begin with"),
        ({"start": "1", "tiles": True}, "Tiles are always of the whole log"),
        ({"by": "nobody@example.org"}, "Nobody signs in with nobody@example.org"),
    ],
)
def test_bad_option_is_refused_in_a_sentence_and_leaves_nothing(world, tmp_path, options, sentence):
    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("audit_export", str(tmp_path / "out"), **options)
    assert refused.value.returncode == 1
    assert names(tmp_path) == []
    assert exports() == []


def test_folder_in_use_is_refused_before_anything_is_recorded(world, tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(CommandError, match="is not empty: name a new folder"):
        call_command("audit_export", str(tmp_path))
    assert names(tmp_path) == ["mine"]
    assert exports() == []
    assert not Checkpoint.objects.exists()


@pytest.mark.parametrize("who", ["officer_1", "voice", "chair"])
def test_who_does_not_audit_gets_no_export(world, tmp_path, who):
    with pytest.raises(CommandError, match="Only auditors"):
        call_command("audit_export", str(tmp_path / "out"), by=world.people[who].email)
    assert names(tmp_path) == []
    assert exports() == []


def test_log_that_was_tampered_with_is_exported_as_evidence(walk, unfenced, tmp_path, capsys):
    checkpoints.sign_head()
    unfenced()
    Event.objects.filter(log_leaf__leaf_index=3).update(leaf=b'{"v":1}')
    with pytest.raises(CommandError, match="will not verify: entry 3 is not the one the log took. Keep it as evidence"):
        call_command("audit_export", str(tmp_path / "out"))
    assert verify(tmp_path / "out", *FULL).returncode == 1


@pytest.mark.once
def test_case_that_went_the_whole_way_verifies_with_its_rules(world, tmp_path):
    Walk(world).to("closed")
    call_command("audit_export", str(tmp_path / "out"), "--private", "--tiles")
    disclosed = (*FULL, "--disclosures", "private.jsonl")
    for command in (FULL, disclosed, ("rules", *FULL), ("rules", *disclosed)):
        done = verify(tmp_path / "out", *command)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout


@pytest.mark.once
def test_public_parts_of_a_case_hold_nobodys_name_or_address(world, tmp_path):
    walk = Walk(world).to("closed")
    call_command("audit_export", str(tmp_path / "out"))
    text = (tmp_path / "out" / "export.jsonl").read_text()
    people = [world.auditor, world.voice, world.officer("01A"), world.chair]
    assert all(person.full_name and "@" in person.email for person in people)
    assert [each.email for each in people if each.email in text or each.full_name in text] == []
    assert walk.case.decision.reasons not in text


def test_bundle_of_a_case_is_written_and_verifies(walk, tmp_path, capsys):
    file = tmp_path / "case.bundle.json"
    call_command("audit_bundle", walk.case.ref, output=file)
    assert f"The record of {walk.case.ref} is in {file}." in capsys.readouterr().out
    call_command("audit_export", str(tmp_path / "out"))
    assert verify(tmp_path / "out", "bundle", str(file), "--keys", "vkeys.txt").returncode == 0
    assert [each["public"]["what"] for each in exports()] == ["bundle", "log"]


def test_bundle_goes_to_the_standard_output(walk, capsys):
    call_command("audit_bundle", walk.case.ref)
    assert json.loads(capsys.readouterr().out)["about"] == walk.case.ref


@pytest.mark.parametrize(
    ("ref", "options", "sentence"),
    [
        ("CCG-99Z-2012", {}, "There is no application CCG-99Z-2012: references look like"),
        ("'; --", {}, "There is no application"),
        ("CCG-01A-2012", {"by": "nobody@example.org"}, "Nobody signs in with"),
    ],
)
def test_bundle_that_cannot_be_is_refused_in_a_sentence(walk, tmp_path, ref, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("audit_bundle", ref, output=tmp_path / "case.json", **options)
    assert names(tmp_path) == []
    assert exports() == []


def test_bundle_into_a_folder_that_is_not_there_is_refused(walk, tmp_path):
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        call_command("audit_bundle", walk.case.ref, output=tmp_path / "absent" / "case.json")
    assert names(tmp_path) == []


def test_private_bundle_is_its_owners_alone(walk, tmp_path):
    call_command("audit_bundle", walk.case.ref, "--private", output=tmp_path / "case.json")
    assert (tmp_path / "case.json").stat().st_mode & 0o777 == 0o600
    assert [each["public"]["what"] for each in exports()] == ["private"]


@pytest.mark.parametrize(
    ("terminal", "total", "shown"),
    [
        (True, 20_500, "\r19000 of 20500 entries\r20000 of 20500 entries\n"),
        (True, 19_999, ""),
        (False, 20_500, ""),
    ],
)
def test_long_export_is_counted_for_somebody_at_a_terminal(monkeypatch, capsys, terminal, total, shown):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    for done in (19_000, 20_000):
        audit_export._bar(done, total)
    assert capsys.readouterr().err == shown


@pytest.mark.parametrize("to_file", [True, False])
def test_bundle_of_a_forged_case_is_written_and_said_not_to_verify(walk, tmp_path, to_file, capsys):
    file = tmp_path / "case.bundle.json"
    checkpoints.sign_head()
    with unfenced():
        event = Event.objects.filter(stream=walk.case.stream).earliest("id")
        leaf = bytes(event.leaf).replace(b'"type":"', b'"type":"x')
        Event.objects.filter(pk=event.pk).update(leaf=leaf, leaf_hash=hash_of(leaf))
        with pytest.raises(CommandError, match="is written and will not verify: .* run audit_doctor") as refused:
            call_command("audit_bundle", walk.case.ref, output=file if to_file else None)
    assert refused.value.returncode == 1
    assert json.loads(file.read_text() if to_file else capsys.readouterr().out)["about"] == walk.case.ref
