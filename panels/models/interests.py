"""What people declare, and what the disinterest tests answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    PREPARED = "prepared", "Coached it or prepared its application"
    OTHER = "other", "Other"


class Declaration(RecordedFact):
    """One line of a person's declaration for a panel. A nil return is an answer too."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"statement": "interest"}
    ABOUT: ClassVar[Sequence[str]] = ("person__stream",)

    panel = models.ForeignKey("panels.Panel", models.PROTECT, related_name="declarations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="declarations")
    nil = models.BooleanField()
    kind = models.CharField(max_length=12, choices=InterestKind.choices, blank=True)
    organisation = models.ForeignKey("directory.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    statement = models.TextField(blank=True)
    starts = models.DateField(null=True, blank=True, help_text="Since when; for a public statement, its day")
    ends = models.DateField(null=True, blank=True, help_text="The first day it no longer holds")
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(nil=True, kind="", organisation__isnull=True) | (Q(nil=False) & ~Q(kind="")),
                name="panels_declaration_nil_or_typed",
            ),
            models.CheckConstraint(
                condition=Q(starts__isnull=True) | Q(ends__isnull=True) | Q(ends__gte=models.F("starts")),
                name="panels_declaration_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {'nothing to declare' if self.nil else self.get_kind_display()}"


# The moment of the answers by which an item stopped, kept with the event that stopped it.
STOPPED = "stopped"


class DisinterestCheck(RecordedFact):
    """One evaluation of every disinterest test for one appointment and one item, at one moment. Kept for ever."""

    appointment = models.ForeignKey("panels.Appointment", models.PROTECT, related_name="checks")
    item = models.ForeignKey("panels.Item", models.PROTECT, null=True, blank=True, related_name="checks")
    moment = models.CharField(max_length=12, help_text="proposed, accepted, convened, opened or decided")
    effect = models.CharField(max_length=16, choices=[(each.value, each.value) for each in Effect])
    rule = models.CharField(max_length=4, blank=True, help_text="The test that decided, for example D4")
    sentence = models.TextField()
    results = models.JSONField(help_text="Every test with its effect and the facts it used")
    checked_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["item", "appointment", "-id"], name="panels_check_latest"),
        ]

    def __str__(self) -> str:
        return self.sentence


class Objection(RecordedFact):
    """An applicant says that a member of the panel is not disinterested in its case. The conflicts guardian rules."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"statement": "interest"}
    ABOUT: ClassVar[Sequence[str]] = ("person__stream",)

    panel = models.ForeignKey("panels.Panel", models.PROTECT, related_name="objections")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="objections_to")
    organisation = models.ForeignKey("directory.Organisation", models.PROTECT, related_name="objections")
    case_ref = models.CharField(max_length=40, db_index=True)
    kind = models.CharField(max_length=12, choices=InterestKind.choices)
    statement = models.TextField()
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="objections_raised")
    raised_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(statement=""), name="panels_objection_has_statement"),
        ]

    def __str__(self) -> str:
        return f"{self.case_ref} objects to {self.person}"


class Verdict(models.TextChoices):
    """What the conflicts guardian says of a suggested interest."""

    CONFIRMED = "confirmed", "Confirmed"
    DISMISSED = "dismissed", "Dismissed"


class Ruling(RecordedFact):
    """The conflicts guardian on one test of one member for one organisation, or on one objection. The latest counts.

    `effect` is what stands after it: a dismissal gives the test this effect, a confirmation nothing milder.
    """

    ERASABLE: ClassVar[Mapping[str, str]] = {"reason": "free_text"}
    PUBLIC_TASK: ClassVar[bool] = True

    panel = models.ForeignKey("panels.Panel", models.PROTECT, related_name="rulings")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="rulings_on")
    organisation = models.ForeignKey("directory.Organisation", models.PROTECT, related_name="+")
    rule = models.CharField(max_length=4, help_text="D2 to D12, DI, or OB for an objection")
    objection = models.ForeignKey(Objection, models.PROTECT, null=True, blank=True, related_name="rulings")
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    effect = models.CharField(max_length=16, choices=[(each.value, each.value) for each in Effect])
    reason = models.TextField()
    ruled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="rulings")
    ruled_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(reason=""), name="panels_ruling_has_reason"),
            models.CheckConstraint(
                condition=Q(rule="OB", objection__isnull=False) | (~Q(rule="OB") & Q(objection__isnull=True)),
                name="panels_ruling_on_a_rule_or_an_objection",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.rule}"


class Refusal(RecordedFact):
    """Something about a panel that was asked for and refused: by whom, of whom, and the sentence they were given."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"sentence": "interest"}
    ABOUT: ClassVar[Sequence[str]] = ("person__stream", "refused_to__stream")

    panel = models.ForeignKey("panels.Panel", models.PROTECT, related_name="refusals")
    act = models.CharField(max_length=40, help_text="The action refused, for example fill_seats")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    seat = models.ForeignKey("panels.Seat", models.PROTECT, null=True, blank=True, related_name="refusals")
    case_ref = models.CharField(max_length=40, blank=True)
    rule = models.CharField(max_length=4, blank=True)
    sentence = models.TextField()
    refused_to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    refused_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sentence
