"""Who may do what to a case beyond the grant a step names: chairs of its panels, and who takes it off its road."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.core.exceptions import PermissionDenied

from authorisation.enums import BEFORE_DECISION, Stage
from directory import grants
from directory.queries import board_id
from panels.models import PanelKind
from panels.permissions import chairs_case

if TYPE_CHECKING:
    from authorisation.models import Application
    from directory.models import Person
    from panels.permissions import Actor


@dataclass(frozen=True)
class Chairs:
    """A further way to be allowed a step: to chair a panel of this kind with the case on its agenda."""

    kind: PanelKind

    def __call__(self, by: Person, case: Application) -> bool:
        """Whether this person does."""
        return chairs_case(by, case.ref, self.kind)


@dataclass(frozen=True)
class Diversion:
    """Leaving the road: any one of the grants, `act_for` on the CCG or `administer` on the Board, at these stages."""

    verb: str
    who: str
    codenames: tuple[str, ...]
    stages: frozenset[Stage]


DIVERSIONS: Final[Mapping[str, Diversion]] = {
    "deferred": Diversion("defer", "the secretariat", ("administer",), BEFORE_DECISION),
    "withdrawn": Diversion(
        "withdraw", "the CCG or the secretariat", ("act_for", "administer"), BEFORE_DECISION | {Stage.DEFERRED}
    ),
}


def may_defer(person: Person, case: Application) -> bool:
    """The secretariat, before the decision."""
    return _may("deferred", person, case)


def may_withdraw(person: Person, case: Application) -> bool:
    """The CCG or the secretariat, before the decision."""
    return _may("withdrawn", person, case)


def check_may_divert(by: Actor, case: Application, *, to: str) -> None:
    """Raise PermissionDenied unless this person may take cases to that node; whether this one is for the domain."""
    diversion = DIVERSIONS[to]
    if by != "system" and not _holds(diversion, by, case):
        raise PermissionDenied(f"Only {diversion.who} may {diversion.verb} {case.ref}.")


def _may(to: str, person: Person, case: Application) -> bool:
    return case.stage in DIVERSIONS[to].stages and _holds(DIVERSIONS[to], person, case)


def _holds(diversion: Diversion, person: Person, case: Application) -> bool:
    return any(
        grants.holds(person, codename, case.ccg_id if codename == "act_for" else board_id())
        for codename in diversion.codenames
    )
