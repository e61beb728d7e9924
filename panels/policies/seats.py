"""May a seat be filled, accepted, handed on or left now? `x_faults` answers in sentences, `check_x` raises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from directory.models import OrganisationKind
from directory.rules import RECORD_KEEPERS
from panels.errors import NotCompetent, SeatRefused
from panels.models import LIVE, AppointmentState, Attendance, ItemState, Position, Recusal
from panels.rules import COALITION_SEAT, Effect, SeatPlan, TestResult, verdict
from panels.seating import first_in_rank, holders, in_rank, lacking

if TYPE_CHECKING:
    from datetime import date

    from directory.models import Organisation, Person, PostKind
    from panels.models import Absence, Accreditation, Appointment, Panel, Seat

# The most alternates a seat can name.
ALTERNATES = 20
_KINDS = dict(OrganisationKind.choices)


def check_alive(panel: Panel) -> None:
    """Raise SeatRefused for a panel that is closed."""
    if panel.closed_at:
        raise SeatRefused(f"{panel.ref} closed on {panel.closed_at:%-d %B %Y}: propose another panel.")


def check_body(seat: Seat, body: Organisation) -> None:
    """Raise SeatRefused when a seat is not for this kind of organisation to fill; for a region its area team may."""
    asked = seat.appointed_by
    if asked and body.kind != asked and (asked, body.kind) != (OrganisationKind.REGION, OrganisationKind.AREA_TEAM):
        may = "a region or its area team" if asked == OrganisationKind.REGION else _named(asked)
        raise SeatRefused(
            f"The seat of {seat.title} is filled by {may}, and {body.name} is {_named(body.kind)}: "
            "name who appoints to it."
        )


def _named(kind: str) -> str:
    if kind == OrganisationKind.BOARD:
        return "the Board"
    words = str(_KINDS.get(kind, kind)).lower().replace("coalition", "Coalition")
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def check_not_in_room(appointment: Appointment) -> None:
    """Raise SeatRefused when a member noted as away from today on is in the room for an open item."""
    noted = Attendance.objects.filter(appointment=appointment, item__state=ItemState.OPEN).order_by("-pk")
    latest = noted.select_related("item").first()
    gone = Recusal.objects.filter(appointment=appointment, item=latest.item) if latest else Recusal.objects.none()
    if latest and latest.present and not gone.exists():
        raise SeatRefused(
            f"{appointment.person} is in the room for {latest.item.case_ref}: note that they go before you note that "
            "they are away."
        )


def check_nothing_said(appointment: Appointment) -> None:
    """Raise SeatRefused when a member others would stand down has given a position on an item not decided yet."""
    said = Position.objects.filter(appointment=appointment, entered_by=appointment.person)
    waiting = said.exclude(item__state=ItemState.CLOSED).filter(item__sitting__closed_at__isnull=True)
    if position := waiting.select_related("item").first():
        raise SeatRefused(
            f"{appointment.person} has given a position on {position.item.case_ref}, which is not decided yet: decide "
            "it, or close the sitting, before anybody but themselves stands them down."
        )


def check_seat_free(seat: Seat, person: Person, appointments: Iterable[Appointment], *, rank: int = 0) -> None:
    """Raise SeatRefused when the place is taken or the person already has one on this panel."""
    if not person.is_active:
        raise SeatRefused(f"{person} is no longer active and cannot take a seat.")
    if not 0 <= rank <= ALTERNATES:
        raise SeatRefused(f"A seat has a member and up to {ALTERNATES} alternates: {rank} is no place among them.")
    for each in appointments:
        if each.state not in LIVE:
            continue
        if each.person_id == person.pk:
            raise SeatRefused(f"{person} already has a seat on this panel: {each.place}.")
        if each.seat_id == seat.pk and each.rank == rank:
            cure = "choose another place in the order" if rank else "stand them down first"
            raise SeatRefused(f"Seat {seat.number}, {each.place}, is held by {each.person}: {cure}.")


def check_keeps_no_record(person: Person, keepers: Mapping[int, PostKind]) -> None:
    """Raise SeatRefused for the Board's secretary, conflicts guardian or auditor; keepers: which office, by person."""
    if office := keepers.get(person.pk):
        raise SeatRefused(
            f"{person} keeps the record of the Board as {RECORD_KEEPERS[office]} and does not sit on panels. "
            "Ask somebody else.",
            person=person,
        )


def check_day_free(
    panel: Panel, people: Iterable[Person], days: Iterable[date], elsewhere: Iterable[Appointment]
) -> None:
    """Raise SeatRefused for somebody who holds a seat on another panel that sits on one of these days.

    elsewhere: what these people hold on other panels, with `sits_on`, as
    `panels.seating.held_elsewhere` reads it; an alternate has no seat to come to until they take one.
    """
    names, wanted = {each.pk: each for each in people}, set(days)
    for each in elsewhere:
        on = each.sits_on  # type: ignore[attr-defined]
        if each.person_id in names and on in wanted:
            raise SeatRefused(
                f"{names[each.person_id]} already sits on {each.panel.ref} on {on.day} {on:%B %Y}: nobody sits on two "
                f"panels on one day. Ask somebody else for {panel.ref}.",
                person=names[each.person_id],
            )


def check_useful(seat: Seat, person: Person, results: Sequence[Sequence[TestResult]]) -> None:
    """Raise SeatRefused when the person is barred from every item the panel has; such a seat helps nobody."""
    if bar := barred_from_all(results):
        raise SeatRefused(
            f"{person} cannot take the seat of {seat.title}. {bar.sentence}", person=person, seat=seat, rule=bar.rule
        )


def barred_from_all(results: Sequence[Sequence[TestResult]]) -> TestResult | None:
    """What bars from the first item, when every item there is bars; None while one item is left, or none is listed."""
    verdicts = [verdict(each) for each in results]
    return verdicts[0] if verdicts and all(each.effect is Effect.BARRED for each in verdicts) else None


def seating_faults(
    plan: SeatPlan,
    appointments: Iterable[Appointment],
    on: date,
    absences: Sequence[Absence],
    accreditations: Sequence[Accreditation],
) -> list[str]:
    """Why a panel cannot sit on a day, the Coalition's seat first: who is missing, for what, and the cure.

    A seat is held by its member or, where they cannot come, by the first alternate who can.
    """
    live = [each for each in appointments if each.state in LIVE]
    held = holders(live, on, absences, accreditations)
    accepted = first_in_rank(live, lambda each: each.state == AppointmentState.ACCEPTED)
    ranked, day = in_rank(live), f"{on.day} {on:%B %Y}"
    titles = {seat: rows[0].seat.kind for seat, rows in ranked.items()}
    faults = []
    for rule in sorted(plan.seats, key=lambda rule: rule.type != COALITION_SEAT):
        number = sum(titles[seat] == rule.type for seat in held)
        if not rule.required_to_sit or number >= rule.minimum:
            continue
        said = sum(titles[seat] == rule.type for seat in accepted)
        short = f"{said} of {rule.minimum} accepted" if said < rule.minimum else f"{number} of {rule.minimum} can sit"
        why = [
            sentence
            for seat in ranked
            if titles[seat] == rule.type and seat not in held
            for sentence in lacking(ranked, seat, on, absences, accreditations)
        ]
        faults.append(" ".join([f"{rule.title}: {short}{'' if said < rule.minimum else f' on {day}'}.", *why]))
    if len(held) < plan.quorum_to_sit:
        faults.append(
            _quorum_fault(
                plan, len(held), day, [each for each in live if each.seat_id not in held], on, absences, accreditations
            )
        )
    return faults


def _quorum_fault(
    plan: SeatPlan,
    number: int,
    day: str,
    waiting: Sequence[Appointment],
    on: date,
    absences: Sequence[Absence],
    accreditations: Sequence[Accreditation],
) -> str:
    said = (
        f"Quorum to sit is {plan.quorum_to_sit} and {number} {'member' if number == 1 else 'members'} can sit on {day}."
    )
    ranked = in_rank(waiting)
    why = [sentence for seat in ranked for sentence in lacking(ranked, seat, on, absences, accreditations)]
    return " ".join([said, *why]) if why else f"{said} Fill another seat."


def check_confirming(panel: Panel, faults: Iterable[str]) -> None:
    """Raise NotCompetent when the panel could not sit on one of its days; SeatRefused when it is confirmed already."""
    if panel.confirmed_at:
        raise SeatRefused(f"{panel.ref} is confirmed already, since {panel.confirmed_at:%-d %B %Y}.")
    if said := list(dict.fromkeys(faults)):
        raise NotCompetent(f"{panel.ref} cannot be confirmed. " + " ".join(said))


def check_heir(seat: Seat, appointments: Iterable[Appointment]) -> Appointment:
    """The alternate to whom a seat passes: the first in rank who has accepted.

    Raises SeatRefused while somebody holds the seat or is asked to, and when no alternate has accepted.
    """
    rows = sorted((each for each in appointments if each.state in LIVE), key=lambda each: each.rank)
    if rows and rows[0].rank == 0:
        raise SeatRefused(
            f"{rows[0].person} is {rows[0].get_state_display().lower()} for the seat of {seat.title}: "
            "stand them down before it is handed on.",
            seat=seat,
        )
    for each in rows:
        if each.state == AppointmentState.ACCEPTED:
            if not each.person.is_active:
                raise SeatRefused(f"{each.person} is no longer active: stand them down first.", person=each.person)
            return each
    raise SeatRefused(f"No alternate has accepted for the seat of {seat.title}: offer it to somebody.", seat=seat)
