"""The committed pages say what the code says, and every arrow they draw is an act that exists."""

import re

import pytest
from django.core.management import call_command

from panels.states import APPOINTMENT, ITEM, SITTING, AppointmentState, ItemState
from workflows import documents
from workflows.documents import acts, process
from workflows.documents.markdown import arrow, state, table
from workflows.permissions import DIVERSIONS

LINE = re.compile(
    r"direction TB"
    r'|state "[^":;{}#]+" as \w+'
    r"|state \w+ <<(choice|fork|join)>>"
    r"|(\w+|\[\*\]) --> (\w+|\[\*\])( : [^:;{}#]+)?"
)
STEPS = process.steps()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "FOLDER", tmp_path)
    return tmp_path


def diagrams():
    for name in documents.PAGES:
        for found in re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", documents.render(name), re.DOTALL):
            yield [line.strip() for line in found.splitlines()]


@pytest.mark.parametrize("name", documents.PAGES)
def test_committed_page_is_what_the_code_makes(name):
    assert (documents.FOLDER / name).read_text(encoding="utf-8") == documents.render(name), documents.CURE


def test_pages_are_made_alike_twice():
    assert [documents.render(name) for name in documents.PAGES] == [documents.render(name) for name in documents.PAGES]


def test_check_agrees_with_what_was_written(folder, capsys):
    call_command("generate_docs")
    call_command("generate_docs", "--check")
    assert "pages agree" in capsys.readouterr().out


def test_check_names_every_page_that_differs_and_the_cure(folder, capsys):
    documents.write()
    (folder / "process.md").write_text("by hand")
    (folder / "panels.md").unlink()
    (folder / "stray.md").write_text("")
    with pytest.raises(SystemExit) as ended:
        call_command("generate_docs", "--check")
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert "docs/generated/process.md differs" in told
    assert "docs/generated/panels.md is missing" in told
    assert "docs/generated/stray.md is made by nothing" in told
    assert "manage.py generate_docs" in told
    assert "permissions.md" not in told


def test_every_diagram_is_of_known_lines_and_declared_states():
    drawn = list(diagrams())
    assert len(drawn) == 5
    for lines in drawn:
        assert [line for line in lines if not LINE.fullmatch(line)] == []
        declared = {line.split()[-1] for line in lines if " as " in line}
        declared |= {line.split()[1] for line in lines if "<<" in line}
        ends = {end for line in lines if "-->" in line for end in line.split(" : ")[0].split(" --> ")}
        assert ends - {"[*]"} == declared


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_step_has_its_act_and_somebody_to_do_it(step):
    assert acts.by_node()[step.name]
    assert process.posts_with(process.codename_of(step), process.place_of(step)[0])


def test_every_diversion_is_an_act_to_a_node():
    for name, diversion in DIVERSIONS.items():
        assert diversion.verb in acts.by_node()[name]


@pytest.mark.parametrize("life", [APPOINTMENT, SITTING, ITEM], ids=lambda life: life.title)
def test_every_move_is_an_action_of_panels(life):
    assert {move.act for move in life.moves} <= {act.name for act in acts.panel_acts()}


def test_every_act_on_panels_asks_who():
    # The first hands on to the second, which asks; the others are the system's own.
    without = {"accredit", "examine_again", "sweep_stale"}
    assert {act.name for act in acts.panel_acts() if not act.ways} == without


def test_act_for_oneself_or_by_office_is_read_from_its_condition():
    ways = {act.name: act.ways for act in acts.panel_acts()}
    assert ways["recuse"] == {acts.Way.SELF, acts.Way.SECRETARIAT, acts.Way.CHAIR}
    assert ways["accept_seat"] == {acts.Way.SELF}
    assert ways["fill_seats"] == {acts.Way.SECRETARIAT}


def test_move_outside_the_table_is_refused():
    ITEM.check("recuse", "open", "stopped")
    with pytest.raises(ValueError, match="may not take an item"):
        ITEM.check("recuse", ItemState.STOPPED, ItemState.OPEN)
    with pytest.raises(KeyError):
        ITEM.open_to("erase")


def test_act_with_two_ends_has_no_single_one():
    assert APPOINTMENT.after("stand_down") is AppointmentState.STOOD_DOWN
    with pytest.raises(ValueError, match="unpack"):
        ITEM.after("recuse")


def test_words_that_would_break_a_picture_or_a_table_are_softened():
    assert state("x", 'a "b": {c};') == "state \"a 'b', (c),\" as x"
    assert arrow("a", "b", "c: d") == "a --> b : c, d"
    assert table(("a", "b"), [("", "c|d")]).splitlines()[-1] == "| | c/d |"
