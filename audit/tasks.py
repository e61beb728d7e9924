"""What Celery runs: thin, idempotent. One worker takes the queue ``audit``, and only it holds the signing key."""

from __future__ import annotations

import time

from celery import shared_task

from audit import checkpoints, rechecking, sequencing
from audit.witnessing import grown

# The beat comes every two seconds; a run that has not finished by then would meet the next one.
SECONDS = 1.5


@shared_task(name="audit.tasks.sequence")
def sequence() -> int:
    """Take what waits into the log; another run at the same time finds the log held and goes away."""
    until, total = time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        done = sequencing.sequence()
        if not done:
            break
        total += done
    return total


@shared_task(name="audit.tasks.checkpoint")
def checkpoint(*, asked: bool = False) -> int | None:
    """Sign the log if it has grown, and return the size that was signed.

    Unless somebody asked, what the log notes about its own heads is no growth: or each head, witnessed, would
    call for the next one.
    """
    last = checkpoints.latest()
    if last is not None and not asked and not grown(last.tree_size, sequencing.catch_up()):
        return None
    signed = checkpoints.sign_head()
    return signed.tree_size if signed else None


@shared_task(name="audit.tasks.recheck_daily")
def recheck_daily() -> str:
    """Check the whole log again when that was not done for a day."""
    return rechecking.recheck() if rechecking.due() else ""


@shared_task(name="audit.tasks.recheck")
def recheck() -> str:
    """Check the whole log again; the sentence of the first fault, or nothing."""
    return rechecking.recheck()
