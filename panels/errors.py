"""What this app refuses. Each message names the thing and the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.errors import Refused

if TYPE_CHECKING:
    from directory.models import Person
    from panels.models import Seat


class PanelsRefused(Refused):
    """A refusal that knows whom it is about: which person, for which seat, on which case, by which test."""

    def __init__(
        self, message: str, *, person: Person | None = None, seat: Seat | None = None, case: str = "", rule: str = ""
    ) -> None:
        super().__init__(message)
        self.person, self.seat, self.case, self.rule = person, seat, case, rule


class PlanRefused(Refused):
    """A seat plan that would let a panel sit without its Coalition representative, or that is malformed."""


class SeatRefused(PanelsRefused):
    """Somebody may not take, hold or leave a seat as asked."""


class NotCompetent(PanelsRefused):
    """The panel may not take, or decide, this item now."""


class SittingRefused(PanelsRefused):
    """The sitting cannot be listed, convened or closed as asked."""


class ExportRefused(Refused):
    """The list is too long for the form of file asked for."""


class RulingRefused(PanelsRefused):
    """The conflicts guardian may not rule so."""
