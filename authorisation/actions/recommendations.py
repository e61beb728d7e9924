"""Moderation, regional sign-off and the conditions panel. Called by the flow, which holds the lock and settles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from audit import clock
from audit.actions import record
from authorisation.actions.windows import open_window
from authorisation.enums import AuthorisationOutcome, WindowKind
from authorisation.errors import DecisionRefused
from authorisation.models import Application, ProposedCondition, Recommendation, SignOff
from authorisation.policies import check_beneficiary, check_item, check_report_window_over
from authorisation.queries import criterion_keys, unmet
from authorisation.rules import Proposed, proposal_faults
from authorisation.rulesets import levels

if TYPE_CHECKING:
    from audit.models import Event
    from directory.models import Organisation, Person
    from panels.models import Item


def moderate(application: Application, *, item: Item, by: Person) -> None:
    """What the moderation panel recommends. Raises DecisionRefused when that does not follow from the findings."""
    outcome = check_item(application, item, kind="moderation", decided=True)
    left = unmet(application)
    expected = AuthorisationOutcome.CONDITIONAL if left else AuthorisationOutcome.FULL
    if outcome.outcome != expected:
        raise DecisionRefused(
            f"{application.ref} has {len(left)} criteria not met, so moderation recommends "
            f'"{expected.label.lower()}"; the panel recorded "{outcome.outcome}".'
        )
    check_report_window_over(application, outcome)
    event = record(
        application,
        "moderation.recommended",
        by=by,
        ruleset=application.ruleset.version,
        public={"panel": item.panel.ref, "outcome": expected.value, "unmet": left},
    )
    Recommendation.objects.create(
        event=event,
        application=application,
        attempt=application.attempt,
        kind="moderation",
        panel_outcome=outcome,
        outcome=expected,
        made_at=clock.now(),
    )


def sign_off(application: Application, *, note: str, by: Person) -> None:
    """The regional director approves the recommendation before the conditions panel (domain.md 1.2, stage 10)."""
    event = record(
        application,
        "region.signed_off",
        by=by,
        ruleset=application.ruleset.version,
        private={"free_text": {"note": note}} if note else None,
    )
    SignOff.objects.create(
        event=event,
        application=application,
        attempt=application.attempt,
        director=by,
        note=note,
        signed_at=clock.now(),
    )


def propose_conditions(application: Application, *, item: Item, proposals: Sequence[Proposed], by: Person) -> None:
    """One condition and one support level for each unmet criterion; the CCG's window to answer opens.

    Raises DecisionRefused when conditions and unmet criteria differ, a level is not of the rule set (I5), or a
    direction names an organisation that could not take functions over.
    """
    outcome = check_item(application, item, kind="conditions", decided=True)
    faults = proposal_faults(proposals, unmet(application), levels(application.ruleset.body))
    if faults:
        raise DecisionRefused(f"The conditions on {application.ref} cannot be recorded: " + "; ".join(faults) + ".")
    others = {each.code: check_beneficiary(application, each.other) for each in proposals if each.other}
    event = record(
        application,
        "conditions.proposed",
        by=by,
        ruleset=application.ruleset.version,
        public={
            "panel": item.panel.ref,
            "conditions": [[each.code, each.level, bool(each.direction)] for each in proposals],
            **({"others": [[code, other.code] for code, other in others.items()]} if others else {}),
        },
        private={"free_text": {"tests": [[each.code, each.discharge_test, each.direction] for each in proposals]}},
    )
    Recommendation.objects.create(
        event=event,
        application=application,
        attempt=application.attempt,
        kind="conditions",
        panel_outcome=outcome,
        outcome=AuthorisationOutcome.CONDITIONAL,
        made_at=clock.now(),
    )
    _propose(event, application, proposals, others)
    open_window(application, event, WindowKind.CONDITIONS_RESPONSE)


def _propose(
    event: Event, application: Application, proposals: Sequence[Proposed], others: Mapping[str, Organisation]
) -> None:
    known = criterion_keys(application, code__in=[each.code for each in proposals])
    ProposedCondition.objects.bulk_create(
        ProposedCondition(
            event=event,
            application=application,
            attempt=application.attempt,
            criterion_id=known[each.code],
            level=each.level,
            discharge_test=each.discharge_test,
            direction=each.direction,
            other=others.get(each.code),
        )
        for each in proposals
    )
