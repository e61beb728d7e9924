"""Who decided, recomputed: the Coalition's voice (I1-I3), tiers (I4), streams (I8) and the grants of seats (I12).

Each check is a statement or two, whatever the number of cases, and answers in sentences that name panels and cases.
"""

from __future__ import annotations

from collections.abc import Callable

from panels.invariants import coalition, grants, outcomes
from panels.invariants.common import MOST_SENTENCES, told

__all__ = ["CHECKS", "MOST_SENTENCES", "told"]

CHECKS: dict[str, Callable[[], list[str]]] = {
    "I1 every plan requires the Coalition seat": coalition.plans_without_coalition,
    "I1 every Coalition seat rests on a nomination": coalition.coalition_seats_without_nomination,
    "I1 every convened panel has its Coalition representative": coalition.convened_without_coalition,
    "I1 every item is taken at a convened sitting": coalition.taken_unconvened,
    "I1 every open item has its Coalition representative": coalition.open_without_coalition,
    "I1 every accepted seat has its declaration": coalition.accepted_without_declaration,
    "I1 every confirmed panel has its Coalition representative": coalition.confirmed_without_coalition,
    "I1 everybody present is trained": coalition.present_untrained,
    "I2 every outcome has the Coalition's position": outcomes.decided_without_coalition,
    "I2 every outcome has every position": outcomes.unheard_members,
    "I2 every outcome has its composition": outcomes.outcomes_without_composition,
    "I2 every composition is the one hashed": outcomes.compositions_altered,
    "I2 every outcome was carried": outcomes.outcomes_not_carried,
    "I2 the Coalition speaks for itself": outcomes.coalition_spoken_for,
    "I3 one person holds a seat in the room": outcomes.seats_held_twice,
    "I3 rulings are the guardian's, and lift no more than may be": grants.rulings_out_of_order,
    "I3 every position is of a member who counts": outcomes.positions_of_uncounted,
    "I4 nobody takes a position at two tiers": outcomes.positions_at_two_tiers,
    "I8 every row of a panel is of its own stream": grants.rows_of_other_streams,
    "I12 grants follow seats": grants.grants_follow_seats,
}
