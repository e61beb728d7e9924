"""Reading the log for people."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from audit.models import Event, Private


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a timeline.

    ``private`` holds the bodies of the groups asked for; a group that the event has and that
    was erased is there as ``None``.
    """

    event: Event
    private: Mapping[str, Any]

    @property
    def public(self) -> dict[str, Any]:
        """What the event says to everyone who may see its stream."""
        return self.event.document["public"]  # type: ignore[no-any-return]


def history(stream: str, *, groups: Collection[str], limit: int = 100, before: int | None = None) -> list[Entry]:
    """Return the newest events of one stream, newest first, in two queries.

    ``groups`` are the private groups the reader may see, which the caller has checked; none
    is a good answer. ``before`` is the number (``stream_seq``) of the last entry already
    shown, for the next page.
    """
    newest = Event.objects.filter(stream=stream, stream_seq__isnull=False).order_by("-stream_seq")
    if before is not None:
        newest = newest.filter(stream_seq__lt=before)
    events = list(newest[:limit])
    bodies = (
        {(row.event_id, row.grp): row.document for row in Private.objects.filter(event__in=events, grp__in=groups)}
        if groups
        else {}
    )
    return [_entry(event, groups, bodies) for event in events]


def _entry(event: Event, groups: Collection[str], bodies: Mapping[tuple[int, str], Any]) -> Entry:
    shown = [group for group in event.document["private"] if group in groups]
    return Entry(event, {group: bodies.get((event.id, group)) for group in shown})
