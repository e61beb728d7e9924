"""One application as its page shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from django.db.models import Model, Q, QuerySet

from authorisation.enums import PANEL_OUTCOMES, TIER_ORDER, AuthorisationOutcome, Stage, Tier
from authorisation.models import (
    Application,
    Criterion,
    Decision,
    Finding,
    Letter,
    ProposedCondition,
    RectificationPlan,
    Report,
    SignOff,
    Submission,
    Window,
)
from authorisation.permissions import own_applications
from authorisation.presenters.conditions import ConditionLine, DirectionLine, conditions, directions, support
from authorisation.presenters.lists import OUTCOME_COLOURS, STAGE_COLOURS, region_of, synthetic_words
from authorisation.presenters.register import ReviewLine, reviews
from panels.models import Item, PanelKind
from panels.presenters.seating import ItemView, items
from workflows.engine.driver import may_complete, title_of
from workflows.engine.nodes import Job
from workflows.engine.tasks import UNFINISHED, Task
from workflows.flows import CURRENT
from workflows.presenters.diagram import Diagram, draw
from workflows.presenters.timeline import Line, timeline
from workflows.queries import deadline_of, open_steps, tasks_of

if TYPE_CHECKING:
    from directory.models import Person

M = TypeVar("M", bound=Model)

DOMAINS = {
    1: "A strong clinical and multi-professional focus",
    2: "Meaningful engagement with patients and communities",
    3: "Clear and credible plans",
    4: "Proper constitutional and governance arrangements",
    5: "Collaborative arrangements for commissioning",
    6: "Great leaders",
}
TIERS_OF_REPORT = (Tier.DESK_TOP, Tier.SECOND_READING, Tier.SITE_VISIT)
WHO = {
    "act_for": "the CCG",
    "administer": "the secretariat",
    "assess": "a desk-top assessor",
    "read_second": "a second reader",
    "sign_off": "the regional director",
    "agree_plan": "the region",
}


@dataclass(frozen=True)
class Todo:
    """An open step: what, by whom, until when, and whether this reader may do it."""

    title: str
    step: str
    item: str
    who: str
    due: datetime | None
    mine: bool


@dataclass(frozen=True)
class FindingLine:
    """What one tier said of one criterion."""

    tier: str
    met: bool
    reason: str
    enquiry: str
    author: str
    at: datetime


@dataclass(frozen=True)
class CriterionLine:
    """One criterion as the case stands, with every finding behind it."""

    code: str
    text: str
    placeholder: bool
    met: bool
    history: Sequence[FindingLine]


@dataclass(frozen=True)
class Domain:
    """One domain with its criteria."""

    number: int
    title: str
    criteria: Sequence[CriterionLine]

    @property
    def met(self) -> int:
        """How many criteria are met as the case stands."""
        return sum(each.met for each in self.criteria)

    @property
    def not_met(self) -> int:
        """How many are not."""
        return len(self.criteria) - self.met


@dataclass(frozen=True)
class ProposedLine:
    """A condition as the conditions panel proposed it."""

    code: str
    text: str
    level: str
    support: str
    test: str
    direction: str
    other: str


@dataclass(frozen=True)
class CaseView:
    """Everything on the page of one application."""

    ref: str
    name: str
    code: str
    wave: int
    region: str
    attempt: int
    ruleset: str
    synthetic: str
    stage: str
    stage_colour: str
    outcome: str
    outcome_colour: str
    todo: Sequence[Todo]
    working: Sequence[str]
    diagram: Diagram
    submission: Submission | None
    report: Report | None
    windows: Sequence[Window]
    domains: Sequence[Domain]
    findings_wait: bool
    panels: Sequence[ItemView]
    sign_off: SignOff | None
    proposed: Sequence[ProposedLine]
    decision: Decision | None
    letter: Letter | None
    conditions: Sequence[ConditionLine]
    directions: Sequence[DirectionLine]
    plans: Sequence[RectificationPlan]
    reviews: Sequence[ReviewLine]
    timeline: Sequence[Line]
    may_defer: bool
    may_withdraw: bool

    @property
    def met(self) -> int:
        """Criteria met over all domains."""
        return sum(domain.met for domain in self.domains)

    @property
    def not_met(self) -> int:
        """Criteria not met over all domains."""
        return sum(domain.not_met for domain in self.domains)


def case_view(case: Application, person: Person, *, may_defer: bool, may_withdraw: bool) -> CaseView:
    """The page of a case loaded with ccg, area team, region, wave and rule set, for one reader.

    The applicant sees findings with the report of their attempt, proposed conditions with the window to answer them,
    and what moderation, region and sub-committee said with the letter.
    """
    tasks = tasks_of(case)
    applicant = case.ccg_id in own_applications(person)
    report = _latest(Report.objects.filter(application=case).select_related("signed_by"))
    letter = _latest(Letter.objects.filter(decision__application=case).defer("pdf"))
    waits, untold = applicant and report is None, applicant and letter is None
    reported = report.attempt if report else 0
    decision = None if untold else _latest(Decision.objects.filter(application=case))
    before = [] if waits else items(_items(case, early=untold, reported=reported), PANEL_OUTCOMES)
    return CaseView(
        ref=case.ref,
        name=case.ccg.name,
        code=case.ccg.code,
        wave=case.wave.number,
        region=region_of(case),
        attempt=case.attempt,
        ruleset=case.ruleset.version,
        synthetic=synthetic_words(case.synthetic),
        stage=case.get_stage_display(),
        stage_colour=STAGE_COLOURS.get(Stage(case.stage), "blue"),
        outcome=decision.get_outcome_display() if decision else "",
        outcome_colour=OUTCOME_COLOURS[AuthorisationOutcome(decision.outcome)] if decision else "",
        todo=_todo(case, tasks, person),
        working=_working(tasks),
        diagram=draw(tasks[0].flow_task.flow_class if tasks else CURRENT, tasks),
        submission=_latest(Submission.objects.filter(application=case)),
        report=report,
        windows=list(Window.objects.filter(application=case).select_related("answer__sent_by")),
        domains=[] if waits else _domains(case, early=untold, reported=reported),
        findings_wait=waits,
        panels=before,
        sign_off=None if untold else _latest(SignOff.objects.filter(application=case).select_related("director")),
        proposed=_proposed(case),
        decision=decision,
        letter=letter,
        conditions=[] if untold else conditions(case),
        directions=[] if untold else directions(case),
        plans=list(RectificationPlan.objects.filter(application=case).select_related("agreed_with")),
        reviews=reviews(case),
        timeline=timeline(case, early=untold),
        may_defer=may_defer,
        may_withdraw=may_withdraw,
    )


def _latest(rows: QuerySet[M]) -> M | None:
    return rows.order_by("-pk").first()


def _items(case: Application, *, early: bool, reported: int) -> list[Item]:
    """What panels made of a case. `early`: as the applicant knows it, to the report of the attempt `reported`."""
    rows = Item.objects.filter(case_ref=case.ref).select_related("panel", "sitting", "organisation")
    if early:
        told = Q(outcome__recommendation__attempt__lte=reported)
        rows = rows.exclude(panel__kind__in=(PanelKind.MODERATION, PanelKind.DECISION))
        rows = rows.exclude(Q(panel__kind=PanelKind.SITE_VISIT) & ~told)
    return list(rows.order_by("-sitting__on", "-pk"))


def _todo(case: Application, tasks: Sequence[Task], person: Person) -> list[Todo]:
    return [
        Todo(
            title=title_of(task.flow_task),
            step=task.flow_task.name,
            item=str(task.data.get("item", "")),
            who=WHO.get((task.owner_permission or "").partition(".")[2], "somebody with the right post"),
            due=deadline_of(task, tasks),
            mine=may_complete(task.flow_task, task, case, person),
        )
        for task in open_steps(tasks)
    ]


def _working(tasks: Iterable[Task]) -> list[str]:
    """What the machines have not finished."""
    return [title_of(task.flow_task) for task in tasks if isinstance(task.flow_task, Job) and task.status in UNFINISHED]


def _domains(case: Application, *, early: bool, reported: int) -> list[Domain]:
    """The findings by domain and criterion, later attempts and tiers last; two queries.

    early: as the applicant knows it, to the report of the attempt `reported`.
    """
    rows = Finding.objects.filter(application=case).select_related("author")
    if early:
        rows = rows.filter(tier__in=TIERS_OF_REPORT, attempt__lte=reported)
    found: defaultdict[int, list[Finding]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.attempt, TIER_ORDER[Tier(row.tier)], row.pk)):
        found[row.criterion_id].append(row)
    if not found:
        return []
    grouped: defaultdict[int, list[CriterionLine]] = defaultdict(list)
    for criterion in Criterion.objects.filter(criteria_set__rulesets=case.ruleset_id).order_by("position"):
        if criterion.pk in found:
            grouped[criterion.domain].append(_criterion(criterion, found[criterion.pk]))
    return [Domain(number, DOMAINS[number], grouped[number]) for number in sorted(grouped)]


def _criterion(criterion: Criterion, found: Sequence[Finding]) -> CriterionLine:
    return CriterionLine(
        code=criterion.code,
        text=criterion.text,
        placeholder=criterion.placeholder,
        met=found[-1].met,
        history=[
            FindingLine(
                Tier(row.tier).label, row.met, row.reason, row.line_of_enquiry, row.author.display_name, row.found_at
            )
            for row in found
        ],
    )


def _proposed(case: Application) -> list[ProposedLine]:
    """What the last conditions panel proposed."""
    rows = list(ProposedCondition.objects.filter(application=case).select_related("criterion", "other"))
    latest = max((row.attempt for row in rows), default=0)
    levels: Mapping[str, dict[str, str]] = case.ruleset.body["levels"]
    return [
        ProposedLine(
            row.criterion.code,
            row.criterion.text,
            row.level,
            support(levels, row.level),
            row.discharge_test,
            row.direction,
            str(row.other) if row.other else "",
        )
        for row in sorted(rows, key=lambda row: row.criterion.position)
        if row.attempt == latest
    ]
