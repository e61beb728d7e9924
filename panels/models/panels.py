"""A panel: its kind, its seat plan, and who may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from guardian.models import UserObjectPermissionBase

from audit.models import AuditedAggregate
from panels.states import PanelState

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from directory.models import Person

# The most digits a key of the database can be read from.
LONGEST_NUMBER = 18


class PanelKind(models.TextChoices):
    """The kinds of panel a rule set must seat (domain.md 1.3-1.5)."""

    SITE_VISIT = "site_visit", "Site visit"
    MODERATION = "moderation", "Moderation panel"
    CONDITIONS = "conditions", "Conditions panel"
    DECISION = "decision", "Sub-committee"
    REVIEW = "review", "Conditions review"
    APPRAISAL = "appraisal", "Appraisal"


class PanelQuerySet(models.QuerySet["Panel"]):
    """Reads that know who is asking."""

    def visible_to(self, person: Person | AnonymousUser) -> PanelQuerySet:
        """Every panel's composition is open to signed-in people: who decides is never secret."""
        return self if person.is_authenticated else self.none()


class Panel(AuditedAggregate):
    """A body of seats that sits on items. Its seat plan is copied from the rule set and never changes."""

    STREAM_PREFIX = "panel"

    kind = models.CharField(max_length=20, choices=PanelKind.choices)
    title = models.CharField(max_length=200)
    ruleset = models.CharField(max_length=40, help_text="Version of the rule set the seat plan was taken from")
    plan = models.JSONField(help_text="The seat plan: seats, quorum and windows, as the rule set had them")
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="Since when its composition is settled")
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = PanelQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        permissions = [
            ("sit", "Holds an accepted seat on this panel"),
            ("chair", "Chairs this panel"),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    @property
    def ref(self) -> str:
        """The readable reference, for example `PAN-0042`."""
        return f"PAN-{self.pk:04d}"

    @property
    def state(self) -> PanelState:
        """Where the panel stands; two queries at most."""
        if self.closed_at:
            return PanelState.CLOSED
        if self.sittings.filter(convened_at__isnull=False, closed_at__isnull=True).exists():
            return PanelState.SITTING
        if self.confirmed_at:
            return PanelState.CONFIRMED
        asked = self.appointments.exclude(state="proposed").exists()
        return PanelState.INVITED if asked else PanelState.PROPOSED

    @staticmethod
    def pk_of(ref: str) -> int:
        """The key behind a reference; ValueError when it is not one."""
        prefix, _, number = ref.partition("-")
        if prefix != "PAN" or not number.isdigit() or len(number) > LONGEST_NUMBER:
            raise ValueError(f"{ref} is not a panel reference; it looks like PAN-0042")
        return int(number)


class PanelGrant(UserObjectPermissionBase):
    """A guardian row for one panel; written and removed only by the actions on seats."""

    content_object = models.ForeignKey(Panel, on_delete=models.CASCADE)

    ALLOWED: ClassVar[frozenset[str]] = frozenset({"sit", "chair"})

    class Meta(UserObjectPermissionBase.Meta):
        default_permissions = ()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a codename outside the allow-list: a grant nobody meant is a leak."""
        if self.permission.codename not in self.ALLOWED:
            raise ValueError(f"{self.permission.codename} cannot be granted on a panel")
        super().save(*args, **kwargs)
