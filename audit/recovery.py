"""When the signer refuses: giving it back its memory, or beginning a new log that says what became of the old one.

What outsiders hold decides. A checkpoint of this log that the tree still contains shows that nothing was
lost, and the memory can be made anew. Entries that were signed and are gone cannot be signed away: a log of
another name begins, and its first event quotes the last checkpoint of the old one, for all to see.
"""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from audit import checkpoints, keyring, merkle, rechecked, sequencing
from audit.actions import record_system
from audit.checkpoints import origin_of
from audit.errors import NoteRefused, SignerRefused
from audit.models import Checkpoint
from audit.nodes import Rows
from audit.notes import Head, Note, verified
from audit.signing import FileMemory, from_files

RECOVERED = "log.recovered"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was done: entries that were signed before and are gone, and the first checkpoint after it."""

    lost: int
    checkpoint: Checkpoint | None


def recover(text: str) -> Recovery:
    """Give the signer its memory back, or begin a new log, by the newest checkpoint that anybody holds.

    Raises SignerRefused, with what to do instead, when the checkpoint is not one of ours, is not the newest we
    know, or nothing is to be recovered; LogBroken where an entry was found altered.
    """
    rechecked.check_sound()
    note, head = _read(text)
    _check_newest(head)
    same = head.origin == settings.AUDIT_ORIGIN
    return _remember(head) if same else _begin_again(note, head)


def _read(text: str) -> tuple[Note, Head]:
    try:
        note = Note.parse(text)
        head = Head.parse(note.text)
        verified(note, [key for key in keyring.known() if key.name == head.origin])
    except NoteRefused as error:
        raise SignerRefused(
            f"This is no checkpoint that a known key of this log signed. {error.message} "
            "A key that only the lost part of the log introduced is given in AUDIT_VKEYS."
        ) from error
    return note, head


def _check_newest(head: Head) -> None:
    newest = checkpoints.latest()
    if newest is not None and newest.tree_size > head.size:
        raise SignerRefused(
            f"The database holds a newer checkpoint, of {newest.tree_size} entries: give that one, "
            "or a newer one if anybody outside has it (a letter, a witness, an auditor)."
        )


def _remember(head: Head) -> Recovery:
    memory = FileMemory(Path(settings.AUDIT_SIGNER_STATE))
    last = memory.last()
    if last is not None and last.size > 0:
        raise SignerRefused(
            f"The signer remembers {last.size} entries of {last.origin}: nothing is to be recovered. If it refuses to "
            "sign because entries are gone, give AUDIT_ORIGIN a new name, make a key with audit_keygen and run this "
            "again."
        )
    size = sequencing.catch_up()
    if size < head.size or merkle.root(Rows(), head.size) != head.root:
        raise SignerRefused(
            f"The log of {size} entries does not begin with the {head.size} of this checkpoint: entries were lost or "
            "rewritten. Restore a database that holds them; where none is left, give AUDIT_ORIGIN a new name, "
            "make a key with audit_keygen and run this again."
        )
    memory.keep(head)
    return Recovery(0, checkpoints.sign_head(force=True))


def _begin_again(note: Note, head: Head) -> Recovery:
    its_signer = from_files()
    if its_signer is None:
        raise SignerRefused(f"{settings.AUDIT_ORIGIN} has no key yet: make one with manage.py audit_keygen first.")
    newest = checkpoints.latest()
    if any(keyring.introduces_itself(key) for key in its_signer.verifiers()):
        raise SignerRefused(f"{settings.AUDIT_ORIGIN} has begun already: sign it with manage.py audit_checkpoint.")
    if newest is not None and origin_of(newest) != head.origin:
        raise SignerRefused(
            f"The newest log of this database is {origin_of(newest)}, not {head.origin}: give a checkpoint of that one."
        )
    size = sequencing.catch_up()
    if newest is not None and merkle.root(Rows(), newest.tree_size) != bytes(newest.root):
        raise SignerRefused(
            "The database contradicts its own checkpoints: restore a whole backup, then run this again."
        )
    lost = max(head.size - size, 0)
    with transaction.atomic(durable=True):
        record_system(
            RECOVERED,
            by="system",
            public={
                "old_origin": head.origin,
                "old_size": head.size,
                "old_root": head.root.hex(),
                "old_checkpoint": f"{note}",
                "size": size,
                "contains_old": not lost and merkle.root(Rows(), head.size) == head.root,
            },
        )
        for key in its_signer.verifiers():
            keyring.introduce(key, vouch=its_signer.vouch)
    return Recovery(lost, checkpoints.sign_head())
