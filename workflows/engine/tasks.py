"""Viewflow's rows as this house uses them: proxies without tables of their own."""

import copy
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, Self

from django.db import connection
from viewflow.workflow.models import Process as ViewflowProcess
from viewflow.workflow.models import Task as ViewflowTask
from viewflow.workflow.status import STATUS

from audit import clock

OPEN = (STATUS.NEW, STATUS.ASSIGNED)
ACTIVE = (*OPEN, STATUS.STARTED, STATUS.SCHEDULED)
UNFINISHED = (*ACTIVE, STATUS.ERROR)
MOMENTS = ("assigned", "started", "finished")


def link(before: "Task", *tasks: "Task") -> None:
    """Record that new tasks follow one; the many-to-many manager takes ten times as long for the same rows."""
    pairs = [key for task in tasks for key in (task.pk, before.pk)]
    with connection.cursor() as cursor:
        cursor.execute(f"{_LINK} {', '.join(['(%s, %s)'] * len(tasks))}", pairs)


class Process(ViewflowProcess):
    """Where one case stands. Without an order: upstream's `-created` makes every list walk the whole index."""

    class Meta:
        proxy = True
        app_label = "workflows"
        ordering: Sequence[str] = []
        # What Flow adds to its process class when it is declared; said here so that migrations do not depend on it.
        default_permissions = ("manage",)


class Task(ViewflowTask):
    """A task row that writes only the columns that changed, stamped by the audit clock.

    Viewflow stamps rows with the machine's time in a dozen places; a replay of 2012 must not show tasks finished today.
    """

    class Meta:
        proxy = True
        app_label = "workflows"
        ordering: Sequence[str] = []
        default_permissions = ()

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> Self:
        """Remember what the row holds."""
        task: Self = super().from_db(db, field_names, values)
        task._remember()
        return task

    @classmethod
    def insert_many(cls, tasks: "Sequence[Task]") -> None:
        """Insert new rows in one statement, each as `save` would."""
        for task in tasks:
            task.created, task.flow_task_type = clock.now(), task.flow_task.task_type
            task._stamp({})
        cls._default_manager.bulk_create(tasks)
        for task in tasks:
            task._remember()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row, or update the columns that differ from what was loaded."""
        if self._state.adding:
            self.created = clock.now()
            self._stamp({})
        elif "update_fields" not in kwargs:
            loaded = self.__dict__.get("_loaded", {})
            self._stamp(loaded)
            held = self.__dict__
            kwargs["update_fields"] = [
                name for name in self._columns() if name in held and loaded.get(name) != held[name]
            ]
        super().save(*args, **kwargs)
        self._remember()

    def _stamp(self, loaded: dict[str, Any]) -> None:
        for name in MOMENTS:
            if getattr(self, name) is not None and getattr(self, name) != loaded.get(name):
                setattr(self, name, clock.now())

    def _remember(self) -> None:
        loaded = self.__dict__.copy()
        loaded.pop("_loaded", None)
        if "data" in loaded:
            loaded["data"] = copy.deepcopy(loaded["data"])  # changed in place by its users
        self._loaded = loaded

    @classmethod
    @cache
    def _columns(cls) -> list[str]:
        return [field.attname for field in cls._meta.concrete_fields if not field.primary_key]


_LINK = f"INSERT INTO {Task.previous.through._meta.db_table} (from_task_id, to_task_id) VALUES"
