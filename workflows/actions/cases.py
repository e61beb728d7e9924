"""One function for each thing a person does to a case: the pages, the replay, the API and the tests call these alone.

Each takes the case's lock, finds the open step, asks whether the person may, lets the domain act, moves the case on
and records it, in one transaction. Raises NotNow when the step is not open, PermissionDenied when the person may not,
and a Refused with a sentence when the domain refuses; nothing is changed then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from authorisation.actions import applications, decisions, findings, recommendations, reviews, waves, windows
from authorisation.actions.applications import Bid
from authorisation.enums import Stage, WindowKind
from authorisation.models import Application, Direction, ReviewRound, RuleSet, Wave
from authorisation.rules import Found, Proposed, Reviewed
from directory.models import Organisation
from panels.permissions import check_administers
from workflows.engine import driver
from workflows.flows import CURRENT as Flow
from workflows.permissions import check_may_divert

if TYPE_CHECKING:
    from directory.models import Person
    from panels.models import Item
    from panels.permissions import Actor


def _act(action: Any, **given: Any) -> Any:
    """The domain's part of a step: `(case, task) -> result`."""
    act = partial(action, **given)
    return lambda case, _task: act(case)


@transaction.atomic
def open_application(*, ccg: Organisation, wave: Wave, ruleset: RuleSet, by: Actor, synthetic: str = "") -> Application:
    """Open a CCG's application in a wave, under the rule set it will be judged by to the end."""
    check_administers(by)
    Organisation.objects.select_for_update().get(pk=ccg.pk)  # two at once: the second finds the first's application
    case = applications.new_application(ccg=ccg, wave=wave, ruleset=ruleset, synthetic=synthetic)
    driver.start(Flow.prepare, case, by=by, change=_act(applications.open_application, by=by))
    return case


def submit(case: Application, *, bid: Bid, by: Person) -> None:
    """The CCG puts its application in."""
    driver.complete(Flow.submit, case, by=by, change=_act(applications.submit, bid=bid, by=by))


def assess_domain(case: Application, *, domain: int, found: Sequence[Found], by: Person) -> None:
    """A desk-top assessor records every criterion of one domain."""
    change = _act(findings.assess_domain, domain=domain, findings=found, by=by)
    driver.complete(Flow.desk_top_review, case, by=by, change=change, item=domain)


def read_again(case: Application, *, by: Person, changes: Sequence[Found] = ()) -> None:
    """The second reading confirms the desk-top review, or changes findings."""
    change = _act(findings.second_reading, changes=changes, by=by)
    driver.complete(Flow.second_reading, case, by=by, change=change)


def arrange_site_visit(case: Application, *, item: Item, by: Person) -> None:
    """The site visit has its panel and its day."""
    change = _act(findings.arrange_site_visit, item=item, by=by)
    driver.complete(Flow.convene_site_visit, case, by=by, change=change)


def record_site_visit(case: Application, *, item: Item, found: Sequence[Found], by: Person) -> None:
    """What the site-visit panel found on each outstanding line of enquiry."""
    change = _act(findings.record_site_visit, item=item, findings=found, by=by)
    driver.complete(Flow.site_visit, case, by=by, change=change)


def issue_report(case: Application, *, summary: str, by: Person) -> None:
    """Send the report to the CCG; its window to comment opens."""
    driver.complete(Flow.report, case, by=by, change=_act(findings.issue_report, summary=summary, by=by))


def comment_on_report(case: Application, *, text: str, by: Person, waive: bool = False) -> None:
    """The CCG comments on the report, in time."""
    change = _act(windows.answer, kind=WindowKind.REPORT_COMMENTS, text=text, by=by, waive=waive)
    driver.complete(Flow.report_comments, case, by=by, change=change)


def record_moderation(case: Application, *, item: Item, by: Person) -> None:
    """What the moderation panel recommended."""
    driver.complete(Flow.moderation, case, by=by, change=_act(recommendations.moderate, item=item, by=by))


def sign_off(case: Application, *, by: Person, note: str = "") -> None:
    """The regional director approves the recommendation."""
    driver.complete(Flow.regional_sign_off, case, by=by, change=_act(recommendations.sign_off, note=note, by=by))


def record_conditions(case: Application, *, item: Item, proposals: Sequence[Proposed], by: Person) -> None:
    """What the conditions panel proposes; the CCG's window to answer opens."""
    change = _act(recommendations.propose_conditions, item=item, proposals=proposals, by=by)
    driver.complete(Flow.conditions_panel, case, by=by, change=change)


def answer_conditions(case: Application, *, text: str, by: Person, waive: bool = False) -> None:
    """The CCG answers the proposed conditions, in time."""
    change = _act(windows.answer, kind=WindowKind.CONDITIONS_RESPONSE, text=text, by=by, waive=waive)
    driver.complete(Flow.conditions_response, case, by=by, change=change)


def assess_answer(case: Application, *, by: Person, found: Sequence[Found] = ()) -> None:
    """Whether the answer meets any criterion before the decision."""
    driver.complete(Flow.response_assessed, case, by=by, change=_act(findings.assess_answer, findings=found, by=by))


def record_decision(case: Application, *, item: Item, reasons: str, by: Person) -> None:
    """The sub-committee's decision; the letter is written by a worker."""
    driver.complete(Flow.decision, case, by=by, change=_act(decisions.decide, item=item, reasons=reasons, by=by))


def publish(case: Application, *, by: Person) -> None:
    """Put the decision on the public register."""
    driver.complete(Flow.publication, case, by=by, change=_act(decisions.publish, by=by))


def agree_plan(case: Application, *, text: str, by: Person) -> None:
    """The region agrees the rectification plan."""
    driver.complete(Flow.plan, case, by=by, change=_act(reviews.agree_plan, text=text, by=by))


def record_review(
    case: Application,
    *,
    held: ReviewRound,
    item: Item,
    results: Sequence[Reviewed],
    by: Person,
    lifted: Sequence[Direction] = (),
    given: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """A quarterly review of every open condition; the case closes when nothing is left."""
    change = _act(reviews.review, round=held, item=item, results=results, lifted=lifted, given=given, by=by)
    driver.complete(Flow.review, case, by=by, change=change)


def defer(case: Application, *, to_wave: Wave, reason: str, by: Actor) -> None:
    """Move a case to a later wave, by agreement, at any step before the decision."""
    check_may_divert(by, case, to="deferred")
    driver.divert(Flow.deferred, case, by=by, change=_act(waves.defer, to_wave=to_wave, reason=reason, by=by))


def resume(case: Application, *, at: Stage, by: Person) -> None:
    """Take a deferred case up again."""
    driver.complete(Flow.deferred, case, by=by, change=_act(waves.resume, at=at, by=by))


def withdraw(case: Application, *, reason: str, by: Actor) -> None:
    """The applicants withdraw, at any step before the decision."""
    check_may_divert(by, case, to="withdrawn")
    driver.divert(Flow.withdrawn, case, by=by, change=_act(waves.withdraw, reason=reason, by=by))
