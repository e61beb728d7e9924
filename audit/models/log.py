"""The Merkle log of all events, and the heads of it that were signed and witnessed."""

from hashlib import sha256
from typing import Any

from django.db import models

from audit.models.event import Event


class Pending(models.Model):
    """An event that the log has not taken yet. Filled by a trigger alone, emptied by the sequencer.

    So the database need not look the event up for every write: the trigger has it in hand, and none is ever deleted.
    """

    event = models.OneToOneField(
        Event, on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )

    class Meta:
        verbose_name_plural = "pending events"

    def __str__(self) -> str:
        return f"event {self.event_id}"


class Leaf(models.Model):
    """The place of an event in the log. Indices are dense from 0: a gap is a deletion."""

    leaf_index = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="log_leaf")
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name_plural = "leaves"
        constraints = (
            models.CheckConstraint(condition=models.Q(leaf_index__gte=0), name="audit_leaf_index_not_negative"),
        )
        # An entry's permanent address is its hash. Kept here, not on the event: whoever acts does not pay for it.
        indexes = (models.Index(fields=["leaf_hash"], name="audit_leaf_by_hash"),)

    def __str__(self) -> str:
        return f"leaf {self.leaf_index}: event {self.event_id}"


class Tile(models.Model):
    """The root of one full subtree of 256**level leaves, kept so that proofs stay short."""

    pk = models.CompositePrimaryKey("level", "idx")
    level = models.SmallIntegerField()
    idx = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(level__gte=1, idx__gte=0), name="audit_tile_above_the_leaves"),
        )

    def __str__(self) -> str:
        return f"tile {self.level}/{self.idx}"


class Checkpoint(models.Model):
    """A signed head of the log (a C2SP note)."""

    tree_size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    key_id = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"checkpoint at {self.tree_size}"


class AttestationKind(models.TextChoices):
    """How somebody outside holds a checkpoint."""

    COSIGNATURE = "cosignature", "cosigned by a witness"
    TSA = "tsa", "stamped by a time-stamp authority"
    PUBLISHED = "published", "published"
    LETTER = "letter", "printed on a letter"


class Attestation(models.Model):
    """Proof that a checkpoint left the operator's reach. Only ``audit.attesting`` says whether it is one."""

    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, db_column="tree_size", related_name="attestations"
    )
    kind = models.CharField(max_length=16, choices=AttestationKind)
    who = models.CharField(max_length=200)
    blob = models.BinaryField()
    at = models.DateTimeField()
    # Of the blob: a witness may have changed its key, and a row that proves nothing must not stand in the way of one
    # that does.
    digest = models.CharField(max_length=64, default="", editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["checkpoint", "kind", "who", "digest"], name="audit_attestation_once"),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.checkpoint_id} by {self.who}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write it with the digest of what it holds."""
        self.digest = sha256(bytes(self.blob)).hexdigest()
        super().save(*args, **kwargs)
