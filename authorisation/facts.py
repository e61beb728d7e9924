"""What happened in 2012-13: the project's own data, typed, each value published, inferred or synthetic.

Pure: reads the files of authorisation/data, knows neither database nor clock. The files are described in their README.
"""

import csv
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

DATA = Path(__file__).parent / "data"
SATURDAY = 5


class Unmet(NamedTuple):
    """A criterion not met, with its support level (empty where not known)."""

    criterion: str
    level: str


class LevelChange(NamedTuple):
    """A support level changed by a review."""

    review: int
    criterion: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class DirectionFact:
    """A direction: given at authorisation ("A") or a review ("R0"), lifted at a review or not ("")."""

    code: str
    addressee: str
    type: str
    text: str
    other: str
    given: str
    lifted: str
    mark: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CcgFact:
    """One group's way through authorisation and the reviews of March, July and October 2013 (numbers 0, 1, 2)."""

    code: str
    name: str
    region: str
    wave_applied: int
    wave_decided: int
    outcome: str
    directions: bool
    conditions: int
    unmet: tuple[Unmet, ...]
    left: tuple[int, ...]
    directions_after: tuple[bool, ...]
    discharged: tuple[tuple[str, ...], ...]
    level_changes: tuple[LevelChange, ...]
    known_unmet: tuple[Unmet, ...]
    directions_given: tuple[DirectionFact, ...]
    inferred: frozenset[str]
    synthetic: frozenset[str]
    source: tuple[str, ...]

    @property
    def directions_text(self) -> tuple[str, ...]:
        """The directions addressed to the group itself."""
        return tuple(item.text for item in self.directions_given if item.addressee == "ccg")

    def open_after(self, review: int) -> dict[str, str]:
        """Open criteria and their levels after `review`; -1 means at authorisation."""
        levels = {item.criterion: item.level for item in self.unmet}
        levels |= {change.criterion: change.after for change in self.level_changes if change.review <= review}
        gone = {criterion for codes in self.discharged[: review + 1] for criterion in codes}
        return {criterion: level for criterion, level in levels.items() if criterion not in gone}

    def directed_after(self, review: int) -> bool:
        """Whether directions are in force after `review`; -1 means at authorisation."""
        return self.directions if review < 0 else self.directions_after[review]

    def full_after(self, review: int) -> bool:
        """Fully authorised: no condition open and no direction in force."""
        return not self.open_after(review) and not self.directed_after(review)


@dataclass(frozen=True, slots=True)
class Day:
    """A date with its standing."""

    date: date
    mark: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day of a period, both included."""

    start: date
    end: date
    mark: str
    source: tuple[str, ...]

    def weekdays(self) -> Iterator[date]:
        """Mondays to Fridays; no period of the calendar holds a bank holiday on which anyone was visited."""
        for offset in range((self.end - self.start).days + 1):
            day = self.start + timedelta(days=offset)
            if day.weekday() < SATURDAY:
                yield day


@dataclass(frozen=True, slots=True)
class Track:
    """The part of a wave that is visited in the same weeks and goes to the same meetings."""

    name: str
    share: int
    site_visits: tuple[Period, ...]
    moderation: Day
    regional_sign_off: Day
    conditions: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class WaveDates:
    """The calendar of a wave; `report_days` are working days from a visit to its report."""

    number: int
    submission: Day
    desk_top_review: Period
    decision: Day
    letters: Day
    publication: Day
    plan_due: Day
    report_days: int
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class ReviewDates:
    """The calendar of a review; `waves` are those reviewed. Dates are None where a later review's are not known."""

    number: int
    title: str
    committee: Day
    letters: Day
    waves: tuple[int, ...] = (1, 2, 3, 4)
    evidence_due: Day | None = None
    published: Day | None = None


@dataclass(frozen=True, slots=True)
class WaveChange:
    """A group moved to a later wave: before_submission, after_submission, or deferred at the last stage."""

    code: str
    from_wave: int
    to_wave: int
    kind: str
    agreed: Day
    reason: str
    mark: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """Waves by number, the reviews whose results are known, those whose results are not, and changes of wave."""

    waves: dict[int, WaveDates]
    reviews: tuple[ReviewDates, ...]
    later_reviews: tuple[ReviewDates, ...]
    wave_changes: tuple[WaveChange, ...]


@dataclass(frozen=True, slots=True)
class Allocation:
    """One group's dates within its wave (synthetic: who went to which meeting is not known)."""

    track: str
    site_visit: date
    moderation: date
    regional_sign_off: date
    conditions: date


@dataclass(frozen=True, slots=True)
class TieFact:
    """A tie between two groups, stored once."""

    code: str
    other: str
    kind: str
    mark: str
    source: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AreaTeamFact:
    """The area team of a group."""

    team: str
    team_name: str
    region: str
    mark: str


class PublishedWave(NamedTuple):
    """Published outcome of one wave; groups with directions are counted among the conditional."""

    wave: int
    decided: int
    full: int
    conditional: int
    with_directions: int
    source: tuple[str, ...]


class PublishedReview(NamedTuple):
    """Published state after a review, and what changed. None: not published, or not to be relied on."""

    review: int
    full: int
    conditional: int
    with_directions: int
    newly_full: int
    partly_discharged: int | None
    fewer_than_five: int | None
    source: tuple[str, ...]


PUBLISHED_WAVES = (
    PublishedWave(1, 34, 8, 26, 0, ("nhscb-2012-12", "hsj-5052773")),
    PublishedWave(2, 67, 19, 48, 3, ("nhscb-2013-01", "hsj-5055128")),
    PublishedWave(3, 62, 6, 56, 5, ("nhscb-2013-02", "hl-2013-02")),
    PublishedWave(4, 48, 10, 38, 7, ("bmj-f1916", "hl-2013-03")),
)
PUBLISHED_REVIEWS = (
    PublishedReview(0, 106, 105, 14, 63, 47, 55, ("nhse-2013-03", "hl-2013-03-review")),
    PublishedReview(1, 152, 59, 8, 46, 51, None, ("nhse-2013-07", "hsj-5061704", "mills-reeve-2013-08")),
    # "Another 51 had conditions reduced" cannot be: only 31 still had any.
    PublishedReview(2, 180, 31, 7, 28, None, None, ("hl-2013-10",)),
)


@cache
def load_facts() -> dict[str, CcgFact]:
    """All 211 groups by code, in the order of the file."""
    directions = load_directions()
    return {row["code"]: _fact(row, directions.get(row["code"], ())) for row in _rows("facts-2012.csv")}


@cache
def load_directions() -> dict[str, tuple[DirectionFact, ...]]:
    """Directions by the group they concern."""
    facts: dict[str, tuple[DirectionFact, ...]] = {}
    for row in _rows("directions-2012.csv"):
        source = tuple(row.pop("source").split())
        facts[row["code"]] = (*facts.get(row["code"], ()), DirectionFact(source=source, **row))
    return facts


@cache
def load_calendar() -> Calendar:
    """The calendar of waves and reviews."""
    with (DATA / "calendar-2012.toml").open("rb") as file:
        raw = _typed(tomllib.load(file))
    return Calendar(
        waves={item["number"]: WaveDates(**item) for item in raw["waves"]},
        reviews=tuple(ReviewDates(**item) for item in raw["reviews"]),
        later_reviews=tuple(ReviewDates(**item) for item in raw["later_reviews"]),
        wave_changes=tuple(WaveChange(**item) for item in raw["wave_changes"]),
    )


@cache
def load_ties() -> tuple[TieFact, ...]:
    """Ties of every kind between groups, each once."""
    return tuple(
        TieFact(row["code"], row["other"], row["kind"], row["mark"], tuple(row["source"].split()))
        for row in _rows("neighbours-2012.csv")
    )


@cache
def load_neighbours() -> dict[str, frozenset[str]]:
    """Codes of each group's neighbours, both ways."""
    pairs = [(tie.code, tie.other) for tie in load_ties() if tie.kind == "neighbour"]
    both = {*pairs, *((other, code) for code, other in pairs)}
    return {code: frozenset(other for one, other in both if one == code) for code in load_facts()}


@cache
def load_area_teams() -> dict[str, AreaTeamFact]:
    """The area team of each group, by the group's code."""
    return {
        row["code"]: AreaTeamFact(row["team"], row["team_name"], row["region"], row["mark"])
        for row in _rows("area_teams-2012.csv")
    }


@cache
def load_sources() -> dict[str, tuple[str, str]]:
    """Title and address (empty where there is none) of each source, by its key."""
    return {row["key"]: (row["title"], row["url"]) for row in _rows("sources-2012.csv")}


def allocate(wave: WaveDates, codes: Iterable[str]) -> dict[str, Allocation]:
    """Deal a wave's groups, in code order, to tracks by share and evenly to the days within each track."""
    ordered = sorted(codes)
    total = sum(track.share for track in wave.tracks)
    result: dict[str, Allocation] = {}
    dealt = 0
    for track in wave.tracks:
        start, dealt = dealt, dealt + track.share
        part = ordered[start * len(ordered) // total : dealt * len(ordered) // total]
        result |= _allocate_track(track, part)
    return result


def _allocate_track(track: Track, codes: list[str]) -> dict[str, Allocation]:
    days = [day for period in track.site_visits for day in period.weekdays()]
    return {
        code: Allocation(
            track=track.name,
            site_visit=days[place * len(days) // len(codes)],
            moderation=track.moderation.date,
            regional_sign_off=track.regional_sign_off.date,
            conditions=track.conditions[place * len(track.conditions) // len(codes)].date,
        )
        for place, code in enumerate(codes)
    }


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _fact(row: dict[str, str], directions: tuple[DirectionFact, ...]) -> CcgFact:
    known = (item.partition(":") for item in row["known_unmet"].split())
    return CcgFact(
        code=row["code"],
        name=row["name"],
        region=row["region"],
        wave_applied=int(row["wave_applied"]),
        wave_decided=int(row["wave_decided"]),
        outcome=row["outcome"],
        directions=row["directions"] == "true",
        conditions=int(row["conditions"]),
        unmet=tuple(Unmet(*pair) for pair in zip(row["unmet"].split(), row["levels"].split(), strict=True)),
        left=tuple(int(row[name]) for name in ("r0", "r1", "r2")),
        directions_after=tuple(row[name] == "true" for name in ("d0", "d1", "d2")),
        discharged=tuple(tuple(row[name].split()) for name in ("discharged0", "discharged1", "discharged2")),
        level_changes=tuple(_level_change(item) for item in row["level_changes"].split()),
        known_unmet=tuple(Unmet(criterion, level) for criterion, _, level in known),
        directions_given=directions,
        inferred=frozenset(row["inferred"].split()),
        synthetic=frozenset(row["synthetic"].split()),
        source=tuple(row["source"].split()),
    )


def _level_change(text: str) -> LevelChange:
    review, criterion, levels = text.split(":")
    before, after = levels.split(">")
    return LevelChange(int(review.removeprefix("R")), criterion, before, after)


def _typed(raw: Any) -> Any:
    """Days, periods and tuples for what the file writes as tables and arrays."""
    if isinstance(raw, list):
        return tuple(_typed(item) for item in raw)
    if not isinstance(raw, dict):
        return raw
    values = {key: _typed(value) for key, value in raw.items()}
    if "tracks" in values:
        values["tracks"] = tuple(Track(**track) for track in values["tracks"])
    if "date" in values:
        return Day(**values)
    return Period(**values) if "start" in values else values
