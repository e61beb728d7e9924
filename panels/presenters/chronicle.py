"""The events of a panel in plain words, newest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from audit.leaf import SYSTEM
from audit.queries import Entry, history
from directory.models import Person
from panels.history import Moment
from panels.models import Panel
from panels.presenters.seating import Outcomes, outcome_text

SHOWN = 100
Names = Mapping[str, str]
# Whose reason is nowhere else on the page.
GIVES_REASON = frozenset({"seat.declined", "seat.stood_down"})


@dataclass(frozen=True)
class Line:
    """One thing that happened."""

    number: int
    at: datetime
    text: str
    by: str
    reason: str


@dataclass(frozen=True)
class Chronicle:
    """Some of what happened, and whether there is more before it."""

    lines: list[Line]
    earlier: int


def chronicle(panel: Panel, until: Moment, outcomes: Outcomes, *, before: int = 0) -> Chronicle:
    """What happened until a moment; three queries. `before`: the number of the last event already shown."""
    upto = min(before, until.number + 1) if before else until.number + 1
    entries = history(panel.stream, groups=("free_text",), limit=SHOWN, before=upto)
    names = _names(entries)
    lines = [_line(panel, each, names, outcomes) for each in entries]
    last = lines[-1].number if lines else 1
    return Chronicle(lines, last if last > 1 else 0)


def _names(entries: list[Entry]) -> Names:
    streams: set[str] = set()
    for each in entries:
        public = each.public
        streams.add(each.event.document["actor"])
        streams.update(row["person"] for row in public.get("seats", ()))
        streams.add(public.get("person", SYSTEM))
    return {person.stream: person.display_name for person in Person.objects.filter(stream__in=streams - {SYSTEM})}


def _line(panel: Panel, entry: Entry, names: Names, outcomes: Outcomes) -> Line:
    event = entry.event
    say = SENTENCES.get(event.event_type)
    text = say(entry.public, names) if say else event.event_type.replace(".", ": ").replace("_", " ").capitalize()
    if event.event_type == "item.decided":
        text += f": {outcome_text(panel.kind, entry.public['outcome'], outcomes).lower()}"
    reason = (entry.private.get("free_text") or {}).get("reason", "") if event.event_type in GIVES_REASON else ""
    return Line(
        number=event.stream_seq or 0,
        at=event.occurred_at,
        text=text,
        by=names.get(event.document["actor"], "The system"),
        reason=reason,
    )


def _person(public: Mapping[str, Any], names: Names) -> str:
    return names.get(public["person"], "A member")


def _seats(public: Mapping[str, Any], names: Names) -> str:
    return ", ".join(f"{names.get(row['person'], 'a person')} (seat {row['number']})" for row in public["seats"])


def _day(public: Mapping[str, Any]) -> str:
    on = date.fromisoformat(public["on"])
    return f"{on.day} {on:%B %Y}"


def _stops(public: Mapping[str, Any]) -> str:
    return ", and the item stopped" if public.get("stops") else ""


def _declared(public: Mapping[str, Any]) -> str:
    number = public["declared"]
    return (
        "nothing to declare" if not number else "1 interest declared" if number == 1 else f"{number} interests declared"
    )


SENTENCES: Mapping[str, Callable[[Mapping[str, Any], Names], str]] = {
    "panel.proposed": lambda p, _: f"Panel proposed: {p['title']}",
    "seats.proposed": lambda p, n: f"Seats offered to {_seats(p, n)}",
    "seat.accepted": lambda p, n: f"{_seats(p, n)} accepted, {_declared(p)}",
    "seat.declined": lambda p, n: f"{_seats(p, n)} declined",
    "seat.stood_down": lambda p, n: f"{_seats(p, n)} stood down",
    "interests.declared": lambda p, n: f"{_seats(p, n)} declared again, {_declared(p)}",
    "sitting.listed": lambda p, _: f"Sitting on {_day(p)} listed with {', '.join(p['cases'])}",
    "sitting.convened": lambda p, _: f"Sitting on {_day(p)} convened",
    "sitting.closed": lambda p, _: f"Sitting on {_day(p)} closed",
    "item.opened": lambda p, _: f"{p['case']} opened",
    "member.recused": lambda p, n: f"{_person(p, n)} left the room for {p['case']}{_stops(p)}",
    "member.arrived": lambda p, n: f"{_person(p, n)} arrived for {p['case']}",
    "member.departed": lambda p, n: f"{_person(p, n)} went before the end of {p['case']}{_stops(p)}",
    "item.decided": lambda p, _: f"{p['case']} decided",
}
