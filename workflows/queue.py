"""Sending work to the workers. The broker is only the alarm bell: what is owed stands in rows, and a sweep re-sends."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from kombu.exceptions import OperationalError

from directory import messages

logger = logging.getLogger(__name__)
_held: ContextVar[list[int] | None] = ContextVar("workflows_held_jobs", default=None)


def send_job(task_pk: int) -> None:
    """Ask a worker to run a job. A broker that is away costs time, never the job: the sweep sends it again."""
    held = _held.get()
    if held is not None:
        held.append(task_pk)
        return
    from workflows.tasks import run_job

    try:
        run_job.apply_async(args=[task_pk], retry=False)
    except OperationalError:
        logger.warning("No broker: job %s waits for the next sweep.", task_pk)


@contextmanager
def held() -> Iterator[list[int]]:
    """Collect jobs instead of sending them, for a process that is its own worker (replay, demonstration, tests).

    Messages to people stay owed meanwhile.
    """
    jobs: list[int] = []
    token = _held.set(jobs)
    try:
        with messages.held():
            yield jobs
    finally:
        _held.reset(token)
