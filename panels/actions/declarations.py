"""Keeping what somebody declares, on the event of the act by which they declare it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audit import clock
from panels.models import Declaration

if TYPE_CHECKING:
    from audit.models import Event
    from directory.models import Person
    from panels.actions.seats import Interest
    from panels.models import Panel


def keep_declaration(event: Event, panel: Panel, person: Person, interests: Sequence[Interest]) -> list[Declaration]:
    """One row for each interest; no interests is a nil return, kept as one."""
    at = clock.now()
    lines = [
        Declaration(
            nil=False,
            kind=each.kind,
            organisation=each.organisation,
            statement=each.statement,
            starts=each.starts,
            ends=each.ends,
        )
        for each in interests
    ] or [Declaration(nil=True)]
    for line in lines:
        line.event, line.panel, line.person, line.made_at = event, panel, person, at
    return Declaration.objects.bulk_create(lines)
