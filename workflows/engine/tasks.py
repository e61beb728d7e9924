"""Viewflow's rows as this house uses them: proxies without tables of their own."""

import copy
from collections.abc import Collection, Sequence
from typing import Any, Self

from django.db.models import Field
from viewflow.workflow.models import Process as ViewflowProcess
from viewflow.workflow.models import Task as ViewflowTask
from viewflow.workflow.status import STATUS

from audit import clock

OPEN = (STATUS.NEW, STATUS.ASSIGNED)
ACTIVE = (*OPEN, STATUS.STARTED, STATUS.SCHEDULED)
UNFINISHED = (*ACTIVE, STATUS.ERROR)
MOMENTS = ("assigned", "started", "finished")


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

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row, or update the columns that differ from what was loaded."""
        if self._state.adding:
            self.created = clock.now()
            self._stamp({})
        elif "update_fields" not in kwargs:
            loaded = self.__dict__.get("_loaded", {})
            self._stamp(loaded)
            kwargs["update_fields"] = [
                field.attname for field in self._written() if loaded.get(field.attname) != getattr(self, field.attname)
            ]
        super().save(*args, **kwargs)
        self._remember()

    def _stamp(self, loaded: dict[str, Any]) -> None:
        for name in MOMENTS:
            if getattr(self, name) is not None and getattr(self, name) != loaded.get(name):
                setattr(self, name, clock.now())

    def _remember(self) -> None:
        loaded = {field.attname: getattr(self, field.attname) for field in self._written()}
        loaded["data"] = copy.deepcopy(loaded.get("data"))  # changed in place by its users
        self._loaded = loaded

    def _written(self) -> list["Field[Any, Any]"]:
        deferred = self.get_deferred_fields()
        return [f for f in self._meta.concrete_fields if f.attname not in deferred and not f.primary_key]
