"""The CCG's windows to comment and to answer. The row is the legal fact; the engine's timer only follows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from audit.models import RecordedFact, RegisteredRow
from authorisation.enums import WindowKind


class Window(RegisteredRow):
    """A dated chance to answer. Ends at `closes_at` unless the CCG waived it or a deferral stopped the clock."""

    application = models.ForeignKey("authorisation.Application", models.PROTECT, related_name="windows")
    attempt = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=WindowKind.choices)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    waived_at = models.DateTimeField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True, help_text="The clock stopped on deferral")

    class Meta:
        ordering: ClassVar[list[str]] = ["opens_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["application", "attempt", "kind"], name="authorisation_window_once"),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="authorisation_window_has_length"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(answered_at__lte=F("closes_at")),
                name="authorisation_answer_in_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} until {self.closes_at:%-d %B %Y}"


class WindowAnswer(RecordedFact):
    """What the CCG said, when it was received, and by whom it was sent."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"text": "free_text"}
    PUBLIC_TASK: ClassVar[bool] = True

    window = models.OneToOneField(Window, models.PROTECT, related_name="answer")
    text = models.TextField()
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(text=""), name="authorisation_answer_says_something"),
        ]

    def __str__(self) -> str:
        return f"Answer in window {self.window_id}"
