"""What this app refuses. Each message names the thing and the cure."""

from audit.errors import Refused


class PlanRefused(Refused):
    """A seat plan that would let a panel sit without its Coalition representative, or that is malformed."""


class SeatRefused(Refused):
    """Somebody may not take, hold or leave a seat as asked."""


class NotCompetent(Refused):
    """The panel may not take, or decide, this item now."""


class SittingRefused(Refused):
    """The sitting cannot be listed, convened or closed as asked."""


class ExportRefused(Refused):
    """The list is too long for the form of file asked for."""
