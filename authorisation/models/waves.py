"""Waves, and moves of an application between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q

from audit.models import RecordedFact, RegisteredRow


class Wave(RegisteredRow):
    """A tranche of applications. Waves balance load; they are equal in standing (domain.md 1.2)."""

    cycle = models.PositiveSmallIntegerField(help_text="Year the cycle began, for example 2012")
    number = models.PositiveSmallIntegerField()
    deadline = models.DateField(help_text="Last day for submission")

    class Meta:
        ordering: ClassVar[list[str]] = ["cycle", "number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["cycle", "number"], name="authorisation_wave_once"),
        ]

    def __str__(self) -> str:
        return f"Wave {self.number}"


class WaveMove(RecordedFact):
    """A change of wave: deferral by agreement, with its reason (domain.md 1.6)."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"reason": "free_text"}
    PUBLIC_TASK: ClassVar[bool] = True

    application = models.ForeignKey("authorisation.Application", models.PROTECT, related_name="wave_moves")
    from_wave = models.ForeignKey(Wave, models.PROTECT, related_name="+")
    to_wave = models.ForeignKey(Wave, models.PROTECT, related_name="+")
    reason = models.TextField()
    moved_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(reason=""), name="authorisation_wave_move_reason"),
            models.CheckConstraint(condition=~Q(from_wave=models.F("to_wave")), name="authorisation_wave_move_moves"),
        ]

    def __str__(self) -> str:
        return f"{self.from_wave} to {self.to_wave}"
