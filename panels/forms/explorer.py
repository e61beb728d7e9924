"""What the list of sittings can be narrowed by. What nobody offers is left out; a day that is none is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from django.db.models import Q

from panels.exceptional import BY_KEY, EXCEPTIONS, any_of
from panels.models import Appointment, Item, Panel, PanelKind, Seat

Choices = Sequence[tuple[str, str]]
LONGEST = 100
EXCEPTIONAL, CLEAR = "exceptions", "clear"
RESULTS: Choices = (
    (EXCEPTIONAL, "With exceptions"),
    (CLEAR, "Clear"),
    *((each.key, each.label) for each in EXCEPTIONS),
)
TYPED = {"q": "Panel, place or organisation", "person": "Member's name", "case": "Case or organisation code"}
CHOSEN = {"kind": "Kind", "seat": "Seat", "result": "Result"}
DAYS = {"from": "From", "to": "To"}


@dataclass(frozen=True)
class Grouping:
    """How the layer above groups cases, such as waves: its label, what it offers, and the cases of one group.

    cases: the references of a group's cases, preferably as a lazy query of one column.
    """

    label: str
    choices: Callable[[], Choices]
    cases: Callable[[str], Iterable[str]]


@dataclass(frozen=True)
class Asked:
    """What an address asks for; everything that is not asked for is ""."""

    chosen: Mapping[str, str]
    typed: Mapping[str, str]
    days: Mapping[str, date | None]
    offered: Mapping[str, Choices]
    labels: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def narrowed(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.said)

    @property
    def query(self) -> str:
        """The same as the query of an address, with a closing "&" when there is any."""
        given = {
            **self.chosen,
            **self.typed,
            **{name: day.isoformat() if day else "" for name, day in self.days.items()},
        }
        return urlencode({name: value for name, value in given.items() if value}) + "&" if self.narrowed else ""

    @property
    def said(self) -> list[tuple[str, str]]:
        """What is asked for, in words: label and value."""
        words = {name: dict(self.offered[name])[value] for name, value in self.chosen.items() if value}
        words |= {name: value for name, value in self.typed.items() if value}
        words |= {name: f"{day.day} {day:%B %Y}" for name, day in self.days.items() if day}
        return [(label, words[name]) for name, label in self.labels.items() if name in words]


def read(given: Mapping[str, str], grouping: Grouping) -> Asked:
    """What an address asks for, among what is offered; two queries, for the seats and the groups there are."""
    seats = dict(Seat.objects.order_by("pk").values_list("kind", "title").distinct())
    offered = {
        "kind": PanelKind.choices,
        "group": grouping.choices(),
        "seat": sorted(seats.items(), key=lambda each: each[1]),
        "result": RESULTS,
    }
    days, faults = _days(given)
    return Asked(
        chosen={
            name: given.get(name, "") if given.get(name) in dict(choices) else "" for name, choices in offered.items()
        },
        typed={name: given.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in TYPED},
        days=days,
        offered=offered,
        labels={**TYPED, **DAYS, "group": grouping.label, **CHOSEN},
        faults=faults,
    )


def _days(given: Mapping[str, str]) -> tuple[dict[str, date | None], dict[str, str]]:
    days: dict[str, date | None] = {}
    faults = {}
    for name, label in DAYS.items():
        typed = given.get(name, "").strip()
        days[name] = day_of(typed)
        if typed and days[name] is None:
            faults[name] = f'{label}: "{typed[:LONGEST]}" is not a day. Enter one such as 2012-12-05.'
    first, last = days["from"], days["to"]
    if first and last and first > last:
        faults["to"] = "The last day is before the first: no sitting can fit."
    return days, faults


def day_of(typed: str) -> date | None:
    """The day behind what a browser sends for a date, or None."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def condition(asked: Asked, grouping: Grouping) -> Q:
    """What a sitting must meet to be in the list."""
    found = _on_days(asked) & _result(asked.chosen["result"])
    if kind := asked.chosen["kind"]:
        found &= Q(panel__kind=kind)
    if group := asked.chosen["group"]:
        found &= _with_items(Q(case_ref__in=grouping.cases(group)))
    if case := asked.typed["case"]:
        found &= _with_items(Q(case_ref__iexact=case) | Q(organisation__code__iexact=case))
    if text := asked.typed["q"]:
        found &= _text(text)
    return found & _seated(asked.typed["person"], asked.chosen["seat"])


def _on_days(asked: Asked) -> Q:
    found = Q()
    if first := asked.days["from"]:
        found &= Q(on__gte=first)
    if last := asked.days["to"]:
        found &= Q(on__lte=last)
    return found


def _result(result: str) -> Q:
    if not result:
        return Q()
    if result == CLEAR:
        return ~any_of()
    return any_of() if result == EXCEPTIONAL else BY_KEY[result].sittings


def _with_items(of: Q) -> Q:
    return Q(pk__in=Item.objects.filter(of).values("sitting"))


def _text(text: str) -> Q:
    found = Q(panel__title__icontains=text) | Q(place__icontains=text)
    try:
        found |= Q(panel=Panel.pk_of(text.upper()))
    except ValueError:
        found |= _with_items(Q(case_ref__icontains=text) | Q(organisation__name__icontains=text))
    return found


def _seated(name: str, seat: str) -> Q:
    """Panels on which somebody of that name was ever offered a seat, of that type when one is asked for."""
    if name:
        rows = Appointment.objects.filter(person__full_name__icontains=name)
        return Q(panel__in=(rows.filter(seat__kind=seat) if seat else rows).values("panel"))
    return Q(panel__in=Seat.objects.filter(kind=seat).values("panel")) if seat else Q()
