"""The list of panels, and one panel with its seats and what stands in its way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Q

from directory.queries import today
from panels.actions.panels import live_of
from panels.models import (
    LIVE,
    Absence,
    Accreditation,
    Appointment,
    AppointmentState,
    Declaration,
    DisinterestCheck,
    ItemState,
    Panel,
    Refusal,
    Seat,
    Sitting,
)
from panels.policies import convening_missing, seating_faults
from panels.presenters.seating import ItemView
from panels.queries import CLEAR, plan_of
from panels.rules import COALITION_SEAT, Effect
from panels.seating import absences_of, accreditations_of, in_rank, is_accredited
from panels.trouble import case_faults


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
    live = Appointment.objects.filter(panel__in=keys, state__in=LIVE, rank=0)
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
    readable: bool = True

    @property
    def ruled(self) -> bool:
        """Whether it is clear only because a test was dismissed."""
        return self.effect == Effect.CLEAR and self.sentence != CLEAR


EFFECTS: Mapping[str, str] = {
    Effect.BARRED: "barred",
    Effect.DISCUSS_NO_VOTE: "without a vote",
    Effect.DECLARE_ONLY: "with an interest declared",
    Effect.CLEAR: "clear of every test",
}
# Clear, because the guardian dismissed what a test said.
RULED = "ruled"
TESTED: Mapping[str, str] = {**EFFECTS, RULED: "clear after a ruling"}


@dataclass(frozen=True)
class Away:
    """Days on which somebody cannot come; `begun` once they can only be made fewer."""

    pk: int
    starts: date
    ends: date
    begun: bool


@dataclass(frozen=True)
class Placed:
    """Somebody named for a seat: its member, or one of its alternates in order."""

    appointment: int
    person: int
    name: str
    rank: int
    appointed_by: str
    state: str
    state_colour: str
    answered_at: datetime | None
    declared: str
    # None where the seat asks for no training.
    trained: bool | None
    away: Sequence[Away]
    checks: Sequence[Check]

    @property
    def place(self) -> str:
        """What they are on the seat."""
        return f"Alternate {self.rank}" if self.rank else "Member"

    @property
    def tested(self) -> str:
        """In a few words, what the tests said over all the cases."""
        effects = [RULED if check.ruled else check.effect for check in self.checks]
        counted = [(effects.count(effect), words) for effect, words in TESTED.items() if effect in effects]
        if len(counted) == 1 and (len(effects) == 1 or effects[0] == Effect.CLEAR):
            return counted[0][1]
        return ", ".join(f"{number} {words}" for number, words in counted)


@dataclass(frozen=True)
class SeatView:
    """One seat and everybody named for it, its member first."""

    number: int
    title: str
    required: bool
    coalition: bool
    training: str
    people: Sequence[Placed]

    @property
    def free(self) -> bool:
        """Whether nobody is named as its member."""
        return all(each.rank for each in self.people)

    @property
    def heir(self) -> bool:
        """Whether it could be handed on: no member, and an alternate who has accepted."""
        return self.free and any(each.state == ACCEPTED for each in self.people)


@dataclass(frozen=True)
class SittingView:
    """One day of the panel with its agenda; `missing` says why it cannot be convened yet."""

    pk: int
    on: date
    place: str
    convened_at: datetime | None
    closed_at: datetime | None
    items: Sequence[ItemView]
    missing: str

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
    state: tuple[str, str]
    quorum_to_sit: int
    quorum_to_decide: int
    seats: Sequence[SeatView]
    sittings: Sequence[SittingView]
    faults: Sequence[str]
    readable: Collection[str]
    confirmed_at: datetime | None
    closed_at: datetime | None
    refusals: Sequence[Refusal]
    mine: Placed | None

    @property
    def alive(self) -> bool:
        """Whether its seats can still change: it is not closed, and a day is to come or none has been listed."""
        return not self.closed_at and (not self.sittings or any(each.closed_at is None for each in self.sittings))

    @property
    def waiting(self) -> int:
        """How many are proposed and not invited yet."""
        return sum(each.state == PROPOSED for seat in self.seats for each in seat.people)


PROPOSED, ACCEPTED = AppointmentState.PROPOSED.label, AppointmentState.ACCEPTED.label
STATE_COLOURS = {
    "proposed": "yellow",
    "invited": "yellow",
    "accepted": "green",
    "declined": "grey",
    "stood_down": "grey",
}
PANEL_COLOURS = {"proposed": "yellow", "invited": "yellow", "confirmed": "green", "sitting": "blue", "closed": "grey"}
REFUSALS_SHOWN = 50


def panel(
    row: Panel,
    sittings: Sequence[Sitting],
    before: Sequence[ItemView],
    readable: Collection[str],
    *,
    reader: int = 0,
    applicant: bool = False,
    audited: bool = False,
) -> PanelView:
    """A panel, its sittings, its items as `seating.items` made them; checks only of the cases that may be read.

    reader: the key of the person who reads, who sees all the tests of themself. applicant: whether they answer for an
    organisation on the agenda, and hear of nobody who is only proposed. audited: whether what was refused is shown.
    """
    plan, state = plan_of(row), row.state
    known = _known(row)
    faults = _faults_by_day(row, sittings, known)
    said = list(dict.fromkeys(sentence for day in faults.values() for sentence in day))
    if faults:
        said += case_faults(row, known.live, known.absences, known.trainings, readable=readable)
    elif not sittings and not row.closed_at:
        said.append("No day is listed yet: list a sitting.")
    seats = _seats(row, known, sittings, readable, reader, hidden=applicant)
    return PanelView(
        ref=row.ref,
        title=row.title,
        kind=row.get_kind_display(),
        ruleset=row.ruleset,
        state=(state.label, PANEL_COLOURS[state]),
        quorum_to_sit=plan.quorum_to_sit,
        quorum_to_decide=plan.quorum_to_decide,
        seats=seats,
        sittings=_days(row, sittings, before, faults),
        faults=said,
        readable=readable,
        confirmed_at=row.confirmed_at,
        closed_at=row.closed_at,
        refusals=_refusals(row) if audited else (),
        mine=next((each for seat in seats for each in seat.people if each.person == reader), None),
    )


def _days(
    row: Panel, sittings: Sequence[Sitting], before: Sequence[ItemView], faults: Mapping[date, Sequence[str]]
) -> list[SittingView]:
    """The sittings, each with its agenda numbered in the order taken, and what keeps it from being convened."""
    agenda: defaultdict[date, list[ItemView]] = defaultdict(list)
    for item in before:
        agenda[item.on].append(replace(item, number=len(agenda[item.on]) + 1))
    return [
        SittingView(
            each.pk,
            each.on,
            each.place,
            each.convened_at,
            each.closed_at,
            agenda[each.on],
            " ".join(faults.get(each.on, ())) or convening_missing(row, each.on, today()),
        )
        for each in sittings
    ]


@dataclass(frozen=True)
class _Known:
    """Everybody named for a seat, when they are away and what training they have."""

    live: Sequence[Appointment]
    absences: Sequence[Absence]
    trainings: Sequence[Accreditation]


def _known(row: Panel) -> _Known:
    live = live_of(row)
    return _Known(live, absences_of(live), accreditations_of(each.person_id for each in live))


def _faults_by_day(row: Panel, sittings: Sequence[Sitting], known: _Known) -> dict[date, list[str]]:
    """Why the panel could not sit, by each day to come; nothing once it is closed."""
    days = [] if row.closed_at else [each.on for each in sittings if not each.closed_at]
    return {on: seating_faults(plan_of(row), known.live, on, known.absences, known.trainings) for on in days}


def _refusals(row: Panel) -> list[Refusal]:
    found = row.refusals.select_related("person", "seat", "refused_to").order_by("-pk")
    return list(found[:REFUSALS_SHOWN])


def _seats(
    row: Panel, known: _Known, sittings: Sequence[Sitting], readable: Collection[str], reader: int, *, hidden: bool
) -> list[SeatView]:
    live = [each for each in known.live if not hidden or each.state != AppointmentState.PROPOSED]
    checks, declared = _checks(row, readable, reader), _declared(row)
    day = next((each.on for each in sittings if not each.closed_at), today())
    away: defaultdict[int, list[Away]] = defaultdict(list)
    for each in known.absences:
        if each.ends >= today() and each.withdrawn_at is None:
            away[each.appointment_id].append(Away(each.pk, each.starts, each.ends, begun=each.starts <= today()))
    ranked = in_rank(live)
    return [
        SeatView(
            number=seat.number,
            title=seat.title,
            required=seat.required,
            coalition=seat.kind == COALITION_SEAT,
            training=seat.accreditation.replace("_", " "),
            people=[
                _placed(
                    each,
                    declared.get(each.person_id, ""),
                    away[each.pk],
                    checks.get(each.pk, ()),
                    trained=is_accredited(each, known.trainings, day) if seat.accreditation else None,
                )
                for each in ranked.get(seat.pk, ())
            ],
        )
        for seat in row.seats.order_by("number")
    ]


def _placed(
    row: Appointment,
    declared: str,
    away: Sequence[Away],
    checks: Sequence[Check],
    *,
    trained: bool | None,
) -> Placed:
    return Placed(
        appointment=row.pk,
        person=row.person_id,
        name=row.person.display_name,
        rank=row.rank,
        appointed_by=row.appointed_by.name,
        state=row.get_state_display(),
        state_colour=STATE_COLOURS[row.state],
        answered_at=row.answered_at,
        declared=declared,
        trained=trained,
        away=away,
        checks=checks,
    )


def _checks(row: Panel, readable: Collection[str], reader: int) -> Mapping[int, Sequence[Check]]:
    """The latest tests of the cases that may be read, and of the reader themself for every case."""
    latest: dict[tuple[int, str], Check] = {}
    shown = Q(item__case_ref__in=readable) | Q(appointment__person=reader, item__isnull=False)
    found = DisinterestCheck.objects.filter(shown, appointment__panel=row)
    for each in found.select_related("item").order_by("pk"):
        ref = each.item.case_ref if each.item else ""
        latest[each.appointment_id, ref] = Check(ref, each.effect, each.sentence, each.checked_at, ref in readable)
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


def states_of(item: ItemView) -> list[str]:
    """What may be done with an item as it stands, by the names of the deeds."""
    return {
        ItemState.LISTED.label: ["open"] if item.convened else [],
        ItemState.OPEN.label: ["decide", "recuse", "arrive"],
        ItemState.STOPPED.label: ["arrive"],
    }.get(item.state, [])
