"""Whether somebody may be nominated, or sit on a nomination, now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from directory.models import OrganisationKind
from panels.errors import SeatRefused
from panels.rules import COALITION_SEAT, months_before

if TYPE_CHECKING:
    from directory.models import Organisation, Person
    from panels.models import Nomination, Seat

# Years, as the sentences say.
NOMINATED_AHEAD = 10
MOST_SITTINGS = 1_000
LOWEST_RANK = 1_000


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


def check_capacity(nomination: Nomination, asked: Mapping[str, int], load: Mapping[str, int]) -> None:
    """Raise SeatRefused when a nominee would sit more often in a round of cases than their body offered.

    asked: how many sittings of this panel fall in each round; load: how many sittings of other panels the person sits
    at on this nomination, by round. Sittings of no round are not counted.
    """
    for label in sorted(asked):
        if not label or nomination.capacity is None or asked[label] + load.get(label, 0) <= nomination.capacity:
            continue
        has = load.get(label, 0)
        raise SeatRefused(
            f"{nomination.person} may sit {_times(nomination.capacity)} in {label} for {nomination.body.name}, and "
            f"{'has no other sitting' if not has else f'sits {_times(has)} already'}; this panel asks for "
            f"{_times(asked[label])}: ask another of its nominees.",
            person=nomination.person,
        )


def check_numbers(rank: int | None, capacity: int | None) -> None:
    """Raise SeatRefused for a place in the order, or a number of sittings, that cannot be meant."""
    if rank is not None and not 1 <= rank <= LOWEST_RANK:
        raise SeatRefused(f"{rank} is no place in the order of those nominated: the first is 1.")
    if capacity is not None and not 1 <= capacity <= MOST_SITTINGS:
        raise SeatRefused(
            f"{capacity} is no number of sittings: give 1 to {MOST_SITTINGS:,}, or leave it out for any number."
        )


def check_order(body: Organisation, standing: Sequence[Nomination], order: Iterable[int]) -> None:
    """Raise SeatRefused unless an order names each of the body's open nominations once."""
    given = list(order)
    known = {each.pk: each for each in standing}
    if strangers := [pk for pk in given if pk not in known]:
        raise SeatRefused(f"{len(strangers)} of those in the order are not nominated by {body.name} now.")
    if twice := sorted({pk for pk in given if given.count(pk) > 1}):
        raise SeatRefused(f"{known[twice[0]].person} stands in the order twice: name each person once.")
    if missing := [each for pk, each in known.items() if pk not in given]:
        raise SeatRefused(f"{missing[0].person} is missing in the order: name everybody {body.name} nominates.")


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
