"""People are told what happened; the secretariat sends again what failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from audit import clock
from audit.actions import record_system
from directory import messages
from directory.errors import BadMessage
from directory.models import Delivery, DeliveryState, Message, Person
from directory.models.messages import LINK_LENGTH, SUBJECT_LENGTH
from directory.permissions import Actor, check_may_send_again
from directory.rows import NewMessage

if TYPE_CHECKING:
    from audit.models import Event

BATCH = 1_000
# A path within this site: no other host, no blank, nothing a mail program would break at.
_PATH = re.compile(r"/(?!/)[\w\-./~%?&=#+:,;@!$*()']*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def write(*, event: Event, to: Person, kind: str, subject: str, text: str, link: str, about: str = "") -> Message:
    """Tell a person something because of `event`, in the caller's transaction; it is mailed after the commit.

    kind: a short key, "panel.invited"; subject: one line, blanks are folded and a long one is cut; text: plain words,
    without the link; link: a path within this site; about: the stream of the aggregate it is about. Each event tells a
    person one thing of a kind about one page once. Raises BadMessage for an empty text or a link that leads elsewhere.
    """
    row = NewMessage(to=to, kind=kind, subject=subject, text=text, link=link, about=about)
    return write_many(event=event, rows=[row])[0]


def write_many(*, event: Event, rows: Sequence[NewMessage]) -> list[Message]:
    """Tell many people what follows from one event, with two statements however many they are."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("A message is written in the transaction of the event that causes it.")
    now = clock.now()
    written = Message.objects.bulk_create([_message(row, event, now) for row in rows], batch_size=BATCH)
    reason = messages.why_not_mailed()
    Delivery.objects.bulk_create([_delivery(message, reason, now) for message in written], batch_size=BATCH)
    if not reason:
        transaction.on_commit(partial(messages.ring, [message.pk for message in written]))
    return written


@transaction.atomic
def send_again(*, message: Message, by: Actor) -> Message:
    """Owe a message again that was given up, with all its attempts before it. Raises BadMessage for any other."""
    check_may_send_again(by)
    record_system("message.sent_again", by=by, public={"message": message.pk, "to": message.to.stream})
    now = clock.now()
    failed = Delivery.objects.filter(pk=message.pk, state=DeliveryState.FAILED)
    again = failed.update(
        state=DeliveryState.OWED,
        attempts=0,
        due_at=now,
        error="",
        again_at=now,
        again_by=by if isinstance(by, Person) else None,
    )
    if not again:
        raise BadMessage("Only a message that failed can be sent again: this one was sent, is on its way or withheld.")
    transaction.on_commit(partial(messages.ring, [message.pk]))
    message.delivery.refresh_from_db()
    return message


def _message(row: NewMessage, event: Event, now: datetime) -> Message:
    subject = " ".join(_CONTROL.sub(" ", row.subject).split())
    text = _CONTROL.sub("", row.text).strip()
    if not subject or not text or not row.kind:
        raise BadMessage(f"A message of kind '{row.kind}' says nothing: give it a kind, a subject and a text.")
    if len(row.link) > LINK_LENGTH or not _PATH.fullmatch(row.link):
        raise BadMessage(f"'{row.link[:60]}' is no page of this site: give a path such as /panels/PAN-0001/.")
    return Message(
        event=event,
        to=row.to,
        kind=row.kind,
        subject=subject if len(subject) <= SUBJECT_LENGTH else f"{subject[: SUBJECT_LENGTH - 1]}…",
        text=text,
        link=row.link,
        about=row.about,
        written_at=now,
    )


def _delivery(message: Message, reason: str, now: datetime) -> Delivery:
    """Owed at once; or kept on the site, and shown there, where nothing is mailed."""
    if reason:
        return Delivery(message=message, state=DeliveryState.KEPT, due_at=now, cleared_at=now, reason=reason)
    return Delivery(message=message, due_at=now)
