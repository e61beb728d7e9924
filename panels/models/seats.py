"""Seats, who nominated whom, and who was appointed to which seat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.models import RecordedFact, RegisteredRow
from panels.states import APPOINTMENT, AppointmentState

if TYPE_CHECKING:
    from audit.models import Event


class Seat(RecordedFact):
    """A place on a panel for a kind of member, as the seat plan asks."""

    panel = models.ForeignKey("panels.Panel", models.PROTECT, related_name="seats")
    kind = models.CharField(max_length=40, help_text="Seat type, for example coalition_representative")
    title = models.CharField(max_length=80)
    number = models.PositiveSmallIntegerField(help_text="Order on the panel, from 1")
    required = models.BooleanField(help_text="The panel may not sit without this seat filled")
    accreditation = models.CharField(max_length=40, blank=True, help_text="Training its member needs, from the plan")
    appointed_by = models.CharField(max_length=24, blank=True, help_text="Kind of organisation that appoints to it")

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
    rank = models.PositiveSmallIntegerField(default=1, help_text="1 is asked first; the others are alternates in order")
    capacity = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Most sittings in one round of cases")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=models.F("starts")), name="panels_nomination_dates"
            ),
            models.CheckConstraint(
                condition=Q(rank__gte=1) & (Q(capacity__isnull=True) | Q(capacity__gte=1)),
                name="panels_nomination_rank_and_capacity",
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


class Accreditation(RegisteredRow):
    """Training a person has had, or another leave to sit, from one day until another."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="accreditations")
    kind = models.CharField(max_length=40, help_text="As the rule set names it, for example panel_training")
    given_by = models.ForeignKey("directory.Organisation", models.PROTECT, related_name="+")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=models.F("starts")), name="panels_accreditation_dates"
            ),
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(ends__isnull=True), name="panels_accreditation_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind}"

    def covers(self, on: date) -> bool:
        """Whether it stands on a day; `ends` is the last one."""
        return self.starts <= on and (self.ends is None or on <= self.ends)


LIVE = (AppointmentState.PROPOSED, AppointmentState.INVITED, AppointmentState.ACCEPTED)


class Appointment(RegisteredRow):
    """A person proposed for, or holding, one seat, or next in line for it."""

    panel = models.ForeignKey("panels.Panel", models.PROTECT, related_name="appointments")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="appointments")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="appointments")
    nomination = models.ForeignKey(Nomination, models.PROTECT, null=True, blank=True, related_name="appointments")
    appointed_by = models.ForeignKey("directory.Organisation", models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=AppointmentState.choices, default=APPOINTMENT.after("fill_seats"))
    rank = models.PositiveSmallIntegerField(default=0, help_text="0 holds the seat; 1, 2, ... are its alternates")
    proposed_at = models.DateTimeField()
    invited_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["panel", "seat__number", "rank", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["seat", "rank"], condition=Q(state__in=LIVE), name="panels_one_person_per_place"
            ),
            models.UniqueConstraint(
                fields=["panel", "person"], condition=Q(state__in=LIVE), name="panels_one_seat_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.seat.title}"

    @property
    def place(self) -> str:
        """The seat as people name it: "Coalition representative", or "Coalition representative, alternate 1"."""
        return f"{self.seat.title}, alternate {self.rank}" if self.rank else self.seat.title


class Absence(RegisteredRow):
    """Days on which a member cannot come. Their seat falls to its next alternate for sittings on those days."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"reason": "free_text"}
    ABOUT: ClassVar[Sequence[str]] = ("appointment__person__stream",)
    WRITTEN_BY: ClassVar[str] = "absence.noted"

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="absences")
    starts = models.DateField()
    ends = models.DateField(help_text="The last day")
    reason = models.CharField(max_length=400, blank=True)
    noted_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it never was to be; before its first day"
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(ends__gte=models.F("starts")), name="panels_absence_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.appointment} absent {self.starts:%-d %B %Y} to {self.ends:%-d %B %Y}"

    @classmethod
    def written_with(cls, event: Event) -> models.QuerySet[Absence]:
        """The absence that an event noted; one of the same days noted later, after it was withdrawn, is another."""
        said = event.document["public"]
        of = cls.objects.filter(
            appointment__panel__stream=event.stream,
            appointment__person__stream=said["person"],
            starts=said["starts"],
            noted_at__gte=event.occurred_at,
        )
        return of.filter(pk__in=of.order_by("noted_at", "pk").values("pk")[:1])

    def covers(self, on: date) -> bool:
        """Whether the member is away on a day; never, once it was withdrawn."""
        return self.withdrawn_at is None and self.starts <= on <= self.ends
