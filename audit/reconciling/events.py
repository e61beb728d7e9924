"""Events as a replay reads them, with what they keep in private and what was erased of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from json import loads
from typing import Any

from django.utils import timezone

from audit.leaf import SYSTEM, commitment
from audit.models import Erasure, Event, Private
from audit.reconciling.tables import Near, Text

CHUNK = 500


@dataclass(frozen=True)
class Told:
    """One event as a replay reads it."""

    id: int
    stream: str
    seq: int | None
    type: str
    at: datetime
    actor: str
    ruleset: str
    public: Mapping[str, Any]
    promised: Mapping[str, str]
    private: Mapping[str, Any]
    # The sentences of the orders by which groups were erased.
    erased: Mapping[str, str]

    @property
    def now(self) -> Near:
        """The moment of the event, for the columns that say when."""
        return Near(self.at)

    @property
    def day(self) -> date:
        """The day of the event by the clocks of the place."""
        return timezone.localdate(self.at)

    @property
    def by(self) -> str | None:
        """The stream of whoever acted; None where nobody did."""
        return None if self.actor == SYSTEM else self.actor

    def text(self, group: str, *path: str | int, default: str = "") -> Text | str:
        """What a private group says, found by keys and places; the default where the event has no such group."""
        if group not in self.promised:
            return default
        erased = self.erased.get(group, "")
        if group not in self.private:
            return Text(None, erased)
        found = self.private[group]
        for step in path:
            found = found[step]
        return Text(found, erased)

    def listed(self, group: str, name: str) -> list[Any]:
        """A list a private group holds; empty where there is none, or none any more."""
        found: list[Any] = self.private.get(group, {}).get(name, [])
        return found


def read(events: Sequence[Event]) -> Iterator[tuple[Told, list[str]]]:
    """Events with what they keep in private, and the groups that are not what was committed to."""
    private: dict[int, dict[str, tuple[bytes, bytes]]] = defaultdict(dict)
    erased: dict[int, dict[str, str]] = defaultdict(dict)
    for ids in batches((event.id for event in events), CHUNK):
        for row in Private.objects.filter(event__in=ids).values_list("event_id", "grp", "salt", "body"):
            private[row[0]][row[1]] = (bytes(row[2]), bytes(row[3]))
        for order, group, ground in Erasure.objects.filter(event__in=ids).values_list("event_id", "grp", "ground"):
            erased[order][group] = ground
    for event in events:
        document = document_of(event)
        promised, kept = document.get("private", {}), private[event.id]
        told = Told(
            id=event.id,
            stream=event.stream,
            seq=event.stream_seq,
            type=document.get("type", event.event_type),
            at=event.occurred_at,
            actor=document.get("actor", SYSTEM),
            ruleset=document.get("ruleset", ""),
            public=document.get("public", {}),
            promised=promised,
            private={group: _loaded(body) for group, (_, body) in kept.items()},
            erased=erased[event.id],
        )
        yield told, [group for group, each in kept.items() if commitment(*each) != promised.get(group)]


def document_of(event: Event) -> dict[str, Any]:
    """The leaf as a document; an empty one where somebody made it none."""
    found = _loaded(bytes(event.leaf))
    return found if isinstance(found, dict) else {}


def _loaded(body: bytes) -> Any:
    try:
        return loads(body)
    except (ValueError, RecursionError):
        return {}


def batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Some at a time."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
