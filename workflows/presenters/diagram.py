"""The process of one case as a picture and as a list: the flow's own layout, folded so that it fits a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap
from typing import Any

from viewflow.workflow.status import STATUS

from workflows.engine.chart import layout
from workflows.engine.driver import title_of
from workflows.engine.nodes import End, Job, Step
from workflows.engine.tasks import ACTIVE, Task

ACROSS, WIDE, HIGH, GAP_X, GAP_Y, EDGE = 4, 196, 84, 26, 34, 4
LINE = 19
LETTERS = 18
SIDE_ROADS = frozenset({"deferred", "withdrawn"})
WORDS = {
    "done": "done",
    "here": "now",
    "failed": "failed, being tried again",
    "left": "left out",
    "lapsed": "ended without an answer",
    "coming": "to come",
}
MARKS = {"done": "done", "here": "here", "failed": "here"}


@dataclass(frozen=True)
class Box:
    """One step of the process, where it lies and how it stands."""

    name: str
    title: str
    state: str
    note: str
    x: int
    y: int
    lines: Sequence[str]

    @property
    def words(self) -> str:
        """The state in words, with the count where the step is done several times."""
        return f"{WORDS[self.state]}{f', {self.note}' if self.note else ''}"

    @property
    def mark(self) -> str:
        """Tick, dot or dash."""
        return MARKS.get(self.state, "dash")


@dataclass(frozen=True)
class Diagram:
    """The picture: boxes in the order of the process, and the arrows between neighbours as points of lines."""

    boxes: Sequence[Box]
    arrows: Sequence[str]
    width: int
    height: int

    @property
    def summary(self) -> str:
        """Every step and its state in one sentence, for the description of the picture."""
        return "; ".join(f"{box.title}: {box.words}" for box in self.boxes) + "."


def steps_of(flow_class: Any) -> Sequence[Any]:
    """The nodes people know, in the order the flow's layout puts them, left to right and then top to bottom."""
    cells = [cell for cell in layout(flow_class).cells if isinstance(cell.node, (Step, Job, End))]
    ordered = sorted(cells, key=lambda cell: (cell.shape.x + cell.shape.width / 2, cell.shape.y))
    main = [cell.node for cell in ordered if cell.node.name not in SIDE_ROADS]
    return sorted(main, key=lambda node: isinstance(node, End))


def draw(flow_class: Any, tasks: Sequence[Task]) -> Diagram:
    """The diagram of one case from every task it has had."""
    nodes = list(steps_of(flow_class))
    by_node = _by_node(tasks)
    reached = [place for place, node in enumerate(nodes) if node.name in by_node]
    furthest = max(reached, default=-1)
    boxes = [
        _box(place, node, *_state(node, by_node.get(node.name, ()), passed=place < furthest))
        for place, node in enumerate(nodes)
    ]
    rows = -(-len(nodes) // ACROSS)
    return Diagram(
        boxes,
        [_arrow(box, after) for box, after in pairwise(boxes)],
        2 * EDGE + ACROSS * WIDE + (ACROSS - 1) * GAP_X,
        2 * EDGE + rows * HIGH + (rows - 1) * GAP_Y,
    )


def _by_node(tasks: Iterable[Task]) -> Mapping[str, Sequence[Task]]:
    found: dict[str, list[Task]] = {}
    for task in tasks:
        if task.flow_task is not None:
            found.setdefault(task.flow_task.name, []).append(task)
    return found


def _state(node: Any, tasks: Sequence[Task], *, passed: bool) -> tuple[str, str]:
    """How a step stands, and a note where it is done more than once."""
    counted = Counter(str(task.status) for task in tasks)
    done, alive = counted[STATUS.DONE], sum(counted[status] for status in ACTIVE)
    several = node.name in {"desk_top_review", "review"}
    if counted[STATUS.ERROR]:
        return "failed", ""
    if alive:
        note = f"{done} of {done + alive} done" if node.name == "desk_top_review" else f"{done} held" if done else ""
        return "here", note if several else ""
    if done:
        return "done", f"{done} held" if node.name == "review" else ""
    if tasks:
        return ("lapsed" if node._boundary_events else "left"), ""
    return ("left" if passed else "coming"), ""


def _box(place: int, node: Any, state: str, note: str) -> Box:
    row, column = divmod(place, ACROSS)
    if row % 2:
        column = ACROSS - 1 - column
    title = title_of(node)
    return Box(
        name=node.name,
        title=title,
        state=state,
        note=note,
        x=EDGE + column * (WIDE + GAP_X),
        y=EDGE + row * (HIGH + GAP_Y),
        lines=wrap(title, LETTERS)[:3],
    )


def _arrow(box: Box, after: Box) -> str:
    """The points of the line from one box to the next, which lies beside it or below it."""
    if box.y == after.y:
        right = after.x > box.x
        start = box.x + WIDE if right else box.x
        end = after.x - 3 if right else after.x + WIDE + 3
        level = box.y + HIGH // 2
        return f"{start},{level} {end},{level}"
    middle = box.x + WIDE // 2
    return f"{middle},{box.y + HIGH} {middle},{after.y - 3}"
