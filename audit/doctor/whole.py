"""What takes longer than a page may: the whole log read again, every day's witnesses, and the worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from celery import current_app
from django.conf import settings
from django.db.models.functions import TruncDate
from django.utils.timezone import localdate
from kombu.exceptions import OperationalError

from audit import attesting, clock, invariants, log_invariants
from audit.doctor.cheap import LETTER, unproven
from audit.doctor.findings import Finding, Severity, so_many
from audit.models import Attestation, AttestationKind, Checkpoint, Event, Pending
from audit.witnessing import witnesses

QUEUE = "audit"
ANSWER_SECONDS = 1.0
_KEEP = "Keep the database as it is, and find out who changed it past the triggers; an export shows it to auditors."


def entries() -> Iterator[Finding]:
    """Holes, doubles and strangers among the places of the log."""
    yield from _counted(log_invariants.entries(), "place in the log is wrong", "places in the log are wrong")
    lost = invariants.lost_events()
    yield from _counted(iter(lost), "event is lost to the log, or in it twice", "events are lost to the log")


def leaves() -> Iterator[Finding]:
    """Events that are not what their hash, their columns or the event before say."""
    broken = iter(invariants.broken_chains())
    yield from _counted(broken, "event is not as it was recorded", "events are not as they were recorded")


def tiles() -> Iterator[Finding]:
    """Tiles that are not the roots of what they stand for."""
    yield from _counted(log_invariants.tiles(), "tile of the log is wrong", "tiles of the log are wrong")


def heads() -> Iterator[Finding]:
    """Signed heads, the newest among them, whose root is not that of the entries."""
    yield from _counted(log_invariants.heads(), "checkpoint does not hold", "checkpoints do not hold")


def _counted(sentences: Iterator[str], one: str, many: str) -> Iterator[Finding]:
    first = next(sentences, None)
    if first is not None:
        number = 1 + sum(1 for _ in sentences)
        yield Finding(Severity.ALARM, f"{so_many(number, one, many)}, the first: {first}", _KEEP)


def attestations() -> Iterator[Finding]:
    """What witnesses, authorities and letters are said to hold, checked one by one."""
    yield from unproven(Attestation.objects.order_by("pk"))


def days_unwitnessed() -> Iterator[Finding]:
    """Days on which heads were signed that nobody cosigned, or nobody stamped."""
    if witnesses():
        yield from _days(AttestationKind.COSIGNATURE, "cosigned by a witness", "Ask the witness to cosign every day.")
    if settings.AUDIT_TSA_URL:
        yield from _days(
            AttestationKind.TSA, "stamped", "See with manage.py audit_stamp why the authority gives no stamp."
        )


def _days(kind: AttestationKind, what: str, cure: str) -> Iterator[Finding]:
    """Days before today: those after the last attestation are open, earlier ones only lack a time of their own."""
    signed = set(Checkpoint.objects.annotate(day=TruncDate("created_at")).values_list("day", flat=True))
    proven = attesting.proven(Attestation.objects.filter(kind=kind))
    attested: set[date] = {localdate(row.checkpoint.created_at) for row in proven}
    last = max(attested, default=date.min)
    bare = sorted(day for day in signed - attested if day < clock.real_now().date())
    after, before = [day for day in bare if day > last], [day for day in bare if day < last]
    if after:
        yield Finding(
            Severity.WARNING,
            f"No checkpoint of {so_many(len(after), 'day', 'days')} was {what}, the first of {after[0]:%-d %B %Y}.",
            cure,
        )
    if before:
        yield Finding(
            Severity.NOTE,
            f"No checkpoint of {so_many(len(before), 'earlier day', 'earlier days')} was {what}; a later one vouches "
            "for their entries, but not for their time.",
            "Nothing can be done about the past.",
        )


def letters() -> Iterator[Finding]:
    """Letters that print a head the log does not know as theirs."""
    known = {
        (who, size)
        for who, size in Attestation.objects.filter(kind=AttestationKind.LETTER).values_list("who", "checkpoint")
    }
    sizes = {size for _, size in known}
    heads = dict(Checkpoint.objects.filter(tree_size__in=sizes).values_list("tree_size", "root"))
    bad = []
    for event in Event.objects.filter(event_type=LETTER).order_by("id").iterator(500):
        size = event.document["public"].get("checkpoint", {}).get("size")
        if size not in heads:
            bad.append(event.id)
    if bad:
        yield Finding(
            Severity.ALARM,
            f"{so_many(len(bad), 'letter prints', 'letters print')} a head that is not noted as printed, the first by "
            f"event {bad[0]}.",
            _KEEP,
        )


def worker() -> Iterator[Finding]:
    """Whether anybody takes the queue of the log."""
    try:
        queues = current_app.control.inspect(timeout=ANSWER_SECONDS).active_queues() or {}
    except (OperationalError, OSError) as error:
        # The demonstration's broker runs as long as the demonstration does.
        yield Finding(
            Severity.WARNING if settings.DEPLOYED else Severity.NOTE,
            f"The broker does not answer ({type(error).__name__}), so nothing can be asked of the audit worker.",
            "See that the broker at REDIS_URL runs."
            if settings.DEPLOYED
            else "Nothing, unless the demonstration runs: manage.py demo starts its own broker and worker.",
        )
        return
    if any(queue["name"] == QUEUE for taken in queues.values() for queue in taken):
        return
    yield Finding(
        Severity.WARNING if Pending.objects.exists() else Severity.NOTE,
        f"No worker answered within {ANSWER_SECONDS:g} second for the queue '{QUEUE}'.",
        f"Start one: celery -A config worker --queues {QUEUE}; it alone takes events into the log and signs.",
    )


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    entries,
    leaves,
    tiles,
    heads,
    attestations,
    days_unwitnessed,
    letters,
    worker,
)
