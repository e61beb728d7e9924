"""What waits for one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from audit import clock
from panels.models import Appointment, Sitting
from panels.permissions import administers, nominates_for
from workflows.engine.driver import title_of
from workflows.engine.nodes import Deadline
from workflows.queries import cases_of, deadlines_of, offers_to, sittings_of, sittings_to_come, waits_for_panel, work_of

if TYPE_CHECKING:
    from authorisation.models import Application
    from directory.models import Person
    from workflows.engine.tasks import Task

SOON = timedelta(days=7)
MOST, NEXT = 250, 10


@dataclass(frozen=True)
class Work:
    """One open step of one case."""

    title: str
    ref: str
    name: str
    wave: int
    step: str
    item: str
    due: datetime | None


@dataclass(frozen=True)
class Desk:
    """A person's work by urgency, without a date by step, what a panel must do first, and their panels."""

    soon: Sequence[Work]
    later: Sequence[Work]
    undated: Mapping[str, Sequence[Work]]
    total: int
    waiting: Mapping[str, Sequence[Work]]
    waiting_total: int
    offers: Sequence[Appointment]
    sittings: Sequence[Sitting]
    administers: bool
    nominates: bool

    @property
    def shown(self) -> int:
        """How many steps are listed."""
        return len(self.soon) + len(self.later) + sum(map(len, self.undated.values()))

    @property
    def waiting_shown(self) -> int:
        """How many steps that wait for a panel are listed."""
        return sum(map(len, self.waiting.values()))


def desk_of(person: Person) -> Desk:
    """Everything that waits for a person; the same number of queries however much it is.

    Steps with a deadline all come; of the others the first, oldest first.
    """
    mine, keeps = work_of(person), administers(person)
    blocked, ready = mine.filter(waits_for_panel()), mine.exclude(waits_for_panel())
    limited = [node for node in _limited() if node]
    tasks = [*ready.filter(flow_task__in=limited)[:MOST], *ready.exclude(flow_task__in=limited)[:MOST]]
    held = list(blocked[:MOST])
    found, deadlines = cases_of([*tasks, *held]), deadlines_of(tasks)
    works, idle = _works(tasks, found, deadlines), _works(held, found, {})
    dated = sorted((each for each in works if each.due), key=lambda each: (each.due, each.ref))
    limit = clock.now() + SOON
    return Desk(
        soon=[each for each in dated if each.due and each.due <= limit],
        later=[each for each in dated if each.due and each.due > limit],
        undated=_by_step([each for each in works if not each.due]),
        total=ready.count(),
        waiting=_by_step(idle),
        waiting_total=blocked.count(),
        offers=offers_to(person),
        sittings=sittings_to_come(NEXT) if keeps else sittings_of(person),
        administers=keeps,
        nominates=bool(nominates_for(person)),
    )


def _by_step(works: Sequence[Work]) -> Mapping[str, Sequence[Work]]:
    """Work by what there is to do, in the order of the first case waiting for it."""
    grouped: dict[str, list[Work]] = {}
    for each in works:
        grouped.setdefault(each.title, []).append(each)
    return grouped


def _limited() -> list[object]:
    """The steps that have a deadline."""
    from workflows.flows import CURRENT

    return [node._attached_to for node in CURRENT.instance.nodes() if isinstance(node, Deadline)]


def _works(tasks: Sequence[Task], found: Mapping[int, Application], deadlines: Mapping[int, datetime]) -> list[Work]:
    return [_work(task, found, deadlines) for task in tasks if task.process_id in found]


def _work(task: Task, found: Mapping[int, Application], deadlines: Mapping[int, datetime]) -> Work:
    case = found[task.process_id]
    limited = bool(task.flow_task._boundary_events)
    return Work(
        title=title_of(task.flow_task),
        ref=case.ref,
        name=case.ccg.name,
        wave=case.wave.number,
        step=task.flow_task.name,
        item=str(task.data.get("item", "")),
        due=deadlines.get(task.process_id) if limited else None,
    )
