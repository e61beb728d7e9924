"""One case alone: its chain from the first entry on, and one proof for the last."""

import json

import pytest

from audit import verify_log
from audit.verify_log import check_bundle
from tests.audit.failures.world import HULL, LEEDS, ORIGIN, PANEL, honest
from tests.audit.verifier.worlds import VKEYS, bundle_of, named, written

REF = "CCG-02Q-2012"


@pytest.fixture
def bundle():
    return bundle_of(named(honest()), about=REF)


def failed(report):
    return "\n".join(f"{step.what}: {step.detail}" for step in report.steps if not step.ok)


def test_whole_case_verifies_and_says_how_far_it_goes(bundle):
    report = check_bundle(written(bundle), VKEYS)
    assert report.verdict == "verified", failed(report)
    assert {key: report.facts[key] for key in ("origin", "size", "about", "entries", "disclosed", "not_disclosed")} == {
        "origin": ORIGIN,
        "size": 12,
        "about": REF,
        "entries": 7,
        "disclosed": 5,
        "not_disclosed": 0,
    }
    assert any("up to entry 10 of the log" in step.detail for step in report.steps)


def test_withheld_texts_are_counted(bundle):
    bundle["disclosures"] = bundle["disclosures"][1:]
    report = check_bundle(written(bundle), VKEYS)
    assert (report.verdict, report.facts["disclosed"], report.facts["not_disclosed"]) == ("verified", 4, 1)


def altered(leaf, **changed):
    return json.dumps(json.loads(leaf) | changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def cut(bundle):
    del bundle["streams"][0]["leaves"][-1]


def first_gone(bundle):
    del bundle["streams"][0]["leaves"][0]


def exchanged(bundle):
    leaves = bundle["streams"][0]["leaves"]
    leaves[0], leaves[1] = leaves[1], leaves[0]


def changed_inside(bundle):
    bundle["streams"][0]["leaves"][1] = altered(bundle["streams"][0]["leaves"][1], role="chair")


def changed_last(bundle):
    bundle["streams"][0]["leaves"][-1] = altered(bundle["streams"][0]["leaves"][-1], role="chair")


def other_place(bundle):
    bundle["streams"][0]["index"] = 9


def other_name(bundle):
    bundle["streams"][0]["stream"] = PANEL


def same_stream_twice(bundle):
    bundle["streams"].append(bundle["streams"][0])


def other_subject(bundle):
    bundle["about"] = "CCG-03X-2012"


def other_text(bundle):
    bundle["disclosures"][0]["body"] = "{}"


def text_of_another(bundle):
    one, other = (row for row in bundle["disclosures"] if row["group"] == "free_text")
    one["body"], other["body"], one["salt"], other["salt"] = other["body"], one["body"], other["salt"], one["salt"]


def text_twice(bundle):
    bundle["disclosures"].append(bundle["disclosures"][0])


def text_from_elsewhere(bundle):
    bundle["disclosures"][0]["seq"] = 99


def no_proof(bundle):
    bundle["streams"][0]["proof"] = []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (cut, "is not entry 10 of the signed log"),
        (first_gone, "is number 2"),
        (exchanged, "is number 2"),
        (changed_inside, "entry 2 or this one was altered"),
        (changed_last, "is not entry 10 of the signed log"),
        (other_place, "not entry 9 of the signed log"),
        (other_name, "belongs to"),
        (same_stream_twice, "stands twice"),
        (other_subject, "none of its applications is that"),
        (other_text, "not what the entry committed to"),
        (text_of_another, "not what the entry committed to"),
        (text_twice, "is there twice"),
        (text_from_elsewhere, "the bundle does not hold"),
        (no_proof, "fewer hashes"),
    ],
)
def test_changed_case_is_tampered_with(bundle, change, sentence):
    change(bundle)
    report = check_bundle(written(bundle), VKEYS)
    assert report.verdict == "tampered"
    assert sentence in failed(report)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(":", ": "),
        lambda text: text[:-1],
        lambda text: text + "\n",
        lambda text: text.replace('"about"', '"about":"x","about"'),
        lambda text: text.replace('"disclosures":[', '"disclosures":{'),
        lambda text: "[" * 100_000,
        lambda text: "{}\n",
        lambda text: text.replace("bundle@v1", "bundle@v2"),
        lambda text: text.replace('"index":10', '"index":10.0'),
        lambda text: text.replace('"index":10', '"index":-10'),
        lambda text: text.replace('"index":10', f'"index":{"9" * 5000}'),
    ],
)
def test_file_that_is_no_bundle_is_unusable(bundle, change):
    text = written(bundle)
    assert change(text) != text
    assert check_bundle(change(text), VKEYS).verdict == "unusable"


def test_keys_in_the_bundle_are_not_trusted_by_being_there(bundle):
    report = check_bundle(written(bundle), VKEYS.split("\n")[1])
    assert report.verdict == "unusable"
    assert "no key of that name that you trust" in failed(report)


def test_strange_key_in_the_bundle_is_remarked_on(bundle):
    bundle["vkeys"] = verify_log.witness_vkey("somebody.example/else", b"x" * 32) + "\n"
    report = check_bundle(written(bundle), VKEYS)
    assert report.verdict == "verified"
    assert any("somebody.example/else" in step.detail for step in report.steps)


def test_bundle_beside_an_earlier_checkpoint():
    world = named(honest())
    same, fork = str(world.note), str(honest().note)
    text = written(bundle_of(world, LEEDS, about=REF))
    assert check_bundle(text, VKEYS, old=[same]).verdict == "verified"
    assert check_bundle(text, VKEYS, old=[fork]).verdict == "tampered"
    assert check_bundle(text, VKEYS, old=[str(honest(8).note)]).verdict == "unusable"


@pytest.mark.parametrize("place", [(4, {"ref": REF}), (3, {"ref": REF}), (1, {"other": REF})])
def test_subject_is_what_the_first_entry_of_an_application_says(place):
    """Not what a later one says, or one of another kind of stream, or in another place."""
    index, public = place
    world = honest().alter(index, public=public).relink().sign().cosigned()
    report = check_bundle(written(bundle_of(world, LEEDS, PANEL, about=REF)), VKEYS)
    assert report.verdict == "tampered"
    assert "none of its applications is that" in failed(report)


def test_bundle_says_what_would_show_that_its_end_was_cut_off(bundle):
    said = " ".join(step.detail for step in check_bundle(written(bundle), VKEYS).steps)
    assert "only a newer letter, checkpoint or export would show it" in said


def test_witness_can_be_demanded(bundle):
    assert check_bundle(written(bundle), VKEYS, require_witness=True).verdict == "verified"
    unseen = bundle_of(honest().alter(1, public={"ref": REF}).relink().sign(), HULL, LEEDS, about=REF)
    assert check_bundle(written(unseen), VKEYS, require_witness=True).verdict == "unusable"
    seen = str(honest().alter(1, public={"ref": REF}).relink().sign().cosigned().note)
    assert check_bundle(written(unseen), VKEYS, require_witness=True, old=[seen]).verdict == "verified"
