"""What a table inherits to be part of the record.

Every concrete subclass gets its triggers without being listed (``audit.triggers``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from django.db import models

if TYPE_CHECKING:
    from audit.models.event import Event


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


class HoldsText:
    """What a row of the record says of its text columns, which are copies of what its event keeps in private.

    By an order to erase a group of its event, and by nothing else, the columns named here are emptied
    (``audit.erasing``, ``audit.triggers``).
    """

    # Column of text, or of a list of texts, to the private group of the event that it is a copy of.
    ERASABLE: ClassVar[Mapping[str, str]] = {}
    # Text columns that no order empties, to the group that stays with them: what was published.
    KEPT: ClassVar[Mapping[str, str]] = {}
    # Lookups from the row to the events that keep these texts in private; a register row names a later event by now.
    KEPT_WITH: ClassVar[Sequence[str]] = ("event",)
    # Groups of the event that no text here repeats, and that the public task needs as much as it needs the row.
    NEEDED: ClassVar[Collection[str]] = ()
    # Written for a task in the public interest: most grounds do not reach it (UK GDPR, Article 17(3)(b)).
    PUBLIC_TASK: ClassVar[bool] = False
    # Lookups from the row to the stream of the person whose erasure takes these texts along.
    ABOUT: ClassVar[Sequence[str]] = ()


class RecordedFact(HoldsText, models.Model):
    """A row that is written once, with the event that made it true: no UPDATE, no DELETE.

    A correction is a new fact that names what it supersedes.
    """

    event = models.ForeignKey("audit.Event", on_delete=models.PROTECT, related_name="+", editable=False)

    class Meta:
        abstract = True


class RegisteredRow(HoldsText, models.Model):
    """A row of a register: each UPDATE names a later event than the one before; no DELETE."""

    # The type of the events whose private text the row was written with; it may name a later event since.
    WRITTEN_BY: ClassVar[str] = ""

    event = models.ForeignKey("audit.Event", on_delete=models.PROTECT, related_name="+", editable=False)

    class Meta:
        abstract = True

    @classmethod
    def written_with(cls, event: Event) -> models.QuerySet[Any]:
        """The rows written with an event of the type ``WRITTEN_BY``, whatever event they name now."""
        return cls._default_manager.filter(event=event)
