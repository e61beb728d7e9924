"""Rows of the list of applications and of the public register."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from authorisation.enums import AuthorisationOutcome, Stage
from authorisation.models import Application

OUTCOME_COLOURS = {AuthorisationOutcome.FULL: "green", AuthorisationOutcome.CONDITIONAL: "orange"}
STAGE_COLOURS = {Stage.CLOSED: "green", Stage.DEFERRED: "grey", Stage.WITHDRAWN: "grey"}


# What the data of 2012-13 call the parts that were made to fill the gaps, and what people call them.
SYNTHETIC = {
    "wave_applied": "the wave applied in",
    "wave_decided": "the wave decided in",
    "outcome": "the outcome",
    "unmet": "which criteria were not met",
    "conditions": "the number of conditions",
    "levels": "the levels of support",
    "level_changes": "the changes of level",
    "d": "whether directions stood",
    "discharged": "when conditions were discharged",
    "r": "the results of reviews",
}


def synthetic_words(marks: str) -> str:
    """What of a case is synthetic, in words; a mark nobody knows stays as it is."""
    known = dict.fromkeys(
        SYNTHETIC.get(mark) or SYNTHETIC.get(mark.rstrip("0123456789")) or mark for mark in marks.split()
    )
    return ", ".join(known)


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
            synthetic=synthetic_words(each.synthetic),
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
