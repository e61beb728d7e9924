"""Taking a list away is itself recorded: who, what, narrowed how, how many rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction

from audit.actions import record_system
from panels.permissions import check_audits

if TYPE_CHECKING:
    from audit.models import Event
    from panels.permissions import Actor


@transaction.atomic
def note_export(
    *, what: str, form: str, rows: int, chosen: Mapping[str, str], typed: Mapping[str, str], by: Actor
) -> Event:
    """Record an export before its first row leaves. `typed` may name a person, so it is kept apart from the log."""
    check_audits(by)
    return record_system(
        "export.made",
        by=by,
        public={"what": what, "form": form, "rows": rows, "filter": dict(chosen)},
        private={"free_text": {"filter": dict(typed)}} if typed else None,
    )
