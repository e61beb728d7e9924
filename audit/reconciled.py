"""What the last comparison of all tables with the events found: kept in the log, for the doctor and the pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction

from audit import clock
from audit.actions import record_system
from audit.leaf import By
from audit.models import Event
from audit.reconciling import Account, Difference

RECONCILED = "log.reconciled"
# Less than a day, so that it does not come later from day to day.
PAUSE = timedelta(hours=23)
# So many differences are named in the event; audit_reconcile tells all.
NAMED = 20


@dataclass(frozen=True)
class Reconciled:
    """How many differences there were, when, and where the first was."""

    differences: int
    at: datetime
    first: str


def last_reconciled() -> Reconciled | None:
    """What the last one found."""
    event = Event.objects.filter(event_type=RECONCILED).order_by("-pk").first()
    if event is None:
        return None
    told = event.document["public"]
    named = next((" ".join(filter(None, map(each.get, ("stream", "table", "field")))) for each in told["first"]), "")
    return Reconciled(told["differences"], event.recorded_at, named)


def due() -> bool:
    """Whether the last one was a day ago, or there is none and something to compare."""
    last = last_reconciled()
    return clock.real_now() - last.at >= PAUSE if last else Event.objects.exists()


def note(found: Iterable[Difference], account: Account, *, by: By = "system") -> int:
    """Go through the differences and record how many there are, and where; never what stands there."""
    rest = iter(found)
    first = [{"stream": each.stream, "table": each.table, "field": each.field} for each in islice(rest, NAMED)]
    number = len(first) + sum(1 for _ in rest)
    with transaction.atomic():
        counted = {"differences": number, "streams": account.streams, "events": account.events}
        record_system(RECONCILED, by=by, public={**counted, "rows": account.all_rows, "first": first})
    return number
