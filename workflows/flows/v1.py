"""The authorisation of a CCG, version 1: it reads top to bottom like the process (design.md 5, domain.md 1.2).

A version is this module, copied and frozen; nothing in it is renamed or removed while a case is on it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from viewflow import this

from authorisation.actions import decisions as decision_actions
from authorisation.actions import windows as window_actions
from authorisation.enums import AuthorisationOutcome, Stage, WindowKind
from authorisation.models import Application
from authorisation.queries import is_settled, unmet
from directory.models import Organisation
from directory.queries import board_id
from panels.models import PanelKind
from workflows.engine.caseflow import CaseFlow
from workflows.engine.nodes import Deadline, Each, End, Function, If, Job, Join, Start, Step, Switch
from workflows.letters import Written, write
from workflows.permissions import Chairs
from workflows.queue import send_job


class Authorisation(CaseFlow):
    """Authorisation of a clinical commissioning group."""

    pinned = ("ruleset",)

    prepare = Start().Next(this.submit)
    submit = (
        Step(title="Submit the application", stage=Stage.PREPARATION)
        .Permission("directory.act_for", obj=this.ccg)
        .Next(this.domains)
    )

    domains = Each(this.six_domains).Next(this.desk_top_review)
    desk_top_review = (
        Step(title="Desk-top review of a domain", stage=Stage.DESK_TOP)
        .Permission("directory.assess", obj=this.board)
        .Next(this.desk_top_done)
    )
    desk_top_done = Join().Next(this.second_reading)
    second_reading = (
        Step(title="Second reading", stage=Stage.SECOND_READING)
        .Permission("directory.read_second", obj=this.board)
        .Next(this.convene_site_visit)
    )

    convene_site_visit = (
        Step(title="Arrange the site visit", stage=Stage.SITE_VISIT_PLANNING)
        .Permission("directory.administer", obj=this.board)
        .Next(this.site_visit)
    )
    site_visit = (
        Step(title="Record the site visit", stage=Stage.SITE_VISIT, also=Chairs(PanelKind.SITE_VISIT))
        .Permission("directory.administer", obj=this.board)
        .Next(this.report)
    )
    report = (
        Step(title="Issue the site-visit report", stage=Stage.REPORT, also=Chairs(PanelKind.SITE_VISIT))
        .Permission("directory.administer", obj=this.board)
        .Next(this.report_comments)
    )
    report_comments = (
        Step(title="Comment on the report", stage=Stage.REPORT_COMMENTS)
        .Permission("directory.act_for", obj=this.ccg)
        .Next(this.moderation)
    )
    report_comments_close = Deadline(this.report_comments, at=this.report_closes_at, title="Comments close").Next(
        this.report_lapsed
    )
    report_lapsed = Function(this.lapse_report).Next(this.moderation)

    moderation = (
        Step(title="Record the moderation panel", stage=Stage.MODERATION, also=Chairs(PanelKind.MODERATION))
        .Permission("directory.administer", obj=this.board)
        .Next(this.all_met)
    )
    all_met = If(this.every_criterion_met).Then(this.decision).Else(this.regional_sign_off)
    regional_sign_off = (
        Step(title="Sign off for the region", stage=Stage.SIGN_OFF)
        .Permission("directory.sign_off", obj=this.region)
        .Next(this.conditions_panel)
    )
    conditions_panel = (
        Step(title="Record the conditions panel", stage=Stage.CONDITIONS_PANEL, also=Chairs(PanelKind.CONDITIONS))
        .Permission("directory.administer", obj=this.board)
        .Next(this.conditions_response)
    )
    conditions_response = (
        Step(title="Answer the proposed conditions", stage=Stage.CONDITIONS_RESPONSE)
        .Permission("directory.act_for", obj=this.ccg)
        .Next(this.response_assessed)
    )
    conditions_response_close = Deadline(
        this.conditions_response, at=this.response_closes_at, title="Answers close"
    ).Next(this.response_lapsed)
    response_lapsed = Function(this.lapse_response).Next(this.response_assessed)
    response_assessed = (
        Step(title="Assess the CCG's answer", stage=Stage.RESPONSE_ASSESSMENT)
        .Permission("directory.administer", obj=this.board)
        .Next(this.decision)
    )

    decision = (
        Step(title="Record the sub-committee's decision", stage=Stage.DECISION, also=Chairs(PanelKind.DECISION))
        .Permission("directory.administer", obj=this.board)
        .Next(this.letter)
    )
    letter = Job(
        this.write_letter, done=this.keep_letter, send=send_job, title="Decision letter", stage=Stage.LETTER
    ).Next(this.publication)
    publication = (
        Step(title="Publish the decision", stage=Stage.PUBLICATION)
        .Permission("directory.administer", obj=this.board)
        .Next(this.any_conditions)
    )
    any_conditions = If(this.has_conditions).Then(this.plan).Else(this.closed)

    plan = (
        Step(title="Agree the rectification plan", stage=Stage.PLAN)
        .Permission("directory.agree_plan", obj=this.area_team)
        .Next(this.review)
    )
    review = (
        Step(title="Record a conditions review", stage=Stage.REVIEW, also=Chairs(PanelKind.REVIEW))
        .Permission("directory.administer", obj=this.board)
        .Next(this.all_discharged)
    )
    all_discharged = If(this.is_fully_authorised).Then(this.closed).Else(this.review)
    closed = End(stage=Stage.CLOSED, title="Closed")

    # Reached by diversion, at any step before the decision.
    deferred = (
        Step(title="Resume in a later wave", stage=Stage.DEFERRED)
        .Permission("directory.administer", obj=this.board)
        .Next(this.resumes)
    )
    resumes = (
        Switch()
        .Case(this.submit, this.resumes_in_preparation)
        .Case(this.convene_site_visit, this.resumes_at_site_visit)
        .Default(this.moderation)
    )
    withdrawn = End(stage=Stage.WITHDRAWN, title="Withdrawn")

    def ccg(self, case: Application) -> int:
        return case.ccg_id

    def board(self, _case: Application) -> int:
        return board_id()

    def region(self, case: Application) -> Organisation:
        return Organisation.objects.get(children__children=case.ccg_id)

    def area_team(self, case: Application) -> Organisation:
        return Organisation(pk=case.ccg.parent_id)

    def six_domains(self, _case: Application) -> range:
        return range(1, 7)

    def report_closes_at(self, case: Application) -> datetime:
        return window_actions.window_of(case, WindowKind.REPORT_COMMENTS).closes_at

    def response_closes_at(self, case: Application) -> datetime:
        return window_actions.window_of(case, WindowKind.CONDITIONS_RESPONSE).closes_at

    def lapse_report(self, case: Application) -> None:
        window_actions.lapse(case, kind=WindowKind.REPORT_COMMENTS)

    def lapse_response(self, case: Application) -> None:
        window_actions.lapse(case, kind=WindowKind.CONDITIONS_RESPONSE)

    def every_criterion_met(self, case: Application) -> bool:
        return not unmet(case)

    def write_letter(self, case: Application) -> Written:
        return write(case)

    def keep_letter(self, case: Application, written: Any) -> str:
        return decision_actions.issue_letter(case, pdf=written.pdf, printed=written.printed).sha256

    def has_conditions(self, case: Application) -> bool:
        return case.outcome == AuthorisationOutcome.CONDITIONAL

    def is_fully_authorised(self, case: Application) -> bool:
        return is_settled(case)

    def resumes_in_preparation(self, case: Application) -> bool:
        return case.resumes_at == Stage.PREPARATION

    def resumes_at_site_visit(self, case: Application) -> bool:
        return case.resumes_at == Stage.SITE_VISIT_PLANNING
