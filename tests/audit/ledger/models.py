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


class Remark(RecordedFact):
    ERASABLE = {"text": "free_text", "author": "person"}

    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    text = models.TextField(blank=True)
    author = models.CharField(max_length=150, blank=True)
    weight = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="ledger_remark_says_something")]

    def __str__(self):
        return self.text


class Holding(RecordedFact):
    """Written for a public task."""

    ERASABLE = {"reasons": "free_text"}
    PUBLIC_TASK = True

    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    reasons = models.TextField()

    def __str__(self):
        return self.reasons


class Notice(RecordedFact):
    """Published."""

    KEPT = {"text": "free_text"}

    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    text = models.TextField()

    def __str__(self):
        return self.text


class Leave(RegisteredRow):
    """A register row with erasable text: by the time of an order it names a later event."""

    ERASABLE = {"reason": "free_text"}
    WRITTEN_BY = "leave.noted"

    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    days = models.PositiveSmallIntegerField()
    reason = models.TextField(blank=True)

    def __str__(self):
        return self.reason

    @classmethod
    def written_with(cls, event):
        return cls.objects.filter(case__stream=event.stream)


class Office(RegisteredRow):
    code = models.CharField(max_length=8, unique=True)
    name = models.CharField(max_length=50)
    area = models.CharField(max_length=8, null=True)  # noqa: DJ001 - NULL is what is tested

    def __str__(self):
        return self.name
