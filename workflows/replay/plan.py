"""The calendar of 2012-13 laid out as a script of deeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time, timedelta
from functools import partial

from authorisation.calendar import add_working_days
from authorisation.enums import Stage
from authorisation.facts import Allocation, Calendar, ReviewDates, WaveChange, WaveDates, allocate
from workflows.replay.cast import first_day
from workflows.replay.deeds import Deeds
from workflows.replay.dossier import Dossier
from workflows.replay.script import Script

SEATED_BEFORE = timedelta(days=10)
RESUMED_ON = date(2012, 12, 3)
EARLY, MORNING, NOON, AFTERNOON, EVENING = time(8), time(10), time(12), time(14, 30), time(17)


class Planner:
    """Turns dates into acts. `shift` moves the whole calendar, for the demonstration."""

    def __init__(self, deeds: Deeds, calendar: Calendar, *, shift: timedelta) -> None:
        self.deeds, self.calendar, self.shift = deeds, calendar, shift
        self.files: Mapping[str, Dossier] = deeds.dossiers
        self.changes = [each for each in calendar.wave_changes if each.code in self.files]
        self.script = Script()
        self.wave = 0

    def add(self, on: date, at: time, name: str, do: Callable[..., object], *given: object) -> None:
        """One act on a day of the historic calendar, in the wave being laid out."""
        self.script.add(on + self.shift, at, name, partial(do, *given), wave=self.wave)

    def day(self, on: date) -> date:
        """The day a historic day falls on in this replay."""
        return on + self.shift

    def build(self) -> Script:
        """Everything, from the approval of the waves to the review of October 2013."""
        self._open()
        for wave in self.calendar.waves.values():
            self.wave = wave.number
            deferred = [each.code for each in self.changes if each.kind == "deferred"]
            left = [each.code for each in self.changes if each.kind == "deferred" and each.from_wave == wave.number]
            decided = [code for code, file in self.files.items() if file.fact.wave_decided == wave.number]
            self._assess(wave, [code for code in decided if code not in deferred] + left)
            places = allocate(wave, decided + left)
            for code, place in places.items():
                self._visit(wave, code, place)
            self._meet(wave, places)
            self._decide(wave, decided)
        for change in self.changes:
            self.wave = change.to_wave
            self._change(change)
        self.wave = 0
        for review in self.calendar.reviews:
            self._review(review)
        return self.script

    def _open(self) -> None:
        first: defaultdict[int, list[str]] = defaultdict(list)
        moved = {each.code: each.from_wave for each in self.changes}
        for code, file in self.files.items():
            first[moved.get(code, file.fact.wave_decided)].append(code)
        for number, codes in sorted(first.items()):
            self.add(first_day(), NOON, f"wave {number} opens", self.deeds.open_wave, number, codes)

    def _change(self, change: WaveChange) -> None:
        """A move before or after submission goes on at once; a deferral at the last stage goes on in December."""
        agreed = change.agreed.date
        if change.kind == "deferred":
            self.add(agreed, NOON, "deferral", self.deeds.defer, change.code, change.to_wave, change.reason)
            self.add(RESUMED_ON, NOON, "resumption", self.deeds.resume, change.code, Stage.SITE_VISIT_PLANNING)
            return
        if change.kind == "after_submission":
            submitted = self.calendar.waves[change.from_wave].submission.date
            self.add(submitted, MORNING, "submission", self.deeds.submit, change.code)
        self.add(agreed, NOON, "change of wave", self.deeds.defer, change.code, change.to_wave, change.reason)
        self.add(agreed, NOON, "change of wave", self.deeds.resume, change.code, Stage.PREPARATION)

    def _assess(self, wave: WaveDates, codes: list[str]) -> None:
        """Submission, the desk-top review of six domains spread over its weeks, and the second reading of the wave."""
        days = list(wave.desk_top_review.weekdays())[:-1]
        for number, code in enumerate(codes):
            self.add(wave.submission.date - timedelta(days=number % 4), MORNING, "submission", self.deeds.submit, code)
            for domain in range(1, 7):
                on = days[(number * 6 + domain - 1) * len(days) // (len(codes) * 6)]
                self.add(on, AFTERNOON, "desk-top review", self.deeds.assess, code, domain)
        if codes:
            self.add(wave.desk_top_review.end, EVENING, "second reading", self.deeds.read_again, codes)

    def _visit(self, wave: WaveDates, code: str, place: Allocation) -> None:
        on, reported = place.site_visit, add_working_days(place.site_visit, wave.report_days)
        seated = max(on - SEATED_BEFORE, wave.desk_top_review.end + timedelta(days=1))
        self.add(seated, MORNING, "site visit arranged", self.deeds.seat_visit, code, self.day(on))
        self.add(on, MORNING, "site visit", self.deeds.visit, code, self.day(on))
        self.add(reported, MORNING, "report", self.deeds.report, code, self.day(on))
        # In a moved calendar bank holidays fall elsewhere and a window may outlast its panel day: all answer then.
        if self.files[code].answers[0] or self.shift:
            self.add(add_working_days(reported, 6), MORNING, "comments", self.deeds.comment, code)

    def _meet(self, wave: WaveDates, places: Mapping[str, Allocation]) -> None:
        """Moderation, sign-off, the conditions panel and the CCG's answer."""
        for on, codes in _by_day(places, lambda place: place.moderation):
            self._seat("moderation", on, f"Moderation panel, wave {wave.number}", codes)
            self.add(on, MORNING, "moderation", self.deeds.moderate, self.day(on), codes)
        open_cases = {code: place for code, place in places.items() if self.files[code].proposals()}
        for code, place in open_cases.items():
            self.add(place.regional_sign_off, NOON, "regional sign-off", self.deeds.sign_off, code)
        for on, codes in _by_day(open_cases, lambda place: place.conditions):
            self._seat("conditions", on, f"Conditions panel, wave {wave.number}", codes)
            self.add(on, MORNING, "conditions panel", self.deeds.conditions, self.day(on), codes)
            for code in codes:
                if self.files[code].answers[1]:
                    self.add(on + timedelta(days=9), NOON, "answer", self.deeds.answer, code)
                self.add(on + timedelta(days=15), NOON, "answer assessed", self.deeds.assess_answer, code)

    def _seat(self, kind: str, on: date, title: str, codes: list[str]) -> None:
        self.add(on - SEATED_BEFORE, EARLY, "panel seated", self.deeds.seat, kind, self.day(on), title, codes)

    def _decide(self, wave: WaveDates, codes: list[str]) -> None:
        if not codes:
            return
        on = wave.decision.date
        self._seat("decision", on, f"CCG Authorisation Sub-Committee, wave {wave.number}", codes)
        self.add(on, MORNING, "decision", self.deeds.decide, self.day(on), codes)
        self.add(wave.letters.date, MORNING, "letters", self.deeds.letters)
        self.add(wave.publication.date, NOON, "publication", self.deeds.publish, codes)
        for code in codes:
            if self.files[code].left:
                self.add(wave.plan_due.date, NOON, "rectification plan", self.deeds.plan, code)

    def _review(self, review: ReviewDates) -> None:
        codes = [
            code
            for code, file in self.files.items()
            if file.fact.wave_decided in review.waves and file.under_review(review.number)
        ]
        on = review.committee.date
        self.add(self.deeds.announced(review), NOON, "review announced", self.deeds.open_round, review, self.shift)
        if codes:
            self._seat("review", on, review.title, codes)
            self.add(on, MORNING, "review", self.deeds.review, review.number, self.day(on), codes)
        self.add(on, EVENING, "review counted", self.deeds.count, review.number)


def _by_day(places: Mapping[str, Allocation], day: Callable[[Allocation], date]) -> Iterable[tuple[date, list[str]]]:
    found: defaultdict[date, list[str]] = defaultdict(list)
    for code, place in places.items():
        found[day(place)].append(code)
    return sorted(found.items())
