"""Sittings, their items, who was there, what each seat said, and the outcome."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.models import RecordedFact, RegisteredRow
from panels.states import ITEM, ItemState, SittingState


class Sitting(RegisteredRow):
    """The panel meeting on one day."""

    panel = models.ForeignKey("panels.Panel", models.PROTECT, related_name="sittings")
    on = models.DateField()
    place = models.CharField(max_length=120, blank=True)
    round = models.CharField(max_length=40, blank=True, help_text="The group of cases it is for, for example Wave 1")
    convened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["on", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["panel", "on"], name="panels_one_sitting_a_day"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(convened_at__isnull=False), name="panels_closed_after_convened"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.panel.title} on {self.on:%-d %B %Y}"

    @property
    def state(self) -> SittingState:
        """Where the sitting stands."""
        if self.closed_at:
            return SittingState.OVER
        return SittingState.IN_SESSION if self.convened_at else SittingState.LISTED


class Item(RegisteredRow):
    """One organisation's case on the agenda of one sitting."""

    panel = models.ForeignKey("panels.Panel", models.PROTECT, related_name="items")
    sitting = models.ForeignKey(Sitting, models.PROTECT, related_name="items")
    organisation = models.ForeignKey("directory.Organisation", models.PROTECT, related_name="items")
    case_ref = models.CharField(max_length=40, db_index=True, help_text="Reference of the case judged")
    cycle = models.PositiveSmallIntegerField(default=0, help_text="Year the case's cycle began; 0 when not known")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=ItemState.choices, default=ITEM.after("list_sitting"))
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["sitting", "number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sitting", "case_ref"], name="panels_case_once_a_sitting"),
            models.UniqueConstraint(fields=["sitting", "number"], name="panels_item_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.case_ref}, item {self.number}"


class Attendance(RecordedFact):
    """Whether a member was in the room for an item. The latest row counts."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="attendances")
    appointment = models.ForeignKey("panels.Appointment", models.PROTECT, related_name="attendances")
    present = models.BooleanField()
    noted_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["item", "appointment", "-id"], name="panels_attendance_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.appointment_id} {'present' if self.present else 'absent'} for item {self.item_id}"


class Recusal(RecordedFact):
    """A member left the room for an item: they are not counted and may not take a position."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"reason": "interest"}
    ABOUT: ClassVar[Sequence[str]] = ("appointment__person__stream",)

    item = models.ForeignKey(Item, models.PROTECT, related_name="recusals")
    appointment = models.ForeignKey("panels.Appointment", models.PROTECT, related_name="recusals")
    reason = models.TextField()
    recused_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["item", "appointment"], name="panels_recused_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="panels_recusal_has_reason"),
        ]

    def __str__(self) -> str:
        return self.reason


class Stance(models.TextChoices):
    """What a seat says of the outcome. An abstention is never a vote against."""

    CONCUR = "concur", "Concur"
    DISSENT = "dissent", "Dissent"
    ABSTAIN = "abstain", "Abstain"


class Position(RecordedFact):
    """The position of one seat on one item: the latest row counts until the outcome is recorded.

    One entered by the member is theirs; one entered by somebody else waits to be confirmed.
    """

    ERASABLE: ClassVar[Mapping[str, str]] = {"reasons": "free_text"}
    PUBLIC_TASK: ClassVar[bool] = True

    item = models.ForeignKey(Item, models.PROTECT, related_name="positions")
    appointment = models.ForeignKey("panels.Appointment", models.PROTECT, related_name="positions")
    stance = models.CharField(max_length=8, choices=Stance.choices)
    reasons = models.TextField(blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["item", "appointment", "-id"], name="panels_position_latest"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(stance=Stance.DISSENT, reasons=""), name="panels_dissent_has_reasons"),
        ]

    def __str__(self) -> str:
        return self.get_stance_display()


class Composition(RecordedFact):
    """Who filled which seat, by whose nomination, under which checks, when the item was decided."""

    # The facts these checks asked for: without them nobody can tell that a member was wrongly cleared.
    NEEDED: ClassVar[Collection[str]] = ("interest",)

    item = models.OneToOneField(Item, models.PROTECT, related_name="composition")
    body = models.JSONField()
    sha256 = models.CharField(max_length=64)
    stored_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Composition of item {self.item_id}"


class Outcome(RecordedFact):
    """What the panel recommended or decided on an item."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"reasons": "free_text"}
    PUBLIC_TASK: ClassVar[bool] = True

    item = models.OneToOneField(Item, models.PROTECT, related_name="outcome")
    composition = models.OneToOneField(Composition, models.PROTECT, related_name="outcome")
    outcome = models.CharField(max_length=40)
    reasons = models.TextField()
    reached_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(reasons=""), name="panels_outcome_has_reasons"),
        ]

    def __str__(self) -> str:
        return self.outcome


class AgendaOrder(RecordedFact):
    """The order in which a sitting takes its items: the latest row, or else the order they were listed in."""

    sitting = models.ForeignKey(Sitting, models.PROTECT, related_name="orders")
    items = models.JSONField(help_text="Keys of the items, first to last")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Order of sitting {self.sitting_id}"


class MinuteNote(RecordedFact):
    """What the chair adds to the minutes, or signs. Minutes are drafted from the events and corrected by addition."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"text": "free_text"}
    PUBLIC_TASK: ClassVar[bool] = True

    sitting = models.ForeignKey(Sitting, models.PROTECT, related_name="notes")
    item = models.ForeignKey(Item, models.PROTECT, null=True, blank=True, related_name="notes")
    text = models.TextField(blank=True)
    signed_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the minutes signed; blank for a note")
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(text="", signed_sha256=""), name="panels_minute_note_says_something"),
        ]

    def __str__(self) -> str:
        return self.text or f"Signed {self.signed_sha256}"
