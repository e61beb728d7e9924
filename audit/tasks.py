"""What Celery runs: thin, idempotent. One worker takes the queue ``audit``, and only it holds the signing key."""

from __future__ import annotations

import logging
import time
from functools import lru_cache

from celery import shared_task

from audit import checkpoints, rechecking, sequencing
from audit.errors import LogBroken
from audit.witnessing import grown

# The beat comes every two seconds; a run that has not finished by then would meet the next one.
SECONDS = 1.5

logger = logging.getLogger(__name__)


@shared_task(name="audit.tasks.sequence")
def sequence() -> int:
    """Take what waits into the log; another run at the same time finds the log held and goes away."""
    until, total = time.monotonic() + SECONDS, 0
    try:
        while time.monotonic() < until and (done := sequencing.sequence()):
            total += done
    except LogBroken as broken:
        _say_once(broken.message)
    return total


@shared_task(name="audit.tasks.checkpoint")
def checkpoint(*, asked: bool = False) -> int | None:
    """Sign the log if it has grown, and return the size that was signed.

    Unless somebody asked, what the log notes about its own heads is no growth: or each head, witnessed, would
    call for the next one.
    """
    last = checkpoints.latest()
    try:
        if last is not None and not asked and not grown(last.tree_size, sequencing.catch_up()):
            return None
        signed = checkpoints.sign_head()
    except LogBroken as broken:
        _say_once(broken.message)
        return None
    return signed.tree_size if signed else None


@shared_task(name="audit.tasks.recheck_daily")
def recheck_daily() -> str:
    """Check the whole log again when that was not done for a day."""
    return rechecking.recheck() if rechecking.due() else ""


@shared_task(name="audit.tasks.recheck")
def recheck() -> str:
    """Check the whole log again; the sentence of the first fault, or nothing."""
    return rechecking.recheck()


@lru_cache(maxsize=16)
def _say_once(sentence: str) -> None:
    """In the worker's log: these tasks come every few seconds or minutes, and would bury everything else there."""
    logger.error("%s", sentence)
