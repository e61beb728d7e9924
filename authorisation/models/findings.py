"""What each tier found on each criterion, and the site-visit report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.models import RecordedFact
from authorisation.enums import Tier


class Finding(RecordedFact):
    """Met or not met: one criterion, one tier, one author, with a reason. Never edited; a later tier prevails."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"reason": "free_text", "line_of_enquiry": "free_text"}
    PUBLIC_TASK: ClassVar[bool] = True

    application = models.ForeignKey("authorisation.Application", models.PROTECT, related_name="findings")
    attempt = models.PositiveSmallIntegerField()
    tier = models.CharField(max_length=16, choices=Tier.choices)
    criterion = models.ForeignKey("authorisation.Criterion", models.PROTECT, related_name="findings")
    met = models.BooleanField()
    reason = models.TextField()
    line_of_enquiry = models.TextField(blank=True, help_text="The question the site visit must settle")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="findings")
    found_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["application", "attempt", "tier", "criterion"], name="authorisation_one_finding_a_tier"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="authorisation_finding_has_reason"),
            models.CheckConstraint(
                condition=Q(met=True) | ~Q(tier=Tier.DESK_TOP) | ~Q(line_of_enquiry=""),
                name="authorisation_red_has_enquiry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {'met' if self.met else 'not met'}"


class Report(RecordedFact):
    """The site-visit report as issued to the CCG."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"summary": "free_text"}
    PUBLIC_TASK: ClassVar[bool] = True

    application = models.ForeignKey("authorisation.Application", models.PROTECT, related_name="reports")
    attempt = models.PositiveSmallIntegerField()
    summary = models.TextField()
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reports")
    issued_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "attempt"], name="authorisation_report_once"),
        ]

    def __str__(self) -> str:
        return f"Report on {self.application_id}"
