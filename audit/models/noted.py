"""The log's memo of what it has said already, so that nobody can flood it."""

from django.db import models


class Noted(models.Model):
    """One thing that is recorded once in a while however often it happens: until when, and how often since.

    A plain table and no part of the record: a row is forgotten when its time is over. The key is a keyed hash,
    so that the table tells nobody who read what, or which address was tried.
    """

    key = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=64)
    until = models.DateTimeField()
    more = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "noted"
        default_permissions = ()
        indexes = [models.Index(fields=["kind", "until"], name="audit_noted_over")]

    def __str__(self) -> str:
        return f"{self.kind} until {self.until}, {self.more} more"
