"""What happens on a day, each by the same actions as the pages use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from authorisation.actions import reviews as review_actions
from authorisation.actions.applications import Bid
from authorisation.enums import Stage
from authorisation.facts import ReviewDates
from authorisation.models import Application, Direction, ReviewRound, RuleSet, Wave
from authorisation.queries import in_force
from workflows.actions import cases
from workflows.actions import waves as wave_actions
from workflows.engine.sweep import run_job
from workflows.replay.cast import REGIONS, Cast
from workflows.replay.dossier import Dossier
from workflows.replay.seating import Meeting, Seating

if TYPE_CHECKING:
    from directory.models import Person

CYCLE = 2012
DECLARATIONS = ("Statement of compliance by the chair", "Statement of compliance by the accountable officer")


class Deeds:
    """Everybody's part, played. State is kept in the database; here stand only the keys to it."""

    def __init__(self, cast: Cast, ruleset: RuleSet, waves: dict[int, Wave], dossiers: dict[str, Dossier]) -> None:
        self.cast, self.ruleset, self.waves, self.dossiers = cast, ruleset, waves, dossiers
        self.seating = Seating(cast, ruleset, dossiers)
        self.keys: dict[str, int] = {}
        self.meetings: dict[tuple[str, date, str], Meeting] = {}
        self.jobs: list[int] = []
        self.standings: dict[int, dict[str, int]] = {}

    @property
    def _secretary(self) -> Person:
        return self.cast.secretary

    def case(self, code: str) -> Application:
        """The application of a CCG as it stands; what never changes of it is at hand."""
        case = Application.objects.select_related("wave").get(pk=self.keys[code])
        case.ccg, case.ruleset = self.cast.organisations[code], self.ruleset
        return case

    def _cases(self, codes: Iterable[str]) -> list[Application]:
        found = Application.objects.filter(pk__in=[self.keys[code] for code in codes])
        return list(found.select_related("ccg", "wave", "ruleset").order_by("ref"))

    def open_wave(self, number: int, codes: Sequence[str]) -> None:
        """The CCGs of a wave open their applications, set by set."""
        synthetic = {code: " ".join(sorted(self.dossiers[code].fact.synthetic)) for code in codes}
        opened = wave_actions.open_wave(
            wave=self.waves[number],
            ccgs=[self.cast.organisations[code] for code in codes],
            ruleset=self.ruleset,
            by=self._secretary,
            synthetic=synthetic,
        )
        self.keys.update({case.ccg.code: case.pk for case in opened})

    def defer(self, code: str, to_wave: int, reason: str) -> None:
        """A move to a later wave, by agreement."""
        cases.defer(self.case(code), to_wave=self.waves[to_wave], reason=reason, by=self._secretary)

    def resume(self, code: str, at: Stage) -> None:
        """A deferred case goes on."""
        cases.resume(self.case(code), at=at, by=self._secretary)

    def submit(self, code: str) -> None:
        """The accountable officer submits."""
        officer = self.cast.officers[code]
        name = self.dossiers[code].fact.name
        bid = Bid(f"Constitution of {name}, version 1", officer.full_name, 12 + len(name), DECLARATIONS)
        cases.submit(self.case(code), bid=bid, by=officer)

    def assess(self, code: str, domain: int) -> None:
        """One domain of the desk-top review."""
        assessors = self.cast.parts["assessor"]
        by = assessors[(self.keys[code] + domain) % len(assessors)]
        cases.assess_domain(self.case(code), domain=domain, found=self.dossiers[code].desk_top(domain), by=by)

    def read_again(self, codes: Sequence[str]) -> None:
        """The second reading of a wave, set by set."""
        wave_actions.confirm_second_reading(self._cases(codes), by=self.cast.parts["reader"][0])

    def seat_visit(self, code: str, on: date) -> None:
        """The site visit gets its panel and its day."""
        case = self.case(code)
        meeting = self.seating.seat("site_visit", f"Site visit to {case.ccg.name}", on, [case])
        self.meetings["site_visit", on, code] = meeting
        item = meeting.items[code]
        item.panel = meeting.panel
        cases.arrange_site_visit(case, item=item, by=self._secretary)

    def visit(self, code: str, on: date) -> None:
        """The day of the visit."""
        meeting = self.meetings["site_visit", on, code]
        members = self.seating.convene(meeting)
        item = self.seating.decide(meeting, code, members, "report", "The panel agreed its findings for the report.")
        self.seating.close(meeting)
        file, case = self.dossiers[code], self.case(code)
        found = file.site_visit() if case.attempt == 1 or self._submitted_now(case) else file.again()
        chair = next(each.person for each in members if each.seat.kind == "chair")
        cases.record_site_visit(case, item=item, found=found, by=chair)

    def _submitted_now(self, case: Application) -> bool:
        return case.submissions.filter(attempt=case.attempt).exists()

    def report(self, code: str, on: date) -> None:
        """The chair signs and issues the report."""
        members = self.meetings["site_visit", on, code].panel.appointments.select_related("person")
        chair = members.get(seat__kind="chair", state="accepted").person
        cases.issue_report(self.case(code), summary="Strengths, development areas and findings of the visit.", by=chair)

    def comment(self, code: str) -> None:
        """The CCG comments on its report."""
        cases.comment_on_report(
            self.case(code), text="We accept the findings and add two documents.", by=self.cast.officers[code]
        )

    def seat(self, kind: str, on: date, title: str, codes: Sequence[str]) -> None:
        """A national panel is filled for a day."""
        if codes:
            self.meetings[kind, on, ""] = self.seating.seat(kind, title, on, self._cases(codes))

    def moderate(self, on: date, codes: Sequence[str]) -> None:
        """The moderation panel's day."""
        meeting = self.meetings["moderation", on, ""]
        members = self.seating.convene(meeting)
        for code in codes:
            outcome, reasons = self.dossiers[code].moderated(), "Consistent with what was found elsewhere."
            item = self.seating.decide(meeting, code, members, outcome, reasons)
            cases.record_moderation(self.case(code), item=item, by=self._secretary)
        self.seating.close(meeting)

    def sign_off(self, code: str) -> None:
        """The regional director signs off."""
        case = self.case(code)
        director = self.cast.directors[self._region(code)]
        cases.sign_off(case, note="Approved after soundings with the area team.", by=director)

    def _region(self, code: str) -> str:
        return REGIONS[self.dossiers[code].fact.region]

    def conditions(self, on: date, codes: Sequence[str]) -> None:
        """The conditions panel's day."""
        if not codes:
            return
        meeting = self.meetings["conditions", on, ""]
        members = self.seating.convene(meeting)
        for code in codes:
            item = self.seating.decide(meeting, code, members, "conditional", "Support matched to each criterion.")
            proposals = self.dossiers[code].proposals()
            cases.record_conditions(self.case(code), item=item, proposals=proposals, by=self._secretary)
        self.seating.close(meeting)

    def answer(self, code: str) -> None:
        """The CCG answers the proposed conditions."""
        text = "We set out what has changed since the visit."
        cases.answer_conditions(self.case(code), text=text, by=self.cast.officers[code])

    def assess_answer(self, code: str) -> None:
        """Whether the answer met anything."""
        cases.assess_answer(self.case(code), found=self.dossiers[code].answered(), by=self._secretary)

    def decide(self, on: date, codes: Sequence[str]) -> None:
        """The sub-committee's day."""
        meeting = self.meetings["decision", on, ""]
        members = self.seating.convene(meeting)
        for code in codes:
            reasons = "The sub-committee took the findings, the panels' advice and the CCG's answer into account."
            item = self.seating.decide(meeting, code, members, self.dossiers[code].decided(), reasons)
            cases.record_decision(self.case(code), item=item, reasons=reasons, by=self._secretary)
        self.seating.close(meeting)

    def letters(self) -> None:
        """The worker writes the letters it was asked for."""
        while self.jobs:
            run_job(self.jobs.pop(0))

    def publish(self, codes: Sequence[str]) -> None:
        """A wave goes on the register."""
        for code in codes:
            cases.publish(self.case(code), by=self._secretary)

    def plan(self, code: str) -> None:
        """The area team agrees the rectification plan."""
        case = self.case(code)
        contact = next(
            p for c, p in self.cast.area_contacts.items() if self.cast.organisations[c].pk == case.ccg.parent_id
        )
        cases.agree_plan(case, text="Actions, owners and dates for each condition (synthetic).", by=contact)

    def open_round(self, dates: ReviewDates, shift: timedelta) -> None:
        """A quarterly review is announced."""
        assert dates.evidence_due is not None
        review_actions.open_round(
            cycle=CYCLE,
            number=dates.number,
            title=dates.title,
            evidence_due=dates.evidence_due.date + shift,
            committee_on=dates.committee.date + shift,
            by=self._secretary,
        )

    @staticmethod
    def announced(dates: ReviewDates) -> date:
        """When a round is announced: four weeks before its evidence is due."""
        assert dates.evidence_due is not None
        return dates.evidence_due.date - timedelta(days=28)

    def count(self, number: int) -> None:
        """How the decided CCGs stand after a review, counted from conditions and directions in force."""
        self.standings[number] = dict(in_force(CYCLE))

    def review(self, number: int, on: date, codes: Sequence[str]) -> None:
        """The committee's day on the conditions."""
        if not codes:
            return
        held = ReviewRound.objects.get(cycle=CYCLE, number=number)
        meeting = self.meetings["review", on, ""]
        members = self.seating.convene(meeting)
        for code in codes:
            file, case = self.dossiers[code], self.case(code)
            item = self.seating.decide(meeting, code, members, "reviewed", "Evidence and the region's advice read.")
            in_force = Direction.objects.filter(application=case, ended_on__isnull=True)
            cases.record_review(
                case,
                held=held,
                item=item,
                results=file.reviewed(number),
                lifted=[each for each in in_force if each.text in file.lifted(number)],
                given=file.given(number),
                by=self._secretary,
            )
        self.seating.close(meeting)
