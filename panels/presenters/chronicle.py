"""The events of a panel in plain words, newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from audit.leaf import SYSTEM
from audit.models import Event
from audit.queries import Entry, history
from directory.models import Person
from panels.exceptional import act_words
from panels.history import Moment
from panels.models import InterestKind, Panel, Stance, Verdict
from panels.presenters.panels import EFFECTS
from panels.presenters.seating import Outcomes, outcome_text
from panels.rules import Effect

SHOWN = 100
Names = Mapping[str, str]
# Whose reason is nowhere else on the page.
GIVES_REASON = frozenset({"seat.declined", "seat.stood_down", "panel.closed", "absence.noted"})


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
    streams = {each.event.document["actor"] for each in entries}
    for each in entries:
        streams.update(people_in(each.public))
    return {person.stream: person.display_name for person in Person.objects.filter(stream__in=streams - {SYSTEM})}


def people_in(said: Any) -> Iterator[str]:
    """Everybody an event names, wherever it does."""
    if isinstance(said, str) and said.startswith(f"{Person.STREAM_PREFIX}:"):
        yield said
    elif isinstance(said, Mapping):
        for each in said.values():
            yield from people_in(each)
    elif isinstance(said, list):
        for each in said:
            yield from people_in(each)


def sentence(event: Event, kind: str, names: Names, outcomes: Outcomes) -> str:
    """What an event of a panel of some kind says."""
    public = event.document["public"]
    say = SENTENCES.get(event.event_type)
    text = say(public, names) if say else event.event_type.replace(".", ": ").replace("_", " ").capitalize()
    if event.event_type == "item.decided":
        text += f": {outcome_text(kind, public['outcome'], outcomes).lower()}"
    return text


def _line(panel: Panel, entry: Entry, names: Names, outcomes: Outcomes) -> Line:
    event = entry.event
    reason = (entry.private.get("free_text") or {}).get("reason", "") if event.event_type in GIVES_REASON else ""
    return Line(
        number=event.stream_seq or 0,
        at=event.occurred_at,
        text=sentence(event, panel.kind, names, outcomes),
        by=names.get(event.document["actor"], "The system"),
        reason=reason,
    )


def _person(public: Mapping[str, Any], names: Names) -> str:
    return names.get(public["person"], "A member")


def _seats(public: Mapping[str, Any], names: Names) -> str:
    return ", ".join(f"{names.get(row['person'], 'a person')} ({_place(row)})" for row in public["seats"])


def _place(row: Mapping[str, Any]) -> str:
    return f"seat {row['number']}, alternate {row['rank']}" if row.get("rank") else f"seat {row['number']}"


def _everybody(rows: Iterable[Any], names: Names) -> str:
    found = [names.get(row if isinstance(row, str) else row["person"], "a member") for row in rows]
    return ", ".join(found) or "nobody"


def _date(text: str) -> str:
    on = date.fromisoformat(text)
    return f"{on.day} {on:%B %Y}"


def _day(public: Mapping[str, Any]) -> str:
    return _date(public["on"])


def _away(public: Mapping[str, Any], names: Names) -> str:
    first, last = _date(public["starts"]), _date(public["ends"])
    days = f"on {first}" if first == last else f"from {first} to {last}"
    return f"{_person(public, names)} ({_place(public)}) away {days}"


def _stops(public: Mapping[str, Any]) -> str:
    return ", and the item stopped" if public.get("stops") else ""


def _left(public: Mapping[str, Any]) -> str:
    return "declared an interest and left the room" if public.get("declared") else "left the room"


def _declared(public: Mapping[str, Any]) -> str:
    number = public["declared"]
    return (
        "nothing to declare" if not number else "1 interest declared" if number == 1 else f"{number} interests declared"
    )


def _declined(public: Mapping[str, Any], names: Names) -> str:
    """A refusal of the person's own, or what their declaration bars them from."""
    if rule := public.get("barred_by"):
        return f"{_seats(public, names)} declared an interest that bars from every case ({rule}): the seat is free"
    return f"{_seats(public, names)} declined"


def _ordered(public: Mapping[str, Any]) -> str:
    before, after = public["leavings_before"], public["leavings_after"]
    left = f"{after} {'leaving' if after == 1 else 'leavings'} of the room instead of {before}"
    return f"Agenda of {_day(public)} put in order, {left}: {', '.join(public['cases'])}"


def _examined(public: Mapping[str, Any], names: Names) -> str:
    said = [
        f"{names.get(row['person'], 'a member')} for {row['case']}: {EFFECTS[Effect(row['effect'])]}"
        + (f" ({row['rule']})" if row["rule"] else "")
        for row in public["changed"]
    ]
    number, why = public["tested"], WHY.get(public["why"], public["why"].replace(".", " "))
    tests = "1 test" if number == 1 else f"{number} tests"
    return f"Tested again after {why}: " + ("; ".join(said) or f"{tests}, nothing changed")


def _ruled(public: Mapping[str, Any], names: Names) -> str:
    what = f"the objection on {public['case']}" if public["case"] else f"{public['rule']} for {public['organisation']}"
    verdict = Verdict(public["verdict"]).label.lower()
    return f"Conflicts guardian: {what}, {_person(public, names)}, {verdict}; {EFFECTS[Effect(public['effect'])]}"


def _objected(public: Mapping[str, Any], names: Names) -> str:
    kind = InterestKind(public["kind"]).label.lower()
    return f"Objection to {_person(public, names)} on {public['case']}: {kind}"


def _refused(public: Mapping[str, Any], names: Names) -> str:
    about = [names.get(public["person"], "a person")] if public.get("person") else []
    about += [public[name] for name in ("case", "rule") if public.get(name)]
    return f"Refused: {act_words(public['act']).lower()}" + (f" ({', '.join(about)})" if about else "")


def _positions(public: Mapping[str, Any], names: Names) -> str:
    said = [
        f"{names.get(row['person'], 'a member')}: {Stance(row['stance']).label.lower()}" for row in public["positions"]
    ]
    return f"Positions on {public['case']}: {', '.join(said)}"


# What made members be tested again.
WHY: Mapping[str, str] = {
    "post.appointed": "a post was recorded",
    "post.ended": "a post ended",
    "tie.added": "a tie was recorded",
    "tie.ended": "a tie ended",
    "nomination.ended": "a nomination ended",
    "sweep": "something was learnt or a day came",
}

SENTENCES: Mapping[str, Callable[[Mapping[str, Any], Names], str]] = {
    "panel.proposed": lambda p, _: f"Panel proposed: {p['title']}",
    "seats.proposed": lambda p, n: f"Seats offered to {_seats(p, n)}",
    "seats.invited": lambda p, n: f"Asked by message: {_seats(p, n)}",
    "seat.accepted": lambda p, n: f"{_seats(p, n)} accepted, {_declared(p)}",
    "seat.declined": _declined,
    "seat.stood_down": lambda p, n: f"{_seats(p, n)} stood down",
    "seat.handed_on": lambda p, n: f"The seat passed to its alternate, {_seats(p, n)}",
    "interests.declared": lambda p, n: f"{_seats(p, n)} declared again, {_declared(p)}",
    "absence.noted": lambda p, n: f"{_away(p, n)}: noted",
    "absence.ended": lambda p, n: f"{_away(p, n)}: shortened",
    "absence.withdrawn": lambda p, n: f"{_away(p, n)}: withdrawn before it began",
    "panel.confirmed": lambda p, n: f"Panel confirmed with {_everybody(p['members'], n)}",
    "panel.closed": lambda _p, _n: "Panel closed; its papers are closed to its members",
    "panel.refused": _refused,
    "sitting.listed": lambda p, _: f"Sitting on {_day(p)} listed with {', '.join(p['cases'])}",
    "agenda.ordered": lambda p, _: _ordered(p),
    "sitting.convened": lambda p, n: f"Sitting on {_day(p)} convened with {_everybody(p['members'], n)}",
    "sitting.closed": lambda p, _: f"Sitting on {_day(p)} closed",
    "item.opened": lambda p, _: f"{p['case']} opened",
    "member.recused": lambda p, n: f"{_person(p, n)} {_left(p)} for {p['case']}{_stops(p)}",
    "member.arrived": lambda p, n: f"{_person(p, n)} arrived for {p['case']}",
    "member.departed": lambda p, n: f"{_person(p, n)} went before the end of {p['case']}{_stops(p)}",
    "members.examined": _examined,
    "objection.raised": _objected,
    "conflict.ruled": _ruled,
    "positions.entered": _positions,
    "item.decided": lambda p, _: f"{p['case']} decided",
    "minutes.noted": lambda p, _: f"A note added to the minutes of {_day(p)}",
    "minutes.signed": lambda p, _: f"Minutes of {_day(p)} signed",
}
