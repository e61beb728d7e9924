"""Is it allowed now? `x_faults` answers in sentences, `check_x` raises."""

from panels.policies.plans import check_plan
from panels.policies.seats import (
    barred_from_all,
    check_interests,
    check_nomination,
    check_nomination_day,
    check_seat_free,
    check_useful,
)
from panels.policies.sittings import (
    Held,
    check_competent,
    check_convening,
    check_deciding,
    check_listing,
    convening_faults,
)

__all__ = [
    "Held",
    "barred_from_all",
    "check_competent",
    "check_convening",
    "check_deciding",
    "check_interests",
    "check_listing",
    "check_nomination",
    "check_nomination_day",
    "check_plan",
    "check_seat_free",
    "check_useful",
    "convening_faults",
]
