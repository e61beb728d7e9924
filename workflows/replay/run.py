"""The replay: sets the stage, plays the script day by day, counts what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings

from audit import clock
from audit.models import Event
from authorisation.actions.rulesets import import_criteria, load_ruleset
from authorisation.actions.waves import add_wave
from authorisation.errors import ApplicationRefused
from authorisation.facts import CcgFact, load_calendar, load_facts
from authorisation.models import Application, RuleSet
from authorisation.queries import decided_by_wave
from directory import messages
from panels.models import Item, ItemState, Panel
from panels.queries import panels_without_coalition
from workflows.engine.sweep import sweep
from workflows.queue import held
from workflows.replay.cast import Cast, assemble, first_day
from workflows.replay.deeds import CYCLE, Deeds
from workflows.replay.dossier import dossier
from workflows.replay.plan import EARLY, Planner
from workflows.replay.script import Script, moment

DATA = Path(settings.BASE_DIR) / "authorisation" / "data"
LAST_DAY = date(2013, 10, 31)
NOT_MAILED = "Written while the past was replayed: shown here, mailed to nobody."


@dataclass
class Result:
    """What the flow produced, from queries over decisions and reviews."""

    waves: list[dict[str, int]]
    reviews: list[dict[str, int]]
    panels: int
    panels_without_coalition_representative: int
    items: int
    events: int
    seconds: float


class Replay:
    """One replay into an empty database. `shift` moves the calendar (the demonstration)."""

    def __init__(self, *, wave: int | None = None, seed: int = 2012, shift: timedelta = timedelta()) -> None:
        self.seed, self.shift = seed, shift
        self.facts = _chosen(load_facts(), wave)
        self.deeds: Deeds
        self.cast: Cast
        self.script: Script

    @staticmethod
    def check_empty() -> None:
        """Raises ApplicationRefused where cases exist already."""
        if Application.objects.exists():
            raise ApplicationRefused(
                "This database already holds applications: replay into a new one (DATABASE_URL), or remove the file."
            )

    def set_stage(self) -> None:
        """Rule set, criteria, directory, waves. Raises ApplicationRefused where cases exist already."""
        self.check_empty()
        with clock.at(moment(first_day() + self.shift, EARLY)):
            ruleset = load_rules()
            # Everybody, whichever wave is played: members come from groups that are not judged beside them (D11).
            self.cast = assemble(load_facts(), seed=self.seed)
            calendar = load_calendar()
            waves = {
                number: add_wave(
                    cycle=CYCLE,
                    number=number,
                    deadline=dates.submission.date + self.shift,
                    by=self.cast.secretary,
                )
                for number, dates in calendar.waves.items()
            }
            order = {row.code: row for row in ruleset.criteria_set.criteria.all()}
            dossiers = {code: dossier(fact, order, seed=self.seed) for code, fact in self.facts.items()}
            self.deeds = Deeds(self.cast, ruleset, waves, dossiers)
        self.script = Planner(self.deeds, calendar, shift=self.shift).build()

    def play(self, *, until: date = LAST_DAY, progress: Callable[[int, int, date, str], None] | None = None) -> None:
        """Every act up to and including a historic day, each at its own moment; deadlines fire each morning."""
        last, done = until + self.shift, 0
        total = self.script.upto(last)
        with held() as jobs, messages.not_mailed(NOT_MAILED):
            self.deeds.jobs = jobs
            for day, acts in self.script.days(last):
                with clock.at(moment(day, EARLY)):
                    fire_due()
                for act in acts:
                    with clock.at(act.at):
                        act.do()
                    done += 1
                    if progress:
                        progress(done, total, day - self.shift, act.name)

    def result(self, seconds: float) -> Result:
        """Counts over what was written."""
        return Result(
            waves=decided_by_wave(CYCLE),
            reviews=[{"review": number, **counts} for number, counts in sorted(self.deeds.standings.items())],
            panels=Panel.objects.count(),
            panels_without_coalition_representative=panels_without_coalition(),
            items=Item.objects.filter(state=ItemState.CLOSED).count(),
            events=Event.objects.count(),
            seconds=round(seconds, 1),
        )


def fire_due() -> None:
    """Fire every deadline that is due. Raises RuntimeError when one fails: a replay does not wait for a retry."""
    while True:
        swept = sweep()
        if swept.failed:
            raise RuntimeError(f"Deadlines {swept.failed} failed; the log above says why.")
        if not swept.fired:
            return


def load_rules() -> RuleSet:
    """The criteria and the rule set of 2012."""
    import_criteria(source=(DATA / "criteria-2012.csv").read_bytes(), version="2012", by="system")
    return load_ruleset(source=(DATA / "ruleset-2012.toml").read_bytes(), by="system")


def _chosen(facts: dict[str, CcgFact], wave: int | None) -> dict[str, CcgFact]:
    return {code: fact for code, fact in facts.items() if wave in {None, fact.wave_decided}}


def timed(run: Callable[[], None]) -> float:
    """Seconds a run took."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
