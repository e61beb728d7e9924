"""What must hold of erasures: what was ordered is in the log, is gone, and stays gone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from audit.erasable import holding, is_list
from audit.erasing import PERFORMED
from audit.leaf import PRIVATE_GROUPS
from audit.models import Erasure, Event, Private, RecordedFact
from audit.triggers import own_models

_CHUNK = 2000


def faults() -> Iterator[str]:
    """A sentence for each order that is not in the log, and for each text that stands though it was erased."""
    yield from _there_again()
    yield from _unwritten()
    yield from _uncarried()
    yield from _copies_left()


def _there_again() -> Iterator[str]:
    ordered = Exists(Erasure.objects.filter(event_id=OuterRef("event_id"), grp=OuterRef("grp")))
    for event, group in Private.objects.filter(ordered).values_list("event_id", "grp").iterator(_CHUNK):
        yield f"Event {event}: its private {group} was erased by order and is there again."


def _unwritten() -> Iterator[str]:
    """Orders whose entry does not name them."""
    rows = Erasure.objects.select_related("event", "erasure_event").order_by("erasure_event_id", "event_id")
    for order, erased in groupby(rows.iterator(_CHUNK), key=lambda row: row.erasure_event):
        said = order.document["public"]
        named, groups = set(said.get("events", ())), said.get("groups", ())
        for row in erased:
            if bytes(row.event.leaf_hash).hex() not in named or row.grp not in groups:
                yield f"Event {row.event_id}: the order to erase its {row.grp} is not in entry {order.id} it names."


def _uncarried() -> Iterator[str]:
    """Entries that order what no row carries out."""
    for order in Event.objects.filter(event_type=PERFORMED).order_by("id").iterator(_CHUNK):
        said = order.document["public"]
        hashes = [bytes.fromhex(each) for each in said.get("events", ())]
        for group in said.get("groups", ()):
            done = Erasure.objects.filter(event__leaf_hash__in=hashes, grp=group).count()
            if done != len(hashes):
                yield f"Event {order.id} orders {len(hashes)} erasures of {group}, and {done} stand."


def _copies_left() -> Iterator[str]:
    """Recorded text whose event's group was erased, and that does not say so.

    Register rows, and texts that no private group keeps, are emptied one by one.
    """
    for model in holding(own_models(RecordedFact, "event")):
        for column, group in model.ERASABLE.items():
            if group not in PRIVATE_GROUPS:
                continue
            order = Erasure.objects.filter(event_id=OuterRef("event_id"), grp=group)
            other = Exists(order) & ~_says(order, model, column)
            left = model._base_manager.filter(other).values_list("pk", "event_id")
            for pk, event in left.iterator(_CHUNK):
                yield f"{model._meta.label} {pk}: its {column} stands though {group} of event {event} was erased."


def _says(order: QuerySet[Any], model: type[Model], column: str) -> Q:
    """Whether a column says what the order says, or never said anything."""
    if not is_list(model, column):
        return Q(Exists(order.filter(ground=OuterRef(column)))) | Q(**{column: ""})
    alone = Concat(Value('["'), "ground", Value('"]'), output_field=TextField())
    said = order.alias(alone=alone).filter(alone=Cast(OuterRef(column), TextField()))
    return Q(Exists(said)) | Q(**{column: []})
