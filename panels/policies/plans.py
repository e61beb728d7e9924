"""Whether a seat plan may be used."""

from __future__ import annotations

from panels.errors import PlanRefused
from panels.rules import SeatPlan, plan_faults


def check_plan(plan: SeatPlan) -> None:
    """Raise PlanRefused when a plan could let a panel sit without its Coalition representative."""
    if faults := plan_faults(plan):
        raise PlanRefused("; ".join(faults))
