"""The state of the log: how far it is checked, signed and witnessed."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit import attesting
from audit.errors import NoteRefused
from audit.models import Attestation, AttestationKind, Checkpoint
from audit.notes import Note

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
