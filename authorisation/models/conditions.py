"""Conditions and directions, and every change to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.db import models
from django.db.models import Q

from audit.models import RecordedFact, RegisteredRow
from authorisation.enums import ConditionState, ReviewResult


class Condition(RegisteredRow):
    """One unmet criterion at the decision, its support level and its test of discharge (I5)."""

    # It stands in the letter and on the public register.
    KEPT: ClassVar[Mapping[str, str]] = {"discharge_test": "free_text"}
    KEPT_WITH: ClassVar[Sequence[str]] = ("decision__event",)

    application = models.ForeignKey("authorisation.Application", models.PROTECT, related_name="conditions")
    decision = models.ForeignKey("authorisation.Decision", models.PROTECT, related_name="conditions")
    finding = models.OneToOneField("authorisation.Finding", models.PROTECT, related_name="condition")
    criterion = models.ForeignKey("authorisation.Criterion", models.PROTECT, related_name="conditions")
    level = models.CharField(max_length=4)
    discharge_test = models.TextField()
    state = models.CharField(max_length=12, choices=ConditionState.choices, default=ConditionState.OPEN)
    imposed_at = models.DateTimeField()
    discharged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["application", "criterion__position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["decision", "criterion"], name="authorisation_condition_once"),
            models.CheckConstraint(
                condition=Q(state=ConditionState.OPEN, discharged_at__isnull=True)
                | Q(state=ConditionState.DISCHARGED, discharged_at__isnull=False),
                name="authorisation_discharged_with_date",
            ),
            models.CheckConstraint(condition=~Q(level=""), name="authorisation_condition_has_level"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["application"], condition=Q(state="open"), name="authorisation_open_conditions"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion_id} at level {self.level}"


class ConditionChange(RecordedFact):
    """What one review did to one condition."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"reason": "free_text"}
    PUBLIC_TASK: ClassVar[bool] = True

    condition = models.ForeignKey(Condition, models.PROTECT, related_name="changes")
    review = models.ForeignKey("authorisation.ApplicationReview", models.PROTECT, related_name="changes")
    result = models.CharField(max_length=12, choices=ReviewResult.choices)
    from_level = models.CharField(max_length=4)
    to_level = models.CharField(max_length=4, blank=True)
    reason = models.TextField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["review", "condition"], name="authorisation_reviewed_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="authorisation_change_has_reason"),
        ]

    def __str__(self) -> str:
        return self.get_result_display()


class Direction(RegisteredRow):
    """A legally binding instruction under regulation 8 of SI 2012/1631, given with the decision or at a review."""

    # A CCG is bound by its words, and the public register shows them.
    KEPT: ClassVar[Mapping[str, str]] = {"text": "free_text"}
    KEPT_WITH: ClassVar[Sequence[str]] = ("decision__event", "review__event")

    application = models.ForeignKey("authorisation.Application", models.PROTECT, related_name="directions")
    decision = models.ForeignKey(
        "authorisation.Decision", models.PROTECT, null=True, blank=True, related_name="directions"
    )
    review = models.ForeignKey(
        "authorisation.ApplicationReview", models.PROTECT, null=True, blank=True, related_name="directions"
    )
    condition = models.ForeignKey(Condition, models.PROTECT, null=True, blank=True, related_name="directions")
    legal_basis = models.CharField(max_length=80)
    text = models.TextField()
    given_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(decision__isnull=False, review__isnull=True)
                | Q(decision__isnull=True, review__isnull=False),
                name="authorisation_direction_has_origin",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="authorisation_direction_has_text"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=models.F("given_on")),
                name="authorisation_direction_dates",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["application"], condition=Q(ended_on__isnull=True), name="authorisation_in_force"),
        ]

    def __str__(self) -> str:
        return self.text[:60]
