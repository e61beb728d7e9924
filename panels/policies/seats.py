"""May a seat be filled, accepted or left now? `x_faults` answers in sentences, `check_x` raises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from directory.models import OrganisationKind
from panels.errors import SeatRefused
from panels.models import LIVE, InterestKind, Nomination
from panels.rules import COALITION_SEAT, Effect, TestResult, months_before, verdict

if TYPE_CHECKING:
    from directory.models import Person
    from panels.actions.seats import Interest
    from panels.models import Appointment, Seat

# Years, as the sentences say.
NOMINATED_AHEAD = 10


def check_nomination(nomination: Nomination | None, seat: Seat, person: Person, on: date) -> None:
    """Raise SeatRefused when the Coalition seat is not backed by a current nomination, or another seat is."""
    if seat.kind != COALITION_SEAT:
        if nomination is not None:
            raise SeatRefused(f"{seat.title} is not a Coalition seat: leave the nomination out.")
        return
    if nomination is None:
        raise SeatRefused(
            f"{person} has no nomination: the Coalition seat is filled by a Coalition body; ask one to nominate."
        )
    if nomination.person_id != person.pk:
        raise SeatRefused(f"The nomination given is for {nomination.person}, not for {person}.")
    if nomination.body.kind != OrganisationKind.COALITION_BODY:
        raise SeatRefused(f"{nomination.body} is not a Coalition body and cannot nominate for this seat.")
    if not nomination.covers(on):
        raise SeatRefused(f"The nomination of {person} by {nomination.body} does not cover {on:%-d %B %Y}.")


def check_nomination_day(day: date, now: date) -> None:
    """Raise SeatRefused for a first or last day of a nomination too far ahead to be meant."""
    if day > (latest := months_before(now, -12 * NOMINATED_AHEAD)):
        raise SeatRefused(
            f"{day:%-d %B %Y} is more than ten years ahead: give a day of the nomination up to {latest:%-d %B %Y}."
        )


def check_seat_free(seat: Seat, person: Person, appointments: Iterable[Appointment]) -> None:
    """Raise SeatRefused when the seat is taken or the person already has one on this panel."""
    if not person.is_active:
        raise SeatRefused(f"{person} is no longer active and cannot take a seat.")
    for each in appointments:
        if each.state not in LIVE:
            continue
        if each.seat_id == seat.pk:
            raise SeatRefused(f"Seat {seat.number}, {seat.title}, is held by {each.person}: stand them down first.")
        if each.person_id == person.pk:
            raise SeatRefused(f"{person} already has a seat on this panel: {each.seat.title}.")


def check_useful(seat: Seat, person: Person, results: Sequence[Sequence[TestResult]]) -> None:
    """Raise SeatRefused when the person is barred from every item the panel has; such a seat helps nobody."""
    if bar := barred_from_all(results):
        raise SeatRefused(f"{person} cannot take the seat of {seat.title}. {bar.sentence}")


def barred_from_all(results: Sequence[Sequence[TestResult]]) -> TestResult | None:
    """What bars from the first item, when every item there is bars; None while one item is left, or none is listed."""
    verdicts = [verdict(each) for each in results]
    return verdicts[0] if verdicts and all(each.effect is Effect.BARRED for each in verdicts) else None


def check_interests(interests: Iterable[Interest]) -> None:
    """Raise SeatRefused for an interest of no known kind."""
    for each in interests:
        if each.kind not in InterestKind.values:
            raise SeatRefused(f'"{each.kind}" is not a kind of interest: use one of {", ".join(InterestKind.values)}.')
