"""Recommendations, the decision, its letter and its publication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.models import RecordedFact
from authorisation.enums import AuthorisationOutcome


class Recommendation(RecordedFact):
    """What a moderation or conditions panel recommended. Rests on a panel's outcome, so on its composition (I2)."""

    application = models.ForeignKey("authorisation.Application", models.PROTECT, related_name="recommendations")
    attempt = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, help_text="Kind of panel: site_visit, moderation or conditions")
    panel_outcome = models.OneToOneField("panels.Outcome", models.PROTECT, related_name="recommendation")
    outcome = models.CharField(max_length=12, choices=AuthorisationOutcome.choices, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "attempt", "kind"], name="authorisation_recommended_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.outcome}"


class ProposedCondition(RecordedFact):
    """A condition the conditions panel proposes: one support level for one unmet criterion."""

    # They become the conditions as published.
    KEPT: ClassVar[Mapping[str, str]] = {"discharge_test": "free_text", "direction": "free_text"}

    application = models.ForeignKey("authorisation.Application", models.PROTECT, related_name="proposed_conditions")
    attempt = models.PositiveSmallIntegerField()
    criterion = models.ForeignKey("authorisation.Criterion", models.PROTECT, related_name="+")
    level = models.CharField(max_length=4)
    discharge_test = models.TextField(help_text="What the CCG must show for the condition to be discharged")
    direction = models.TextField(blank=True, help_text="Legal directions proposed with it, one a line")
    other = models.ForeignKey(
        "directory.Organisation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The other organisation that would take over functions (SI 2012/1631 reg 8(8)-(9))",
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "attempt", "criterion"], name="authorisation_proposed_once"),
            models.CheckConstraint(condition=~Q(discharge_test=""), name="authorisation_proposed_with_test"),
            models.CheckConstraint(
                condition=Q(other__isnull=True) | ~Q(direction=""), name="authorisation_other_with_direction"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion_id} at level {self.level}"


class SignOff(RecordedFact):
    """The regional director's approval of what moderation recommended, before the conditions panel."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"note": "free_text"}

    application = models.ForeignKey("authorisation.Application", models.PROTECT, related_name="sign_offs")
    attempt = models.PositiveSmallIntegerField()
    director = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    signed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "attempt"], name="authorisation_signed_off_once"),
        ]

    def __str__(self) -> str:
        return f"Sign-off of {self.application_id}"


class Decision(RecordedFact):
    """The sub-committee's decision. There is no appeal (domain.md 0.5), so there is one per application."""

    # They stand in the letter and on the public register.
    KEPT: ClassVar[Mapping[str, str]] = {"reasons": "free_text"}

    application = models.OneToOneField("authorisation.Application", models.PROTECT, related_name="decision")
    panel_outcome = models.OneToOneField("panels.Outcome", models.PROTECT, related_name="decision")
    outcome = models.CharField(max_length=12, choices=AuthorisationOutcome.choices)
    has_directions = models.BooleanField(help_text="Legal directions were given with the decision")
    reasons = models.TextField()
    decided_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(reasons=""), name="authorisation_decision_has_reasons"),
            models.CheckConstraint(
                condition=Q(has_directions=False) | Q(outcome=AuthorisationOutcome.CONDITIONAL),
                name="authorisation_directions_with_conditions",
            ),
        ]

    def __str__(self) -> str:
        return self.get_outcome_display()


class Letter(RecordedFact):
    """The decision letter as sent: the PDF itself and its hash."""

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="letter")
    pdf = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    issued_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Letter on {self.decision_id}"


class Publication(RecordedFact):
    """The moment the decision went on the public register. Never before the letter (I6)."""

    application = models.OneToOneField("authorisation.Application", models.PROTECT, related_name="publication")
    letter = models.OneToOneField(Letter, models.PROTECT, related_name="publication")
    published_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Publication of {self.application_id}"
