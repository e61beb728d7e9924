"""The calendar of 2012-13 as acts: when what happens to whom. Built whole before the first act."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from authorisation.calendar import LONDON

NINE = time(9, 0)


@dataclass(order=True, frozen=True)
class Act:
    """One act at one moment. The name is what the progress bar shows."""

    at: datetime
    number: int
    wave: int = field(compare=False)
    name: str = field(compare=False)
    do: Callable[[], object] = field(compare=False)


def moment(on: date, at: time = NINE) -> datetime:
    """A time of day in London."""
    return datetime.combine(on, at, LONDON).astimezone(UTC)


def day_of(act: Act) -> date:
    """The London day of an act."""
    return act.at.astimezone(LONDON).date()


class Script:
    """Collects acts; `days()` gives them back day by day."""

    def __init__(self) -> None:
        self._acts: list[Act] = []

    def add(self, on: date, at: time, name: str, do: Callable[[], object], *, wave: int = 0) -> None:
        """One more act; wave 0 belongs to none."""
        self._acts.append(Act(moment(on, at), len(self._acts), wave, name, do))

    def without_wave_after(self, wave: int, last: date) -> None:
        """Leave a wave where it stands after a day (the demonstration)."""
        self._acts = [act for act in self._acts if act.wave != wave or day_of(act) <= last]

    def __len__(self) -> int:
        return len(self._acts)

    def upto(self, until: date) -> int:
        """How many acts there are until a day."""
        return sum(day_of(act) <= until for act in self._acts)

    def days(self, until: date) -> Iterator[tuple[date, list[Act]]]:
        """Every day from the first act until the last, with its acts in order; empty days too, for the sweep."""
        by_day: defaultdict[date, list[Act]] = defaultdict(list)
        for act in sorted(self._acts):
            by_day[day_of(act)].append(act)
        day, last = min(by_day, default=until), min(max(by_day, default=until), until)
        while day <= last:
            yield day, by_day.get(day, [])
            day += timedelta(days=1)
