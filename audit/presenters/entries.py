"""Events of the log as lists and pages show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import Any

from audit import altered
from audit.forms.search import OF_NO_RECORD, words
from audit.house import House, Named
from audit.leaf import SYSTEM
from audit.models import Event
from audit.queries import index_of

THE_SYSTEM = Named("The system")
NO_RECORD_OF_ITS_OWN = Named(OF_NO_RECORD)
Names = Mapping[str, Named]


@dataclass(frozen=True)
class Row:
    """One event of a list."""

    hash: str
    index: int | None
    at: datetime
    recorded_at: datetime
    type: str
    what: str
    stream: str
    of: Named
    seq: int | None
    actor: str
    by: Named
    role: str
    ruleset: str
    reason_code: str
    public: str
    faults: Sequence[str]


def names(events: Iterable[Event], house: House) -> Names:
    """What the streams and actors of some events are called."""
    streams = {each for event in events for each in (event.stream, altered.said(event)["actor"])}
    return house.named(streams - {SYSTEM})


def rows(events: Sequence[Event], house: House) -> list[Row]:
    """The rows of a list; the same number of queries for any number."""
    known = names(events, house)
    return [_row(event, known) for event in events]


def _row(event: Event, known: Names) -> Row:
    said = altered.said(event)
    return Row(
        hash=bytes(event.leaf_hash).hex(),
        index=index_of(event),
        at=event.occurred_at,
        recorded_at=event.recorded_at,
        type=event.event_type,
        what=words(event.event_type),
        stream=event.stream,
        of=NO_RECORD_OF_ITS_OWN if event.stream == SYSTEM else of(event.stream, known),
        seq=event.stream_seq,
        actor=said["actor"],
        by=of(said["actor"], known),
        role=said["role"],
        ruleset=said["ruleset"],
        reason_code=said["reason_code"],
        public=dumps(said["public"], ensure_ascii=False),
        faults=altered.differences(event),
    )


def of(stream: str, known: Names) -> Named:
    """What a stream is called; itself when nobody knows."""
    return THE_SYSTEM if stream == SYSTEM else known.get(stream) or Named(stream)


@dataclass(frozen=True)
class Fact:
    """One value of a document, with the way to it and, where it names a stream, what that is called."""

    path: str
    text: str
    named: Named | None = None


def facts(document: Any, known: Names) -> list[Fact]:
    """A document as a list of terms and values, in its order."""
    return [Fact(path, text, known.get(text)) for path, text in _flat(document, "")]


def mentioned(document: Any, prefixes: Collection[str]) -> set[str]:
    """Every stream a document names."""
    return {text for _, text in _flat(document, "") if text.partition(":")[0] in prefixes and ":" in text}


def _flat(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _flat(each, f"{path}: {_term(key)}" if path else _term(key).capitalize())
    elif isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
        for number, each in enumerate(value, start=1):
            yield from _flat(each, f"{path} {number}")
    elif isinstance(value, list):
        yield path, ", ".join(_said(each) for each in value) or "none"
    else:
        yield path, _said(value)


def _term(key: str) -> str:
    return key.replace("_", " ")


def _said(value: Any) -> str:
    if value is None or value in ("", {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
