"""Rectification plans and the quarterly reviews of conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.models import RecordedFact, RegisteredRow


class ReviewRound(RegisteredRow):
    """One quarterly review of every open condition (domain.md 1.5)."""

    cycle = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=80)
    evidence_due = models.DateField()
    committee_on = models.DateField()

    class Meta:
        ordering: ClassVar[list[str]] = ["cycle", "number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["cycle", "number"], name="authorisation_round_once"),
            models.CheckConstraint(
                condition=Q(committee_on__gte=models.F("evidence_due")), name="authorisation_round_dates"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ApplicationReview(RecordedFact):
    """One CCG's conditions reviewed in one round, on the outcome of a competent panel (I2)."""

    round = models.ForeignKey(ReviewRound, models.PROTECT, related_name="reviews")
    application = models.ForeignKey("authorisation.Application", models.PROTECT, related_name="reviews")
    panel_outcome = models.OneToOneField("panels.Outcome", models.PROTECT, related_name="review")
    conditions_left = models.PositiveSmallIntegerField()
    directions_left = models.PositiveSmallIntegerField()
    reviewed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["round", "application"], name="authorisation_one_review_a_round"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id}: {self.conditions_left} left"


class RectificationPlan(RecordedFact):
    """The plan by which a CCG means to meet its conditions, agreed with the Board's region."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"text": "free_text"}
    PUBLIC_TASK: ClassVar[bool] = True

    application = models.ForeignKey("authorisation.Application", models.PROTECT, related_name="plans")
    version = models.PositiveSmallIntegerField()
    text = models.TextField()
    agreed_with = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "version"], name="authorisation_plan_version"),
            models.CheckConstraint(condition=~Q(text=""), name="authorisation_plan_says_something"),
        ]

    def __str__(self) -> str:
        return f"Plan {self.version} of {self.application_id}"
