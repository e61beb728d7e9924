"""The whole log checked again by the server itself, from the first entry, and what came of it noted.

Entries are checked as they are taken in and roots as they are signed; this finds what somebody changed
afterwards in the database. It is the keeper's own word all the same: whoever trusts nobody runs verify_log.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction

from audit import checkpoints, clock, keyring, sequencing
from audit.actions import record_system
from audit.errors import LogBroken, NoteRefused
from audit.leaf import By
from audit.merkle import Frontier
from audit.models import Checkpoint
from audit.notes import Note, verified
from audit.rechecked import RECHECKED, last_recheck

__all__ = ["EVERY", "MOST_AT_ONCE", "due", "last_recheck", "recheck"]

BATCH = 1000
EVERY = timedelta(days=1)
# So many entries a page may check itself; more is for the worker.
MOST_AT_ONCE = 20_000
# A fault names an entry; what an altered row holds may be of any length.
LONGEST = 500


def recheck(*, by: By = "system") -> str:
    """Check every entry and every checkpoint, and record it; the sentence of the first fault, or nothing."""
    # In this order: a checkpoint signed meanwhile is of no smaller log.
    newest = checkpoints.latest()
    size, signed = sequencing.log_size(), newest.tree_size if newest else 0
    found: dict[str, Any] = {"size": size, "signed": signed, "sound": True}
    try:
        _check(size, signed)
    except LogBroken as broken:
        found |= {"sound": False, "fault": _plain(broken.message)}
        if broken.entry is not None:
            found["wrong"] = broken.entry
    with transaction.atomic():
        record_system(RECHECKED, by=by, public=found)
    return str(found.get("fault", ""))


def _plain(sentence: str) -> str:
    """A sentence that may quote what somebody wrote into the database, fit to be recorded."""
    shown = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in sentence)
    return shown[:LONGEST]


def due() -> bool:
    """Whether the last one was a day ago, or there is none and something to check."""
    last = last_recheck()
    return clock.real_now() - last.at >= EVERY if last else sequencing.log_size() > 0


def _check(size: int, newest: int) -> None:
    """Raises LogBroken for the first entry, or checkpoint, that is not what it was."""
    signed = _signed(newest)
    expected = next(signed, None)
    tree = Frontier()
    for start in range(0, size, BATCH):
        for leaf_hash in sequencing.check(start, min(start + BATCH, size)):
            tree.append(leaf_hash)
            if expected and tree.size == expected.tree_size:
                if tree.root() != bytes(expected.root):
                    raise LogBroken(f"The first {tree.size} entries are not those that were signed.")
                expected = next(signed, None)
    if expected:
        raise LogBroken(f"A checkpoint of {expected.tree_size} entries was signed, and the log holds {size}.")


def _signed(newest: int) -> Iterator[Checkpoint]:
    """The checkpoints in order up to a size, each after its signature was checked."""
    keys = list(keyring.known())
    for each in Checkpoint.objects.filter(tree_size__lte=newest).order_by("tree_size").iterator(BATCH):
        try:
            verified(Note.parse(each.note), keys)
        except NoteRefused as refused:
            raise LogBroken(f"The checkpoint of {each.tree_size} entries: {refused.message}") from refused
        yield each
