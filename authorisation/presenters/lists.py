"""Rows of the list of applications and of the public register."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from authorisation.enums import AuthorisationOutcome, Stage
from authorisation.models import Application

OUTCOME_COLOURS = {AuthorisationOutcome.FULL: "green", AuthorisationOutcome.CONDITIONAL: "orange"}
STAGE_COLOURS = {Stage.CLOSED: "green", Stage.DEFERRED: "grey", Stage.WITHDRAWN: "grey"}


@dataclass(frozen=True)
class Row:
    """One application in a list."""

    ref: str
    name: str
    code: str
    wave: int
    region: str
    stage: str
    stage_colour: str
    outcome: str
    outcome_colour: str
    open_conditions: int
    directions: int
    synthetic: str


def region_of(application: Application) -> str:
    """The Board's region an application's CCG lies in, through its area team."""
    area_team = application.ccg.parent
    return area_team.parent.name if area_team and area_team.parent else ""


def rows(applications: Iterable[Application], *, untold: Collection[int] = ()) -> list[Row]:
    """Rows of applications loaded with ccg, area team, region and wave, and annotated by `queries.listed`.

    untold: keys of applications whose decision the reader is not to see yet.
    """
    return [
        Row(
            ref=each.ref,
            name=each.ccg.name,
            code=each.ccg.code,
            wave=each.wave.number,
            region=region_of(each),
            stage=each.get_stage_display(),
            stage_colour=STAGE_COLOURS.get(Stage(each.stage), "blue"),
            outcome="" if each.pk in untold else each.get_outcome_display(),
            outcome_colour=OUTCOME_COLOURS.get(AuthorisationOutcome(each.outcome), "grey") if each.outcome else "grey",
            open_conditions=getattr(each, "open_conditions", 0),
            directions=getattr(each, "directions_in_force", 0),
            synthetic=each.synthetic,
        )
        for each in applications
    ]


@dataclass(frozen=True)
class Standing:
    """How a published case stands now: a tag and a sentence."""

    text: str
    colour: str


def standing(open_conditions: int, directions: int) -> Standing:
    """Fully authorised if and only if no condition is open and no direction is in force."""
    if directions:
        return Standing("With directions", "red")
    if open_conditions:
        return Standing("With conditions", "orange")
    return Standing("Fully authorised", "green")
