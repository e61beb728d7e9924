from django.conf import settings
from django.db import models
from guardian.models import UserObjectPermissionBase

from directory.models.organisations import Organisation


class OrganisationGrant(UserObjectPermissionBase):
    """One permission of one person on one organisation. Follows from posts (`directory.grants`); never edited."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants")
    content_object = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="grants")

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False
        default_permissions = ()
        unique_together = ["user", "permission", "content_object"]
