"""The replay's own counts beside the published ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from authorisation.facts import PUBLISHED_REVIEWS, PUBLISHED_WAVES
from workflows.replay.run import Result

FIELDS = ("decided", "full", "conditional", "with_directions")


@dataclass(frozen=True)
class Line:
    """One count of ours beside the published one."""

    what: str
    field: str
    ours: int | None
    published: int

    @property
    def agrees(self) -> bool:
        """Whether they are the same."""
        return self.ours == self.published


def compare(result: Result, *, wave: int | None = None) -> list[Line]:
    """Every published figure the replay can be held to; for one wave alone, that wave's."""
    ours: dict[int, Mapping[str, Any]] = {row["wave"]: row for row in result.waves}
    lines = [
        Line(f"Wave {row.wave}", field, ours.get(row.wave, {}).get(field), getattr(row, field))
        for row in PUBLISHED_WAVES
        if wave in {None, row.wave}
        for field in FIELDS
    ]
    if wave is not None:
        return lines
    counted: dict[int, Mapping[str, Any]] = {row["review"]: row for row in result.reviews}
    return lines + [
        Line(f"Review {row.review}", field, counted.get(row.review, {}).get(field), getattr(row, field))
        for row in PUBLISHED_REVIEWS
        for field in FIELDS[1:]
    ]


def table(lines: list[Line]) -> Iterator[str]:
    """The comparison as people read it: ours, with the published figure beside it where they differ."""
    yield f"{'':10}" + "".join(f"{name.replace('_', ' '):>18}" for name in FIELDS)
    for what in dict.fromkeys(line.what for line in lines):
        cells = {line.field: line for line in lines if line.what == what}
        yield f"{what:10}" + "".join(f"{_cell(cells.get(name)):>18}" for name in FIELDS)


def _cell(line: Line | None) -> str:
    if line is None:
        return ""
    if line.ours is None:
        return f"not reached ({line.published})"
    return f"{line.ours} {'=' if line.agrees else '!='} {line.published}"
