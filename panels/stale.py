"""Whom to test again: members tested before something was learnt that could bear on their case.

A post or a declaration of the member, a post of anybody at the organisation under review, a tie of it, or the member's
nomination: recorded after the last test, or of a day that has come since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from directory.models import Post, Tie, TieKind
from directory.queries import today
from panels.models import LIVE, Declaration, DisinterestCheck, ItemState, Panel

# Appointment and item.
Pair = tuple[int, int]


@dataclass(frozen=True)
class News:
    """Something learnt: the event that says so, and the days from which it is otherwise."""

    event: int
    days: tuple[date | None, ...] = ()

    def since(self, event: int, on: date) -> bool:
        """Whether it was learnt after an event, or its day has come after the day of it."""
        return self.event > event or any(day is not None and on < day <= today() for day in self.days)


@dataclass(frozen=True)
class _Tested:
    panel: int
    appointment: int
    person: int
    item: int
    organisation: int
    nomination: int | None
    event: int
    on: date


@dataclass(frozen=True)
class _Learnt:
    """What was learnt, by whom it touches."""

    people: defaultdict[int, list[News]] = field(default_factory=lambda: defaultdict(list))
    organisations: defaultdict[int, list[News]] = field(default_factory=lambda: defaultdict(list))
    declared: defaultdict[tuple[int, int], list[News]] = field(default_factory=lambda: defaultdict(list))

    def touching(self, row: _Tested) -> Iterable[News]:
        yield from self.people[row.person]
        yield from self.organisations[row.organisation]
        yield from self.declared[row.panel, row.person]
        if row.nomination:
            yield News(row.nomination)


def stale(panels: Collection[int] | None = None) -> dict[int, set[Pair]]:
    """The tests that are older than what is known, by panel: of these panels, or of all. Five queries at most."""
    rows = _tested(panels)
    if not rows:
        return {}
    learnt = _learnt(rows)
    found: defaultdict[int, set[Pair]] = defaultdict(set)
    for row in rows:
        if any(news.since(row.event, row.on) for news in learnt.touching(row)):
            found[row.panel].add((row.appointment, row.item))
    return dict(found)


def _tested(panels: Collection[int] | None) -> list[_Tested]:
    rows = DisinterestCheck.objects.filter(appointment__state__in=LIVE, item__sitting__closed_at__isnull=True)
    rows = rows.exclude(item__state=ItemState.CLOSED).order_by()
    if panels is not None:
        rows = rows.filter(appointment__panel__in=panels)
    columns = (
        "appointment__panel",
        "appointment",
        "appointment__person",
        "item",
        "item__organisation",
        "appointment__nomination__event",
    )
    latest = rows.values_list(*columns).annotate(last=Max("event"), at=Max("checked_at"))
    return [
        _Tested(panel, appointment, person, item, organisation, nomination, event, timezone.localdate(at))
        for panel, appointment, person, item, organisation, nomination, event, at in latest
    ]


def _learnt(rows: Collection[_Tested]) -> _Learnt:
    floor, since = min(row.event for row in rows), min(row.on for row in rows)
    found = _Learnt()
    held = {row.person for row in rows}
    judged = {row.organisation for row in rows}
    posts = _new(Post.objects.filter(Q(person__in=held) | Q(organisation__in=judged)), floor, since)
    for person, organisation, *news in posts.values_list("person", "organisation", "event", "starts", "ends"):
        found.people[person].append(_news(news))
        found.organisations[organisation].append(_news(news))
    _ties(found, floor, since)
    declared = Declaration.objects.filter(event__gt=floor, panel__in={row.panel for row in rows})
    for panel, person, event in declared.values_list("panel", "person", "event"):
        found.declared[panel, person].append(News(event))
    return found


def _ties(found: _Learnt, floor: int, since: date) -> None:
    """A tie touches both its ends; one to a main provider also everybody else who shares it."""
    shared: defaultdict[int, list[News]] = defaultdict(list)
    ties = _new(Tie.objects.all(), floor, since).values_list("kind", "one", "other", "event", "starts", "ends")
    for kind, one, other, *columns in ties:
        news = _news(columns)
        found.organisations[one].append(news)
        found.organisations[other].append(news)
        if kind == TieKind.MAIN_PROVIDER:
            shared[one].append(news)
    mates = Tie.objects.filter(kind=TieKind.MAIN_PROVIDER, one__in=list(shared)) if shared else Tie.objects.none()
    for one, other in mates.values_list("one", "other"):
        found.organisations[other] += shared[one]


def _new(rows: QuerySet[Any], floor: int, since: date) -> QuerySet[Any]:
    """Recorded after an event, or otherwise since a day."""
    now = today()
    come = Q(starts__gt=since, starts__lte=now) | Q(ends__gt=since, ends__lte=now)
    return rows.filter(Q(event__gt=floor) | come)


def _news(columns: Collection[Any]) -> News:
    event, starts, ends = columns
    return News(event, (starts, ends))


def touched(*, people: Collection[int] = (), organisations: Collection[int] = ()) -> QuerySet[Panel]:
    """The panels with cases to come that a post of these people, or a tie of these organisations, could bear on."""
    ties = Tie.objects.filter(kind=TieKind.MAIN_PROVIDER, one__in=organisations)
    near = Q(items__organisation__in=organisations) | Q(items__organisation__in=ties.values("other"))
    to_come = Q(items__sitting__closed_at__isnull=True) & ~Q(items__state=ItemState.CLOSED)
    sits = Q(appointments__person__in=people, appointments__state__in=LIVE)
    with_cases = Panel.objects.filter(to_come & (sits | near))
    return Panel.objects.filter(pk__in=with_cases.values("pk"))
