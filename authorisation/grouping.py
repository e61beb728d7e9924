"""How the cases before panels fall into waves, for pages of the layer below that know no waves."""

from __future__ import annotations

from collections.abc import Iterable

from authorisation.models import Application, Wave
from panels.forms.explorer import Choices, Grouping


def _waves() -> Choices:
    rows = Wave.objects.order_by("cycle", "number").values_list("pk", "cycle", "number")
    return [(str(pk), f"Wave {number} of {cycle}") for pk, cycle, number in rows]


def _cases(wave: str) -> Iterable[str]:
    return Application.objects.filter(wave=int(wave)).values_list("ref", flat=True)  # lazy: it becomes a subquery


WAVES = Grouping("Wave", _waves, _cases)
