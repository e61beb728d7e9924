"""What an event keeps in private of a declaration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from panels.actions.seats import Interest


def declared(interests: Sequence[Interest]) -> dict[str, Any]:
    """As much as its rows say, so that they can be held against the event."""
    return {
        "statements": [each.statement for each in interests],
        "interests": [
            {
                "kind": each.kind,
                "organisation": each.organisation.code if each.organisation else None,
                "starts": each.starts.isoformat() if each.starts else None,
                "ends": each.ends.isoformat() if each.ends else None,
            }
            for each in interests
        ],
    }
