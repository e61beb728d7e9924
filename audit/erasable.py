"""The one change of a recorded row that the database lets pass: text emptied by an order that names it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models

from audit.models import RecordedFact, RegisteredRow

MARK = "[Erased on "


def is_erased(text: object) -> bool:
    """Whether this is what stands in place of a text, or of a list of texts, that was erased by order."""
    if isinstance(text, list):
        return len(text) == 1 and is_erased(text[0])
    return isinstance(text, str) and text.startswith(MARK)


def is_list(model: type[models.Model], column: str) -> bool:
    """Whether a column holds a list of texts: its last and only one says that they were erased."""
    return isinstance(model._meta.get_field(column), models.JSONField)


def holding(models_: Iterable[type[models.Model]]) -> list[type[RecordedFact | RegisteredRow]]:
    """Those of these models that hold text which an order can empty, or which none can."""
    return [
        model
        for model in models_
        if issubclass(model, RecordedFact | RegisteredRow) and (model.ERASABLE or model.KEPT or model.NEEDED)
    ]


def refused_unless_ordered(model: type[models.Model]) -> str:
    """SQL that is true of every UPDATE of this model's table but one that only carries out an order.

    Every other column is as before; each text that changed is now the sentence of the order for the row's event
    and the text's group. Empty where nothing of the model is erasable, so that every UPDATE is refused.
    """
    erasable: dict[str, str] = dict(getattr(model, "ERASABLE", {}))
    if not erasable:
        return ""
    texts = [model._meta.get_field(name) for name in erasable]
    others = [str(field.column) for field in model._meta.local_fields if field not in texts]
    nothing = " AND ".join(f'NEW."{field.column}" IS NOT DISTINCT FROM OLD."{field.column}"' for field in texts)  # type: ignore[union-attr]
    changed = [f'NEW."{column}" IS DISTINCT FROM OLD."{column}"' for column in others]
    unordered = (_unordered(model, name, group) for name, group in erasable.items())
    return " OR ".join([f"({nothing})", *changed, *unordered])


def _unordered(model: type[models.Model], name: str, group: str) -> str:
    """A list is compared as the text its database makes of it, in which both write a list of one alike."""
    column = f'"{model._meta.get_field(name).column}"'  # type: ignore[union-attr]
    new, old, empty, said = f"NEW.{column}", f"OLD.{column}", "''", "ground"
    if is_list(model, name):
        new, old, empty, said = f"CAST({new} AS text)", f"CAST({old} AS text)", "'[]'", "'[\"' || ground || '\"]'"
    order = (
        "SELECT 1 FROM audit_erasure WHERE event_id = OLD.event_id"  # noqa: S608 - names come from the models
        f" AND grp = '{group}' AND {said} = {new}"
    )
    return f"({new} IS DISTINCT FROM {old} AND ({old} = {empty} OR NOT EXISTS ({order})))"
