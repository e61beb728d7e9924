"""One published case, as the public reads it. Nothing here is read for a case that is not published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from authorisation.enums import PANEL_OUTCOMES
from authorisation.models import Application, ApplicationReview
from authorisation.presenters.conditions import ConditionLine, DirectionLine, conditions, directions
from authorisation.presenters.lists import Standing, region_of, standing, synthetic_words
from panels.models import Item
from panels.presenters.seating import ItemView, items


@dataclass(frozen=True)
class ReviewLine:
    """What one quarterly review left."""

    title: str
    on: datetime
    conditions_left: int
    directions_left: int


@dataclass(frozen=True)
class Published:
    """One CCG's entry in the register."""

    name: str
    code: str
    wave: int
    region: str
    outcome: str
    has_directions: bool
    reasons: str
    decided_at: datetime
    published_at: datetime
    now: Standing
    conditions: Sequence[ConditionLine]
    directions: Sequence[DirectionLine]
    reviews: Sequence[ReviewLine]
    panel: ItemView
    ruleset: str
    synthetic: str

    @property
    def open_conditions(self) -> int:
        """How many conditions are not discharged."""
        return sum(each.is_open for each in self.conditions)

    @property
    def directions_in_force(self) -> int:
        """How many directions have not ended."""
        return sum(each.ended_on is None for each in self.directions)


def published(application: Application) -> Published:
    """The entry of a published application loaded with its decision, publication, place, wave and rule set."""
    decision = application.decision
    imposed, given = conditions(application), directions(application)
    before = Item.objects.select_related("panel", "sitting", "organisation").get(pk=decision.panel_outcome.item_id)
    left = sum(each.is_open for each in imposed)
    in_force = sum(each.ended_on is None for each in given)
    return Published(
        name=application.ccg.name,
        code=application.ccg.code,
        wave=application.wave.number,
        region=region_of(application),
        outcome=decision.get_outcome_display(),
        has_directions=decision.has_directions,
        reasons=decision.reasons,
        decided_at=decision.decided_at,
        published_at=application.publication.published_at,
        now=standing(left, in_force),
        conditions=imposed,
        directions=given,
        reviews=reviews(application),
        panel=items([before], PANEL_OUTCOMES)[0],
        ruleset=application.ruleset.version,
        synthetic=synthetic_words(application.synthetic),
    )


def reviews(application: Application) -> list[ReviewLine]:
    """The reviews a case has had, oldest first; one query."""
    rows = ApplicationReview.objects.filter(application=application).select_related("round").order_by("reviewed_at")
    return [ReviewLine(row.round.title, row.reviewed_at, row.conditions_left, row.directions_left) for row in rows]
