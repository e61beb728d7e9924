"""May the panel hold this item, and may it decide? The Coalition's voice comes first; nothing turns that off (I1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from panels.rules.seats import COALITION_BODY, COALITION_SEAT, SeatPlan
from panels.rules.shapes import MAY_DECIDE, Effect


@dataclass(frozen=True)
class Member:
    """A seat's holder as an item finds them."""

    seat: str
    required: bool
    accepted: bool
    present: bool
    recused: bool
    effect: Effect
    nominated_by: str = ""
    accredited: bool = True

    @property
    def sits(self) -> bool:
        """Whether this member is in the room by right; whoever may only discuss sits as well."""
        here = self.accepted and self.accredited and self.present and not self.recused
        return here and self.effect is not Effect.BARRED

    @property
    def counts(self) -> bool:
        """Whether this member counts toward the quorum to decide and may take a position."""
        return self.sits and self.effect in MAY_DECIDE


def is_coalition_voice(member: Member) -> bool:
    """Whether this is a Coalition representative who may speak and vote on the item (invariant I1)."""
    return member.seat == COALITION_SEAT and member.nominated_by == COALITION_BODY and member.counts


def sitting_faults(plan: SeatPlan, members: Iterable[Member]) -> list[str]:
    """Why the panel may not take or hold this item now, in sentences; empty when it may."""
    members = list(members)
    faults = _voice_faults(plan, members)
    sitting = Counter(member.seat for member in members if member.sits)
    faults += [
        f"The seat of {rule.title} is required and empty for this item: {sitting[rule.type]} of {rule.minimum} present."
        for rule in plan.seats
        if rule.required_to_sit and rule.type != COALITION_SEAT and sitting[rule.type] < rule.minimum
    ]
    if sitting.total() < plan.quorum_to_sit:
        faults.append(f"Quorum to sit is {plan.quorum_to_sit} and {sitting.total()} members count for this item.")
    return faults


def deciding_faults(plan: SeatPlan, members: Iterable[Member]) -> list[str]:
    """Why the panel may not decide this item now, in sentences; empty when it may.

    Only members who vote count, and an abstention is theirs to make: it never lowers this number.
    """
    members = list(members)
    faults = _voice_faults(plan, members)
    voting = Counter(member.seat for member in members if member.counts)
    faults += [
        f"The seat of {rule.title} is required to decide and without a vote on this item: "
        f"{voting[rule.type]} of {rule.minimum} may vote."
        for rule in plan.seats
        if rule.required_to_decide and rule.type != COALITION_SEAT and voting[rule.type] < rule.minimum
    ]
    if voting.total() < plan.quorum_to_decide:
        faults.append(f"Quorum to decide is {plan.quorum_to_decide} and {voting.total()} members vote on this item.")
    return faults


competence_faults = sitting_faults


def _voice_faults(plan: SeatPlan, members: Sequence[Member]) -> list[str]:
    heard = sum(is_coalition_voice(member) for member in members)
    asked = max([1, *(rule.minimum for rule in plan.seats if rule.type == COALITION_SEAT)])
    if heard >= asked:
        return []
    nobody = "No Coalition representative is" if not heard else f"Only {heard} of {asked} Coalition representatives is"
    cure = "clear of the disinterest tests: seat one before taking this item."
    return [f"{nobody} present, accepted, nominated by a Coalition body and {cure}"]
