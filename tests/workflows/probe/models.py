from django.db import models
from viewflow.workflow.models import Process

from audit.models import AuditedAggregate
from directory.models import Organisation


class ProbeCase(AuditedAggregate):
    STREAM_PREFIX = "probe"

    reference = models.CharField(max_length=40, unique=True)
    stage = models.CharField(max_length=40, default="draft")
    outcome = models.CharField(max_length=40, blank=True)
    closes_at = models.DateTimeField(null=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    board = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    process = models.OneToOneField(Process, on_delete=models.PROTECT, null=True, related_name="probe")

    def __str__(self):
        return self.reference
