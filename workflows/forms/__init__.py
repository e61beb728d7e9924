"""One form for each step a person may do, by the name of its node; and for each way off the road."""

from workflows.forms.afterwards import Defer, Plan, Resume, Review, Withdraw
from workflows.forms.applicant import Answer, Comment, Submit
from workflows.forms.base import StepForm
from workflows.forms.findings import AssessAnswer, DeskTop, SecondReading, SiteVisit
from workflows.forms.panels import Arrange, Conditions, Decision, IssueReport, Moderation, Publish, SignOff

STEPS: dict[str, type[StepForm]] = {
    "submit": Submit,
    "desk_top_review": DeskTop,
    "second_reading": SecondReading,
    "convene_site_visit": Arrange,
    "site_visit": SiteVisit,
    "report": IssueReport,
    "report_comments": Comment,
    "moderation": Moderation,
    "regional_sign_off": SignOff,
    "conditions_panel": Conditions,
    "conditions_response": Answer,
    "response_assessed": AssessAnswer,
    "decision": Decision,
    "publication": Publish,
    "plan": Plan,
    "review": Review,
    "deferred": Resume,
}
DIVERSIONS: dict[str, type[StepForm]] = {"defer": Defer, "withdraw": Withdraw}
