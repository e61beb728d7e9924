"""The doorbell and the guard of messages: how workers hear of one, and why one is no longer to be sent.

The broker is only the bell: what is owed stands in rows, and a sweep rings again. Upper layers know why a message has
become wrong (the offer was answered, the person is barred from the case) and say so by `withhold_if`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias

from kombu.exceptions import OperationalError

from audit.erasable import is_erased

if TYPE_CHECKING:
    from directory.models import Message

# Answers why a message is not to be sent now, as a sentence for the secretariat; nothing when it is.
Check: TypeAlias = "Callable[[Message], str]"

# Seconds after which a ring nobody heard is dropped: the sweep has rung again by then.
RING_EXPIRES = 120
# Seconds for which nobody rings after the broker was away, so that it delays one caller and not each.
QUIET_SECONDS = 30.0

logger = logging.getLogger(__name__)
_checks: dict[str, list[Check]] = {}
_held: ContextVar[list[int] | None] = ContextVar("directory_held_messages", default=None)
_not_mailed: ContextVar[str] = ContextVar("directory_messages_not_mailed", default="")


class _Bell:
    quiet_until = 0.0


def withhold_if(kind: str, check: Check) -> None:
    """Let `check` judge every message of a kind just before it is sent, beside the checks there are.

    It may ask the database; what it raises counts as a failed attempt. Call it from an app's `ready()`.
    """
    known = _checks.setdefault(kind, [])
    if check not in known:
        known.append(check)


def why_not(message: Message) -> str:
    """Why a message is not to be sent now, as a sentence; nothing when it is wanted. `message.to` is fresh."""
    if not message.to.is_active:
        return "The recipient is deactivated."
    if is_erased(message.text):
        return "What it said was erased by order."
    for check in _checks.get(message.kind, ()):
        if reason := check(message):
            return reason
    return ""


def ring(keys: Sequence[int]) -> None:
    """Ask workers to send these messages. A broker that is away costs time, never a message: the sweep rings again."""
    held = _held.get()
    if held is not None:
        held.extend(keys)
        return
    if time.monotonic() < _Bell.quiet_until:
        return
    from directory.tasks import send_message

    try:
        for key in keys:
            send_message.apply_async(args=[key], retry=False, expires=RING_EXPIRES)
    except OperationalError:
        _Bell.quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning("No broker: messages wait for the next sweep.")


@contextmanager
def held() -> Iterator[list[int]]:
    """Collect the keys instead of ringing, for a process that needs no worker (replay, tests). They stay owed."""
    keys: list[int] = []
    token = _held.set(keys)
    try:
        yield keys
    finally:
        _held.reset(token)


@contextmanager
def not_mailed(reason: str) -> Iterator[None]:
    """Show the messages written inside to their recipients and mail none, for this reason: a sentence people read."""
    token = _not_mailed.set(reason)
    try:
        yield
    finally:
        _not_mailed.reset(token)


def why_not_mailed() -> str:
    """The reason of the `not_mailed` around the caller; nothing outside one."""
    return _not_mailed.get()
