"""The tables of the log, and the bases every audited table inherits."""

from audit.models.bases import AuditedAggregate, RecordedFact, RegisteredRow, StreamField
from audit.models.event import Erasure, Event, Private
from audit.models.log import Attestation, Checkpoint, Leaf, Pending, Tile

__all__ = [
    "Attestation",
    "AuditedAggregate",
    "Checkpoint",
    "Erasure",
    "Event",
    "Leaf",
    "Pending",
    "Private",
    "RecordedFact",
    "RegisteredRow",
    "StreamField",
    "Tile",
]
