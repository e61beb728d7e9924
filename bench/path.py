"""One case, from its opening to its first review, by the replay's own deeds; only our transition itself is timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from datetime import time as day_time
from typing import Any

from django.db import connection

from audit import clock
from authorisation.actions import reviews
from authorisation.actions.waves import add_wave
from authorisation.enums import ReviewResult
from authorisation.facts import load_ties
from authorisation.models import Application, Direction, Wave
from authorisation.queries import open_conditions
from authorisation.rules import Reviewed
from bench.timing import Counter
from directory.models import Organisation, Person
from workflows.actions import cases
from workflows.queue import held
from workflows.replay import deeds as replay_deeds
from workflows.replay.cast import first_day
from workflows.replay.deeds import Deeds
from workflows.replay.run import Replay
from workflows.replay.script import moment

NOON = day_time(12)
# Between one case and the next: longer than the two years in which a member of an earlier case is barred (D10).
APART = timedelta(days=800)
# Steps that need no panel: what a bench of the engine should not blame on the room it is decided in.
PLAIN = frozenset({"open", "submit", "desk-top", "second reading", "report", "comments", "sign-off"}) | {
    "answer",
    "answer assessed",
    "publication",
    "plan",
}


@dataclass(frozen=True)
class Act:
    """One act in the life of a case: days after it began, the node it completes, and how it is done."""

    name: str
    node: str
    after: int
    do: Callable[[], object]


class Watch:
    """Stands where the replay finds the actions of cases, and times each call of one."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.counter: Counter | None = None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        action = getattr(cases, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            if self.counter is not None:
                with connection.execute_wrapper(self.counter):
                    return action(*args, **kwargs)
            start = time.perf_counter()
            result = action(*args, **kwargs)
            self.seconds = time.perf_counter() - start
            return result

        return timed


class Stage:
    """The people, organisations, rules and waves of the replay, for cases that are all alike."""

    def __init__(self, *, wave: int | None = 1) -> None:
        self.replay = Replay(wave=wave)
        self.replay.set_stage()
        self.deeds: Deeds = self.replay.deeds
        self.watch = Watch()
        self.code = self._longest()

    def _longest(self) -> str:
        """A CCG with conditions, an answer that removes one, and no leadership shared with another's."""
        shared = {code for tie in load_ties() if tie.kind == "shares_leadership" for code in (tie.code, tie.other)}
        files = {code: file for code, file in self.deeds.dossiers.items() if code not in shared}
        suitable = [code for code, file in files.items() if len(file.left) >= 2 and file.removed]  # noqa: PLR2004
        return min(suitable or [code for code, file in files.items() if file.left])

    @property
    def ccgs(self) -> list[Organisation]:
        """Every CCG on the stage."""
        return [self.deeds.cast.organisations[code] for code in sorted(self.deeds.dossiers)]

    def noon(self) -> AbstractContextManager[None]:
        """The first day, for what has no day of its own."""
        return clock.at(moment(first_day(), NOON))

    @property
    def user(self) -> Person:
        """Somebody to do the bare steps."""
        return self.deeds.cast.secretary

    def wave(self, number: int) -> Wave:
        """A wave of a cycle of its own, so that the same CCG applies again."""
        with self.noon():
            deadline = first_day() + number * APART + timedelta(days=365)
            return add_wave(cycle=2013 + number, number=1, deadline=deadline, by=self.deeds.cast.secretary)

    @contextmanager
    def watched(self) -> Any:
        """While inside, the deeds call the actions through the watch."""
        replay_deeds.cases = self.watch  # type: ignore[assignment]
        try:
            with held() as jobs:
                self.deeds.jobs = jobs
                yield
        finally:
            replay_deeds.cases = cases

    def acts(self, number: int) -> list[Act]:
        """The life of case `number`, of the same CCG in a later cycle, long after the one before."""
        deeds, code, began = self.deeds, self.code, first_day() + number * APART

        def on(after: int) -> date:
            return began + timedelta(days=after)

        def panel(kind: str, after: int) -> Callable[[], None]:
            return lambda: deeds.seat(kind, on(after), f"A {kind} panel", [code])

        return [
            Act("open", "prepare", 0, lambda: self._open(number)),
            Act("submit", "submit", 1, lambda: deeds.submit(code)),
            *(Act("desk-top", "desk_top_review", 5, lambda d=domain: deeds.assess(code, d)) for domain in range(1, 7)),
            Act("second reading", "second_reading", 8, self._read_again),
            Act("arrange visit", "convene_site_visit", 9, lambda: deeds.seat_visit(code, on(20))),
            Act("site visit", "site_visit", 20, lambda: deeds.visit(code, on(20))),
            Act("report", "report", 25, lambda: deeds.report(code, on(20))),
            Act("comments", "report_comments", 30, lambda: deeds.comment(code)),
            Act("", "", 35, panel("moderation", 45)),
            Act("moderation", "moderation", 45, lambda: deeds.moderate(on(45), [code])),
            Act("sign-off", "regional_sign_off", 50, lambda: deeds.sign_off(code)),
            Act("", "", 52, panel("conditions", 62)),
            Act("conditions", "conditions_panel", 62, lambda: deeds.conditions(on(62), [code])),
            Act("answer", "conditions_response", 66, lambda: deeds.answer(code)),
            Act("answer assessed", "response_assessed", 80, lambda: deeds.assess_answer(code)),
            Act("", "", 82, panel("decision", 95)),
            Act("decision", "decision", 95, lambda: deeds.decide(on(95), [code])),
            Act("letter", "letter", 96, deeds.letters),
            Act("publication", "publication", 97, lambda: deeds.publish([code])),
            Act("plan", "plan", 100, lambda: deeds.plan(code)),
            Act("", "", 120, panel("review", 130)),
            Act("review", "review", 130, lambda: self._review(number, on(130))),
        ]

    def at(self, number: int, act: Act) -> Any:
        """The moment of an act of case `number`."""
        return clock.at(moment(first_day() + number * APART + timedelta(days=act.after), NOON))

    def _open(self, number: int) -> None:
        wave, cast = self.wave(number), self.deeds.cast
        case: Application = self.watch.open_application(
            ccg=cast.organisations[self.code], wave=wave, ruleset=self.deeds.ruleset, by=cast.secretary
        )
        self.deeds.keys[self.code] = case.pk

    def _review(self, number: int, on: date) -> None:
        """A review that discharges every condition, so that the case closes."""
        deeds, code = self.deeds, self.code
        held_round = reviews.open_round(
            cycle=2013 + number,
            number=1,
            title="Review of a measured case",
            evidence_due=on,
            committee_on=on,
            by=deeds.cast.secretary,
        )
        meeting, case = deeds.meetings["review", on, ""], deeds.case(code)
        members = deeds.seating.convene(meeting)
        item = deeds.seating.decide(meeting, code, members, "reviewed", "Evidence and the region's advice read.")
        self.watch.record_review(
            case,
            held=held_round,
            item=item,
            results=[Reviewed(each, ReviewResult.DISCHARGE, "The test is met.") for each in open_conditions(case)],
            lifted=list(Direction.objects.filter(application=case, ended_on__isnull=True)),
            by=deeds.cast.secretary,
        )
        deeds.seating.close(meeting)

    def _read_again(self) -> None:
        self.watch.read_again(self.deeds.case(self.code), by=self.deeds.cast.parts["reader"][0])
