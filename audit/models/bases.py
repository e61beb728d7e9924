"""What a table inherits to be part of the record.

Every concrete subclass gets its triggers without being listed (``audit.triggers``).
"""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import uuid4

from django.db import models


class StreamField(models.CharField):  # type: ignore[type-arg]
    """The name of an aggregate's stream: its prefix and a random UUID.

    The default depends on the model, which an ordinary default cannot know. In migrations
    it is a plain ``CharField``.
    """

    def get_default(self) -> str:
        """Return a new stream, for example ``application:<uuid4>``."""
        prefix = getattr(self.model, "STREAM_PREFIX", "") or self.model._meta.model_name
        return f"{prefix}:{uuid4()}"

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Name ``CharField`` in migrations, which then need no code of ours."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class AuditedAggregate(models.Model):
    """A row that changes only together with an event of its own stream.

    ``audit.actions.record`` writes the event and moves ``audit_seq`` and ``audit_head`` on in
    memory; ``settle`` writes the row. A trigger refuses every INSERT and UPDATE whose event
    is missing, and every DELETE, whoever makes it and by whatever means.

    After an exception inside a savepoint the object in memory is ahead of its row: call
    ``refresh_from_db()`` (or build it anew, if it was new) before using it again.
    """

    STREAM_PREFIX: ClassVar[str] = ""

    stream = StreamField(max_length=64, unique=True, editable=False)
    audit_seq = models.PositiveIntegerField(default=0, editable=False)
    audit_head = models.BinaryField(max_length=32, default=b"", editable=False)

    class Meta:
        abstract = True


class RecordedFact(models.Model):
    """A row that is written once, with the event that made it true: no UPDATE, no DELETE.

    A correction is a new fact that names what it supersedes.
    """

    event = models.ForeignKey("audit.Event", on_delete=models.PROTECT, related_name="+", editable=False)

    class Meta:
        abstract = True


class RegisteredRow(models.Model):
    """A row of a register: each UPDATE names a later event than the one before; no DELETE."""

    event = models.ForeignKey("audit.Event", on_delete=models.PROTECT, related_name="+", editable=False)

    class Meta:
        abstract = True
