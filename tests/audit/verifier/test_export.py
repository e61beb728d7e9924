"""A whole export: where a change lies, going on from an earlier check, private texts and their erasure."""

import json
from io import BytesIO

import pytest

from audit.leaf import Place, draft, hash_of
from audit.verify_log import Tree, check_export
from tests.audit.failures.world import BEGIN, LAST_OF_LEEDS, checkpoint, honest
from tests.audit.merkle.trees import leaf_hashes, naive_root
from tests.audit.verifier.worlds import VKEYS, check, export_of, private_of


def failed(report):
    return "\n".join(f"{step.what}: {step.detail}" for step in report.steps if not step.ok)


def said(report):
    return "\n".join(step.detail for step in report.steps)


@pytest.mark.parametrize("chunk", [1, 3, 255, 256, 1000, 5000])
@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 1023, 1024, 1025, 3000])
def test_tree_is_the_rfcs_however_it_is_fed(size, chunk):
    leaves = leaf_hashes(size)
    wanted = [0, 1, 100, 256, 1000, 2047, 2048, 2999]
    tree = Tree(wanted=wanted)
    for start in range(0, size, chunk):
        tree.extend(leaves[start : start + chunk])
    assert tree.root() == naive_root(leaves)
    assert tree.roots == {one: naive_root(leaves[:one]) for one in wanted if one <= size}
    assert len(tree.hashes()) == size.bit_count()


@pytest.mark.parametrize("size", range(13))
def test_every_size_of_log_verifies(size):
    report = check(honest(size))
    assert report.verdict == "verified", failed(report)
    assert report.facts["entries"] == size


@pytest.mark.parametrize("index", range(12))
def test_earlier_checkpoints_say_between_which_entries_a_change_lies(index):
    world = honest().alter(index).relink()
    held = [str(honest(size).note) for size in (4, 8)]
    report = check(world, old=held)
    first, last = next((a, b) for a, b in [(0, 4), (4, 8), (8, 12)] if a <= index < b)
    assert report.verdict == "tampered"
    assert f"between entries {first} and {last - 1}" in failed(report)
    assert failed(report).count("are not those that you had a checkpoint for") == sum(index < size for size in (4, 8))


def test_export_that_was_signed_with_its_fault_is_told_from_one_changed_later():
    signed = check(honest().alter(4).sign())
    later = check(honest().alter(4))
    assert "the log's keeper signed it with this fault in it" in said(signed)
    assert "not the history that was signed" in failed(later)
    for report in (signed, later):
        assert report.verdict == "tampered"
        assert report.facts["first_bad"] == 4
        assert "Entry 4 or entry 7 is the first bad one" in failed(report)


def test_gap_is_placed():
    assert "an entry before it is missing or was moved, between entry 1 and this one" in failed(
        check(honest().delete(4))
    )


def test_exchange_that_breaks_no_link_is_said_to_show_in_the_root_alone():
    report = check(honest().swap(1, 2))
    assert report.verdict == "tampered"
    assert "Only the root differs" in failed(report)


def test_break_at_the_frontier_names_no_entry_of_before():
    """What stands before the frontier is known by its hash alone, not by its place."""
    kept = check(honest(8)).frontier
    world = honest().alter(2).relink().sign()
    rest = BytesIO(b"".join(one + b"\n" for one in world.entries[8:]))
    report = check_export(rest, str(world.note), VKEYS, frontier=kept)
    assert "the hash of the last one that you checked earlier" in failed(report)


def test_earlier_checkpoint_may_be_a_letters_code():
    code = honest(8).prove(3).proof
    assert check(honest(), old=[code]).verdict == "verified"
    assert check(honest().alter(3).relink().sign(), old=[code]).verdict == "tampered"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text[:-1], "Entry 11 is the first bad one: the file ends in the middle of it"),
        (lambda text: text + b"\n", "Entry 12 is the first bad one: the checkpoint ends before it"),
        (lambda text: b"\n" + text, "Entry 0 is the first bad one: it is not JSON"),
        (lambda text: b"\xef\xbb\xbf" + text, "Entry 0 is the first bad one"),
        (lambda text: b"[" * 60_000 + b"\n" + text, "Entry 0 is the first bad one"),
        (lambda text: b"9" * 60_000 + b"\n" + text, "Entry 0 is the first bad one"),
        (lambda text: text.replace(b"entry", b"entry"), ""),
    ],
)
def test_bytes_between_entries_count(change, sentence):
    world = honest()
    report = check_export(BytesIO(change(export_of(world))), str(world.note), VKEYS)
    assert report.verdict == ("tampered" if sentence else "verified")
    assert sentence in failed(report)


@pytest.mark.parametrize("at", [1, 5, 12])
@pytest.mark.parametrize("quick", [True, False])
def test_leaf_of_any_place_is_bounded(at, quick):
    """Also where the line stands whole in what is read at once, and the keeper signed it."""
    world = honest()
    world.entries.insert(at, b'"' + b"x" * 65_534 + b'"')
    report = check(world.sign(), quick=quick)
    assert report.verdict == "tampered"
    assert f"Entry {at} is the first bad one: it is longer than 65535 bytes" in failed(report)


@pytest.mark.parametrize(
    "text",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda _: b"x" * 10_000_000,
        lambda _: bytes(range(256)) * 100,
        lambda _: b"an ordinary letter\nof two lines\n",
    ],
)
def test_file_that_is_no_export_is_unusable(text):
    world = honest()
    report = check_export(BytesIO(text(export_of(world))), str(world.note), VKEYS)
    assert report.verdict == "unusable"
    assert "none is an entry" in failed(report)


@pytest.mark.parametrize("start", [4, 5, 7, 9])
def test_part_of_the_log_without_its_frontier_is_unusable_and_not_tampered_with(start):
    world = honest()
    part = BytesIO(b"".join(one + b"\n" for one in world.entries[start:]))
    report = check_export(part, str(world.note), VKEYS)
    assert report.verdict == "unusable"
    assert "does not begin at entry 0. Give --frontier" in failed(report)


@pytest.mark.parametrize("index", range(1, 12))
def test_one_entry_taken_out_is_no_part_of_the_log(index):
    report = check(honest().delete(index))
    assert report.verdict == "tampered"


def entry(index, **changed):
    return lambda: honest().alter(index, **changed).relink().sign()


@pytest.mark.parametrize(
    ("world", "sentence"),
    [
        (entry(11, at="2012-13-01T00:00:00.000000Z"), "no moment in UTC"),
        (entry(11, at="2012-10-01T00:00:00Z"), "no moment in UTC"),
        (entry(11, seq=1), "system have no number"),
        (entry(4, seq="2"), "not a whole number from 1"),
        (entry(4, seq=True), "not a whole number from 1"),
        (entry(4, stream=""), "is empty"),
        (entry(4, stream=7), "is not text"),
        (entry(4, public=[]), "is not an object"),
        (entry(4, private={"person": "ab"}), "not a SHA-256"),
        (entry(4, private={"person": 7}), "not a SHA-256"),
        (entry(4, v=True), "its version is True"),
        (entry(4, v=0), "its version is 0"),
        (lambda: honest().spell(11, lambda one: one.replace(b'"number":11', b'"Number":11')).sign(), "snake_case"),
        (lambda: honest().spell(11, lambda one: one.replace(b":11}", b":%d}" % 2**53)).sign(), "too large"),
        (lambda: honest().spell(11, lambda one: one.replace(b":11}", b":[[%d]]}" % -(2**53))).sign(), "too large"),
        (lambda: honest().spell(11, lambda one: one.replace(b":11}", b":-0}")).sign(), "canonical spelling"),
        (lambda: honest().spell(11, lambda one: one.replace(b":11}", b":NaN}")).sign(), "not a whole number"),
        (lambda: honest().spell(11, lambda one: one.replace(b":11}", b':11,"a":1}')).sign(), "not in order"),
        (lambda: honest().spell(11, lambda one: one.replace(b":11}", b':"e\xcc\x81"}')).sign(), "NFC"),
        (lambda: honest().spell(11, lambda one: one.replace(b":11}", b':"\\ud800"}')).sign(), "canonical spelling"),
        (lambda: honest().spell(11, lambda one: one.replace(b"secretary", b"secret\\u0061ry")).sign(), "canonical"),
    ],
)
def test_signed_entry_that_breaks_the_form_is_named(world, sentence):
    report = check(world())
    assert report.verdict == "tampered"
    assert sentence in failed(report)


def test_marks_without_end_on_one_letter_are_refused_at_once():
    """To put thousands of them in order takes as long as their square."""
    marked = ("e" + "\u0301\u0323" * 10_000).encode()
    world = honest().alter(11, public={"said": "MANY"}).spell(11, lambda entry: entry.replace(b"MANY", marked))
    assert check(world.sign()).verdict == "tampered"
    assert check(honest().alter(11, public={"said": "\u4e2d" * 100}).sign()).verdict == "verified"


def test_many_keys_of_one_object_are_compared_in_one_pass():
    twins = ",".join(f'"k{number}":0' for number in range(9_000))
    report = check(honest().spell(11, lambda one: one.replace(b'"number":11', f'{twins},"k8999":0'.encode())).sign())
    assert report.verdict == "tampered"
    assert "'k8999' stands twice in one object" in failed(report) or "longer than" in failed(report)


@pytest.mark.parametrize(
    "text",
    ["\u00e9\u4e2d\U0001f600", 'quote " and \\ and \n\t\x01', "n\u0303o".replace("n\u0303", "\u00f1"), "\u2028\x7f"],
)
def test_any_text_in_its_one_spelling_verifies(text):
    report = check(honest().alter(11, public={"said": [{"text": text}], "n": None, "m": [True, -5]}).sign())
    assert report.verdict == "verified", failed(report)


def test_letter_after_an_escape_does_not_look_decomposed():
    """The escape of a newline ends in n, which with a tilde after it would be another letter."""
    report = check(honest().alter(11, public={"said": "\n\u0303"}).sign())
    assert report.verdict == "verified", failed(report)


def test_newer_version_of_entries_is_not_called_tampering():
    report = check(honest().alter(4, v=2, more="new").relink().sign())
    assert report.verdict == "unusable"
    assert "Entry 4 cannot be checked: it is of version 2" in failed(report)


def test_quick_check_looks_at_hashes_alone():
    assert check(honest().alter(4).sign(), quick=True).verdict == "verified"
    assert check(honest().alter(4), quick=True).verdict == "tampered"


# Going on from an earlier check


@pytest.mark.parametrize("size", range(13))
def test_month_by_month_is_as_good_as_all_at_once(size):
    kept = check(honest(size)).frontier
    world = honest()
    rest = BytesIO(b"".join(one + b"\n" for one in world.entries[size:]))
    report = check_export(rest, str(world.note), VKEYS, frontier=kept)
    assert report.verdict == "verified", failed(report)
    assert report.frontier == check(honest()).frontier


def test_what_was_rewritten_before_the_frontier_is_noticed():
    kept = check(honest(8)).frontier
    world = honest().alter(2).relink().sign()
    rest = BytesIO(b"".join(one + b"\n" for one in world.entries[8:]))
    report = check_export(rest, str(world.note), VKEYS, frontier=kept)
    assert report.verdict == "tampered"


def test_log_set_back_behind_the_frontier_is_noticed():
    world = honest(4)
    report = check_export(BytesIO(b""), str(world.note), VKEYS, frontier=check(honest(8)).frontier)
    assert report.verdict == "tampered"
    assert "already checked 8 entries" in failed(report)


def test_no_frontier_is_kept_of_what_does_not_verify():
    assert check(honest().alter(4)).frontier == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"size": 9},
        {"size": -8},
        {"size": "8"},
        {"root": "x"},
        {"hashes": []},
        {"hashes": [7]},
        {"heads": []},
        {"heads": {"a": 1}},
        {"heads": {"a": [1, "xy"]}},
        {"heads": {"a": [-1, "ab"]}},
        {"heads": {"a": ["1", "ab"]}},
        {"v": 2},
        {"origin": None},
    ],
)
def test_damaged_frontier_is_unusable(changed):
    kept = json.dumps(json.loads(check(honest(8)).frontier) | changed)
    world = honest()
    report = check_export(BytesIO(b""), str(world.note), VKEYS, frontier=kept)
    assert report.verdict == "unusable"


# Private texts


def erase(world, index, group):
    """The entry that records an erasure, in the form of audit.erasing."""
    public = {"events": [hash_of(world.entries[index]).hex()], "groups": [group], "ground": "consent_withdrawn"}
    made = draft(
        Place("system", None, None),
        "erasure.performed",
        by="system",
        role="",
        public=public,
        private=None,
        reason_code="",
        ruleset="",
        at=BEGIN,
    )
    world.entries.append(made.leaf)
    return world.sign()


def test_erased_text_is_told_from_one_withheld():
    world = erase(honest(), 5, "person")
    world.private = [
        row for row in world.private if (row["index"], row["group"]) not in {(5, "person"), (4, "free_text")}
    ]
    report = check(world, disclosures=private_of(world))
    assert report.verdict == "verified", failed(report)
    assert [report.facts[one] for one in ("disclosed", "not_disclosed", "erased")] == [4, 1, 1]
    assert "remark" not in " ".join(step.what for step in report.steps)


def test_text_disclosed_after_its_erasure_is_remarked_on():
    world = erase(honest(), 5, "person")
    report = check(world, disclosures=private_of(world))
    assert report.verdict == "verified", failed(report)
    assert "Entry 5: person is disclosed although entry 12 records that it was erased" in said(report)


def test_erasures_can_be_listed_without_any_text():
    report = check(erase(honest(), 5, "person"), erased=True)
    assert report.verdict == "verified"
    assert "1 private text recorded as erased: person of" in said(report)


def test_disclosures_out_of_order_are_unusable():
    world = honest()
    world.private.reverse()
    report = check(world, disclosures=private_of(world))
    assert report.verdict == "unusable"
    assert "out of order" in failed(report)


def test_disclosures_after_a_bad_entry_do_not_hide_it():
    world = honest().alter(LAST_OF_LEEDS, private={"person": "0" * 64}).sign()
    world.alter(4)
    report = check(world, disclosures=private_of(world))
    assert report.verdict == "tampered"
    assert report.facts["first_bad"] == 4


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\n",
        b"[]\n",
        b"{}\n",
        b"[" * 100_000 + b"\n",
        b'{"index":0,"group":"person","salt":"zz","body":""}\n',
        b'{"index":"0","group":"person","salt":"' + b"0" * 64 + b'","body":""}\n',
        b'{"index":0,"group":["person"],"salt":"' + b"0" * 64 + b'","body":""}\n',
        b'{"index":0,"index":1,"group":"person","salt":"' + b"0" * 64 + b'","body":""}\n',
    ],
)
def test_malformed_disclosures_are_unusable(line):
    assert check(honest(), disclosures=BytesIO(line)).verdict == "unusable"


def test_checkpoint_of_more_than_the_export_names_the_first_entry_missing():
    world = honest()
    world.note = checkpoint([*world.entries, b"{}"])
    report = check(world)
    assert "Entry 12 is the first bad one: it is missing; the log has 13 entries" in failed(report)


def test_bad_line_of_disclosures_does_not_keep_the_entries_from_being_checked():
    report = check(honest().alter(4), disclosures=BytesIO(b"{}\n"))
    assert report.verdict == "tampered"
    assert [step.what for step in report.steps if not step.ok] == ["Disclosures", "Entries", "Root"]


def test_whole_export_with_a_frontier_is_told_where_to_begin():
    world = honest()
    report = check_export(BytesIO(export_of(world)), str(world.note), VKEYS, frontier=check(honest(8)).frontier)
    assert report.verdict == "unusable"
    assert "does not begin at entry 8. Your frontier ends there" in failed(report)


@pytest.mark.parametrize(
    ("options", "step"),
    [
        ({"frontier": "{}"}, "Frontier"),
        ({"old": ["nonsense"]}, "Earlier checkpoint"),
        ({"old": [str(honest().go_on("case.closed").sign().note)]}, "Earlier checkpoint"),
    ],
)
def test_report_names_the_file_at_fault(options, step):
    report = check(honest(), **options)
    assert report.verdict != "verified"
    assert [one.what for one in report.steps if not one.ok] == [step]
