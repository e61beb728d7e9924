"""Seats as rules: how many of each kind a panel has, who appoints, and what it cannot do without.

Source: the Coalition's demand of 17 October 2011, a disinterested representative on every panel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

COALITION_SEAT = "coalition_representative"
COALITION_BODY = "coalition_body"


@dataclass(frozen=True)
class SeatRule:
    """A kind of seat on a kind of panel.

    `appointed_by` is a kind of organisation; `accreditation` the training asked of its holder, "" for none. The panel
    may not sit, or decide, without the seats so required.
    """

    type: str
    title: str
    minimum: int
    maximum: int
    appointed_by: str
    accreditation: str = ""
    required_to_sit: bool = False
    required_to_decide: bool = False

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> SeatRule:
        """The seat as it was stored; `required` of earlier plans meant both."""
        both = body.get("required", False)
        return cls(
            type=body["type"],
            title=body["title"],
            minimum=body["minimum"],
            maximum=body["maximum"],
            appointed_by=body["appointed_by"],
            accreditation=body.get("accreditation", ""),
            required_to_sit=body.get("required_to_sit", both),
            required_to_decide=body.get("required_to_decide", both),
        )


@dataclass(frozen=True)
class SeatPlan:
    """The seats and quorums of one kind of panel; neither quorum counts a member who is not there, or has left.

    `windows` are how far the tests of disinterest look back, in months or days as each key says.
    """

    kind: str
    title: str
    seats: tuple[SeatRule, ...]
    quorum_to_sit: int
    quorum_to_decide: int
    windows: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The form stored on a panel."""
        return {**asdict(self), "seats": [asdict(seat) for seat in self.seats], "windows": dict(self.windows)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> SeatPlan:
        """The plan as it was stored on a panel; the one `quorum` of earlier plans meant both."""
        both = body.get("quorum", 0)
        return cls(
            kind=body["kind"],
            title=body["title"],
            seats=tuple(SeatRule.from_json(seat) for seat in body["seats"]),
            quorum_to_sit=body.get("quorum_to_sit", both),
            quorum_to_decide=body.get("quorum_to_decide", both),
            windows=body["windows"],
        )


def plan_faults(plan: SeatPlan) -> list[str]:
    """Why this plan may not be used, in sentences; empty when it may."""
    return [*_coalition_faults(plan), *_seat_faults(plan), *_quorum_faults(plan)]


def _coalition_faults(plan: SeatPlan) -> Iterator[str]:
    coalition = [seat for seat in plan.seats if seat.type == COALITION_SEAT]
    if not any(seat.required_to_sit and seat.required_to_decide and seat.minimum >= 1 for seat in coalition):
        yield (
            f"the {plan.title or plan.kind} has no required Coalition seat: add a seat of type "
            f'"{COALITION_SEAT}" with required_to_sit = true, required_to_decide = true and minimum = 1 or more'
        )
    for seat in coalition:
        if seat.appointed_by != COALITION_BODY:
            yield (
                f'the Coalition seat of the {plan.title} is appointed by "{seat.appointed_by}": '
                f'only a Coalition body may nominate, set appointed_by = "{COALITION_BODY}"'
            )


def _seat_faults(plan: SeatPlan) -> Iterator[str]:
    for seat in plan.seats:
        if not 0 <= seat.minimum <= seat.maximum or seat.maximum < 1:
            yield (
                f"seat {seat.type} of the {plan.title} has minimum {seat.minimum} and maximum {seat.maximum}: "
                "the minimum must be 0 or more and not above the maximum, and the maximum at least 1"
            )
        if (seat.required_to_sit or seat.required_to_decide) and seat.minimum == 0 and seat.type != COALITION_SEAT:
            yield (
                f"seat {seat.type} of the {plan.title} is required with minimum 0, which asks for nobody: "
                "set minimum = 1 or more, or do not require it"
            )
    twice = [name for name, count in Counter(seat.type for seat in plan.seats).items() if count > 1]
    for name in twice:
        yield f"seat {name} of the {plan.title} is listed twice: give it one row"


def _quorum_faults(plan: SeatPlan) -> Iterator[str]:
    most = sum(seat.maximum for seat in plan.seats)
    for act, quorum in (("sit", plan.quorum_to_sit), ("decide", plan.quorum_to_decide)):
        if not 1 <= quorum <= most:
            yield f"the quorum to {act} of the {plan.title} is {quorum}: it must be between 1 and its {most} seats"
