"""The same eight columns for everybody; what each design adds to them is its own affair."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from audit.models import AuditedAggregate


class Business(models.Model):
    """What an application keeps of one thing."""

    ref = models.CharField(max_length=20)
    title = models.CharField(max_length=80)
    stage = models.CharField(max_length=20)
    amount = models.IntegerField(default=0)
    note = models.CharField(max_length=200)
    due = models.DateTimeField()
    closed = models.BooleanField(default=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.ref


class Plain(Business):
    """No record at all."""


class Kept(Business):
    """With an event row written by the ORM, beside it."""


class KeptEvent(models.Model):
    """The plainest record there is: a row that says what changed."""

    kept = models.ForeignKey(Kept, on_delete=models.PROTECT)
    event_type = models.CharField(max_length=64)
    at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    body = models.JSONField()

    def __str__(self) -> str:
        return self.event_type


class Ours(Business, AuditedAggregate):
    """With our event, its place in the chain, the trigger that asks for it, and its place in the log's queue."""

    STREAM_PREFIX = "rival"


RIVALS: dict[str, type[models.Model]] = {}

if "auditlog" in settings.INSTALLED_APPS:
    from auditlog.registry import auditlog

    class Logged(Business):
        """Watched by django-auditlog."""

    auditlog.register(Logged)
    RIVALS["django-auditlog"] = Logged

if "simple_history" in settings.INSTALLED_APPS:
    from simple_history.models import HistoricalRecords

    class Historied(Business):
        """Watched by django-simple-history."""

        history: Any = HistoricalRecords()

    RIVALS["django-simple-history"] = Historied

if "pghistory" in settings.INSTALLED_APPS:
    import pghistory

    @pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent())
    class Tracked(Business):
        """Watched by django-pghistory's triggers."""

    RIVALS["django-pghistory"] = Tracked
