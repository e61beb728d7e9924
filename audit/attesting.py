"""Whether what is kept of others about a head is what it is said to be: nothing else is shown, counted or handed out.

Whoever may write such rows may write anything into them. Each holds all that is needed to check it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from cryptography.x509 import Certificate
from django.db.models import QuerySet

from audit import keyring
from audit.errors import NoteRefused, ProofRefused
from audit.merkle import root_of_inclusion
from audit.models import Attestation, AttestationKind
from audit.notes import Head, Note, VerifierKey, parse_proof, verified
from audit.stamping import roots_or_none, stamp_fault
from audit.witnessing import cosignature_fault, witnesses

_CHUNK = 500


class Checker:
    """Checks many attestations by one reading of the keys."""

    def __init__(self) -> None:
        self._heads: dict[str, str] = {}

    def fault(self, row: Attestation) -> str:
        """Why the row proves nothing; nothing when it proves what it says."""
        if row.kind == AttestationKind.COSIGNATURE:
            return cosignature_fault(row, self._witnesses)
        if row.kind == AttestationKind.TSA:
            return stamp_fault(row, self._roots)
        if row.kind == AttestationKind.LETTER:
            return self._letter_fault(row)
        return "it holds nothing that could be checked"

    def _letter_fault(self, row: Attestation) -> str:
        """A letter carries the proof of its entry, under the very head it prints."""
        try:
            index, proof, note, leaf_hash = parse_proof(bytes(row.blob))
            if note.text != Note.parse(row.checkpoint.note).text:
                return "its proof is of another checkpoint"
            head = Head.parse(note.text)
            if root_of_inclusion(leaf_hash, index, head.size, proof) != head.root:
                return "its proof does not lead to the root it prints"
        except (NoteRefused, ProofRefused) as refused:
            return refused.message
        return self._head_fault(note)

    def _head_fault(self, note: Note) -> str:
        """Many letters print one head: its signatures are checked once."""
        text = f"{note}"
        if text not in self._heads:
            try:
                verified(note, self._keys)
            except NoteRefused as refused:
                self._heads[text] = refused.message
            else:
                self._heads[text] = ""
        return self._heads[text]

    @cached_property
    def _witnesses(self) -> Sequence[VerifierKey]:
        return witnesses()

    @cached_property
    def _roots(self) -> Sequence[Certificate] | None:
        return roots_or_none()

    @cached_property
    def _keys(self) -> Sequence[VerifierKey]:
        return list(keyring.known())


def proven(rows: QuerySet[Attestation]) -> Iterator[Attestation]:
    """Those of the rows that prove what they say, in their order."""
    checker = Checker()
    return (row for row in _read(rows) if not checker.fault(row))


def faults(rows: QuerySet[Attestation]) -> Iterator[str]:
    """A sentence for each that does not."""
    checker = Checker()
    for row in _read(rows):
        if fault := checker.fault(row):
            yield (
                f"Attestation {row.pk} of the head of {row.checkpoint_id} entries ({row.get_kind_display()}, "
                f"{row.who}) does not verify: {fault.removesuffix('.')}."
            )


def _read(rows: QuerySet[Attestation]) -> Iterable[Attestation]:
    return rows.select_related("checkpoint").iterator(_CHUNK)
