"""Reading the log for people."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.db.models import Q, QuerySet

from audit.models import Event, Pending, Private
from audit.models.event import ACTOR_LENGTH, actor_of


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


LARGEST_INDEX = 2**53 - 1
PER_PAGE = 50
_TYPES = """
WITH RECURSIVE found(event_type) AS (
    SELECT min(event_type) FROM audit_event
    UNION ALL
    SELECT (SELECT min(event_type) FROM audit_event WHERE event_type > found.event_type)
    FROM found WHERE found.event_type IS NOT NULL
)
SELECT event_type FROM found WHERE event_type IS NOT NULL
"""


def event_types() -> list[str]:
    """Every type of event there is; as many steps on an index as there are types, however many events."""
    with connection.cursor() as cursor:
        cursor.execute(_TYPES)
        return [event_type for (event_type,) in cursor.fetchall()]


def done_by(actors: Collection[str]) -> Q:
    """The events of some actors, by the index on the leaf. Ask it of `events()`."""
    whole = [actor.encode() for actor in actors if len(actor) == ACTOR_LENGTH]
    found = Q(actor__in=whole)
    for actor in actors:
        if len(actor) != ACTOR_LENGTH:  # a shorter name ends at its quotation mark, and "#" comes next to that
            found |= Q(actor__gte=f'{actor}"'.encode(), actor__lt=f"{actor}#".encode())
    return found


def events(condition: Q) -> QuerySet[Event]:
    """The events that meet a condition, each with its place in the log when it has one."""
    return Event.objects.alias(actor=actor_of()).filter(condition).select_related("log_leaf")


@dataclass(frozen=True)
class Page:
    """Some events, newest first. older, newer: the key to go on from, None at the end."""

    events: Sequence[Event]
    older: int | None
    newer: int | None


def page_of(found: QuerySet[Event], *, before: int = 0, after: int = 0) -> Page:
    """One page by key, so that the thousandth costs what the first does; at most two queries."""
    if after:
        rows = list(found.filter(pk__gt=after).order_by("pk")[: PER_PAGE + 1])
        if len(rows) > PER_PAGE:
            shown = rows[PER_PAGE - 1 :: -1]
            return Page(shown, shown[-1].pk, shown[0].pk)
    rows = list((found.filter(pk__lt=before) if before else found).order_by("-pk")[: PER_PAGE + 1])
    shown = rows[:PER_PAGE]
    return Page(
        shown,
        shown[-1].pk if len(rows) > PER_PAGE else None,
        shown[0].pk if before and shown else None,
    )


def by_hash(leaf_hash: bytes) -> Event | None:
    """The event with this hash; of two that are alike, which a log may hold, the first.

    Where the place in the log was given another hash, the event's own still finds it, by reading them all.
    """
    events = Event.objects.select_related("log_leaf")
    logged = events.filter(log_leaf__leaf_hash=leaf_hash).order_by("pk").first()
    waiting = Pending.objects.order_by("pk").values("event")
    return (
        logged
        or events.filter(pk__in=waiting, leaf_hash=leaf_hash).order_by("pk").first()
        or events.filter(leaf_hash=leaf_hash).order_by("pk").first()
    )


def newest_id() -> int:
    """The key of the newest event; 0 when there is none."""
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def index_of(event: Event) -> int | None:
    """Its place in the log, from 0; None while it waits."""
    try:
        return event.log_leaf.leaf_index
    except ObjectDoesNotExist:
        return None
