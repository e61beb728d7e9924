"""What a rule set may say; above all, that no rule set can leave the Coalition's seat out."""

import copy
import datetime
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authorisation import rulesets
from authorisation.errors import RuleSetRefused
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
    assert (file.version, file.criteria_set, len(file.sha256)) == ("2012.1", "2012", 64)
    assert list(rulesets.levels(file.body)) == ["I", "II", "III", "IV", "V", "VI"]
    assert rulesets.read(source_of(BODY)).body == file.body
    for kind in KINDS:
        assert plan_faults(rulesets.seat_plan(file.body, kind)) == []


@pytest.mark.parametrize("kind", [*KINDS, "appraisal"])
@pytest.mark.parametrize("change", ["gone", "not required", "minimum 0", "appointed by the board", "renamed"])
def test_rule_set_without_the_coalition_seat_is_refused(kind, change):
    body = copy.deepcopy(BODY)
    if kind == "appraisal":
        body["panels"]["appraisal"] = copy.deepcopy(BODY["panels"]["review"])
    number = coalition_seat("review" if kind == "appraisal" else kind)
    seat = body["panels"][kind]["seats"][number]
    match change:
        case "gone":
            del body["panels"][kind]["seats"][number]
        case "not required":
            seat["required"] = False
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


@pytest.mark.parametrize("kind", KINDS)
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
        (changed("panels", "review", "quorum", to=9), "quorum .* is 9"),
        (changed("panels", "review", "quorum", to="4"), "needs a quorum"),
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
    for kind in KINDS:
        plan = rulesets.seat_plan(file.body, kind)
        assert plan_faults(plan) == []
        assert any(seat.type == COALITION_SEAT and seat.required and seat.minimum >= 1 for seat in plan.seats)


def without_none(value):
    match value:
        case dict():
            return {key: without_none(each) for key, each in value.items() if each is not None}
        case list():
            return [without_none(each) for each in value if each is not None]
    return value


def test_small_rule_set_of_the_tests_is_a_rule_set():
    assert rulesets.read(small_ruleset()).criteria_set == "small"
