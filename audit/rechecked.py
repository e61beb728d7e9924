"""What the last check of the whole log found; while that was a fault, nothing is signed.

It stands in the log itself, so every process that could sign reads the same, also after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit.errors import LogBroken
from audit.models import Event
from audit.queries import index_of

RECHECKED = "log.rechecked"


@dataclass(frozen=True)
class Recheck:
    """What the last one found: so many entries from the first, of which so many were signed for.

    fault: the sentence of the first fault; wrong: the entry it is about, where it is about one. Records of earlier
    versions hold neither, nor how many entries were signed for.
    """

    size: int
    sound: bool
    at: datetime
    entry: str
    index: int | None
    fault: str
    signed: int | None
    wrong: int | None


def last_recheck() -> Recheck | None:
    """What the last one found."""
    event = Event.objects.filter(event_type=RECHECKED).select_related("log_leaf").order_by("-pk").first()
    if event is None:
        return None
    told = event.document["public"]
    entry = bytes(event.leaf_hash).hex()
    return Recheck(
        size=told["size"],
        sound=told["sound"],
        at=event.recorded_at,
        entry=entry,
        index=index_of(event),
        fault=told.get("fault", ""),
        signed=told.get("signed"),
        wrong=told.get("wrong"),
    )


def check_sound() -> None:
    """Raises LogBroken, naming the entry, where the last check of the whole log found one that is not as it was."""
    last = last_recheck()
    if last is not None and not last.sound:
        found = last.fault or f"one of its {last.size:,} entries is not as it was signed."
        raise LogBroken(
            f"The check of the whole log of {last.at:%Y-%m-%d %H:%M} UTC found: {found} Once the log is whole "
            "again, manage.py audit_checkpoint --recheck reads it and signs; until then nothing is signed."
        )
