"""What a rule set may say; above all, that no rule set can leave the Coalition's seat out."""

import copy
import datetime
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorisation import rulesets
from authorisation.errors import RuleSetRefused
from authorisation.facts import load_sources
from panels.rules import COALITION_SEAT, plan_faults
from tests.factories.world import DATA, small_ruleset

SOURCE = (DATA / "ruleset-2012.toml").read_bytes()
BODY = tomllib.loads(SOURCE.decode())
KINDS = sorted(BODY["panels"])


def toml(value):
    """A value as TOML, inline; enough for rule sets."""
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return "{" + ", ".join(f"{quoted(key)} = {toml(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case str():
            return quoted(value)
        case datetime.date():
            return value.isoformat()
        case _:
            return str(value)


def quoted(text):
    escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return f'"{escaped}"'


def source_of(body):
    return "\n".join(f"{quoted(key)} = {toml(value)}" for key, value in body.items()).encode()


def changed(*path, to=None):
    """The rule set of 2012 with one value replaced, or removed."""
    body = copy.deepcopy(BODY)
    place = body
    for key in path[:-1]:
        place = place[key]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return source_of(body)


def coalition_seat(kind):
    return next(n for n, seat in enumerate(BODY["panels"][kind]["seats"]) if seat["type"] == COALITION_SEAT)


def test_rule_set_of_2012_is_read():
    file = rulesets.read(SOURCE)
    assert (file.version, file.criteria_set, len(file.sha256)) == ("2012.2", "2012", 64)
    assert list(rulesets.levels(file.body)) == ["I", "II", "III", "IV", "V", "VI"]
    assert rulesets.read(source_of(BODY)).body == file.body
    for kind in KINDS:
        assert plan_faults(rulesets.seat_plan(file.body, kind)) == []


def test_seats_and_quorums_of_2012():
    """Two quorums for each kind; the chair and the Coalition are always needed, to sit and to decide."""
    body = rulesets.read(SOURCE).body
    plans = {kind: rulesets.seat_plan(body, kind) for kind in KINDS}
    assert {kind: (plan.quorum_to_sit, plan.quorum_to_decide) for kind, plan in plans.items()} == {
        "site_visit": (5, 4),
        **dict.fromkeys(("appraisal", "conditions", "decision", "moderation", "review"), (4, 3)),
    }
    needed = {
        kind: [(seat.type, seat.required_to_decide) for seat in plan.seats if seat.required_to_sit]
        for kind, plan in plans.items()
    }
    always = [("chair", True), (COALITION_SEAT, True)]
    visit = [("chair", True), ("key_assessor", False), ("clinician", True), (COALITION_SEAT, True)]
    assert needed == {kind: visit if kind == "site_visit" else always for kind in KINDS}


def test_chair_and_board_members_alone_need_no_accreditation():
    body = rulesets.read(SOURCE).body
    assert rulesets.accreditations(body) == {"panel_training": "Training for members of panels"}
    asked = {(seat.type, seat.accreditation) for kind in KINDS for seat in rulesets.seat_plan(body, kind).seats}
    untrained = {("chair", ""), ("board_member", "")}
    trained = ("key_assessor", "clinician", "finance", "local_authority", "lay", COALITION_SEAT)
    assert asked == untrained | {(each, "panel_training") for each in trained}


def test_every_source_a_rule_set_names_is_known():
    told = [BODY["meta"], *BODY["accreditations"].values(), *BODY["levels"].values(), *BODY["panels"].values()]
    assert {key for each in told for key in each.get("source", ())} <= set(load_sources())


def earlier():
    """The body of the rule set of 2012 as version 2012.1 stored it: one quorum, one `required`, no accreditation."""
    body = rulesets.read(SOURCE).body
    del body["accreditations"], body["panels"]["appraisal"]
    for panel in body["panels"].values():
        del panel["quorum_to_decide"]
        panel["quorum"] = panel.pop("quorum_to_sit")
        for seat in panel["seats"]:
            seat.pop("accreditation", None)
            seat["required"] = seat.pop("required_to_sit")
            del seat["required_to_decide"]
    return body


@pytest.mark.parametrize("kind", rulesets.PANEL_KINDS)
def test_rule_set_stored_by_an_earlier_release_still_gives_its_plan(kind):
    body = earlier()
    plan, stored = rulesets.seat_plan(body, kind), body["panels"][kind]
    assert plan_faults(plan) == []
    assert (plan.quorum_to_sit, plan.quorum_to_decide) == (stored["quorum"], stored["quorum"])
    assert [(seat.required_to_sit, seat.required_to_decide, seat.accreditation) for seat in plan.seats] == [
        (seat["required"], seat["required"], "") for seat in stored["seats"]
    ]
    assert rulesets.accreditations(body) == {}
    assert not rulesets.has_kind(body, "appraisal")


def test_keys_of_an_earlier_release_are_refused_with_the_new_ones():
    with pytest.raises(RuleSetRefused) as refusal:
        rulesets.read(source_of({key: value for key, value in earlier().items() if key != "level_order"}))
    for where, key, new in (("", "quorum", rulesets.QUORUMS), (" seat 1", "required", rulesets.REQUIRED)):
        cure = f"write {' and '.join(new)} in its place"
        assert f'[panels.review]{where} has the key "{key}" of an earlier release: {cure}' in str(refusal.value)


def test_rule_set_without_appraisal_is_read():
    body = rulesets.read(changed("panels", "appraisal")).body
    assert not rulesets.has_kind(body, "appraisal")
    assert rulesets.has_kind(BODY, "appraisal")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "change",
    ["gone", "not required to sit", "not required to decide", "minimum 0", "appointed by the board", "renamed"],
)
def test_rule_set_without_the_coalition_seat_is_refused(kind, change):
    body = copy.deepcopy(BODY)
    number = coalition_seat(kind)
    seat = body["panels"][kind]["seats"][number]
    match change:
        case "gone":
            del body["panels"][kind]["seats"][number]
        case "not required to sit":
            seat["required_to_sit"] = False
        case "not required to decide":
            seat["required_to_decide"] = False
        case "minimum 0":
            seat["minimum"] = 0
        case "appointed by the board":
            seat["appointed_by"] = "board"
        case "renamed":
            seat["type"] = "observer"
    sentence = (
        "only a Coalition body may nominate" if "board" in change else "has no required Coalition seat: add a seat"
    )
    with pytest.raises(RuleSetRefused, match=sentence):
        rulesets.read(source_of(body))


@pytest.mark.parametrize("kind", rulesets.PANEL_KINDS)
def test_rule_set_without_a_kind_of_panel_is_refused(kind):
    with pytest.raises(RuleSetRefused, match=rf"\[panels.{kind}\] is missing"):
        rulesets.read(changed("panels", kind))


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("coalition_off",), "the file"),
        (("meta", "x"), r"\[meta\]"),
        (("levels", "I", "x"), r"\[levels.I\]"),
        (("windows", "x"), r"\[windows\]"),
        (("windows", "marks", "x"), r"\[windows.marks\]"),
        (("windows", "report_comments", "x"), r"\[windows\] report_comments"),
        (("disinterest", "d99_months"), r"\[disinterest\]"),
        (("panels", "x"), r"\[panels\]"),
        (("panels", "review", "x"), r"\[panels.review\]"),
        (("panels", "review", "seats", 0, "optional"), r"\[panels.review\] seat 1"),
        (("accreditations", "panel_training", "x"), r"\[accreditations.panel_training\]"),
    ],
)
def test_unknown_key_is_refused_at_every_level(path, where):
    with pytest.raises(RuleSetRefused, match=rf'{where} has an unknown key "{path[-1]}": remove it or correct'):
        rulesets.read(changed(*path, to=1))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"\xff", "not a TOML file"),
        (b"a = ", "not a TOML file"),
        (b"", "missing"),
        (changed("meta", to=3), r"\[meta\] must be a table"),
        (changed("panels", "review", to=3), r"\[panels.review\] must be a table"),
        (changed("panels", "review", "seats", to=3), "needs its seats as tables"),
        (changed("panels", "review", "quorum_to_sit", to=9), "quorum to sit .* is 9"),
        (changed("panels", "review", "quorum_to_decide", to=9), "quorum to decide .* is 9"),
        (changed("panels", "review", "quorum_to_sit", to="4"), "needs quorum_to_sit as a whole number of 1 or more"),
        (changed("panels", "review", "quorum_to_decide"), "needs quorum_to_decide as a whole number of 1 or more"),
        (changed("panels", "review", "seats", 0, "required_to_sit", to=1), "needs required_to_sit = true or false"),
        (changed("panels", "review", "seats", 0, "required_to_decide"), "needs required_to_decide = true or false"),
        (
            changed("panels", "review", "seats", 0, "accreditation", to="exam"),
            r'"exam", which is not in \[accreditations',
        ),
        (changed("panels", "review", "seats", 0, "accreditation", to=[]), r"which is not in \[accreditations\]"),
        (
            changed("panels", "review", "seats", 0, "appointed_by", to="pub"),
            '"pub", which is no kind of .* board, region',
        ),
        (changed("accreditations"), r'"panel_training", which is not in \[accreditations\]: add it there'),
        (changed("accreditations", to=[1]), r"\[accreditations\] must be a table"),
        (changed("accreditations", "x", to={"mark": "C"}), r"\[accreditations.x\] needs a title"),
        (changed("accreditations", "x" * 41, to={"title": "X"}), "needs a name of 1 to 40 characters"),
        (changed("panels", "review", "seats", 0, "minimum", to=-1), "needs minimum as a whole number"),
        (changed("windows", "report_comments", "length", to=10**9), "length from 1 to 366"),
        (changed("windows", "report_comments", "unit", to="weeks"), "a unit"),
        (changed("windows", "plan_days", to="x"), "plan_days must be a whole number"),
        (changed("substantial_from_level", to="IX"), 'substantial_from_level is "IX"'),
        (changed("substantial_from_level", to=["I"]), "substantial_from_level"),
        (changed("disinterest", "d1_months", to=True), "d1_months"),
        (changed("meta", "version", to="x" * 41), "version as text of at most 40"),
        (changed("meta", "effective_from", to=3), "effective_from as a date"),
        (changed("levels", "I", to={"text": ""}), r"\[levels.I\] needs a text"),
    ],
)
def test_malformed_rule_set_is_refused_with_its_cure(source, sentence):
    with pytest.raises(RuleSetRefused, match=sentence):
        rulesets.read(source)


def paths(body, at=()):
    """The way to every value in the rule set."""
    for key, value in body.items() if isinstance(body, dict) else enumerate(body):
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*at, key))


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 400) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(paths(BODY))), ODD), min_size=1, max_size=3))
def test_whatever_is_changed_a_rule_set_that_is_read_has_its_coalition_seats(changes):
    body = copy.deepcopy(BODY)
    for path, value in changes:
        place = body
        try:
            for key in path[:-1]:
                place = place[key]
            if value is None:
                del place[path[-1]]
            else:
                place[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    try:
        file = rulesets.read(source_of(without_none(body)))
    except RuleSetRefused:
        return  # with sentences; any other error fails the test
    for kind in file.body["panels"]:
        plan = rulesets.seat_plan(file.body, kind)
        assert plan_faults(plan) == []
        coalition = [seat for seat in plan.seats if seat.type == COALITION_SEAT and seat.minimum >= 1]
        assert any(seat.required_to_sit and seat.required_to_decide for seat in coalition)


def without_none(value):
    match value:
        case dict():
            return {key: without_none(each) for key, each in value.items() if each is not None}
        case list():
            return [without_none(each) for each in value if each is not None]
    return value


def test_small_rule_set_of_the_tests_is_a_rule_set():
    assert rulesets.read(small_ruleset()).criteria_set == "small"
