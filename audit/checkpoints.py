"""Signed heads of the log: making them, finding them, and proving with them."""

import os
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from audit import clock, keyring, merkle, rechecked, sequencing
from audit.errors import LogBroken, NotYetSigned, SignerRefused
from audit.models import Checkpoint, Event, Leaf
from audit.nodes import Rows
from audit.notes import Head, Note, VerifierKey, proof_text, request_text
from audit.signing import Extends, Signer, signer
from audit.witnessing import witnesses

# How long somebody who needs a signature waits for the worker that holds the key.
PATIENCE = timedelta(seconds=5)


def latest() -> Checkpoint | None:
    """Return the newest checkpoint."""
    return Checkpoint.objects.order_by("-tree_size").first()


def sign_head(*, force: bool = False) -> Checkpoint | None:
    """Sign the log as it is now; None when it has not grown, or with ``force`` the checkpoint it has, asked again.

    Outside any transaction: what could still be rolled back is never signed. Raises SignerRefused
    where this process cannot sign, LogBroken when the rows contradict each other, or did when all were read
    last.
    """
    its_signer = signer()
    if its_signer is None:
        raise SignerRefused(
            "This process holds no key: run it where AUDIT_SIGNING_KEY_FILE is, or make one with "
            "manage.py audit_keygen."
        )
    rechecked.check_sound()
    with transaction.atomic(durable=True):
        _introduce(its_signer)
    size = sequencing.catch_up()
    _make_durable()
    with transaction.atomic(durable=True):
        sequencing.lock()
        last = latest()
        if last is None or last.tree_size < size:
            return _sign(its_signer, size, last)
        if force:
            # Nothing new to sign; the signer says all the same whether it has signed more than this database holds.
            its_signer.sign(_head(last.tree_size), _extends(last.tree_size))
        return last if force else None


def covering(event: Event) -> Checkpoint | None:
    """Return the newest checkpoint that holds the event; None when it is not in the log, or not signed."""
    index = Leaf.objects.filter(event=event).values_list("leaf_index", flat=True).first()
    newest = latest()
    return newest if index is not None and newest is not None and index < newest.tree_size else None


def ensure_covering(event: Event) -> Checkpoint:
    """Return a checkpoint that holds the event, having one signed if there is none.

    Raises NotYetSigned when the worker that holds the key does not answer in time.
    """
    found = covering(event)
    if found is None and signer() is not None:
        sign_head()
        found = covering(event)
    return found or _asked_for(event)


def inclusion(entry: Event | int, checkpoint: Checkpoint) -> str:
    """Return the proof that an entry (an event, or an index) is under a checkpoint, as text that proves it alone.

    Its extra data is the entry's hash, so that whoever has the proof knows what it is about.
    """
    place = {"leaf_index": entry} if isinstance(entry, int) else {"event": entry}
    leaf = Leaf.objects.filter(**place).first()
    if leaf is None:
        raise NotYetSigned("The log does not hold this entry yet: ask again in a minute.")
    proof = merkle.inclusion_proof(Rows(), leaf.leaf_index, checkpoint.tree_size)
    return proof_text(leaf.leaf_index, proof, Note.parse(checkpoint.note), bytes(leaf.leaf_hash))


def consistency(old: int, new: Checkpoint) -> str:
    """Return the proof that the log of ``old`` entries begins the one of ``new``: what a witness asks for."""
    return request_text(old, merkle.consistency_proof(Rows(), old, new.tree_size), Note.parse(new.note))


def origin_of(checkpoint: Checkpoint) -> str:
    """Return the name of the log that a checkpoint is of."""
    return checkpoint.note.partition("\n")[0]


def vkeys_text() -> str:
    """Return the content of vkeys.txt: who may sign for this log, and who witnesses it."""
    lines = [
        f"# The public keys of the log {settings.AUDIT_ORIGIN}. Compare them with a copy you had before:",
        "# whoever can change this file and the log together deceives a reader who has nothing older.",
        *(f"{each}" for each in keyring.vkeys()),
    ]
    if seen_by := witnesses():
        lines += ["# Witnesses: their signatures say when they saw a head.", *(f"{key}" for key in seen_by)]
    return "\n".join([*lines, ""])


def _introduce(its_signer: Signer) -> None:
    """The first key of a database introduces itself; any later one is introduced by those before it."""
    known, newest = keyring.known(), latest()
    strangers = [key for key in its_signer.verifiers() if key not in known]
    if not strangers:
        return
    if newest is None or not _begun(settings.AUDIT_ORIGIN):
        strangers = [key for key in strangers if not keyring.introduces_itself(key)]
    if strangers and newest is not None:
        raise SignerRefused(_stranger(strangers[0], {key.name for key in known} | {origin_of(newest)}))
    for key in strangers:
        keyring.introduce(key, vouch=its_signer.vouch)


def _begun(origin: str) -> bool:
    """Whether a head of the log of this name was signed."""
    return Checkpoint.objects.filter(note__startswith=f"{origin}\n").exists()


def _stranger(key: VerifierKey, names: set[str]) -> str:
    if key.name in names:
        return (
            f"No key of this log introduced {key}: put the former key file back and change keys with "
            "manage.py audit_rotate_key, or finish a change that was cut short with the same command. Only where the "
            "log was begun by an earlier release, or the former key is gone for good, name this one in AUDIT_VKEYS."
        )
    return (
        f"This database was signed as {', '.join(sorted(names))}, not as {key.name}: set AUDIT_ORIGIN back, "
        "or begin a new log with manage.py audit_recover and the last checkpoint of the old one."
    )


def _sign(its_signer: Signer, size: int, last: Checkpoint | None) -> Checkpoint:
    """Sign the head of ``size`` entries after checking it against the checkpoint before."""
    if last is not None and merkle.root(Rows(), last.tree_size) != bytes(last.root):
        raise LogBroken(
            f"The first {last.tree_size} entries are not those that were signed: the log was rewritten. "
            "Nothing more is signed: keep the database as it is, and find out who changed it."
        )
    head = _head(size)
    note = its_signer.sign(head, _extends(size))
    return Checkpoint.objects.create(
        tree_size=size,
        root=head.root,
        note=f"{note}",
        key_id=",".join(signature.key_id.hex() for signature in note.signatures),
        created_at=clock.real_now(),
    )


def _head(size: int) -> Head:
    return Head(settings.AUDIT_ORIGIN, size, merkle.root(Rows(), size))


def _extends(size: int) -> Extends:
    return lambda old: merkle.consistency_proof(Rows(), old, size)


def _make_durable() -> None:
    """Bring what is committed to the disk before it is signed: on SQLite a commit alone does not, for speed.

    Commits stand in the file beside the database until SQLite moves them, and it syncs both files when it does. The
    database itself must not be opened here: closing it again would drop the locks that SQLite has on it.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        database = next((Path(file) for _, name, file in cursor.fetchall() if name == "main" and file), None)
    if database is None:
        return
    try:
        for path in (database.with_name(f"{database.name}-wal"), database.parent):
            _sync(path)
    except OSError as error:
        raise SignerRefused(
            f"What is to be signed cannot be brought to the disk ({error}): see that the disk is well."
        ) from error


def _sync(path: Path) -> None:
    try:
        opened = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # nothing was committed since SQLite moved everything
        return
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _asked_for(event: Event) -> Checkpoint:
    """Ask the worker that holds the key, and wait a little."""
    with suppress(OperationalError):
        current_app.send_task("audit.tasks.checkpoint", kwargs={"asked": True})
    until = time.monotonic() + PATIENCE.total_seconds()
    while (found := covering(event)) is None:
        if time.monotonic() > until:
            raise NotYetSigned(
                "No signed head of the audit log holds this event yet. Try again in a minute; "
                "if that does not help, the worker of the queue 'audit' does not run or refuses to sign: see its log."
            )
        time.sleep(0.1)
    return found
