"""Rule sets and criteria: versioned, hashed, pinned."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from audit.models import RecordedFact


class CriteriaSet(RecordedFact):
    """One version of the catalogue of criteria."""

    version = models.CharField(max_length=40, unique=True)
    sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Criteria {self.version}"


class Criterion(RecordedFact):
    """One lettered threshold of the catalogue, or a marked placeholder for one whose text is not held."""

    criteria_set = models.ForeignKey(CriteriaSet, models.PROTECT, related_name="criteria")
    code = models.CharField(max_length=12)
    domain = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    heading = models.CharField(max_length=200)
    text = models.CharField(max_length=500)
    placeholder = models.BooleanField()
    mark = models.CharField(max_length=1)
    source = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["criteria_set", "position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["criteria_set", "code"], name="authorisation_criterion_once"),
            models.CheckConstraint(
                condition=models.Q(domain__gte=1, domain__lte=6), name="authorisation_criterion_domain"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class RuleSet(RecordedFact):
    """One version of the rules: seats, quorum, windows, support levels. Never edited; a change is a new version."""

    version = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    source = models.TextField(help_text="The file as it was loaded, byte for byte")
    body = models.JSONField()
    criteria_set = models.ForeignKey(CriteriaSet, models.PROTECT, related_name="rulesets")
    loaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Rule set {self.version}"
