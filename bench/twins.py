"""The domain's tables once more, without events and triggers: for bare Viewflow and for bare SQL.

A twin has the columns, keys, indexes and constraints of the table it stands for, less what the record needs (the event,
the stream, its number and hash). Rows keep the keys they have with us, so that one recording serves both.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

from django.db import connection, models

from audit.models import AuditedAggregate, RecordedFact, RegisteredRow
from authorisation import models as domain

# In the order in which their keys refer to each other.
MIRRORED: tuple[type[models.Model], ...] = (
    domain.Application,
    domain.Submission,
    domain.Finding,
    domain.Report,
    domain.Window,
    domain.WindowAnswer,
    domain.Recommendation,
    domain.ProposedCondition,
    domain.SignOff,
    domain.Decision,
    domain.Condition,
    domain.Letter,
    domain.Publication,
    domain.ApplicationReview,
    domain.ConditionChange,
    domain.Direction,
    domain.RectificationPlan,
)
_OF_THE_RECORD = {
    field.name for base in (AuditedAggregate, RecordedFact, RegisteredRow) for field in base._meta.get_fields()
}

Twins = dict[type[models.Model], type[models.Model]]


def _twin(prefix: str, model: type[models.Model], known: Twins) -> type[models.Model]:
    attributes: dict[str, Any] = {"__module__": __name__}
    for field in model._meta.local_fields:
        if field.name not in _OF_THE_RECORD:
            attributes[field.name] = _field(field, known)
    options = {"app_label": "bench", "db_table": f"bench_{prefix}_{model._meta.model_name}", "managed": False}
    options["constraints"] = [_renamed(each, prefix) for each in model._meta.constraints]
    options["indexes"] = [_renamed(each, prefix) for each in model._meta.indexes]
    attributes["Meta"] = type("Meta", (), options)
    return type(f"{prefix.capitalize()}{model.__name__}", (models.Model,), attributes)


def _field(field: models.Field[Any, Any], known: Twins) -> models.Field[Any, Any]:
    _, _, args, kwargs = field.deconstruct()
    if isinstance(field, models.ForeignKey):
        target = field.remote_field.model
        kwargs.update(to=known.get(target, target), on_delete=models.PROTECT, related_name="+")
    return type(field)(*args, **kwargs)


def _renamed(part: Any, prefix: str) -> Any:
    """The same constraint or index under a name of its own, short enough for an index."""
    copy = part.clone()
    copy.name = f"{prefix[0]}_{copy.name[:18]}_{crc32(copy.name.encode()):08x}"
    return copy


def _twins(prefix: str) -> Twins:
    known: Twins = {}
    for model in MIRRORED:
        known[model] = _twin(prefix, model, known)
    return known


BARE = _twins("bare")
FLOOR = _twins("floor")
_EVENT = "stream, stream_seq, event_type, occurred_at, recorded_at, leaf, leaf_hash"
FLOOR_EVENTS = (
    f"CREATE TABLE bench_floor_event AS SELECT {_EVENT} FROM audit_event WHERE 1 = 0",
    "CREATE UNIQUE INDEX bench_floor_event_place ON bench_floor_event (stream, stream_seq)",
    "CREATE TABLE bench_floor_private AS SELECT event_id, grp, salt, body FROM audit_private WHERE 1 = 0",
    "CREATE UNIQUE INDEX bench_floor_private_key ON bench_floor_private (event_id, grp)",
)


def create_tables() -> None:
    """Make the twins' tables in the database of this run."""
    with connection.schema_editor() as editor:
        for twin in (*BARE.values(), *FLOOR.values()):
            editor.create_model(twin)
    with connection.cursor() as cursor:
        for statement in FLOOR_EVENTS:
            cursor.execute(statement)
