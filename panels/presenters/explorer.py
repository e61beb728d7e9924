"""Sittings as the list for auditors and its exports show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, Count, IntegerField, Model, Q, QuerySet, Value, When

from directory.queries import today
from panels.exceptional import any_of, sat_without, sentences
from panels.models import (
    LIVE,
    Appointment,
    AppointmentState,
    Attendance,
    Item,
    Objection,
    Refusal,
    Ruling,
    Sitting,
)
from panels.rules import COALITION_SEAT
from panels.states import SittingState

COLOURS = {SittingState.LISTED: "grey", SittingState.IN_SESSION: "blue", SittingState.OVER: "green"}


@dataclass(frozen=True)
class Counts:
    """How many sittings there are, and of them how many are exceptions."""

    sittings: int
    exceptional: int
    without: int


@dataclass(frozen=True)
class Row:
    """One sitting."""

    ref: str
    title: str
    kind: str
    on: date
    place: str
    convened_at: datetime | None
    closed_at: datetime | None
    state: str
    state_colour: str
    coalition: Sequence[str]
    cases: Sequence[str]
    exceptions: Sequence[str]
    past: bool
    round: str
    confirmed_at: datetime | None
    alternates: Sequence[str]
    refusals: int
    objections: int
    rulings: int

    @property
    def result(self) -> str:
        """In a word or two, whether there is anything to look at."""
        number = len(self.exceptions)
        return "Clear" if not number else "1 exception" if number == 1 else f"{number} exceptions"


def counts(found: QuerySet[Sitting]) -> Counts:
    """Over all the sittings found; one query."""
    told = found.aggregate(
        sittings=Count("pk"),
        exceptional=Count("pk", filter=any_of()),
        without=Count("pk", filter=Q(pk__in=sat_without().values("of"))),
    )
    return Counts(**told)


def in_order(found: QuerySet[Sitting]) -> QuerySet[Sitting]:
    """The exceptions first, and the latest day first among equals."""
    rank = Case(When(any_of(), then=Value(0)), default=Value(1), output_field=IntegerField())
    return found.annotate(rank=rank).order_by("rank", "-on", "-pk")


def rows(sittings: Sequence[Sitting]) -> list[Row]:
    """Rows of sittings loaded with their panels; the same number of queries for any number."""
    keys = [each.pk for each in sittings]
    said, cases = sentences(keys), _cases(keys)
    voices, alternates, contested = _voices(sittings), _alternates(sittings), _contested(sittings)
    return [
        Row(
            ref=each.panel.ref,
            title=each.panel.title,
            kind=each.panel.get_kind_display(),
            on=each.on,
            place=each.place,
            convened_at=each.convened_at,
            closed_at=each.closed_at,
            state=each.state.label,
            state_colour=COLOURS[each.state],
            coalition=voices[each.pk],
            cases=cases[each.pk],
            exceptions=said.get(each.pk, ()),
            past=each.on < today(),
            round=each.round,
            confirmed_at=each.panel.confirmed_at,
            alternates=alternates[each.panel_id],
            refusals=contested[Refusal].get(each.panel_id, 0),
            objections=contested[Objection].get(each.panel_id, 0),
            rulings=contested[Ruling].get(each.panel_id, 0),
        )
        for each in sittings
    ]


def _cases(sittings: Collection[int]) -> Mapping[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    listed = Item.objects.filter(sitting__in=sittings).order_by("sitting", "number")
    for sitting, ref in listed.values_list("sitting_id", "case_ref"):
        found[sitting].append(ref)
    return found


def _alternates(sittings: Sequence[Sitting]) -> Mapping[int, list[str]]:
    """Who stands by on each panel, for which seat, in the order of seats and ranks."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    rows = Appointment.objects.filter(panel__in={each.panel_id for each in sittings}, state__in=LIVE, rank__gt=0)
    for row in rows.select_related("person", "seat").order_by("panel", "seat__number", "rank"):
        found[row.panel_id].append(f"{row.person.display_name}, {row.place}")
    return found


def _contested(sittings: Sequence[Sitting]) -> Mapping[type[Model], Mapping[int, int]]:
    """How much was refused, objected to and ruled on each panel."""
    panels = {each.panel_id for each in sittings}
    return {
        model: dict(
            model._default_manager.filter(panel__in=panels).order_by().values_list("panel").annotate(Count("pk"))
        )
        for model in (Refusal, Objection, Ruling)
    }


def _voices(sittings: Sequence[Sitting]) -> Mapping[int, list[str]]:
    """Who held the Coalition seat: whoever was in the room for a case, and before the day whoever has accepted."""
    rows_of: defaultdict[int, list[Appointment]] = defaultdict(list)
    held = Appointment.objects.filter(panel__in={each.panel_id for each in sittings}, seat__kind=COALITION_SEAT)
    for row in held.select_related("person", "appointed_by").order_by("panel", "seat__number", "pk"):
        rows_of[row.panel_id].append(row)
    here = set(
        Attendance.objects.filter(item__sitting__in=[each.pk for each in sittings], present=True)
        .filter(appointment__seat__kind=COALITION_SEAT)
        .values_list("item__sitting_id", "appointment_id")
        .distinct()
    )
    return {
        each.pk: [
            f"{row.person.display_name}, {row.appointed_by.name}"
            for row in rows_of[each.panel_id]
            if (each.pk, row.pk) in here
            or (row.state == AppointmentState.ACCEPTED and not row.rank and not each.closed_at)
        ]
        for each in sittings
    }
