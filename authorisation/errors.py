"""What this app refuses. Each message names the thing and the cure."""

from audit.errors import Refused


class RuleSetRefused(Refused):
    """A rule set or criteria file that cannot be loaded."""


class WaveRefused(Refused):
    """A wave, or a move between waves, that makes no sense."""


class ApplicationRefused(Refused):
    """Something about an application that may not happen now."""


class FindingRefused(Refused):
    """A finding that is incomplete, doubled, or about no known criterion."""


class WindowRefused(Refused):
    """An answer outside its window, or a step before the window has ended."""


class DecisionRefused(Refused):
    """A recommendation, decision or condition that does not follow from a competent panel."""
