"""What one transition of ours wrote, read back afterwards: the same rows are then written by the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import models

from audit.models import Event, Private
from authorisation import models as domain
from bench.twins import BARE, MIRRORED
from workflows.engine.tasks import Task

Row = dict[str, Any]


@dataclass
class Recorded:
    """One transition: the node it completed, and every row it left."""

    name: str
    node: str
    case: Row
    events: list[Row]
    private: list[Row]
    new: dict[type[models.Model], list[Row]] = field(default_factory=dict)
    changed: dict[type[models.Model], dict[int, Row]] = field(default_factory=dict)
    finished: list[Row] = field(default_factory=list)
    opened: list[Row] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)
    queries: int = 0
    savepoints: int = 0

    @property
    def rows(self) -> int:
        """How many rows were inserted or changed, the case's own included."""
        inserted = sum(map(len, self.new.values())) + len(self.events) + len(self.private) + len(self.opened)
        return inserted + len(self.links) + sum(map(len, self.changed.values())) + len(self.finished) + 1


class Recorder:
    """Follows one case of ours; `step` tells what is new since the last call."""

    def __init__(self, application: int) -> None:
        self.application = application
        self.seq = 0
        self.seen: dict[tuple[type[models.Model], int], Row] = {}
        self.tasks: dict[int, Row] = {}

    def step(self, name: str, node: str) -> Recorded:
        """Everything since the last step."""
        case = domain.Application.objects.get(pk=self.application)
        events = Event.objects.filter(stream=case.stream, stream_seq__gt=self.seq)
        rows = list(events.order_by("stream_seq").values())
        self.seq = case.audit_seq
        private = Private.objects.filter(event__in=[row["id"] for row in rows])
        recorded = Recorded(
            name, node, _values(domain.Application, case), rows, list(private.values("event_id", "grp", "salt", "body"))
        )
        for model in MIRRORED[1:]:
            self._domain(recorded, model, [row["id"] for row in rows])
        self._tasks(recorded, case.process_id)
        return recorded

    def _domain(self, recorded: Recorded, model: type[models.Model], events: list[int]) -> None:
        for row in model._default_manager.filter(event__in=events).order_by("pk"):
            values, before = _values(model, row), self.seen.get((model, row.pk))
            if before is None:
                recorded.new.setdefault(model, []).append(values)
            else:
                changes = {name: value for name, value in values.items() if before[name] != value}
                recorded.changed.setdefault(model, {})[row.pk] = changes
            self.seen[model, row.pk] = values

    def _tasks(self, recorded: Recorded, process: int) -> None:
        rows = list(Task.objects.filter(process=process).order_by("pk").values())
        for row in rows:
            before = self.tasks.get(row["id"])
            if before is None:
                recorded.opened.append(row)
            elif before != row:
                recorded.finished.append(row)
            self.tasks[row["id"]] = row
        new = [row["id"] for row in recorded.opened]
        links = Task.previous.through.objects.filter(from_task__in=new).order_by("pk")
        recorded.links = list(links.values_list("from_task_id", "to_task_id"))


def _values(model: type[models.Model], row: models.Model) -> Row:
    return {each.attname: getattr(row, each.attname) for each in BARE[model]._meta.concrete_fields}
