from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from audit.models import RegisteredRow
from directory.models.organisations import Organisation

if TYPE_CHECKING:
    from audit.models import Event


class PostKind(models.TextChoices):
    ACCOUNTABLE_OFFICER = "accountable_officer", "Accountable officer"
    CHAIR = "chair", "Chair"
    GOVERNING_BODY_MEMBER = "governing_body_member", "Governing body member"
    EVIDENCE_MANAGER = "evidence_manager", "Evidence manager"
    PRACTICE_PARTNER = "practice_partner", "Practice partner"
    EMPLOYEE = "employee", "Employee"
    DESK_TOP_ASSESSOR = "desk_top_assessor", "Desk-top assessor"
    SECOND_READER = "second_reader", "Second reader"
    SECRETARIAT = "secretariat", "Secretariat"
    REGIONAL_DIRECTOR = "regional_director", "Regional director"
    AREA_TEAM_CONTACT = "area_team_contact", "Area team contact"
    CONFLICTS_GUARDIAN = "conflicts_guardian", "Conflicts guardian"
    NOMINATIONS_SECRETARY = "nominations_secretary", "Nominations secretary"
    PANEL_MEMBER = "panel_member", "Panel member"
    AUDITOR = "auditor", "Auditor"


class Post(RegisteredRow):
    """A person's place in an organisation from `starts` until (not including) `ends`.

    `in_force` says that the post's grants stand. It follows the dates, but only through actions: a post given for
    later comes into force by `posts.begin`, one whose `ends` has come leaves it by `posts.expire`, each with its event.
    """

    ERASABLE: ClassVar[Mapping[str, str]] = {"title": "free_text"}
    ABOUT: ClassVar[Sequence[str]] = ("person__stream",)
    WRITTEN_BY: ClassVar[str] = "post.appointed"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="posts")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="posts")
    kind = models.CharField(max_length=24, choices=PostKind)
    title = models.CharField(max_length=120, blank=True)
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)
    in_force = models.BooleanField()

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=PostKind.values), name="directory_post_kind"),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="directory_post_ends_after_start"
            ),
            models.UniqueConstraint(fields=["person", "organisation", "kind", "starts"], name="directory_post_once"),
            models.UniqueConstraint(
                fields=["person", "organisation", "kind"],
                condition=Q(ends__isnull=True),
                name="directory_post_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=["ends"], condition=Q(in_force=True), name="directory_post_expiring"),
            models.Index(fields=["starts"], condition=Q(in_force=False), name="directory_post_beginning"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at organisation {self.organisation_id}"

    @classmethod
    def written_with(cls, event: Event) -> models.QuerySet[Post]:
        """The post that an event of an appointment gave."""
        said = event.document["public"]
        return cls.objects.filter(
            person__stream=event.stream,
            organisation__code=said["organisation"],
            kind=said["kind"],
            starts=said["starts"],
        )
