"""Is it allowed now? `x_faults` answers in sentences, `check_x` raises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol

from directory.models import OrganisationKind
from panels.errors import NotCompetent, PlanRefused, SeatRefused, SittingRefused
from panels.models import LIVE, AppointmentState, Nomination, Sitting
from panels.models.interests import InterestKind
from panels.rules import (
    COALITION_SEAT,
    Effect,
    Member,
    SeatPlan,
    TestResult,
    competence_faults,
    deciding_faults,
    months_before,
    plan_faults,
    verdict,
)
from panels.states import SITTING

if TYPE_CHECKING:
    from directory.models import Person
    from panels.actions.seats import Interest
    from panels.models import Appointment, Panel, Seat

# Years, as the sentences say.
LISTED_AHEAD = 2
NOMINATED_AHEAD = 10


def check_plan(plan: SeatPlan) -> None:
    """Raise PlanRefused when a plan could let a panel sit without its Coalition representative."""
    if faults := plan_faults(plan):
        raise PlanRefused("; ".join(faults))


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


class Held(Protocol):
    """An appointment as it stands, or as it stood."""

    @property
    def seat(self) -> Seat:
        """Which seat."""
        raise NotImplementedError

    @property
    def state(self) -> str:
        """In which state."""
        raise NotImplementedError


def convening_faults(plan: SeatPlan, appointments: Iterable[Held]) -> list[str]:
    """Why a panel may not be convened: the required seats nobody has accepted, the Coalition's first."""
    accepted = [each.seat.kind for each in appointments if each.state == AppointmentState.ACCEPTED]
    rules = sorted((rule for rule in plan.seats if rule.required_to_sit), key=lambda rule: rule.type != COALITION_SEAT)
    return [
        f"{rule.title}: {accepted.count(rule.type)} of {rule.minimum} accepted."
        for rule in rules
        if accepted.count(rule.type) < rule.minimum
    ]


def check_listing(panel: Panel, on: date, now: date) -> None:
    """Raise SittingRefused for a day that is past, or too far ahead to be meant."""
    if on < now:
        raise SittingRefused(f"{on:%-d %B %Y} is past: list the sitting of {panel.ref} for today or a later day.")
    if on > (latest := months_before(now, -12 * LISTED_AHEAD)):
        raise SittingRefused(
            f"{on:%-d %B %Y} is more than two years ahead: list the sitting of {panel.ref} for {latest:%-d %B %Y} at "
            "the latest."
        )


def check_nomination_day(day: date, now: date) -> None:
    """Raise SeatRefused for a first or last day of a nomination too far ahead to be meant."""
    if day > (latest := months_before(now, -12 * NOMINATED_AHEAD)):
        raise SeatRefused(
            f"{day:%-d %B %Y} is more than ten years ahead: give a day of the nomination up to {latest:%-d %B %Y}."
        )


def check_convening(sitting: Sitting, plan: SeatPlan, appointments: Iterable[Appointment], on: date) -> None:
    """Raise NotCompetent when a required seat has no accepted member (I1); SittingRefused before the sitting's day.

    A later day is allowed: the record may be made late.
    """
    if sitting.state not in SITTING.open_to("convene"):
        raise SittingRefused(f"{sitting} is convened already.")
    if faults := convening_faults(plan, appointments):
        raise NotCompetent(f"{sitting.panel.ref} cannot be convened. " + " ".join(faults))
    if on < sitting.on:
        raise SittingRefused(
            f"{sitting.panel.ref} sits on {sitting.on:%-d %B %Y}: it can be convened on that day, not before."
        )


def check_competent(plan: SeatPlan, members: Iterable[Member], *, case_ref: str) -> None:
    """Raise NotCompetent when the panel may not take this item now (I1, I3)."""
    if faults := competence_faults(plan, members):
        raise NotCompetent(f"The panel cannot take {case_ref}. " + " ".join(faults))


def check_deciding(plan: SeatPlan, members: Iterable[Member], *, case_ref: str) -> None:
    """Raise NotCompetent when the panel may not decide this item now (I1, I2)."""
    if faults := deciding_faults(plan, members):
        raise NotCompetent(f"The panel cannot decide {case_ref}. " + " ".join(faults))
