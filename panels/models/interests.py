"""What people declare, and what the disinterest tests answered."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.models import RecordedFact
from panels.rules import Effect


class InterestKind(models.TextChoices):
    """Kinds of interest a person can declare (domain.md 7)."""

    OWN = "own", "Own organisation"
    PRACTICE = "practice", "Practice"
    POST = "post", "Post held"
    NEIGHBOUR = "neighbour", "Neighbouring organisation"
    SUPPORT = "support", "Commissioning support"
    PROVIDER = "provider", "Provider"
    FAMILY = "family", "Close family"
    STATEMENT = "statement", "Public statement"
    OTHER = "other", "Other"


class Declaration(RecordedFact):
    """One line of a person's declaration for a panel. A nil return is an answer too."""

    panel = models.ForeignKey("panels.Panel", models.PROTECT, related_name="declarations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="declarations")
    nil = models.BooleanField()
    kind = models.CharField(max_length=12, choices=InterestKind.choices, blank=True)
    organisation = models.ForeignKey("directory.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    statement = models.TextField(blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(nil=True, kind="", organisation__isnull=True) | (Q(nil=False) & ~Q(kind="")),
                name="panels_declaration_nil_or_typed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {'nothing to declare' if self.nil else self.get_kind_display()}"


class DisinterestCheck(RecordedFact):
    """One evaluation of every disinterest test for one appointment and one item, at one moment. Kept for ever."""

    appointment = models.ForeignKey("panels.Appointment", models.PROTECT, related_name="checks")
    item = models.ForeignKey("panels.Item", models.PROTECT, null=True, blank=True, related_name="checks")
    moment = models.CharField(max_length=12, help_text="proposed, accepted, convened, opened or decided")
    effect = models.CharField(max_length=16, choices=[(each.value, each.value) for each in Effect])
    rule = models.CharField(max_length=4, blank=True, help_text="The test that decided, for example D4")
    sentence = models.CharField(max_length=400)
    results = models.JSONField(help_text="Every test with its effect and the facts it used")
    checked_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["item", "appointment", "-id"], name="panels_check_latest"),
        ]

    def __str__(self) -> str:
        return self.sentence
