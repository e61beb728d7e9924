"""Is it allowed now? `x_faults` answers in sentences, `check_x` raises."""

from panels.policies.nominations import (
    check_capacity,
    check_nomination,
    check_nomination_day,
    check_numbers,
    check_order,
)
from panels.policies.plans import check_plan
from panels.policies.records import (
    check_absence,
    check_absence_end,
    check_absence_withdrawal,
    check_accreditation,
    check_accreditation_end,
    check_interests,
)
from panels.policies.seats import (
    barred_from_all,
    check_alive,
    check_body,
    check_confirming,
    check_day_free,
    check_heir,
    check_keeps_no_record,
    check_nothing_said,
    check_seat_free,
    check_useful,
    seating_faults,
)
from panels.policies.sittings import (
    Held,
    check_competent,
    check_convening,
    check_deciding,
    check_listing,
    convening_faults,
    convening_missing,
)

__all__ = [
    "Held",
    "barred_from_all",
    "check_absence",
    "check_absence_end",
    "check_absence_withdrawal",
    "check_accreditation",
    "check_accreditation_end",
    "check_alive",
    "check_body",
    "check_capacity",
    "check_competent",
    "check_confirming",
    "check_convening",
    "check_day_free",
    "check_deciding",
    "check_heir",
    "check_interests",
    "check_keeps_no_record",
    "check_listing",
    "check_nomination",
    "check_nomination_day",
    "check_nothing_said",
    "check_numbers",
    "check_order",
    "check_plan",
    "check_seat_free",
    "check_useful",
    "convening_faults",
    "convening_missing",
    "seating_faults",
]
