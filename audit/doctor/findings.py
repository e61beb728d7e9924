"""What is found: how bad, what, and the cure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Proof of tampering or a log that stands still; something left undone; something to know."""

    ALARM = "alarm"
    WARNING = "warning"
    NOTE = "note"


ORDER = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and its cure, a sentence each; at: the part of the page of the audit that cures it."""

    severity: Severity
    what: str
    cure: str
    at: str = ""


def so_many(number: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many}"
