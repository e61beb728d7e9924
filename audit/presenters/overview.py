"""The state of the log: how far it is checked, signed and witnessed."""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from audit.models import Attestation, AttestationKind, Checkpoint
from audit.notes import Note

WORDS = {
    AttestationKind.COSIGNATURE: "Cosigned by",
    AttestationKind.TSA: "Time-stamped by",
    AttestationKind.PUBLISHED: "Published",
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
    """Checkpoints as lists show them; two queries for any number."""
    sizes = [each.tree_size for each in checkpoints]
    letters = _letters(sizes)
    outside = _outside(sizes)
    return [_signed(each, outside.get(each.tree_size, []), letters.get(each.tree_size, 0)) for each in checkpoints]


def _signed(checkpoint: Checkpoint, outside: Sequence[Witness], letters: int) -> Signed:
    note = Note.parse(checkpoint.note)
    return Signed(
        origin=note.text.partition("\n")[0],
        size=checkpoint.tree_size,
        root=b64encode(bytes(checkpoint.root)).decode(),
        keys=[f"{each.name}, key {each.key_id.hex()}" for each in note.signatures],
        at=checkpoint.created_at,
        witnesses=outside,
        letters=letters,
    )


def _letters(sizes: Sequence[int]) -> Mapping[int, int]:
    rows = Attestation.objects.filter(checkpoint__in=sizes, kind=AttestationKind.LETTER).order_by()
    return dict(rows.values_list("checkpoint").annotate(Count("pk")))


def _outside(sizes: Sequence[int]) -> Mapping[int, Sequence[Witness]]:
    found: defaultdict[int, list[Witness]] = defaultdict(list)
    rows = Attestation.objects.filter(checkpoint__in=sizes).exclude(kind=AttestationKind.LETTER)
    for row in rows.order_by("at", "pk"):
        found[row.checkpoint_id].append(Witness(WORDS[AttestationKind(row.kind)], row.who, row.at))
    return found
