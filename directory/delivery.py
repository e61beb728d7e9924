"""Sending what is owed: claim by one conditional UPDATE, ask the guard, mail without any lock, record the outcome.

A message may be rung for twice, late or on two machines: one claim wins. A worker killed before it mailed loses its
lease and another sends. One killed between the mail server's yes and our own row sends twice, as no mail can be taken
back; both mails carry the same Message-ID, by which mail programs show one.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q

from audit import clock
from directory import messages
from directory.models import Delivery, DeliveryState, Message

# Longer than any mail server is waited for (EMAIL_TIMEOUT).
LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 5
LOST = "WorkerLost"
FOOTER = "You get this because of your part in an authorisation. All messages to you: {outbox}"

logger = logging.getLogger(__name__)


def deliver(message_pk: int) -> bool:
    """Send one message; False when there was nothing to do, it is withheld, or it did not go."""
    claimed = _claim(message_pk)
    if claimed is None:
        return False
    cleared = None
    try:
        reason = messages.why_not(claimed.message)
        if reason:
            _finish(claimed, state=DeliveryState.WITHHELD, reason=_cut(reason), cleared_at=None, error="")
            return False
        cleared = clock.now()
        mail_of(claimed.message).send()
    except Exception as error:  # noqa: BLE001 - whatever a mail server or a check raises, the message stays owed
        _put_off(claimed, error, **({"cleared_at": cleared} if cleared else {}))
        return False
    return _finish(claimed, state=DeliveryState.SENT, sent_at=clock.now(), cleared_at=cleared, error="")


def sweep(*, limit: int = 500) -> int:
    """Ring for what is due or was lost, the oldest first, and give up what was lost too often; how many were rung for.

    May run late, twice or on two machines.
    """
    now = clock.now()
    Delivery.objects.filter(state=DeliveryState.SENDING, lease__lte=now, attempts__gte=MOST_ATTEMPTS).update(
        state=DeliveryState.FAILED, lease=None, error=LOST
    )
    keys = list(
        Delivery.objects.filter(_free(), due_at__lte=now).order_by("due_at", "pk").values_list("pk", flat=True)[:limit]
    )
    messages.ring(keys)
    return len(keys)


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many failures: 1, 5, 25 and 125 minutes."""
    return timedelta(minutes=5 ** (attempts - 1))


def mail_of(message: Message) -> EmailMessage:
    """The mail of a message: its text and the page it is about. Names nobody but the recipient in its headers."""
    site = settings.SITE_URL
    footer = FOOTER.format(outbox=f"{site}/outbox/")
    return EmailMessage(
        subject=message.subject,
        body=f"{message.text}\n\n{site}{message.link}\n\n-- \n{footer}\n",
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.to.email],
        headers={
            "Message-ID": f"<message-{message.pk}@{urlsplit(site).hostname or 'localhost'}>",
            "Auto-Submitted": "auto-generated",
        },
    )


def _free() -> Q:
    """Deliveries that a worker may claim now."""
    now = clock.now()
    return Q(state=DeliveryState.OWED, due_at__lte=now) | Q(state=DeliveryState.SENDING, lease__lte=now)


def _claim(message_pk: int) -> Delivery | None:
    now = clock.now()
    mine = Delivery.objects.filter(_free(), pk=message_pk, attempts__lt=MOST_ATTEMPTS).update(
        state=DeliveryState.SENDING, attempts=F("attempts") + 1, lease=now + LEASE, tried_at=now
    )
    return Delivery.objects.select_related("message__to").get(pk=message_pk) if mine else None


def _put_off(claimed: Delivery, error: BaseException, **values: Any) -> None:
    """Count a failure and try again later, or give up; the class of the error only, its words may hold an address."""
    kind = type(error).__name__
    logger.warning("Message %s was not sent, attempt %s: %s", claimed.pk, claimed.attempts, kind)
    if claimed.attempts >= MOST_ATTEMPTS:
        _finish(claimed, state=DeliveryState.FAILED, error=kind, **values)
    else:
        due_at = clock.now() + backoff(claimed.attempts)
        _finish(claimed, state=DeliveryState.OWED, due_at=due_at, error=kind, **values)


def _finish(claimed: Delivery, **values: Any) -> bool:
    """Record the outcome of a claim; False when its lease ran out and another worker has it."""
    ours = Delivery.objects.filter(pk=claimed.pk, state=DeliveryState.SENDING, lease=claimed.lease)
    return ours.update(lease=None, **values) == 1


def _cut(sentence: str) -> str:
    most = Delivery._meta.get_field("reason").max_length or 0
    return sentence if len(sentence) <= most else f"{sentence[: most - 1]}…"
