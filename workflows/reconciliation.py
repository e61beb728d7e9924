"""Every table of every application compared with what the events say of it: by a command, and once a day."""

from __future__ import annotations

from collections.abc import Iterator

from audit import reconciled
from audit.exporting.rows import snapshot
from audit.reconciling import Account, Difference, Replay, reconcile
from authorisation import reconciling as authorisation
from directory import reconciling as directory
from panels import reconciling as panels
from workflows import reconciling as workflows

UNTOLD = (*directory.UNTOLD,)


def all_replays() -> tuple[type[Replay], ...]:
    """How the events of every application become rows, from the record up."""
    return (*directory.REPLAYS, *panels.REPLAYS, *authorisation.REPLAYS, *workflows.REPLAYS)


def differences(account: Account, *, only: str = "") -> Iterator[Difference]:
    """Everything in which the tables differ from the events, all read at one moment; nobody who writes waits."""
    with snapshot():
        yield from reconcile(all_replays(), untold=UNTOLD, only=only, account=account)


def reconcile_if_due() -> int | None:
    """Compare everything once a day and record what was found; how many differences, None when it is not due."""
    if not reconciled.due():
        return None
    account = Account()
    # The reading ends before the event is written: on SQLite one would wait for the other.
    found = list(differences(account))
    return reconciled.note(found, account)
