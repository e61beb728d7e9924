"""Each measurement runs, at its smallest size, and says what it says in one shape. Times are never asserted."""

import json
import os
import subprocess
import sys

import pytest

SMALL = ["--rounds", "1", "--cases", "3", "--sizes", "5", "8"]
FIELDS = {"bench", "figure", "measured", "unit", "bar", "met", "low", "high", "note"}


def bench(root, *arguments):
    # BOOTSTRAP=0: the packages it is measured beside are not installed for this, and are left out of the table.
    here = {**os.environ, "BOOTSTRAP": "0"}
    command = [sys.executable, "manage.py", "bench", *arguments]
    return subprocess.run(command, cwd=root, env=here, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def measured(pytestconfig):
    """Every figure but the replay's, measured once, small."""
    run = bench(pytestconfig.rootpath, "transition", "wave", "queries", *SMALL, "--json")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def figures(measured, name):
    return {each["figure"]: each for each in measured["figures"] if each["bench"] == name}


@pytest.mark.slow
def test_json_has_the_machine_and_every_figure_in_one_shape(measured):
    assert set(measured) == {"machine", "seconds", "missed", "figures"}
    assert set(measured["machine"]) == {"database", "python", "processor", "cores", "load"}
    assert {frozenset(each) for each in measured["figures"]} == {frozenset(FIELDS)}
    assert {each["met"] for each in measured["figures"] if not each["bar"]} == {None}
    assert measured["missed"] == sum(each["met"] is False for each in measured["figures"])


@pytest.mark.slow
def test_transition_gives_ratios_to_bare_viewflow_and_the_floor(measured):
    found = figures(measured, "transition")
    assert found["ours / bare Viewflow, plain steps (16 a case)"]["bar"] == "<= 1.00"
    assert found["ours / bare Viewflow, whole case (22)"]["measured"] > 0
    assert found["ours / floor, whole case (22)"]["low"] > 0
    assert sum(name.startswith("statements: desk-top") for name in found) == 1


@pytest.mark.slow
def test_wave_compares_the_second_reading_both_ways(measured):
    found = figures(measured, "wave")
    assert found["second reading of 3: one by one / set-based"]["bar"] == ">= 10"


@pytest.fixture(scope="session")
def logged(pytestconfig):
    """The figures of the record, measured once, small."""
    small = ["--rounds", "1", "--writers", "1", "2", "--leaves", "70000", "--entries", "300", "--kills", "8"]
    run = bench(pytestconfig.rootpath, "audit", "log", "chaos", *small, "--json")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.slow
def test_audited_writes_are_measured_beside_unaudited_ones(logged):
    found = figures(logged, "audit")
    assert found["ours / no record, 2 writers"]["bar"] == "<= 1.75"
    assert found["ours / a plain ORM event row, 1 writer"]["measured"] > 0


@pytest.mark.slow
def test_proofs_stay_short_in_a_long_log(logged):
    found = figures(logged, "log")
    assert found["queries of a proof at 70,000 leaves, at most"]["met"]
    assert found["full check: memory"]["met"]


@pytest.mark.slow
def test_kills_lose_double_and_misplace_nothing(logged):
    found = figures(logged, "chaos")
    counts = {name.split(",")[0]: each["measured"] for name, each in found.items()}
    assert counts.pop("heads signed") > 0
    assert counts == {"lost": 0, "doubled": 0, "misordered": 0, "broken checks of the log": 0}


@pytest.mark.slow
def test_queries_are_as_many_with_more_applications(measured):
    found = figures(measured, "queries")
    counted = [each for name, each in found.items() if name.endswith(": queries")]
    assert found["transition: second reading: queries"] in counted
    assert [each["figure"] for each in counted if each["met"] is False] == []


def test_unknown_figure_is_refused_with_the_known_ones(root):
    run = bench(root, "speed")
    assert run.returncode == 2
    assert "There is no figure speed; choose from transition, wave, queries, replay, audit, log, chaos." in run.stderr
