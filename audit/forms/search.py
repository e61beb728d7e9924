"""What events can be searched by. What nobody offers is left out; what cannot be read is said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.db.models import Q
from django.utils import timezone

from audit.house import Choices, House
from audit.leaf import SYSTEM
from audit.models import AuditedAggregate
from audit.queries import LARGEST_INDEX, done_by, event_types
from audit.triggers import own_models

LONGEST = 100
MOST_NAMED = 500
CHOSEN = {"kind": "Kind of record", "type": "What happened", "office": "Office of whoever acted"}
TYPED = {"about": "About", "by": "Done by"}
DAYS = {"from": "From", "to": "To"}
NUMBERS = {"first": "From entry", "last": "To entry"}
LABELS = {**TYPED, **CHOSEN, **DAYS, **NUMBERS}
OF_NO_RECORD = "Register, sign-ins and exports"
_THE_SYSTEM = {"system", "the system"}


@dataclass(frozen=True)
class Asked:
    """What an address asks for; everything that is not asked for is empty.

    streams, actors: what `about` and `by` came to, None when they were not asked.
    """

    chosen: Mapping[str, str]
    typed: Mapping[str, str]
    days: Mapping[str, date | None]
    numbers: Mapping[str, int | None]
    offered: Mapping[str, Choices]
    faults: Mapping[str, str] = field(default_factory=dict)
    streams: Collection[str] | None = None
    actors: Collection[str] | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: LABELS)
    # Days, numbers and choices as they were given, to be shown again when they cannot be read.
    raw: Mapping[str, str] = field(default_factory=dict)

    @property
    def narrowed(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.given)

    @property
    def given(self) -> dict[str, str]:
        """What is asked for, as an address spells it."""
        spelled = {
            **self.typed,
            **self.chosen,
            **{name: day.isoformat() if day else "" for name, day in self.days.items()},
            **{name: "" if number is None else str(number) for name, number in self.numbers.items()},
        }
        return {name: value for name, value in spelled.items() if value}

    @property
    def query(self) -> str:
        """The same as the query of an address, with a closing "&" when there is any."""
        return urlencode(self.given) + "&" if self.narrowed else ""

    @property
    def said(self) -> list[tuple[str, str]]:
        """What is asked for, in words: label and value."""
        words = self.given
        words |= {name: dict(self.offered[name])[value] for name, value in self.chosen.items() if value}
        words |= {name: f"{day.day} {day:%B %Y}" for name, day in self.days.items() if day}
        return [(label, words[name]) for name, label in LABELS.items() if name in words]


def words(event_type: str) -> str:
    """A type of event as people read it: "item.decided" is "Item decided"."""
    return event_type.replace(".", " ").replace("_", " ").capitalize()


def kinds() -> dict[str, str]:
    """The kinds of streams there are: the prefix of each, and what it is called."""
    told = {
        getattr(model, "STREAM_PREFIX", "") or str(model._meta.model_name): str(model._meta.verbose_name).capitalize()
        for model in own_models(AuditedAggregate, "audit_seq")
    }
    return {**dict(sorted(told.items(), key=lambda each: each[1])), SYSTEM: OF_NO_RECORD}


def read(given: Mapping[str, str], house: House) -> Asked:
    """What an address asks for, among what is offered; a fixed number of queries."""
    offered: dict[str, Choices] = {
        "kind": list(kinds().items()),
        "type": [(each, words(each)) for each in event_types()],
        "office": house.offices(),
    }
    typed = {name: given.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in TYPED}
    days, faults = _days(given)
    chosen = {name: _offered(given.get(name, ""), choices, name, faults) for name, choices in offered.items()}
    numbers = _numbers(given, faults)
    streams = _found(typed["about"], house, faults) if typed["about"] else None
    return Asked(
        chosen=chosen,
        typed=typed,
        days=days,
        numbers=numbers,
        offered=offered,
        faults=faults,
        streams=streams,
        actors=_actors(typed["by"], chosen["office"], house, faults),
        raw={name: _shown(given.get(name, "").strip()) for name in (*DAYS, *NUMBERS)},
    )


def condition(asked: Asked) -> Q:
    """What an event must meet to be found; nothing is where what was asked cannot be read."""
    if asked.faults:
        return Q(pk__in=())
    found = Q()
    if asked.streams is not None:
        found &= Q(stream__in=asked.streams)
    if asked.actors is not None:
        found &= done_by(asked.actors)
    if kind := asked.chosen["kind"]:
        found &= Q(stream=SYSTEM) if kind == SYSTEM else Q(stream__startswith=f"{kind}:")
    if event_type := asked.chosen["type"]:
        found &= Q(event_type=event_type)
    return found & _between(asked)


def _between(asked: Asked) -> Q:
    found = Q()
    if first := asked.days["from"]:
        found &= Q(occurred_at__gte=_midnight(first))
    if last := asked.days["to"]:
        found &= Q(occurred_at__lt=_midnight(last + timedelta(days=1)))
    if (lowest := asked.numbers["first"]) is not None:
        found &= Q(log_leaf__leaf_index__gte=lowest)
    if (highest := asked.numbers["last"]) is not None:
        found &= Q(log_leaf__leaf_index__lte=highest)
    return found


def _midnight(day: date) -> datetime:
    """When a day begins in London."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


def _offered(value: str, choices: Choices, name: str, faults: dict[str, str]) -> str:
    if value and value not in dict(choices):
        faults[name] = f"{LABELS[name]}: “{_shown(value)}” is none of those there are. Choose one of the list."
        return ""
    return value


def _found(about: str, house: House, faults: dict[str, str]) -> Collection[str]:
    streams: Collection[str] = {SYSTEM} if about.casefold() in _THE_SYSTEM else house.found(about)
    return _few(streams, "about", about, faults)


def _actors(by: str, office: str, house: House, faults: dict[str, str]) -> Collection[str] | None:
    """Who may have done it; None when nobody in particular was asked for."""
    asked: list[set[str]] = []
    if by:
        people = {SYSTEM} if by.casefold() in _THE_SYSTEM else house.people(by)
        asked.append(set(_few(people, "by", by, faults)))
    if office:
        asked.append(set(house.holders(office)))
    return set.intersection(*asked) if asked else None


def _shown(typed: str) -> str:
    """What was typed, fit to be shown again."""
    return "".join(each for each in typed if each.isprintable())[:LONGEST]


def _few(streams: Collection[str], name: str, typed: str, faults: dict[str, str]) -> Collection[str]:
    if not streams:
        faults[name] = f"{LABELS[name]}: nothing here is called “{typed}”. {WHAT_TO_TYPE[name]}"
    elif len(streams) > MOST_NAMED:
        faults[name] = f"{LABELS[name]}: “{typed}” fits more than {MOST_NAMED}. Give more of the name."
        return ()
    return streams


WHAT_TO_TYPE = {
    "about": "Give the reference of a case or a panel, such as CCG-02Q-2012 or PAN-0042, a part of a panel's title, "
    "the name or code of an organisation, or a part of a person's name.",
    "by": "Give a part of the person's name, or “system”.",
}


def _days(given: Mapping[str, str]) -> tuple[dict[str, date | None], dict[str, str]]:
    days: dict[str, date | None] = {}
    faults: dict[str, str] = {}
    for name, label in DAYS.items():
        typed = given.get(name, "").strip()
        days[name] = _day_of(typed)
        if typed and days[name] is None:
            faults[name] = f"{label}: “{_shown(typed)}” is not a day. Enter one such as 2012-12-05."
    _check_order(
        days, faults, ("from", "to"), "To: this day is before the one in From. Give it the same day or a later."
    )
    return days, faults


def _day_of(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if date(1900, 1, 1) <= day <= date(9000, 1, 1) else None


def _numbers(given: Mapping[str, str], faults: dict[str, str]) -> dict[str, int | None]:
    numbers: dict[str, int | None] = {}
    for name, label in NUMBERS.items():
        typed = given.get(name, "").strip()
        numbers[name] = int(typed) if _is_index(typed) else None
        if typed and numbers[name] is None:
            faults[name] = f"{label}: “{_shown(typed)}” is no entry of the log. Enter a whole number such as 1200."
    _check_order(
        numbers, faults, ("first", "last"), "To entry: this is before the one in From entry. Give the same or a later."
    )
    return numbers


def _is_index(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) <= len(str(LARGEST_INDEX)) and int(typed) <= LARGEST_INDEX


def _check_order(
    values: Mapping[str, date | int | None], faults: dict[str, str], names: Sequence[str], sentence: str
) -> None:
    first, last = (values[name] for name in names)
    if first is not None and last is not None and first > last:  # type: ignore[operator]  # both days or both numbers
        faults[names[1]] = sentence
