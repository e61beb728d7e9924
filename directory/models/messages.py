"""What people are told, and how far the mail of it has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from audit.models import RecordedFact
from directory.models.people import Person

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

SUBJECT_LENGTH, LINK_LENGTH = 200, 200


class DeliveryState(models.TextChoices):
    OWED = "owed", "Waiting to be sent"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    WITHHELD = "withheld", "Withheld"
    FAILED = "failed", "Failed"
    KEPT = "kept", "Not mailed"


# Nothing happens to these any more; the database refuses every change of them.
FINAL = (DeliveryState.SENT, DeliveryState.WITHHELD, DeliveryState.KEPT)


class MessageQuerySet(models.QuerySet["Message"]):
    """Reads that know who is asking."""

    def visible_to(self, viewer: Person | AnonymousUser) -> MessageQuerySet:
        """Every message for the secretariat; for others those to themselves that the guard of the mail let go.

        A message still to be judged, or withheld, is shown to its recipient no more than it is mailed.
        """
        if not isinstance(viewer, Person) or not viewer.is_active:
            return self.none()
        if viewer.administers():
            return self
        return self.filter(to=viewer, delivery__cleared_at__isnull=False)


class Message(RecordedFact):
    """What one person was told because of one event: written with it, never edited. The mail of it is a `Delivery`."""

    # No private group of the event: what people were told is no part of the log.
    ERASABLE: ClassVar[Mapping[str, str]] = {"subject": "message", "text": "message"}
    ABOUT: ClassVar[Sequence[str]] = ("to__stream",)

    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="told")
    # A short key such as "panel.invited"; upper layers say by it when a message is no longer to be sent.
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=SUBJECT_LENGTH)
    text = models.TextField()
    # A path within this site: the page the message is about.
    link = models.CharField(max_length=LINK_LENGTH)
    # The stream of the aggregate it is about; empty for none.
    about = models.CharField(max_length=64, blank=True)
    written_at = models.DateTimeField()

    if TYPE_CHECKING:
        delivery: Delivery

    objects = MessageQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["event", "to", "kind", "link"], name="directory_message_once"),
            models.CheckConstraint(condition=~Q(kind="") & ~Q(subject="") & ~Q(text=""), name="directory_message_says"),
            models.CheckConstraint(
                condition=~Q(subject__contains="\n") & ~Q(subject__contains="\r"), name="directory_message_one_line"
            ),
            models.CheckConstraint(
                condition=Q(link__startswith="/") & ~Q(link__startswith="//"), name="directory_message_link_ours"
            ),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}: {self.kind}"


class Delivery(models.Model):
    """How far the mail of one message has come: one row each, keyed by its message.

    A plain table, no part of the record: it is the machine's memo, like the engine's tasks. What happened is the event
    and what was told is the message; both are written once, together. A claim, a lease and a failed attempt are no acts
    of anybody, and with an event each the log would mostly tell of mail servers. The one act of a person here, sending
    again, has its event. Instead of the record's triggers it has its own: no row is deleted, what ended is never
    changed, and only what was claimed is sent (`directory.triggers`).
    """

    message = models.OneToOneField(Message, on_delete=models.PROTECT, primary_key=True, related_name="delivery")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.OWED)
    # Claims since it was last owed anew.
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    # Until when a claim stands, which also tells one claim from the next; a worker not done by then is taken for dead.
    lease = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    # When the guard let it go; empty while the recipient may not see it.
    cleared_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # The class of the last error only: its words may hold an address or the text.
    error = models.CharField(max_length=80, blank=True)
    # Why it is withheld or not mailed, as a sentence.
    reason = models.CharField(max_length=300, blank=True)
    again_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    again_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="directory_delivery_state"),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.SENDING, lease__isnull=False)
                | (~Q(state=DeliveryState.SENDING) & Q(lease__isnull=True)),
                name="directory_delivery_leased",
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.SENT, sent_at__isnull=False, cleared_at__isnull=False)
                | (~Q(state=DeliveryState.SENT) & Q(sent_at__isnull=True)),
                name="directory_delivery_sent",
            ),
            models.CheckConstraint(
                condition=~Q(state=DeliveryState.WITHHELD) | Q(cleared_at__isnull=True),
                name="directory_delivery_withheld_unseen",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[DeliveryState.WITHHELD, DeliveryState.KEPT]) | ~Q(reason=""),
                name="directory_delivery_reasoned",
            ),
            models.CheckConstraint(
                condition=Q(again_by__isnull=True) | Q(again_at__isnull=False), name="directory_delivery_again"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="owed"), name="directory_delivery_due"),
            models.Index(fields=["lease"], condition=Q(state="sending"), name="directory_delivery_lost"),
            models.Index(fields=["state"], condition=Q(state="failed"), name="directory_delivery_failing"),
        ]

    def __str__(self) -> str:
        return f"Delivery of message {self.message_id}: {self.state}"
