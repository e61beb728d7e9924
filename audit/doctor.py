"""What is wrong with the log, or will be soon, and what to do about it. A fixed number of short queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from audit import clock
from audit.checkpoints import latest
from audit.models import Attestation, AttestationKind, Event, Leaf, Pending
from audit.rechecking import last_recheck
from audit.witnessing import OWN_EVENTS, witnesses

PATIENCE = timedelta(seconds=60)
SIGNED_WITHIN = timedelta(minutes=15)
WITNESSED_WITHIN = timedelta(days=1)
RECHECKED_WITHIN = timedelta(days=2)
OUTSIDE = (AttestationKind.COSIGNATURE, AttestationKind.TSA)


class Severity(StrEnum):
    """How bad it is: proof of tampering or a log that stands still, or something left undone."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and its cure."""

    severity: Severity
    what: str
    cure: str


def examine() -> list[Finding]:
    """Everything that is wrong, the worst first."""
    found = [finding for check in CHECKS for finding in check()]
    return sorted(found, key=lambda each: each.severity != Severity.ERROR)


def broken() -> Iterator[Finding]:
    """The last check of the whole log found a fault, or was long ago."""
    last = last_recheck()
    if last and not last.sound:
        yield Finding(
            Severity.ERROR,
            f"The last check of the whole log, of {last.size:,} entries, found one that is not as it was signed.",
            "Keep the database as it is, run manage.py check_invariants, and find out who changed it.",
        )
    elif Leaf.objects.exists() and (last is None or clock.real_now() - last.at > RECHECKED_WITHIN):
        yield Finding(
            Severity.WARNING,
            "The whole log was not checked again in the last two days.",
            "Check it now from the page of the audit, and see that the audit worker runs.",
        )


def waiting() -> Iterator[Finding]:
    """Events that the log has not taken."""
    oldest = Pending.objects.order_by("pk").values_list("event__recorded_at", flat=True).first()
    if oldest and clock.real_now() - oldest > PATIENCE:
        yield Finding(
            Severity.ERROR,
            f"{_so_many(Pending.objects.count(), 'event waits', 'events wait')} for the log, the oldest "
            f"since {oldest:%Y-%m-%d %H:%M} UTC.",
            "See that the audit worker runs. If its log says that the log is broken, keep the database as it is.",
        )


def unsigned() -> Iterator[Finding]:
    """Entries that no checkpoint holds: nobody outside could prove that they were there."""
    newest = latest()
    size = newest.tree_size if newest else 0
    since = Event.objects.filter(log_leaf__leaf_index__gte=size).exclude(event_type__in=OWN_EVENTS)
    first = since.order_by("log_leaf__leaf_index").values_list("recorded_at", flat=True).first()
    if first and clock.real_now() - first > SIGNED_WITHIN:
        yield Finding(
            Severity.ERROR,
            f"Entries from number {size:,} on are in no signed checkpoint, the first since {first:%Y-%m-%d %H:%M} UTC.",
            "See that the audit worker runs and has its key, or whether its signer refuses: manage.py audit_checkpoint "
            "says why.",
        )


def unwitnessed() -> Iterator[Finding]:
    """Checkpoints that nobody outside has seen: only they stop the keeper of the key from writing another history."""
    newest = latest()
    if newest is None:
        return
    last = Attestation.objects.filter(kind__in=OUTSIDE).order_by("-checkpoint", "at").first()
    if last is None:
        cure = "Send the newest checkpoint to a witness, or configure a time-stamp authority."
        known = witnesses()
        yield Finding(
            Severity.WARNING,
            "No checkpoint has been cosigned or time-stamped by anybody outside.",
            cure if known else f"Name a witness's key in AUDIT_WITNESSES. {cure}",
        )
    elif newest.tree_size > last.checkpoint_id and newest.created_at - last.at > WITNESSED_WITHIN:
        days = (newest.created_at - last.at).days
        yield Finding(
            Severity.WARNING,
            f"The log has grown for {_so_many(days, 'day', 'days')} since anybody outside last signed for it.",
            "Ask the witness to cosign the newest checkpoint, or see why the time stamp failed.",
        )


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (broken, waiting, unsigned, unwitnessed)


def _so_many(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
