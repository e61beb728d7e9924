"""Streams, a few at a time: their events, what these kept in private, and their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.models import Exists, Model, OuterRef, QuerySet

from audit.leaf import SYSTEM, hash_of
from audit.models import AuditedAggregate, Event
from audit.reconciling.events import CHUNK, batches, document_of, read
from audit.reconciling.replay import Replay
from audit.reconciling.tables import Difference, Row
from audit.triggers import own_models

# Streams held in memory at once; a panel of a whole wave has entries of many kilobytes.
STREAMS = 20


@dataclass
class Account:
    """How much was compared."""

    streams: int = 0
    events: int = 0
    rows: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def all_rows(self) -> int:
        """The rows of all tables."""
        return sum(self.rows.values())


def reconcile(
    kinds: Sequence[type[Replay]], *, untold: Iterable[type[Model]] = (), only: str = "", account: Account
) -> Iterator[Difference]:
    """Everything in which the tables differ from what the events say; of one stream, or of all.

    kinds: the replays of every application; untold: tables of which the events say nothing, whose rows name an event
    all the same; account: is filled on the way.
    """
    contexts = {kind: kind.prepare() for kind in kinds}
    run = _Run(kinds, contexts, account)
    if only in {"", SYSTEM}:
        yield from run.system()
    for model in own_models(AuditedAggregate, "audit_seq"):
        prefix = str(getattr(model, "STREAM_PREFIX", "") or model._meta.model_name)
        if any(prefix == kind.PREFIX for kind in kinds):
            yield from run.aggregates(model, prefix, only)
    if not only:
        yield from run.unseen()
        for model in untold:
            yield from run.named(model)


@dataclass
class _Run:
    kinds: Sequence[type[Replay]]
    contexts: dict[type[Replay], Any]
    account: Account
    seen: dict[Any, int] = field(default_factory=lambda: defaultdict(int))

    def system(self) -> Iterator[Difference]:
        """What belongs to no aggregate: organisations, ties, rules, waves."""
        for kind in [each for each in self.kinds if each.PREFIX == SYSTEM]:
            standing = {name: [row for _, row in table.rows()] for name, table in kind.TABLES.items()}
            self._count(kind, standing)
            replay = kind(SYSTEM, standing, self.contexts[kind])
            events = Event.objects.filter(stream=SYSTEM, event_type__in=list(kind.HANDLERS)).order_by("id")
            for some in batches(events.iterator(CHUNK), CHUNK):
                yield from self._taken(some, [replay])
            yield from _guarded(SYSTEM, "the stream", replay.finish)
            yield from replay.differences()

    def aggregates(self, model: type[Model], prefix: str, only: str) -> Iterator[Difference]:
        """Every aggregate of a kind, and streams of the kind that have none."""
        kinds = [kind for kind in self.kinds if prefix == kind.PREFIX]
        found = model._base_manager.order_by("pk").values_list("stream", "audit_seq", "audit_head")
        if only:
            found = found.filter(stream=only)
        for some in batches(found.iterator(CHUNK), STREAMS):
            heads = {stream: (seq, bytes(head)) for stream, seq, head in some}
            yield from self._some(model, kinds, heads)
        if not only:
            yield from _homeless(model, prefix)

    def unseen(self) -> Iterator[Difference]:
        """Rows that no aggregate leads to."""
        for table in dict.fromkeys(table for kind in self.kinds for table in kind.TABLES.values()):
            count = table.model._base_manager.filter(**table.only).count()
            if count > self.seen[table]:
                lost = f"{count - self.seen[table]} rows lead to none"
                yield Difference("no stream", table.name, "", "", "every row belongs to an aggregate", lost)

    def named(self, model: type[Model]) -> Iterator[Difference]:
        """Every row of a table names an event that is there."""
        rows = model._base_manager.order_by("pk")
        self.account.rows[model._meta.label] += rows.count()
        lost = rows.exclude(Exists(Event.objects.filter(pk=OuterRef("event"))))
        for pk in lost.values_list("pk", flat=True).iterator(CHUNK):
            yield Difference("no stream", model._meta.label, f"{pk}", "", "every row names its event", "there is none")

    def _some(
        self, model: type[Model], kinds: Sequence[type[Replay]], heads: dict[str, tuple[int, bytes]]
    ) -> Iterator[Difference]:
        replays: dict[str, list[Replay]] = {stream: [] for stream in heads}
        for kind in kinds:
            standing: dict[str, dict[str, list[Row]]] = {stream: defaultdict(list) for stream in heads}
            for name, table in kind.TABLES.items():
                for stream, row in table.rows(heads.keys()):
                    standing[stream][name].append(row)
            for stream in heads:
                self._count(kind, standing[stream])
                replays[stream].append(kind(stream, standing[stream], self.contexts[kind]))
        events: dict[str, list[Event]] = defaultdict(list)
        for event in Event.objects.filter(stream__in=list(heads)).order_by("stream", "stream_seq"):
            events[event.stream].append(event)
        for stream, head in heads.items():
            self.account.streams += 1
            yield from _chain(model, stream, events[stream], head)
            yield from self._taken(events[stream], replays[stream])
            for replay in replays[stream]:
                yield from _guarded(stream, "the stream", replay.finish)
                yield from replay.differences()

    def _taken(self, events: Sequence[Event], replays: Sequence[Replay]) -> Iterator[Difference]:
        """Give events to replays in order; what they kept in private is the one they committed to."""
        self.account.events += len(events)
        known = {kind for replay in replays for kind in (*replay.HANDLERS, *replay.SILENT)}
        for told, forged in read(events):
            for group in forged:
                kept = f"event {told.id} ({told.type}) committed to a private {group}"
                yield Difference(told.stream, "events", "", "", kept, "another body stands there")
            if told.type not in known:
                unknown = f"event {told.id} is of the type {told.type}"
                yield Difference(told.stream, "events", "", "", unknown, "nothing tells what that writes")
            for replay in replays:
                yield from _guarded(told.stream, f"event {told.id} ({told.type})", partial(replay.take, told))

    def _count(self, kind: type[Replay], standing: dict[str, list[Row]]) -> None:
        for name, rows in standing.items():
            table = kind.TABLES[name]
            self.seen[table] += len(rows)
            # Two replays may look at one table, each at columns of its own.
            self.account.rows[table.name] = self.seen[table]


def _guarded(stream: str, what: str, act: Callable[[], None]) -> Iterator[Difference]:
    """Do it; an event or a row so altered that nothing can be made of it is told, and the others go on."""
    try:
        act()
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        fault = f"it, or a row it rests on, cannot be understood ({type(error).__name__})"
        yield Difference(stream, "events", "", "", f"{what} can be replayed", fault)


def _chain(model: type[Model], stream: str, events: Sequence[Event], head: tuple[int, bytes]) -> Iterator[Difference]:
    """The events follow one another, and the aggregate stands at the last."""
    label, expected, prev = model._meta.label, 1, b""
    for event in events:
        if event.stream_seq != expected:
            told = f"event {expected} of the stream comes next"
            yield Difference(stream, "events", "", "", told, f"event {event.id} is number {event.stream_seq}")
        elif document_of(event).get("prev") != (prev.hex() or None):
            told = f"event {event.id} follows the event before it"
            yield Difference(stream, "events", "", "", told, "one of the two is another than was recorded")
        expected, prev = (event.stream_seq or 0) + 1, hash_of(bytes(event.leaf))
    if head != (expected - 1, prev):
        what = f"the last event is number {expected - 1}"
        yield Difference(stream, label, "", "", what, f"the row stands at {head[0]}, or under another hash")


def _homeless(model: type[Model], prefix: str) -> Iterator[Difference]:
    own = model._base_manager.filter(stream=OuterRef("stream"))
    lost: QuerySet[Event, str] = (
        Event.objects.filter(~Exists(own), stream__startswith=f"{prefix}:").values_list("stream", flat=True).distinct()
    )
    for stream in lost.iterator(CHUNK):
        yield Difference(stream, model._meta.label, "", "", "the stream has events", "there is no row")
