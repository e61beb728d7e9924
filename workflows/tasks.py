"""What Celery runs: thin, idempotent, keyed by row."""

from __future__ import annotations

from celery import shared_task

from audit import clock, stamping
from directory.actions import posts
from panels.actions import examination
from workflows import coalition, reconciliation
from workflows.actions import checkpoints
from workflows.engine import sweep as engine


@shared_task(name="workflows.tasks.run_job", acks_late=True)
def run_job(task_pk: int) -> bool:
    """Run one job; a second delivery finds it done."""
    return engine.run_job(task_pk)


@shared_task(name="workflows.tasks.sweep", acks_late=True)
def sweep() -> int:
    """Fire what is due and send again what was lost. Late, twice or on two machines does no harm."""
    fired = engine.sweep().fired
    engine.sweep_jobs()
    posts.begin(clock.now())
    posts.expire(clock.now())
    examination.sweep_stale()
    return fired


@shared_task(name="workflows.tasks.tell_checkpoint", acks_late=True)
def tell_checkpoint() -> int:
    """Send the log's head out, once a day."""
    return checkpoints.tell_checkpoint()


@shared_task(name="workflows.tasks.stamp", acks_late=True)
def stamp() -> bool:
    """Have the log's head stamped, once a day. Not on the queue "audit": whoever holds the key asks no network."""
    return stamping.stamp_if_due()


@shared_task(name="workflows.tasks.reconcile", acks_late=True)
def reconcile() -> int | None:
    """Compare every table with the events, once a day. Not on the queue "audit": its role does not see the tables."""
    return reconciliation.reconcile_if_due()


@shared_task(name="workflows.tasks.witness", acks_late=True)
def witness() -> bool:
    """Let the demonstration's Coalition cosign; scheduled nowhere else."""
    return coalition.cosign_quietly()
