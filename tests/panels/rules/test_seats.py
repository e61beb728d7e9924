"""Seat plans: none may do without the Coalition, and each survives its storage."""

import json
from dataclasses import replace

import pytest

from panels.rules import SeatPlan, SeatRule, plan_faults
from tests.panels.rules.plans import PLAN


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"required_to_sit": False}, "no required Coalition seat"),
        ({"required_to_decide": False}, "no required Coalition seat"),
        ({"minimum": 0}, "no required Coalition seat"),
        ({"type": "observer"}, "no required Coalition seat"),
        ({"appointed_by": "board"}, "only a Coalition body may nominate"),
        ({"maximum": 0}, "minimum 1 and maximum 0"),
        ({"type": "chair"}, "listed twice"),
    ],
)
def test_plan_that_could_do_without_the_coalition_is_refused(change, fault):
    seats = (*PLAN.seats[:2], replace(PLAN.seats[2], **change))
    assert any(fault in each for each in plan_faults(replace(PLAN, seats=seats)))


@pytest.mark.parametrize("quorum", [0, 5])
@pytest.mark.parametrize("act", ["sit", "decide"])
def test_quorum_beyond_the_seats_is_refused(act, quorum):
    assert plan_faults(replace(PLAN, **{f"quorum_to_{act}": quorum})) == [
        f"the quorum to {act} of the Moderation panel is {quorum}: it must be between 1 and its 4 seats"
    ]


def test_required_seat_that_asks_for_nobody_is_refused():
    seats = (replace(PLAN.seats[0], minimum=0), *PLAN.seats[1:])
    (fault,) = plan_faults(replace(PLAN, seats=seats))
    assert fault == (
        "seat chair of the Moderation panel is required with minimum 0, which asks for nobody: "
        "set minimum = 1 or more, or do not require it"
    )


def test_plan_may_ask_for_more_to_decide_than_to_sit():
    assert plan_faults(replace(PLAN, quorum_to_decide=3)) == []


def test_plan_survives_its_storage():
    assert SeatPlan.from_json(json.loads(json.dumps(PLAN.as_json()))) == PLAN


def test_plan_stored_with_one_quorum_is_read_as_both():
    stored = {
        "kind": "moderation",
        "title": "Moderation panel",
        "seats": [
            {"type": "chair", "title": "Chair", "minimum": 1, "maximum": 1, "required": True, "appointed_by": "board"},
            {"type": "lay", "title": "Lay", "minimum": 0, "maximum": 1, "required": False, "appointed_by": "board"},
        ],
        "quorum": 2,
        "windows": {"d1_months": 36},
    }
    assert SeatPlan.from_json(stored) == SeatPlan(
        "moderation",
        "Moderation panel",
        (SeatRule("chair", "Chair", 1, 1, "board", "", True, True), SeatRule("lay", "Lay", 0, 1, "board")),
        quorum_to_sit=2,
        quorum_to_decide=2,
        windows={"d1_months": 36},
    )
