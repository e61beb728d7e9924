"""Seats, who nominated whom, and who was appointed to which seat."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.models import RecordedFact, RegisteredRow
from panels.states import APPOINTMENT, AppointmentState


class Seat(RecordedFact):
    """A place on a panel for a kind of member, as the seat plan asks."""

    panel = models.ForeignKey("panels.Panel", models.PROTECT, related_name="seats")
    kind = models.CharField(max_length=40, help_text="Seat type, for example coalition_representative")
    title = models.CharField(max_length=80)
    number = models.PositiveSmallIntegerField(help_text="Order on the panel, from 1")
    required = models.BooleanField(help_text="The panel may not sit without this seat filled")

    class Meta:
        ordering: ClassVar[list[str]] = ["panel", "number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["panel", "number"], name="panels_seat_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.title} (seat {self.number})"


class Nomination(RegisteredRow):
    """A Coalition body offers a person for its seat, from one day until another."""

    body = models.ForeignKey("directory.Organisation", models.PROTECT, related_name="nominations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="nominations")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=models.F("starts")), name="panels_nomination_dates"
            ),
            models.UniqueConstraint(
                fields=["body", "person"], condition=Q(ends__isnull=True), name="panels_nomination_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} nominated by {self.body}"

    def covers(self, on: date) -> bool:
        """Whether the nomination stands on a day; `ends` is the last one."""
        return self.starts <= on and (self.ends is None or on <= self.ends)


LIVE = (AppointmentState.PROPOSED, AppointmentState.ACCEPTED)


class Appointment(RegisteredRow):
    """A person proposed for, or holding, one seat."""

    panel = models.ForeignKey("panels.Panel", models.PROTECT, related_name="appointments")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="appointments")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="appointments")
    nomination = models.ForeignKey(Nomination, models.PROTECT, null=True, blank=True, related_name="appointments")
    appointed_by = models.ForeignKey("directory.Organisation", models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=AppointmentState.choices, default=APPOINTMENT.after("fill_seats"))
    proposed_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["panel", "seat__number", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["seat"], condition=Q(state__in=LIVE), name="panels_one_person_per_seat"),
            models.UniqueConstraint(
                fields=["panel", "person"], condition=Q(state__in=LIVE), name="panels_one_seat_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.seat.title}"
