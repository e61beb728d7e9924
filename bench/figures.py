"""A figure: what was measured, what it had to reach, and whether it did."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class Figure:
    """One line of the table. `met` is None where there is no bar, or nothing to measure yet."""

    bench: str
    figure: str
    measured: float | None
    unit: str
    bar: str = ""
    met: bool | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


def ratio(bench: str, figure: str, over: Sequence[float], under: Sequence[float], *, at_most: float = 0) -> Figure:
    """Median of the per-round ratios with the smallest and the largest; the bar is on the median."""
    each = [one / other for one, other in zip(over, under, strict=True)]
    middle = median(each)
    bar, met = (f"<= {at_most:.2f}", middle <= at_most) if at_most else ("", None)
    return Figure(bench, figure, round(middle, 3), "x", bar, met, round(min(each), 3), round(max(each), 3))


def spread(bench: str, figure: str, seconds: Sequence[float], *, per: int = 1) -> Figure:
    """Median milliseconds of one of `per` things, with the smallest and the largest round."""
    each = [1000 * one / per for one in seconds]
    return Figure(bench, figure, round(median(each), 2), "ms", low=round(min(each), 2), high=round(max(each), 2))


def machine() -> dict[str, Any]:
    """Where and beside what this was measured."""
    if connection.vendor == "postgresql":
        version = connection.pg_version
    else:
        version = ".".join(map(str, connection.Database.sqlite_version_info))
    return {
        "database": f"{connection.vendor} {version}",
        "python": platform.python_version(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "load": [round(each, 1) for each in os.getloadavg()],
    }


def as_json(figures: Iterable[Figure], seconds: float, facts: dict[str, Any]) -> dict[str, Any]:
    """Everything, for programs."""
    rows = [asdict(each) for each in figures]
    return {
        "machine": facts,
        "seconds": round(seconds, 1),
        "missed": sum(row["met"] is False for row in rows),
        "figures": rows,
    }


def table(figures: Iterable[Figure]) -> Iterable[str]:
    """Everything, for people."""
    yield f"{'bench':<11}{'figure':<60}{'measured':>24}  {'bar':<14}met"
    for each in figures:
        met = {True: "yes", False: "NO", None: ""}[each.met]
        yield f"{each.bench:<11}{each.figure:<60}{_measured(each):>24}  {each.bar:<14}{met}"
        if each.note:
            yield f"{'':<11}  {each.note}"


def _measured(figure: Figure) -> str:
    if figure.measured is None:
        return "-"
    middle = f"{figure.measured:g} {figure.unit}".strip()
    return middle if figure.low is None else f"{middle} [{figure.low:g}..{figure.high:g}]"
