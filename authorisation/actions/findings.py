"""Findings of every tier and the site-visit report. Called by the flow, which holds the lock and settles the case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from audit import clock
from audit.actions import record, record_many
from authorisation.actions.windows import open_window
from authorisation.enums import Tier, WindowKind
from authorisation.errors import ApplicationRefused, FindingRefused
from authorisation.models import Application, Finding, Recommendation, Report, RuleSet
from authorisation.policies import check_item, check_on_no_panel
from authorisation.queries import criterion_keys, standing, unmet
from authorisation.rules import Found, finding_faults

if TYPE_CHECKING:
    from audit.models import Event
    from directory.models import Person
    from panels.models import Item


def assess_domain(application: Application, *, domain: int, findings: Sequence[Found], by: Person) -> None:
    """The desk-top review of one domain: every criterion of it, met or not met, each with a reason.

    Raises FindingRefused for a criterion left out, doubled, unknown, without a reason or, when not met, without its
    line of enquiry.
    """
    check_on_no_panel([application], by)
    known = criterion_keys(application, domain=domain)
    _check(f"Domain {domain} of {application.ref}", finding_faults(findings, known, enquiries=True))
    event = record(
        application,
        "desk_top.assessed",
        by=by,
        ruleset=application.ruleset.version,
        public={"domain": domain, "findings": _public(findings)},
        private=_reasons(findings),
    )
    _store(event, application, Tier.DESK_TOP, findings, known, by)


def _known(application: Application, findings: Iterable[Found]) -> dict[str, int]:
    return criterion_keys(application, code__in=[each.code for each in findings])


def _check(what: str, faults: Sequence[str]) -> None:
    if faults:
        raise FindingRefused(f"{what} cannot be recorded: " + "; ".join(faults) + ".")


def _public(findings: Iterable[Found]) -> dict[str, list[str]]:
    return {
        "met": [each.code for each in findings if each.met],
        "not_met": [each.code for each in findings if not each.met],
    }


def _reasons(findings: Iterable[Found]) -> dict[str, dict[str, list[list[str]]]]:
    return {"free_text": {"reasons": [[each.code, each.reason, each.line_of_enquiry] for each in findings]}}


def _store(
    event: Event,
    application: Application,
    tier: Tier,
    findings: Iterable[Found],
    known: dict[str, int],
    by: Person,
) -> None:
    now = clock.now()
    Finding.objects.bulk_create(
        Finding(
            event_id=event.pk,
            application_id=application.pk,
            attempt=application.attempt,
            tier=tier,
            criterion_id=known[each.code],
            met=each.met,
            reason=each.reason,
            line_of_enquiry=each.line_of_enquiry,
            author_id=by.pk,
            found_at=now,
        )
        for each in findings
    )


def second_reading(application: Application, *, changes: Sequence[Found], by: Person) -> None:
    """A second reader confirms the desk-top review, or changes findings with reasons.

    Raises ApplicationRefused when the reader assessed any of it (I4): nobody signs what they prepared.
    """
    known = _known(application, changes)
    _check(
        f"The second reading of {application.ref}",
        finding_faults(changes, [each.code for each in changes if each.code in known], enquiries=True),
    )
    check_second_readers([application], by)
    event = record(
        application,
        "desk_top.second_read",
        by=by,
        ruleset=application.ruleset.version,
        public=_public(changes),
        private=_reasons(changes) if changes else None,
    )
    _store(event, application, Tier.SECOND_READING, changes, known, by)


def check_second_readers(applications: Sequence[Application], by: Person) -> None:
    """Raise ApplicationRefused when the reader assessed any of these cases, or judged it in a panel; two queries."""
    own = (
        Finding.objects.filter(application__in=applications, tier=Tier.DESK_TOP, author=by)
        .values_list("application__ref", flat=True)
        .distinct()
    )
    if refs := sorted(own):
        raise ApplicationRefused(f"{by} assessed {', '.join(refs)} and cannot read it again: ask another reader.")
    check_on_no_panel(applications, by)


def confirm_wave(applications: Sequence[Application], *, by: Person) -> None:
    """The second reading of a whole wave where nothing is changed: one event a case, set-based."""
    check_second_readers(applications, by)
    rules = RuleSet.objects.only("version").in_bulk({application.ruleset_id for application in applications})
    record_many(
        applications,
        "desk_top.second_read",
        by=by,
        ruleset=lambda application: rules[application.ruleset_id].version,
        public=lambda _: _public([]),
    )


def arrange_site_visit(application: Application, *, item: Item, by: Person) -> None:
    """A site-visit panel has this case on its agenda and a sitting day. Raises DecisionRefused for any other panel."""
    check_item(application, item, kind="site_visit", decided=False)
    record(
        application,
        "site_visit.arranged",
        by=by,
        ruleset=application.ruleset.version,
        public={"panel": item.panel.ref, "on": item.sitting.on.isoformat()},
    )


def record_site_visit(application: Application, *, item: Item, findings: Sequence[Found], by: Person) -> None:
    """What the panel found on each outstanding line of enquiry. Raises DecisionRefused without its outcome (I1, I2)."""
    outcome = check_item(application, item, kind="site_visit", decided=True)
    _check(f"The site visit to {application.ref}", finding_faults(findings, unmet(application)))
    event = record(
        application,
        "site_visit.recorded",
        by=by,
        ruleset=application.ruleset.version,
        public={"panel": item.panel.ref, **_public(findings)},
        private=_reasons(findings),
    )
    Recommendation.objects.create(
        event=event,
        application=application,
        attempt=application.attempt,
        kind="site_visit",
        panel_outcome=outcome,
        made_at=clock.now(),
    )
    _store(event, application, Tier.SITE_VISIT, findings, _known(application, findings), by)


def issue_report(application: Application, *, summary: str, by: Person) -> None:
    """Send the CCG the site-visit report; its window to comment opens."""
    if not summary.strip():
        raise ApplicationRefused(f"The report on {application.ref} is empty: write its summary first.")
    event = record(
        application,
        "report.issued",
        by=by,
        ruleset=application.ruleset.version,
        public={"unmet": unmet(application)},
        private={"free_text": {"summary": summary}},
    )
    Report.objects.create(
        event=event,
        application=application,
        attempt=application.attempt,
        summary=summary,
        signed_by=by,
        issued_at=clock.now(),
    )
    open_window(application, event, WindowKind.REPORT_COMMENTS)


def assess_answer(application: Application, *, findings: Sequence[Found], by: Person) -> None:
    """Whether the CCG's answer to the proposed conditions meets any criterion; those left out stay unmet."""
    open_codes = {code for code, met in standing(application).items() if not met}
    _check(
        f"The assessment of {application.ref}'s answer",
        finding_faults(findings, [each.code for each in findings if each.code in open_codes]),
    )
    event = record(
        application,
        "response.assessed",
        by=by,
        ruleset=application.ruleset.version,
        public=_public(findings),
        private=_reasons(findings) if findings else None,
    )
    _store(event, application, Tier.RESPONSE, findings, _known(application, findings), by)
