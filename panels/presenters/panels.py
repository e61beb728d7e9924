"""The list of panels, and one panel with its seats and what stands in its way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from panels.models import (
    LIVE,
    Appointment,
    AppointmentState,
    Declaration,
    DisinterestCheck,
    ItemState,
    Panel,
    Seat,
    Sitting,
)
from panels.policies import convening_faults
from panels.presenters.seating import ItemView
from panels.queries import plan_of
from panels.rules import COALITION_SEAT, Effect


@dataclass(frozen=True)
class Row:
    """One panel in the list."""

    ref: str
    title: str
    kind: str
    filled: int
    seats: int
    coalition: Sequence[str]
    coalition_offered: Sequence[str]
    days: Sequence[date]


def rows(panels: Iterable[Panel]) -> list[Row]:
    """Rows of panels; three queries for any number."""
    panels = list(panels)
    keys = [panel.pk for panel in panels]
    seats: defaultdict[int, int] = defaultdict(int)
    for panel in Seat.objects.filter(panel__in=keys).values_list("panel", flat=True):
        seats[panel] += 1
    held: defaultdict[int, list[Appointment]] = defaultdict(list)
    offered: defaultdict[int, list[str]] = defaultdict(list)
    live = Appointment.objects.filter(panel__in=keys, state__in=LIVE)
    for each in live.select_related("seat", "person", "appointed_by").order_by("seat__number"):
        if each.state == AppointmentState.ACCEPTED:
            held[each.panel_id].append(each)
        elif each.seat.kind == COALITION_SEAT:
            offered[each.panel_id].append(each.person.display_name)
    days: defaultdict[int, list[date]] = defaultdict(list)
    for panel, on in Sitting.objects.filter(panel__in=keys).values_list("panel", "on").order_by("on"):
        days[panel].append(on)
    return [
        Row(
            panel.ref,
            panel.title,
            panel.get_kind_display(),
            len(held[panel.pk]),
            seats[panel.pk],
            [
                f"{each.person.display_name}, {each.appointed_by.name}"
                for each in held[panel.pk]
                if each.seat.kind == COALITION_SEAT
            ],
            offered[panel.pk],
            days[panel.pk],
        )
        for panel in panels
    ]


@dataclass(frozen=True)
class Check:
    """What the disinterest tests said of one member on one case, last of all."""

    case_ref: str
    effect: str
    sentence: str
    at: datetime


EFFECTS = {
    Effect.BARRED: "barred",
    Effect.DISCUSS_NO_VOTE: "without a vote",
    Effect.DECLARE_ONLY: "with an interest declared",
    Effect.CLEAR: "clear of every test",
}


@dataclass(frozen=True)
class SeatView:
    """One seat: who holds it or was offered it."""

    number: int
    title: str
    required: bool
    coalition: bool
    name: str
    appointment: int
    person: int
    appointed_by: str
    state: str
    state_colour: str
    answered_at: datetime | None
    declared: str
    checks: Sequence[Check]

    @property
    def tested(self) -> str:
        """In a few words, what the tests said over all the cases."""
        effects = [check.effect for check in self.checks]
        counted = [(effects.count(effect), words) for effect, words in EFFECTS.items() if effect in effects]
        if len(counted) == 1 and (len(effects) == 1 or effects[0] == Effect.CLEAR):
            return counted[0][1]
        return ", ".join(f"{number} {words}" for number, words in counted)


@dataclass(frozen=True)
class SittingView:
    """One day of the panel with its agenda."""

    pk: int
    on: date
    place: str
    convened_at: datetime | None
    closed_at: datetime | None
    items: Sequence[ItemView]

    @property
    def state(self) -> tuple[str, str]:
        """A tag and its colour."""
        if self.closed_at:
            return "Over", "green"
        return ("In session", "blue") if self.convened_at else ("Listed", "grey")


@dataclass(frozen=True)
class PanelView:
    """A panel as its page shows it."""

    ref: str
    title: str
    kind: str
    ruleset: str
    quorum: int
    seats: Sequence[SeatView]
    sittings: Sequence[SittingView]
    faults: Sequence[str]
    readable: Collection[str]

    @property
    def alive(self) -> bool:
        """Whether a day is still to come, or none has been listed."""
        return not self.sittings or any(each.closed_at is None for each in self.sittings)


STATE_COLOURS = {"proposed": "yellow", "accepted": "green", "declined": "grey", "stood_down": "grey"}


def panel(row: Panel, sittings: Sequence[Sitting], before: Sequence[ItemView], readable: Collection[str]) -> PanelView:
    """A panel, its sittings, its items as `seating.items` made them; checks only of the cases that may be read."""
    held = {
        each.seat_id: each
        for each in row.appointments.filter(state__in=LIVE).select_related("seat", "person", "appointed_by")
    }
    checks, declared = _checks(row, readable), _declared(row)
    agenda: defaultdict[date, list[ItemView]] = defaultdict(list)
    for item in before:
        agenda[item.on].append(item)
    return PanelView(
        ref=row.ref,
        title=row.title,
        kind=row.get_kind_display(),
        ruleset=row.ruleset,
        quorum=plan_of(row).quorum_to_sit,
        seats=[_seat(seat, held.get(seat.pk), checks, declared) for seat in row.seats.order_by("number")],
        sittings=[
            SittingView(each.pk, each.on, each.place, each.convened_at, each.closed_at, agenda[each.on])
            for each in sittings
        ],
        faults=convening_faults(plan_of(row), held.values()),
        readable=readable,
    )


def _checks(row: Panel, readable: Collection[str]) -> Mapping[int, Sequence[Check]]:
    latest: dict[tuple[int, str], Check] = {}
    found = DisinterestCheck.objects.filter(appointment__panel=row, item__case_ref__in=readable)
    for each in found.select_related("item").order_by("pk"):
        ref = each.item.case_ref if each.item else ""
        latest[each.appointment_id, ref] = Check(ref, each.effect, each.sentence, each.checked_at)
    grouped: defaultdict[int, list[Check]] = defaultdict(list)
    for (appointment, _), check in sorted(latest.items()):
        grouped[appointment].append(check)
    return grouped


def _declared(row: Panel) -> Mapping[int, str]:
    """In words, what each person's newest declaration amounts to; never what it says."""
    lines: dict[int, tuple[datetime, int]] = {}
    for each in Declaration.objects.filter(panel=row).order_by("made_at", "pk"):
        made, number = lines.get(each.person_id, (each.made_at, 0))
        lines[each.person_id] = (each.made_at, (number if made == each.made_at else 0) + (not each.nil))
    return {
        person: "Nothing to declare" if not number else f"{number} interest{'s' if number > 1 else ''} declared"
        for person, (_, number) in lines.items()
    }


def _seat(
    seat: Seat, held: Appointment | None, checks: Mapping[int, Sequence[Check]], declared: Mapping[int, str]
) -> SeatView:
    return SeatView(
        number=seat.number,
        title=seat.title,
        required=seat.required,
        coalition=seat.kind == COALITION_SEAT,
        name=held.person.display_name if held else "",
        appointment=held.pk if held else 0,
        person=held.person_id if held else 0,
        appointed_by=held.appointed_by.name if held else "",
        state=held.get_state_display() if held else "Empty",
        state_colour=STATE_COLOURS[held.state] if held else "grey",
        answered_at=held.answered_at if held else None,
        declared=declared.get(held.person_id, "") if held else "",
        checks=checks.get(held.pk, ()) if held else (),
    )


def states_of(item: ItemView) -> list[str]:
    """What may be done with an item as it stands, by the names of the deeds."""
    return {
        ItemState.LISTED.label: ["open"] if item.convened else [],
        ItemState.OPEN.label: ["decide", "recuse", "arrive"],
        ItemState.STOPPED.label: ["arrive"],
    }.get(item.state, [])
