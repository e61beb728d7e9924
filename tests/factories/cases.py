"""A case walked through the real flow, step by step, on a clock that moves with it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from audit import clock
from authorisation.actions.applications import Bid
from authorisation.actions.reviews import open_round
from authorisation.enums import ReviewResult, Stage
from authorisation.models import Application, Finding, ReviewRound, Wave, Window
from authorisation.queries import criteria, open_conditions, unmet
from authorisation.rules import Found, Proposed, Reviewed
from directory.models import Person
from directory.queries import today
from tests.factories.panels import Meeting, convened, decide, sitting_on
from tests.factories.world import START, World, build_world, days
from workflows import queue
from workflows.actions import cases
from workflows.engine import sweep
from workflows.engine.nodes import Job
from workflows.engine.tasks import Task

RED = "Not shown by the papers."
BID = Bid("Constitution, version 1", "Dr Ann Other", 12, ("Statement of compliance",))


class Walk:
    """One case and its clock. `advance()` does whatever the case's stage asks for; `to(stage)` repeats that.

    unmet: the criteria that stay unmet to the decision; red: those not met at the desk top. direction: text of the
    legal direction on the first condition. silent: the CCG answers nothing, so its windows lapse by the sweep.
    """

    def __init__(
        self,
        world: World,
        *,
        ccg: str = "01A",
        wave: int = 1,
        unmet: Sequence[str] = ("1.1B", "3.1.1B"),
        red: Sequence[str] = ("2.1A",),
        direction: str = "",
        silent: bool = False,
        start: datetime = START,
    ) -> None:
        self.world, self.now, self.silent, self.direction = world, start, silent, direction
        self.unmet, self.red = list(unmet), sorted({*unmet, *red})
        self.meetings: dict[str, Meeting] = {}
        with clock.at(self.now):
            self.pk = cases.open_application(
                ccg=world.organisations[ccg], wave=world.waves[wave], ruleset=world.ruleset, by=world.secretary
            ).pk

    @property
    def case(self) -> Application:
        """The application as it stands."""
        return Application.objects.select_related("ccg", "wave", "ruleset").get(pk=self.pk)

    @property
    def stage(self) -> str:
        return Application.objects.values_list("stage", flat=True).get(pk=self.pk)

    def wait(self, time: timedelta) -> "Walk":
        self.now += time
        return self

    def to(self, stage: Stage) -> "Walk":
        """Advance until the case stands at `stage`. Raises AssertionError when it never does."""
        for _ in range(40):
            if self.stage == stage:
                return self
            self.advance()
        raise AssertionError(f"{self.case} does not come to {stage}; it stands at {self.stage}")

    def advance(self) -> None:
        """One act, on a later day; a decision waits for the windows."""
        if self.stage == Stage.DECISION and self.window.stopped_at is None:
            self.now = max(self.now, self.window.closes_at + timedelta(hours=10))
        with queue.held(), clock.at(self.now):
            getattr(self, f"_{self.stage}")()
        self.now += timedelta(days=1)

    def _preparation(self) -> None:
        cases.submit(self.case, bid=BID, by=self.world.officer(self.case.ccg.code))

    def _desk_top(self) -> None:
        for domain in range(1, 7):
            cases.assess_domain(self.case, domain=domain, found=self.desk_top(domain), by=self.world.assessor)

    def desk_top(self, domain: int) -> list[Found]:
        """What the assessor finds in a domain."""
        return [
            Found(code, code not in self.red, RED, "" if code not in self.red else "How is it shown?")
            for code, row in criteria(self.case).items()
            if row.domain == domain
        ]

    def _second_reading(self) -> None:
        cases.read_again(self.case, by=self.world.reader)

    def _site_visit_planning(self) -> None:
        self.meetings["site_visit"] = sitting_on(self.world, "site_visit", [self.case], on=today() + timedelta(days=1))
        cases.arrange_site_visit(self.case, item=self.meetings["site_visit"].item(self.case), by=self.world.secretary)

    def _site_visit(self) -> None:
        meeting = convened(self.meetings["site_visit"])
        decide(meeting, self.case, "report")
        cases.record_site_visit(self.case, item=meeting.item(self.case), found=self.visited(), by=self.visit_chair)

    @property
    def visit_chair(self) -> Person:
        """Whoever chairs the site visit."""
        return self.meetings["site_visit"].of("chair").person if self.meetings else self.world.chair

    def visited(self) -> list[Found]:
        """What the site visit finds on what is still unmet."""
        return [Found(code, code not in self.unmet, RED) for code in unmet(self.case)]

    def _report(self) -> None:
        cases.issue_report(self.case, summary="What was found.", by=self.visit_chair)

    def _report_comments(self) -> None:
        if self.silent:
            self._lapse()
        else:
            cases.comment_on_report(self.case, text="Thank you.", by=self.world.officer(self.case.ccg.code))

    def _lapse(self) -> None:
        """The clock moves past the end of the window that runs, and the sweep finds it."""
        self.now = self.window.closes_at + timedelta(seconds=1)
        with clock.at(self.now):
            assert sweep.sweep().failed == []

    @property
    def window(self) -> Window:
        return Window.objects.filter(application=self.pk).latest("pk")

    def sit(self, kind: str, outcome: str) -> Meeting:
        """A national panel takes the case today and decides it."""
        meeting = self.meetings[kind] = convened(sitting_on(self.world, kind, [self.case]))
        decide(meeting, self.case, outcome)
        return meeting

    @property
    def verdict(self) -> str:
        return "conditional" if unmet(self.case) else "full"

    def _moderation(self) -> None:
        meeting = self.sit("moderation", self.verdict)
        cases.record_moderation(self.case, item=meeting.item(self.case), by=self.world.secretary)

    def _sign_off(self) -> None:
        cases.sign_off(self.case, by=self.world.director, note="Agreed.")

    def _conditions_panel(self) -> None:
        meeting = self.sit("conditions", "conditional")
        cases.record_conditions(
            self.case, item=meeting.item(self.case), proposals=self.proposals(), by=self.world.secretary
        )

    def proposals(self) -> list[Proposed]:
        """One condition for each unmet criterion; the first carries the direction, if any."""
        return [
            Proposed(code, "IV" if self.direction else "II", "Show it.", self.direction if not number else "")
            for number, code in enumerate(unmet(self.case))
        ]

    def _conditions_response(self) -> None:
        if self.silent:
            self._lapse()
        else:
            cases.answer_conditions(self.case, text="We accept.", by=self.world.officer(self.case.ccg.code))

    def _response_assessment(self) -> None:
        cases.assess_answer(self.case, by=self.world.secretary)

    def _decision(self) -> None:
        meeting = self.sit("decision", self.verdict)
        cases.record_decision(
            self.case, item=meeting.item(self.case), reasons="What the panels found.", by=self.world.secretary
        )

    def _letter(self) -> None:
        job = Task._default_manager.get(process=self.case.process_id, flow_task_type=Job.task_type, finished=None)
        assert sweep.run_job(job.pk)

    def _publication(self) -> None:
        cases.publish(self.case, by=self.world.secretary)

    def _plan(self) -> None:
        cases.agree_plan(self.case, text="Do better.", by=self.world.contact)

    def _review(self) -> None:
        self.review({code: Reviewed(code, ReviewResult.DISCHARGE, "Shown.") for code in open_conditions(self.case)})

    def review(self, results: dict[str, Reviewed], **extra: object) -> None:
        """A review with these results; every direction in force is lifted unless `lifted` is given."""
        extra.setdefault("lifted", list(self.case.directions.filter(ended_on=None)))
        with queue.held(), clock.at(self.now):
            held = self.round()
            meeting = self.sit("review", "reviewed")
            cases.record_review(
                self.case,
                held=held,
                item=meeting.item(self.case),
                results=list(results.values()),
                by=self.world.secretary,
                **extra,
            )

    def round(self) -> ReviewRound:
        number = ReviewRound.objects.count()
        return open_round(
            cycle=2012,
            number=number,
            title=f"Review {number}",
            evidence_due=today(),
            committee_on=today(),
            by=self.world.secretary,
        )

    def _deferred(self) -> None:
        cases.resume(self.case, at=Stage.PREPARATION, by=self.world.secretary)

    def defer(self, to_wave: int, reason: str = "By agreement.") -> "Walk":
        with queue.held(), clock.at(self.now):
            cases.defer(self.case, to_wave=self.world.waves[to_wave], reason=reason, by=self.world.secretary)
        return self.wait(days(1))

    def resume(self, at: Stage) -> "Walk":
        with queue.held(), clock.at(self.now):
            cases.resume(self.case, at=at, by=self.world.secretary)
        return self.wait(days(1))

    def withdraw(self) -> "Walk":
        with queue.held(), clock.at(self.now):
            cases.withdraw(self.case, reason="We wait.", by=self.world.officer(self.case.ccg.code))
        return self.wait(days(1))

    def found(self) -> Iterable[Finding]:
        return self.case.findings.order_by("pk")


def application_at(stage: Stage, *, world: World | None = None, **how: object) -> Application:
    """A case at a stage, as stored; see `Walk` for what may be chosen."""
    return Walk(world or build_world(), **how).to(stage).case


__all__ = ["BID", "RED", "Walk", "Wave", "application_at"]
