"""What Celery runs: thin, idempotent, keyed by row."""

from __future__ import annotations

from celery import shared_task

from directory import delivery


@shared_task(name="directory.tasks.send_message", acks_late=True)
def send_message(message_pk: int) -> bool:
    """Send one message; a second call finds it claimed or sent."""
    return delivery.deliver(message_pk)


@shared_task(name="directory.tasks.sweep_messages", acks_late=True)
def sweep_messages() -> int:
    """Ring again for messages that are due or whose worker was lost."""
    return delivery.sweep()
