"""What a page may ask: a fixed number of short queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from audit import attesting, clock, fence, keyring, sequencing
from audit.checkpoints import latest
from audit.doctor.findings import Finding, Severity, so_many
from audit.merkle import TILE
from audit.models import Attestation, AttestationKind, Event, Pending
from audit.rechecked import last_recheck
from audit.reconciled import last_reconciled
from audit.witnessing import OWN_EVENTS, witnesses

PATIENCE = timedelta(seconds=60)
SIGNED_WITHIN = timedelta(minutes=15)
WITNESSED_WITHIN = timedelta(days=1)
RECHECKED_WITHIN = timedelta(days=2)
RECONCILED_WITHIN = timedelta(days=2)
# Two machines of one database may differ by so much and harm nobody.
TICK = timedelta(seconds=5)
LETTER = "letter.issued"
# So many attestations a page checks itself.
NEWEST = 50
OUTSIDE = (AttestationKind.COSIGNATURE, AttestationKind.TSA)


def broken() -> Iterator[Finding]:
    """The last check of the whole log found a fault."""
    last = last_recheck()
    if last and not last.sound:
        yield Finding(
            Severity.ALARM,
            f"The last check of the whole log, of {last.size:,} entries, found one that is not as it was signed. "
            f"{last.fault}".rstrip(),
            "Nothing more is signed. Keep the database as it is, run manage.py check_invariants, and find out who "
            "changed it; once it is whole again, manage.py audit_checkpoint --recheck lets it be signed.",
        )


def not_rechecked() -> Iterator[Finding]:
    """The last check of the whole log was long ago; for pages, because the command makes one itself."""
    last = last_recheck()
    since = last.at if last else Event.objects.order_by("pk").values_list("recorded_at", flat=True).first()
    if since and (last is None or last.sound) and clock.real_now() - since > RECHECKED_WITHIN:
        yield Finding(
            Severity.WARNING,
            "The whole log was not checked again in the last two days.",
            "See that the audit worker runs, which checks it every day.",
            at="recheck",
        )


def reconciled() -> Iterator[Finding]:
    """The tables say other things than the events, or nobody has compared them for long."""
    last = last_reconciled()
    since = last.at if last else Event.objects.order_by("pk").values_list("recorded_at", flat=True).first()
    if last and last.differences:
        number = so_many(last.differences, "difference", "differences")
        yield Finding(
            Severity.ALARM,
            f"The tables were compared with the events on {last.at:%Y-%m-%d %H:%M} UTC: {number}, the first: "
            f"{last.first}.",
            "Keep the database as it is: manage.py audit_reconcile says what differs, and a row was changed past the "
            "triggers. The events are what counts. Once they agree, audit_reconcile --note says so in the log.",
        )
    elif since and clock.real_now() - since > RECONCILED_WITHIN:
        yield Finding(
            Severity.WARNING,
            "The tables were not compared with the events in the last two days.",
            "See that a worker and the beat run, which do it every day; manage.py audit_reconcile --note does it now.",
        )


def waiting() -> Iterator[Finding]:
    """Events that the log has not taken."""
    oldest = Pending.objects.order_by("pk").values_list("event__recorded_at", flat=True).first()
    if oldest and clock.real_now() - oldest > PATIENCE:
        yield Finding(
            Severity.ALARM,
            f"{so_many(Pending.objects.count(), 'event waits', 'events wait')} for the log, the oldest "
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
            Severity.ALARM,
            f"Entries from number {size:,} on are in no signed checkpoint, the first since {first:%Y-%m-%d %H:%M} UTC.",
            "See that the audit worker runs and has its key, or whether its signer refuses: manage.py audit_checkpoint "
            "says why.",
        )


def unchecked() -> Iterator[Finding]:
    """Entries that were given their places and not checked since: on SQLite a trigger places them."""
    start, size = sequencing.folded(), sequencing.log_size()
    if size - start < TILE:
        return
    first = Event.objects.filter(log_leaf__leaf_index=start).values_list("recorded_at", flat=True).first()
    if first and clock.real_now() - first > PATIENCE:
        yield Finding(
            Severity.WARNING,
            f"{size - start:,} entries, from number {start:,} on, stand in the log and were not checked yet.",
            "See that the audit worker runs; the next signed head checks them as well.",
        )


def unwitnessed() -> Iterator[Finding]:
    """Checkpoints that nobody outside has seen: only they stop the keeper of the key from writing another history."""
    newest = latest()
    if newest is None:
        return
    ways = bool(witnesses()), bool(settings.AUDIT_TSA_URL)
    last = next(attesting.proven(_newest_outside()), None)
    if not any(ways):
        yield Finding(
            Severity.WARNING,
            "No witness and no time-stamp authority is configured: whoever holds the key could write another history.",
            "Name a witness's key in AUDIT_WITNESSES, or an authority in AUDIT_TSA_URL, or both.",
        )
    elif last is None:
        yield Finding(
            Severity.WARNING,
            "No checkpoint has been cosigned or time-stamped by anybody outside.",
            "Send the newest checkpoint to the witness, or see with manage.py audit_stamp why no stamp came.",
        )
    elif newest.tree_size > last.checkpoint_id and newest.created_at - last.at > WITNESSED_WITHIN:
        days = (newest.created_at - last.at).days
        yield Finding(
            Severity.WARNING,
            f"The log has grown for {so_many(days, 'day', 'days')} since anybody outside last signed for it.",
            "Ask the witness to cosign the newest checkpoint, or see why the time stamp failed.",
        )


def keys_claimed() -> Iterator[Finding]:
    """Somebody wrote into the log that another key is the log's."""
    claims = list(keyring.strays())
    if claims:
        number = so_many(len(claims), "claim", "claims")
        yield Finding(
            Severity.ALARM,
            f"{number} about the log's keys cannot be believed, the first: {claims[0]}",
            "Where AUDIT_VKEYS is named, correct it; otherwise find out who can write events and wrote that. "
            "Such a key is neither published nor signed with.",
        )


def attestations_of_pages() -> Iterator[Finding]:
    """The newest of what witnesses and authorities are said to have signed; for pages, the command checks all."""
    yield from unproven(_newest_outside())


def unproven(rows: QuerySet[Attestation]) -> Iterator[Finding]:
    """Rows that say somebody outside holds a head, and do not prove it."""
    faults = attesting.faults(rows)
    first = next(faults, None)
    if first is not None:
        number = 1 + sum(1 for _ in faults)
        yield Finding(
            Severity.ALARM,
            f"{so_many(number, 'attestation', 'attestations')} cannot be believed, the first: {first}",
            "If a key or AUDIT_TSA_ROOTS was taken out of the settings, put it back; otherwise find out who wrote what "
            "nobody signed. It is neither shown nor handed out.",
        )


def _newest_outside() -> QuerySet[Attestation]:
    return Attestation.objects.filter(kind__in=OUTSIDE).order_by("-checkpoint", "at")[:NEWEST]


def letters_unattested() -> Iterator[Finding]:
    """Letters whose head is not noted as having left the house."""
    issued = Event.objects.filter(event_type=LETTER).count()
    noted = Attestation.objects.filter(kind=AttestationKind.LETTER).count()
    if issued != noted:
        yield Finding(
            Severity.ALARM,
            f"The log knows of {so_many(issued, 'letter', 'letters')}, and {noted:,} are noted as printed with a head.",
            "Keep the database as it is: a row was added or taken away past the triggers; the letters' codes tell.",
        )


def clock_behind() -> Iterator[Finding]:
    """The machine's clock stands before what was recorded last."""
    last = Event.objects.order_by("-pk").values_list("recorded_at", flat=True).first()
    behind = last - clock.real_now() if last else timedelta(0)
    if behind > TICK:
        yield Finding(
            Severity.WARNING,
            f"The clock runs {so_many(int(behind.total_seconds()), 'second', 'seconds')} behind the last event, "
            f"recorded at {last:%Y-%m-%d %H:%M:%S} UTC.",
            "Set the clock by a time server; the order of the log does not depend on it, its times do.",
        )


def triggers_missing() -> Iterator[Finding]:
    """The fence has holes."""
    missing = fence.missing(connection)
    if missing:
        few = ", ".join(missing[:3])
        yield Finding(
            Severity.ALARM,
            f"{so_many(len(missing), 'trigger is', 'triggers are')} missing, altered or disabled, such as {few}.",
            "Find out who took them away, run manage.py migrate to put them back, and manage.py audit_reconcile to see "
            "what was changed meanwhile.",
        )


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    broken,
    reconciled,
    waiting,
    unchecked,
    unsigned,
    keys_claimed,
    unwitnessed,
    letters_unattested,
    clock_behind,
    triggers_missing,
)
OF_PAGES = (not_rechecked, attestations_of_pages)
