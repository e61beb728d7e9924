"""The one change of a recorded row that the database lets pass: text emptied by an order that names it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models

from audit.models import RecordedFact, RegisteredRow

MARK = "[Erased on "


def is_erased(text: str) -> bool:
    """Whether this is what stands in place of a text that was erased by order."""
    return text.startswith(MARK)


def holding(models_: Iterable[type[models.Model]]) -> list[type[RecordedFact | RegisteredRow]]:
    """Those of these models that hold text which an order can empty, or which none can."""
    return [
        model for model in models_ if issubclass(model, RecordedFact | RegisteredRow) and (model.ERASABLE or model.KEPT)
    ]


def refused_unless_ordered(model: type[models.Model]) -> str:
    """SQL that is true of every UPDATE of this model's table but one that only carries out an order.

    Every other column is as before; each text that changed is now the sentence of the order for the row's event
    and the text's group. Empty where nothing of the model is erasable, so that every UPDATE is refused.
    """
    erasable: dict[str, str] = dict(getattr(model, "ERASABLE", {}))
    if not erasable:
        return ""
    groups = {str(model._meta.get_field(name).column): group for name, group in erasable.items()}  # type: ignore[union-attr]
    others = [str(field.column) for field in model._meta.local_fields if field.column not in groups]
    nothing = " AND ".join(f'NEW."{column}" IS NOT DISTINCT FROM OLD."{column}"' for column in groups)
    changed = [f'NEW."{column}" IS DISTINCT FROM OLD."{column}"' for column in others]
    return " OR ".join([f"({nothing})", *changed, *(_unordered(column, group) for column, group in groups.items())])


def _unordered(column: str, group: str) -> str:
    order = (
        "SELECT 1 FROM audit_erasure WHERE event_id = OLD.event_id"  # noqa: S608 - names come from the models
        f" AND grp = '{group}' AND ground = NEW.\"{column}\""
    )
    return f'(NEW."{column}" IS DISTINCT FROM OLD."{column}" AND (OLD."{column}" = \'\' OR NOT EXISTS ({order})))'
