from typing import TYPE_CHECKING

from django.contrib.auth.hashers import acheck_password, check_password
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from audit.models import AuditedAggregate

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from directory.models.grants import OrganisationGrant


class PersonQuerySet(models.QuerySet["Person"]):
    def visible_to(self, viewer: "Person | AnonymousUser") -> "PersonQuerySet":
        """People whose names the viewer may see: holders of any post, and oneself; everybody for administrators."""
        if not isinstance(viewer, Person) or not viewer.is_active:
            return self.none()
        if viewer.administers():
            return self.all()
        return self.filter(models.Q(pk=viewer.pk) | models.Q(pk__in=Person.objects.filter(posts__isnull=False)))

    def contactable_by(self, viewer: "Person | AnonymousUser") -> "PersonQuerySet":
        """People whose e-mail address the viewer may see: oneself; everybody for administrators."""
        if not isinstance(viewer, Person) or not viewer.is_active:
            return self.none()
        return self.all() if viewer.administers() else self.filter(pk=viewer.pk)


class PersonManager(models.Manager.from_queryset(PersonQuerySet)):  # type: ignore[misc]
    use_in_migrations = False

    def get_by_natural_key(self, email: str | None) -> "Person":
        """The person who signs in with this address, in whatever case it was typed."""
        person: Person = self.get(email=normal_email(email or ""))
        return person


def normal_email(email: str) -> str:
    """Addresses are compared and stored in lower case, so nobody can be recorded twice by a capital letter."""
    return email.strip().lower()


# What stands for a person whose data was erased; no mail server ever answers for this domain (RFC 2606).
ERASED_NAME, ERASED_DOMAIN = "Erased person", "erased.invalid"


class Person(AuditedAggregate, AbstractBaseUser, PermissionsMixin):
    """Somebody who may sign in, sit on panels or answer for an organisation. Deactivated, never deleted."""

    STREAM_PREFIX = "person"
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]
    # No column: a sign-in is not a change of the person, and the audit guard would refuse the update.
    last_login = None

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=150)
    title = models.CharField(max_length=30, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    synthetic = models.BooleanField(default=False)

    objects = PersonManager()

    if TYPE_CHECKING:
        grants: "RelatedManager[OrganisationGrant]"

    class Meta:
        verbose_name_plural = "people"
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="directory_person_email_lower"),
            models.CheckConstraint(condition=~models.Q(full_name=""), name="directory_person_named"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name as pages and letters write it: "Dr Ann Other"."""
        return f"{self.title} {self.full_name}".strip()

    @property
    def erased(self) -> bool:
        """Whether name and address were erased by order. The stream stays, and all that names it."""
        return self.email.endswith(f"@{ERASED_DOMAIN}")

    def get_full_name(self) -> str:
        """Django's name for `display_name`."""
        return self.display_name

    def get_short_name(self) -> str:
        """The name without the title."""
        return self.full_name

    def administers(self) -> bool:
        """Does this person hold `administer` on the Board? One query."""
        grants: models.QuerySet[OrganisationGrant] = self.grants.filter(
            permission__codename="administer", content_object__code="BOARD", user__is_active=True
        )
        return grants.exists()

    def check_password(self, raw_password: str | None) -> bool:
        """Compare without Django's silent re-hash: that would write the row without an audit event."""
        return check_password(raw_password, self.password)

    async def acheck_password(self, raw_password: str | None) -> bool:
        """The same for asynchronous callers."""
        return await acheck_password(raw_password, self.password)
