"""One small table of each kind the audit app guards."""

from django.db import models

from audit.models import AuditedAggregate, RecordedFact, RegisteredRow


class Case(AuditedAggregate):
    STREAM_PREFIX = "case"

    name = models.CharField(max_length=60)
    amount = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    due = models.DateTimeField(null=True)
    tags = models.JSONField(default=list)
    closed = models.BooleanField(default=False)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT)

    def __str__(self):
        return self.name


class Ruling(RecordedFact):
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    text = models.CharField(max_length=50)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "text"], name="ledger_ruling_once")]

    def __str__(self):
        return self.text


class Office(RegisteredRow):
    code = models.CharField(max_length=8, unique=True)
    name = models.CharField(max_length=50)
    area = models.CharField(max_length=8, null=True)  # noqa: DJ001 - NULL is what is tested

    def __str__(self):
        return self.name
