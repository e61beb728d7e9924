"""The tables of the log, and the bases every audited table inherits."""

from audit.models.bases import AuditedAggregate, RecordedFact, RegisteredRow, StreamField
from audit.models.event import Erasure, Event, Private
from audit.models.log import Attestation, AttestationKind, Checkpoint, Leaf, Pending, Tile
from audit.models.noted import Noted

__all__ = [
    "Attestation",
    "AttestationKind",
    "AuditedAggregate",
    "Checkpoint",
    "Erasure",
    "Event",
    "Leaf",
    "Noted",
    "Pending",
    "Private",
    "RecordedFact",
    "RegisteredRow",
    "StreamField",
    "Tile",
]
