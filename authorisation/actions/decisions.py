"""The sub-committee's decision, its letter, its publication. Called by the flow, which holds the lock and settles."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from audit import clock
from audit.actions import record
from audit.models import Attestation, AttestationKind
from authorisation.enums import AuthorisationOutcome, Tier
from authorisation.errors import DecisionRefused
from authorisation.models import (
    Application,
    Condition,
    Decision,
    Direction,
    Finding,
    Letter,
    ProposedCondition,
    Publication,
)
from authorisation.policies import check_item, check_windows_over
from authorisation.queries import unmet
from directory.queries import today

if TYPE_CHECKING:
    from audit.models import Event
    from authorisation.rules import Printed
    from directory.models import Person
    from panels.models import Item, Outcome

LEGAL_BASIS = "SI 2012/1631 reg 8"


def decide(application: Application, *, item: Item, reasons: str, by: Person) -> None:
    """Record the decision, one condition for each criterion still unmet, and the directions given with it.

    Raises DecisionRefused when the panel was not competent, the outcome does not follow from the findings, or a
    comment window has not ended (I1, I2, I5, I6).
    """
    outcome = check_item(application, item, kind="decision", decided=True)
    check_windows_over(application, outcome)
    if not reasons.strip():
        raise DecisionRefused(f"Give the sub-committee's reasons for its decision on {application.ref}.")
    left = unmet(application)
    proposed = {row.criterion.code: row for row in _proposed(application)}
    expected = AuthorisationOutcome.CONDITIONAL if left else AuthorisationOutcome.FULL
    if outcome.outcome != expected:
        raise DecisionRefused(
            f"{application.ref} has {len(left)} criteria not met, so it is "
            f'"{expected.label.lower()}"; the sub-committee recorded "{outcome.outcome}".'
        )
    if missing := [code for code in left if code not in proposed]:
        raise DecisionRefused(
            f"No condition was proposed for {', '.join(missing)}: it goes back to a conditions panel."
        )
    imposed = [proposed[code] for code in left]
    event = record(
        application,
        "decision.recorded",
        by=by,
        ruleset=application.ruleset.version,
        public=_public(item, outcome, expected, imposed),
        private={"free_text": {"reasons": reasons}},
    )
    _store(event, application, outcome, expected, imposed, reasons, by)
    application.outcome = expected


def texts(direction: str) -> list[str]:
    """The legal directions in a proposal: one a line, empty lines apart."""
    return [line.strip() for line in direction.splitlines() if line.strip()]


def _proposed(application: Application) -> list[ProposedCondition]:
    """The proposals of the latest attempt that had a conditions panel."""
    rows = list(ProposedCondition.objects.filter(application=application).select_related("criterion"))
    latest = max((row.attempt for row in rows), default=0)
    return [row for row in rows if row.attempt == latest]


def _public(
    item: Item, outcome: Outcome, decided: AuthorisationOutcome, imposed: Sequence[ProposedCondition]
) -> dict[str, object]:
    """Enough for an auditor to check the decision without the database."""
    return {
        "panel": item.panel.ref,
        "outcome": decided.value,
        "composition_sha256": outcome.composition.sha256,
        "composition": outcome.composition.body,
        "conditions": [[row.criterion.code, row.level, len(texts(row.direction))] for row in imposed],
    }


def _store(
    event: Event,
    application: Application,
    outcome: Outcome,
    decided: AuthorisationOutcome,
    imposed: Sequence[ProposedCondition],
    reasons: str,
    by: Person,
) -> None:
    now = clock.now()
    findings = Finding.objects.bulk_create(
        Finding(
            event=event,
            application=application,
            attempt=application.attempt,
            tier=Tier.DECISION,
            criterion=row.criterion,
            met=False,
            reason="Not met at the decision.",
            author=by,
            found_at=now,
        )
        for row in imposed
    )
    decision = Decision.objects.create(
        event=event,
        application=application,
        panel_outcome=outcome,
        outcome=decided,
        has_directions=any(texts(row.direction) for row in imposed),
        reasons=reasons,
        decided_at=now,
    )
    _impose(event, decision, findings, imposed)


def _impose(
    event: Event, decision: Decision, findings: Sequence[Finding], imposed: Sequence[ProposedCondition]
) -> None:
    """One condition for each unmet finding, and the directions that rest on it (I5)."""
    conditions = Condition.objects.bulk_create(
        Condition(
            event=event,
            application=decision.application,
            decision=decision,
            finding=finding,
            criterion=row.criterion,
            level=row.level,
            discharge_test=row.discharge_test,
            imposed_at=decision.decided_at,
        )
        for finding, row in zip(findings, imposed, strict=True)
    )
    Direction.objects.bulk_create(
        Direction(
            event=event,
            application=decision.application,
            decision=decision,
            condition=condition,
            legal_basis=LEGAL_BASIS,
            text=text,
            given_on=today(),
        )
        for condition, row in zip(conditions, imposed, strict=True)
        for text in texts(row.direction)
    )


def issue_letter(application: Application, *, pdf: bytes, printed: Printed, by: Literal["system"] = "system") -> Letter:
    """Store the letter as sent, with its hash in the record, and that the head printed on it has left the house.

    The database refuses it while conditions differ (I5).
    """
    sha256, head = hashlib.sha256(pdf).hexdigest(), printed.head
    event = record(
        application,
        "letter.issued",
        by=by,
        ruleset=application.ruleset.version,
        public={"sha256": sha256, "checkpoint": {"size": head.size, "root": printed.root, "index": printed.index}},
    )
    now = clock.now()
    Attestation.objects.create(
        checkpoint_id=head.size, kind=AttestationKind.LETTER, who=application.ref, blob=printed.proof.encode(), at=now
    )
    return Letter.objects.create(event=event, decision=application.decision, pdf=pdf, sha256=sha256, issued_at=now)


def publish(application: Application, *, by: Person) -> None:
    """Put the decision on the public register, after its letter (I6)."""
    letter = Letter.objects.filter(decision__application=application).first()
    if letter is None:
        raise DecisionRefused(f"The letter on {application.ref} has not gone out: publish after it.")
    event = record(
        application,
        "decision.published",
        by=by,
        ruleset=application.ruleset.version,
        public={"outcome": application.outcome, "letter_sha256": letter.sha256},
    )
    Publication.objects.create(event=event, application=application, letter=letter, published_at=clock.now())
