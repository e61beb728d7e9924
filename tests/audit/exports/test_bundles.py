"""One case's entries, provably in the log, in one file."""

import json

import pytest

from audit import checkpoints
from audit.canonical import canonical
from audit.exporting.bundles import bundle_for, covering
from audit.exporting.errors import ExportRefused
from audit.models import Event
from tests.audit.exports.conftest import SECRETS, verify
from tests.audit.ledger.models import Case


@pytest.fixture
def cases(open_case, note, monkeypatch):
    """Two cases, with a third in the log between their entries; what a bundle is about is an application."""
    monkeypatch.setattr(Case, "STREAM_PREFIX", "application")
    made = [open_case(name, says={"ref": name}) for name in ("Leeds", "York", "Hull")]
    for count in (2, 1):
        for case in made:
            note(case, count)
    return made[:2]


@pytest.fixture
def bundled(cases, exported, tmp_path):
    """Make the bundle of both cases in a folder with the verifier and the keys; give both."""

    def make(**more):
        streams = [case.stream for case in cases]
        text = bundle_for(streams, about="Leeds", checkpoint=covering(streams), **more)
        folder = exported("auditor")
        (folder / "case.bundle.json").write_text(text)
        return folder, text

    return make


BUNDLE = ("bundle", "case.bundle.json", "--keys", "vkeys.txt")


def test_bundle_verifies_by_itself(bundled, cases):
    folder, text = bundled()
    document = json.loads(text)
    assert (document["format"], document["about"]) == ("panel-authority/bundle@v1", "Leeds")
    assert [each["stream"] for each in document["streams"]] == [case.stream for case in cases]
    assert [[json.loads(leaf)["seq"] for leaf in each["leaves"]] for each in document["streams"]] == [[1, 2, 3, 4]] * 2
    done = verify(folder, *BUNDLE)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('\\"count\\":2', '\\"count\\":3'),
        ('"index":9', '"index":8'),
    ],
)
def test_changed_bundle_does_not_verify(bundled, old, new):
    folder, text = bundled()
    assert old in text
    (folder / "case.bundle.json").write_text(text.replace(old, new, 1))
    assert verify(folder, *BUNDLE).returncode == 1


def test_bundle_without_its_first_or_a_middle_entry_does_not_verify(bundled):
    folder, text = bundled()
    for left_out in (0, 1, 2):
        document = json.loads(text)
        del document["streams"][0]["leaves"][left_out]
        (folder / "case.bundle.json").write_bytes(canonical(document) + b"\n")
        assert verify(folder, *BUNDLE).returncode == 1


def test_bundle_discloses_nothing_unless_asked(bundled):
    _, text = bundled()
    assert json.loads(text)["disclosures"] == []
    assert [secret for secret in SECRETS if secret in text] == []


def test_bundle_opens_the_groups_asked_for_and_no_others(bundled, cases):
    folder, text = bundled(disclose=["free_text"])
    opened = json.loads(text)["disclosures"]
    assert {each["group"] for each in opened} == {"free_text"}
    assert [(each["stream"], each["seq"]) for each in opened[:3]] == [(cases[0].stream, seq) for seq in (2, 3, 4)]
    assert SECRETS[2] in text
    assert SECRETS[0] not in text
    assert verify(folder, *BUNDLE).returncode == 0
    (folder / "case.bundle.json").write_text(text.replace("sister", "cousin", 1))
    assert verify(folder, *BUNDLE).returncode == 1


def test_bundle_is_of_its_checkpoint_and_not_of_what_came_after(cases, note):
    streams = [cases[0].stream]
    checkpoint = covering(streams)
    note(cases[0], 2)
    document = json.loads(bundle_for(streams, about="Leeds", checkpoint=checkpoint))
    assert len(document["streams"][0]["leaves"]) == 4


def test_checkpoint_is_signed_for_a_case_that_no_checkpoint_holds_yet(cases, note):
    checkpoints.sign_head()
    note(cases[0])
    checkpoint = covering([each.stream for each in cases])
    assert checkpoint.tree_size > Event.objects.filter(stream=cases[0].stream).latest("id").log_leaf.leaf_index


def test_stream_without_events_is_refused(db):
    with pytest.raises(ExportRefused, match="Nothing is recorded under case:none"):
        covering(["case:none"])
