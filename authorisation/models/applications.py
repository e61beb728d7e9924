"""An application for authorisation: the aggregate everything else hangs on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from audit.models import AuditedAggregate, RecordedFact
from authorisation.enums import AuthorisationOutcome, Stage

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from directory.models import Person


class ApplicationQuerySet(models.QuerySet["Application"]):
    """Reads that know who is asking."""

    def visible_to(self, person: Person | AnonymousUser) -> ApplicationQuerySet:
        """The applications a person may open: their own CCG's, their panels', or all for the Board's offices.

        One rule for pages, lists, counts and search (I10); see `authorisation.permissions.readable`.
        """
        from authorisation.permissions import readable

        return self.filter(readable(person))

    def published(self) -> ApplicationQuerySet:
        """What the public register shows."""
        return self.filter(publication__isnull=False)

    def with_open_conditions(self) -> ApplicationQuerySet:
        """Adds `conditions_left` (open conditions) and `has_directions` (a direction in force)."""
        from authorisation.models.conditions import Condition, Direction

        return self.annotate(
            has_open_conditions=Exists(Condition.objects.filter(application=OuterRef("pk"), state="open")),
            has_directions=Exists(Direction.objects.filter(application=OuterRef("pk"), ended_on__isnull=True)),
        )


class Application(AuditedAggregate):
    """One CCG's application in one cycle. `stage` is written by the flow alone."""

    STREAM_PREFIX = "application"

    ref = models.CharField(max_length=20, unique=True)
    ccg = models.ForeignKey("directory.Organisation", models.PROTECT, related_name="applications")
    cycle = models.PositiveSmallIntegerField()
    wave = models.ForeignKey("authorisation.Wave", models.PROTECT, related_name="applications")
    ruleset = models.ForeignKey("authorisation.RuleSet", models.PROTECT, related_name="applications")
    process = models.OneToOneField("viewflow.Process", models.PROTECT, null=True, related_name="application")
    stage = models.CharField(max_length=24, choices=Stage.choices, default=Stage.PREPARATION)
    attempt = models.PositiveSmallIntegerField(default=1, help_text="Raised when a deferred application resumes")
    resumes_at = models.CharField(max_length=24, choices=Stage.choices, blank=True)
    outcome = models.CharField(max_length=12, choices=AuthorisationOutcome.choices, blank=True)
    opened_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    synthetic = models.CharField(
        max_length=120, blank=True, help_text="What about this case is synthetic, for example: wave outcome conditions"
    )

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["ref"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["ccg", "cycle"], condition=~Q(stage=Stage.WITHDRAWN), name="authorisation_one_application"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["stage", "ref"], name="authorisation_case_stage"),
            models.Index(fields=["wave", "ref"], name="authorisation_case_wave"),
        ]

    def __str__(self) -> str:
        return self.ref


class Submission(RecordedFact):
    """What the CCG put in: the statutory minimum of section 14B of the NHS Act 2006 and its declarations."""

    ERASABLE: ClassVar[Mapping[str, str]] = {
        "accountable_officer": "person",
        "constitution": "free_text",
        "declarations": "free_text",
    }
    PUBLIC_TASK: ClassVar[bool] = True

    application = models.ForeignKey(Application, models.PROTECT, related_name="submissions")
    attempt = models.PositiveSmallIntegerField()
    constitution = models.CharField(max_length=200, help_text="Title and version of the proposed constitution")
    accountable_officer = models.CharField(max_length=120)
    practices = models.PositiveSmallIntegerField(help_text="Practices that signed the application")
    declarations = models.JSONField(default=list, help_text="Statements of compliance certified")
    submitted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "attempt"], name="authorisation_submitted_once"),
            models.CheckConstraint(condition=Q(practices__gte=2), name="authorisation_two_practices"),
        ]

    def __str__(self) -> str:
        return f"Submission of {self.application_id}"
