from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q

from audit.models import RegisteredRow

if TYPE_CHECKING:
    from audit.models import Event


class OrganisationKind(models.TextChoices):
    CCG = "ccg", "Clinical commissioning group"
    BOARD = "board", "Board"
    REGION = "region", "Region"
    AREA_TEAM = "area_team", "Area team"
    COALITION_BODY = "coalition_body", "Coalition body"
    LOCAL_AUTHORITY = "local_authority", "Local authority"
    COMMISSIONING_SUPPORT = "commissioning_support", "Commissioning support unit"
    PRACTICE = "practice", "Practice"
    PROVIDER = "provider", "Provider"


class TieKind(models.TextChoices):
    """How `one` is tied to `other`. The symmetric kinds are stored once, with the lower id as `one`."""

    NEIGHBOUR = "neighbour", "is a neighbour of"
    SUPPORTS = "supports", "supplies commissioning support to"
    MEMBER_PRACTICE = "member_practice", "is a member practice of"
    SHARES_LEADERSHIP = "shares_leadership", "shares its leadership with"
    MAIN_PROVIDER = "main_provider", "is a main provider to"


SYMMETRIC_TIES = (TieKind.NEIGHBOUR, TieKind.SHARES_LEADERSHIP)


class Organisation(RegisteredRow):
    """A body with a code: the object of every grant. Closed, never deleted."""

    kind = models.CharField(max_length=24, choices=OrganisationKind)
    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(max_length=200)
    opened = models.DateField(null=True, blank=True)
    # The last day the organisation existed, as the national register writes it.
    closed = models.DateField(null=True, blank=True)
    postcode = models.CharField(max_length=10, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    synthetic = models.BooleanField(default=False)

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("act_for", "Answers for the organisation"),
            ("administer", "Runs the process as its secretariat"),
            ("assess", "Assesses applications at the desk"),
            ("read_second", "Gives the second reading"),
            ("sign_off", "Signs off as regional director"),
            ("agree_plan", "Agrees plans with organisations in the area"),
            ("nominate", "Nominates members of panels"),
            ("rule_on_conflicts", "Rules on declared interests"),
            ("audit", "Reads everything, including the log"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=OrganisationKind.values), name="directory_organisation_kind"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(code=""), name="directory_organisation_named"),
            models.CheckConstraint(
                condition=Q(opened__isnull=True) | Q(closed__isnull=True) | Q(closed__gte=F("opened")),
                name="directory_organisation_closed_after_opened",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="directory_organisation_not_own_parent"
            ),
            models.CheckConstraint(
                condition=~Q(code="BOARD") | Q(kind=OrganisationKind.BOARD), name="directory_organisation_board"
            ),
        ]
        indexes = [models.Index(fields=["kind", "code"], name="directory_org_kind_code")]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Tie(RegisteredRow):
    """A relation between two organisations from `starts` until (not including) `ends`."""

    ERASABLE: ClassVar[Mapping[str, str]] = {"source": "free_text"}
    WRITTEN_BY: ClassVar[str] = "tie.added"

    kind = models.CharField(max_length=20, choices=TieKind)
    one = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="ties_from")
    other = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="ties_to")
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)
    synthetic = models.BooleanField(default=False)
    source = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=TieKind.values), name="directory_tie_kind"),
            models.CheckConstraint(condition=~Q(one=F("other")), name="directory_tie_two_organisations"),
            models.CheckConstraint(
                condition=~Q(kind__in=SYMMETRIC_TIES) | Q(one__lt=F("other")), name="directory_tie_symmetric_once"
            ),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="directory_tie_ends_after_start"
            ),
            models.UniqueConstraint(fields=["kind", "one", "other", "starts"], name="directory_tie_once"),
            models.UniqueConstraint(
                fields=["kind", "one", "other"], condition=Q(ends__isnull=True), name="directory_tie_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one_id} {self.get_kind_display()} {self.other_id}"

    @classmethod
    def written_with(cls, event: Event) -> models.QuerySet[Tie]:
        """The tie that an event added; a symmetric one may stand the other way round."""
        said = event.document["public"]
        ends = {said["one"], said["other"]}
        return cls.objects.filter(kind=said["kind"], one__code__in=ends, other__code__in=ends, starts=said["starts"])
