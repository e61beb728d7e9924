"""What the database itself refuses, on SQLite and on PostgreSQL, whoever writes (invariants I1 to I4, I7, I8, I12)."""

from panels.triggers import grants, interests, outcomes, seats, sittings, streams
from panels.triggers.sql import COALITION_POSITION_TAKEN

__all__ = ["COALITION_POSITION_TAKEN", "grants", "interests", "outcomes", "seats", "sittings", "streams"]
