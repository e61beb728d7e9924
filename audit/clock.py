"""The one clock.

All code of this project asks ``now()`` for the time, so that the replay of 2012-13 and the
tests can run on the real calendar of that year.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_moment: ContextVar[datetime | None] = ContextVar("audit_clock_moment", default=None)


def now() -> datetime:
    """Return the present moment as an aware datetime in UTC, or the moment set by ``at``."""
    return _moment.get() or datetime.now(UTC)


def real_now() -> datetime:
    """Return the machine's own time, which ``at`` does not move: when a row was really written."""
    return datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Stop the clock at ``moment`` (aware) inside the block.

    For replay, demonstration and tests only. Other threads and tasks are not affected.
    Raises ``ValueError`` for a naive datetime: it does not say which moment it means.
    """
    if moment.tzinfo is None:
        msg = f"The clock needs an aware datetime; {moment!r} has no time zone."
        raise ValueError(msg)
    token = _moment.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _moment.reset(token)
