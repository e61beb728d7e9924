"""Events and what was said in confidence."""

import json
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import F, Func

# Keys of a leaf are in order, so each begins {"actor":"person:<uuid>": where the actor's stream is, and how long.
ACTOR_AT, ACTOR_LENGTH = 11, 43


def actor_of() -> Func:
    """The actor's stream as the leaf has it: what the index of actors is over, on both databases."""
    return Func(
        F("leaf"),
        template=f"substr(%(expressions)s, {ACTOR_AT}, {ACTOR_LENGTH})",
        output_field=models.BinaryField(),
    )


class Event(models.Model):
    """One thing that happened. ``leaf`` is the evidence; the other columns only find it.

    Written by ``audit.actions`` alone; never changed, never deleted.
    """

    id = models.BigAutoField(primary_key=True)
    stream = models.CharField(max_length=64)
    stream_seq = models.IntegerField(null=True)
    event_type = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    leaf = models.BinaryField()
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["stream", "stream_seq"], name="audit_event_once_in_its_stream"),)
        # For whoever searches a million of them, the newest first.
        indexes = (
            models.Index(fields=["event_type", "id"], name="audit_event_by_type"),
            models.Index(fields=["occurred_at"], name="audit_event_by_moment"),
            models.Index(actor_of(), "id", name="audit_event_by_actor"),
        )

    def __str__(self) -> str:
        place = self.stream if self.stream_seq is None else f"{self.stream} {self.stream_seq}"
        return f"{place}: {self.event_type}"

    @cached_property
    def document(self) -> dict[str, Any]:
        """The leaf as a document: what was recorded, without the private bodies."""
        return json.loads(bytes(self.leaf))  # type: ignore[no-any-return]


class Private(models.Model):
    """Personal data or free text of an event; the leaf holds only a salted commitment to it.

    The only rows of the log that can be erased, and only after an ``Erasure`` names them.
    """

    pk = models.CompositePrimaryKey("event_id", "grp")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="private_rows")
    grp = models.CharField(max_length=16)
    salt = models.BinaryField(max_length=32)
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.grp} of event {self.event_id}"

    @property
    def document(self) -> Any:
        """The body as it was given."""
        return json.loads(bytes(self.body))


class Erasure(models.Model):
    """The order to erase one private row: by which event, on what ground, when."""

    pk = models.CompositePrimaryKey("event_id", "grp")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="erasures")
    grp = models.CharField(max_length=16)
    erasure_event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.grp} of event {self.event_id} erased: {self.ground}"
