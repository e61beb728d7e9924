"""The state of the log: how far it is checked, signed and witnessed."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit import attesting, sequencing
from audit.errors import NoteRefused
from audit.models import Attestation, AttestationKind, Checkpoint, Event, Leaf, Pending
from audit.notes import Note
from audit.rechecked import Recheck
from audit.reconciled import RECONCILED

# So many attestations are checked for the newest that holds.
MOST_READ = 50
WORDS = {
    AttestationKind.COSIGNATURE: "Cosigned by",
    AttestationKind.TSA: "Time-stamped by",
}


@dataclass(frozen=True)
class Witness:
    """Somebody outside who holds a checkpoint."""

    how: str
    who: str
    at: datetime


@dataclass(frozen=True)
class Signed:
    """A checkpoint and who else holds it."""

    origin: str
    size: int
    root: str
    keys: Sequence[str]
    at: datetime
    witnesses: Sequence[Witness]
    letters: int


@dataclass(frozen=True)
class State:
    """How many entries there are, how many a checkpoint holds, and the newest that somebody outside signed for."""

    size: int
    signed: int
    waiting: int
    outside: int
    outside_at: datetime | None

    @property
    def unsigned(self) -> int:
        """Entries after the newest checkpoint."""
        return max(self.size - self.signed, 0)


def state() -> State:
    """The log in numbers, each of them counted now."""
    newest = Checkpoint.objects.order_by("-tree_size").values_list("tree_size", flat=True).first()
    rows = Attestation.objects.filter(kind__in=WORDS).order_by("-checkpoint", "at")[:MOST_READ]
    outside = next(attesting.proven(rows), None)
    return State(
        size=sequencing.log_size(),
        signed=newest or 0,
        waiting=Pending.objects.count(),
        outside=outside.checkpoint_id if outside else 0,
        outside_at=outside.at if outside else None,
    )


@dataclass(frozen=True)
class Reconciled:
    """When the tables were last compared with the log, and in how much they differed."""

    at: datetime
    differences: int
    entry: str


def last_reconciled() -> Reconciled | None:
    """What the last comparison of the tables found; None when there was none."""
    event = Event.objects.filter(event_type=RECONCILED).order_by("-pk").first()
    if event is None:
        return None
    return Reconciled(event.recorded_at, int(event.document["public"]["differences"]), bytes(event.leaf_hash).hex())


def wrong_entry(checked: Recheck) -> str:
    """The hash by which the entry that the last check found wrong is opened; nothing when it is gone, or none."""
    if checked.wrong is None:
        return ""
    found = Leaf.objects.filter(leaf_index=checked.wrong).values_list("leaf_hash", flat=True).first()
    return bytes(found).hex() if found is not None else ""


def signed(checkpoints: Sequence[Checkpoint]) -> list[Signed]:
    """Checkpoints as lists show them, with what verifies for each; as many queries for any number."""
    letters: Counter[int] = Counter()
    outside: defaultdict[int, list[Witness]] = defaultdict(list)
    for row in attesting.proven(Attestation.objects.filter(checkpoint__in=checkpoints).order_by("at", "pk")):
        if row.kind == AttestationKind.LETTER:
            letters[row.checkpoint_id] += 1
        else:
            outside[row.checkpoint_id].append(Witness(WORDS[AttestationKind(row.kind)], row.who, row.at))
    return [_signed(each, outside[each.tree_size], letters[each.tree_size]) for each in checkpoints]


def _signed(checkpoint: Checkpoint, outside: Sequence[Witness], letters: int) -> Signed:
    try:
        keys = [f"{each.name}, key {each.key_id.hex()}" for each in Note.parse(checkpoint.note).signatures]
    except NoteRefused:  # changed in the database; the doctor says so above the list
        keys = []
    return Signed(
        origin=checkpoint.note.partition("\n")[0],
        size=checkpoint.tree_size,
        root=b64encode(bytes(checkpoint.root)).decode(),
        keys=keys,
        at=checkpoint.created_at,
        witnesses=outside,
        letters=letters,
    )
