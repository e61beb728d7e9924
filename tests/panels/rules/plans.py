"""A small seat plan."""

from panels.rules import COALITION_BODY, COALITION_SEAT, SeatPlan, SeatRule

PLAN = SeatPlan(
    "moderation",
    "Moderation panel",
    (
        SeatRule("chair", "Chair", 1, 1, "board", "", True, True),
        SeatRule("lay", "Lay member", 1, 1, "board"),
        SeatRule(COALITION_SEAT, "Coalition representative", 1, 2, COALITION_BODY, "", True, True),
    ),
    quorum_to_sit=1,
    quorum_to_decide=1,
)
