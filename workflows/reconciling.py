"""Where an application stands, from its events alone: a second telling of the flow, without its tasks."""

from __future__ import annotations

from typing import Any

from audit.reconciling import OneOf, Replay, Table, Told
from audit.reconciling.replay import on
from authorisation.enums import AuthorisationOutcome, ReviewResult, Stage, WindowKind
from authorisation.models import Application

DOMAINS = 6
# Where each event takes the case, whatever it says.
_LEADS = {
    "application.submitted": Stage.DESK_TOP,
    "desk_top.second_read": Stage.SITE_VISIT_PLANNING,
    "site_visit.arranged": Stage.SITE_VISIT,
    "site_visit.recorded": Stage.REPORT,
    "report.issued": Stage.REPORT_COMMENTS,
    "region.signed_off": Stage.CONDITIONS_PANEL,
    "conditions.proposed": Stage.CONDITIONS_RESPONSE,
    "response.assessed": Stage.DECISION,
    "decision.recorded": Stage.LETTER,
    "letter.issued": Stage.PUBLICATION,
    "plan.agreed": Stage.REVIEW,
    "application.deferred": Stage.DEFERRED,
    "application.withdrawn": Stage.WITHDRAWN,
}
_AFTER_WINDOW = {
    WindowKind.REPORT_COMMENTS: Stage.MODERATION,
    WindowKind.CONDITIONS_RESPONSE: Stage.RESPONSE_ASSESSMENT,
}


class Stages(Replay):
    """The stage of an application."""

    PREFIX = "application"
    TABLES = {"stage": Table(Application, "stream", (), {"stage": "stage"})}

    def __post_init__(self) -> None:
        super().__post_init__()
        self.domains: set[int] = set()
        self.outcome = ""
        self.conditions = self.directions = 0
        # Whether the words of every direction given are there to be counted.
        self.counted = True

    @on("application.opened")
    def opened(self, told: Told) -> None:
        self.expect("stage", told, stage=Stage.PREPARATION)

    def _to(self, told: Told, stage: Any) -> None:
        if wanted := self.last("stage"):
            self.change(wanted, told, "", stage=stage)

    @on(*_LEADS)
    def led(self, told: Told) -> None:
        self._to(told, _LEADS[told.type])
        if told.type == "application.submitted":
            self.domains = set()
        if told.type == "decision.recorded":
            imposed = told.public["conditions"]
            self.outcome, self.conditions = told.public["outcome"], len(imposed)
            self.directions = sum(count for _, _, count in imposed)

    @on("desk_top.assessed")
    def assessed(self, told: Told) -> None:
        self.domains.add(told.public["domain"])
        self._to(told, Stage.SECOND_READING if len(self.domains) == DOMAINS else Stage.DESK_TOP)

    @on("window.answered", "window.lapsed")
    def window_over(self, told: Told) -> None:
        self._to(told, _AFTER_WINDOW[WindowKind(told.public["kind"])])

    @on("moderation.recommended")
    def moderated(self, told: Told) -> None:
        full = told.public["outcome"] == AuthorisationOutcome.FULL
        self._to(told, Stage.DECISION if full else Stage.SIGN_OFF)

    @on("decision.published")
    def published(self, told: Told) -> None:
        self._to(told, Stage.PLAN if self.outcome == AuthorisationOutcome.CONDITIONAL else Stage.CLOSED)

    @on("conditions.reviewed")
    def reviewed(self, told: Told) -> None:
        said, texts = told.public, told.listed("free_text", "given")
        self.conditions -= sum(result == ReviewResult.DISCHARGE for _, result, _ in said["results"])
        self.directions += (len(texts) or len(said["given"])) - len(said["lifted"])
        self.counted = self.counted and bool(texts or not said["given"])
        bound: Stage | OneOf = Stage.REVIEW if self.directions > 0 else Stage.CLOSED
        if not self.counted:
            bound = OneOf((Stage.REVIEW, Stage.CLOSED))
        self._to(told, Stage.REVIEW if self.conditions else bound)

    @on("application.resumed")
    def resumed(self, told: Told) -> None:
        self._to(told, told.public["at"])


REPLAYS = (Stages,)
