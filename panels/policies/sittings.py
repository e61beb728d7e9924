"""May a panel be listed, convened, or take an item now? `x_faults` answers in sentences, `check_x` raises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol

from panels.errors import NotCompetent, SittingRefused
from panels.models import AppointmentState, Sitting
from panels.rules import COALITION_SEAT, Member, SeatPlan, competence_faults, deciding_faults, months_before
from panels.states import SITTING

if TYPE_CHECKING:
    from panels.models import Panel, Seat

# Years, as the sentences say.
LISTED_AHEAD = 2


class Held(Protocol):
    """An appointment as it stands, or as it stood."""

    @property
    def seat(self) -> Seat:
        """Which seat."""

    @property
    def state(self) -> str:
        """In which state."""


def convening_faults(plan: SeatPlan, appointments: Iterable[Held]) -> list[str]:
    """Why a panel may not be convened: the required seats nobody has accepted, the Coalition's first.

    A seat counts once, whoever stands ready behind its member.
    """
    held = {each.seat for each in appointments if each.state == AppointmentState.ACCEPTED}
    accepted = [seat.kind for seat in held]
    rules = sorted((rule for rule in plan.seats if rule.required_to_sit), key=lambda rule: rule.type != COALITION_SEAT)
    return [
        f"{rule.title}: {accepted.count(rule.type)} of {rule.minimum} accepted."
        for rule in rules
        if accepted.count(rule.type) < rule.minimum
    ]


def check_agenda(panel: Panel, on: date, refs: Sequence[str], now: date) -> None:
    """Raise SittingRefused unless these cases, by reference, can be put before the panel on that day."""
    if panel.closed_at:
        raise SittingRefused(f"{panel.ref} is closed and sits no more: propose another panel.")
    if not refs:
        raise SittingRefused(f"A sitting of {panel.ref} needs at least one case on its agenda.")
    if doubled := sorted({ref for ref in refs if refs.count(ref) > 1}):
        raise SittingRefused(f"{', '.join(doubled)} is on the agenda twice: list each case once.")
    if panel.sittings.filter(on=on).exists():
        raise SittingRefused(f"{panel.ref} already sits on {on:%-d %B %Y}: list the cases for another day.")
    check_listing(panel, on, now)


def check_listing(panel: Panel, on: date, now: date) -> None:
    """Raise SittingRefused for a day that is past, or too far ahead to be meant."""
    if on < now:
        raise SittingRefused(f"{on:%-d %B %Y} is past: list the sitting of {panel.ref} for today or a later day.")
    if on > (latest := months_before(now, -12 * LISTED_AHEAD)):
        raise SittingRefused(
            f"{on:%-d %B %Y} is more than two years ahead: list the sitting of {panel.ref} for {latest:%-d %B %Y} at "
            "the latest."
        )


def check_convening(sitting: Sitting, faults: Sequence[str], on: date) -> None:
    """Raise NotCompetent for the faults of who can sit that day (I1); SittingRefused out of order.

    The panel is confirmed first. A later day is allowed: the record may be made late.
    """
    panel = sitting.panel
    if sitting.state not in SITTING.open_to("convene"):
        raise SittingRefused(f"{sitting} is convened already.")
    if panel.closed_at:
        raise SittingRefused(f"{panel.ref} is closed and sits no more: propose another panel.")
    if faults:
        raise NotCompetent(f"{panel.ref} cannot be convened. " + " ".join(faults))
    if missing := convening_missing(panel, sitting.on, on):
        raise SittingRefused(missing)


def convening_missing(panel: Panel, day: date, now: date) -> str:
    """What is still to be waited for before a full panel sits on a day, as a sentence; nothing when it may."""
    if not panel.confirmed_at:
        return f"{panel.ref} is not confirmed: confirm it first, so that its members stand."
    if now < day:
        return f"{panel.ref} sits on {day:%-d %B %Y}: it can be convened on that day, not before."
    return ""


def check_competent(plan: SeatPlan, members: Iterable[Member], *, case_ref: str) -> None:
    """Raise NotCompetent when the panel may not take this item now (I1, I3)."""
    if faults := competence_faults(plan, members):
        raise NotCompetent(f"The panel cannot take {case_ref}. " + " ".join(faults))


def check_deciding(plan: SeatPlan, members: Iterable[Member], *, case_ref: str) -> None:
    """Raise NotCompetent when the panel may not decide this item now (I1, I2)."""
    if faults := deciding_faults(plan, members):
        raise NotCompetent(f"The panel cannot decide {case_ref}. " + " ".join(faults))
