"""Taking a list away is itself recorded: who, what, narrowed how, how many rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from audit import reading
from panels.permissions import check_audits

if TYPE_CHECKING:
    from audit.models import Event
    from panels.permissions import Actor


def note_export(
    *, what: str, form: str, rows: int, chosen: Mapping[str, str], typed: Mapping[str, str], by: Actor
) -> Event:
    """Record an export of panels before its first row leaves; see `audit.reading.note_export`."""
    check_audits(by)
    return reading.note_export(what=what, form=form, rows=rows, chosen=chosen, typed=typed, by=by)
