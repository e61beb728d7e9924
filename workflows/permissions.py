"""Whether this person may take a case off its road."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authorisation.enums import BEFORE_DECISION, Stage
from directory import grants
from panels.permissions import administers

if TYPE_CHECKING:
    from authorisation.models import Application
    from directory.models import Person


def may_defer(person: Person, case: Application) -> bool:
    """The secretariat, before the decision."""
    return case.stage in BEFORE_DECISION and administers(person)


def may_withdraw(person: Person, case: Application) -> bool:
    """The CCG or the secretariat, before the decision."""
    before = case.stage in BEFORE_DECISION or case.stage == Stage.DEFERRED
    return before and (grants.holds(person, "act_for", case.ccg_id) or administers(person))
