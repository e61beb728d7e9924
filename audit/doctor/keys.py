"""The signer of this process: its key, its memory, and whether they fit the log."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from audit import clock, keyring, merkle, sequencing
from audit.checkpoints import latest, origin_of
from audit.doctor.findings import Finding, Severity, so_many
from audit.errors import SignerRefused
from audit.nodes import Rows
from audit.notes import Head
from audit.signing import FileMemory, read_keys, signer

ENDS_SOON = timedelta(days=7)
FROM_FILES = "audit.signing.from_files"
OF_OTHERS = 0o077


def signer_here() -> Iterator[Finding]:
    """Whether this process could sign."""
    try:
        here = signer()
    except SignerRefused as refused:
        yield Finding(Severity.ALARM, f"The signer refuses: {refused.message}", "Do what it says; until then nothing.")
        return
    if here is None:
        yield Finding(
            Severity.NOTE,
            f"This process holds no key (there is no {settings.AUDIT_SIGNING_KEY_FILE}), so the signer was not "
            "examined.",
            "Nothing, if the audit worker holds it; run manage.py audit_doctor there as well.",
        )
        return
    known = keyring.known()
    strangers = [key for key in here.verifiers() if known and key not in known]
    if strangers:
        yield Finding(
            Severity.ALARM,
            f"{so_many(len(strangers), 'key', 'keys')} of this signer, {strangers[0].key_id.hex()} among them, "
            "were never introduced in the log: nobody outside would believe what they sign.",
            "Put the former key file back and run manage.py audit_rotate_key, which also ends a change cut short.",
        )


def key_file() -> Iterator[Finding]:
    """Who may read the key, and how long it signs."""
    path = Path(settings.AUDIT_SIGNING_KEY_FILE)
    if not _files() or not path.is_file():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OF_OTHERS:
        yield Finding(
            Severity.ALARM,
            f"The key file {path} may be read by others than its owner (mode {mode:04o}).",
            f"Run chmod 600 {path}, and change the key with manage.py audit_rotate_key --days 0 if others were there.",
        )
    kept = read_keys(path)
    over = [each for each in kept if not each.signs]
    if over:
        yield Finding(
            Severity.NOTE,
            f"{so_many(len(over), 'key in the file signs', 'keys in the file sign')} no more.",
            "Take it out of the file with manage.py audit_rotate_key --drop.",
        )
    ends = [each.until for each in kept if each.signs]
    last = max((end for end in ends if end), default=None)
    if last and all(ends) and last - clock.real_now() < ENDS_SOON:
        yield Finding(
            Severity.WARNING,
            f"The last key of the log signs until {last:%Y-%m-%d %H:%M} UTC only, and no other follows it.",
            "Change the key with manage.py audit_rotate_key before that.",
        )


def signer_memory() -> Iterator[Finding]:
    """Whether what the signer signed last is what the database holds."""
    if not _files() or not Path(settings.AUDIT_SIGNING_KEY_FILE).is_file():
        return
    last = FileMemory(Path(settings.AUDIT_SIGNER_STATE)).last()
    if last is None:
        yield Finding(
            Severity.ALARM,
            f"The signer's memory {settings.AUDIT_SIGNER_STATE} is lost: it will sign nothing.",
            "Restore the file, or run manage.py audit_recover with the newest checkpoint anybody outside holds.",
        )
        return
    yield from _beside_table(last)
    yield from _beside_log(last)


def _beside_table(last: Head) -> Iterator[Finding]:
    newest = latest()
    size = newest.tree_size if newest and origin_of(newest) == last.origin else 0
    if last.origin != settings.AUDIT_ORIGIN:
        yield Finding(
            Severity.ALARM,
            f"The signer remembers the log {last.origin}, and this one is called {settings.AUDIT_ORIGIN}.",
            "Set AUDIT_ORIGIN to the log's name, or AUDIT_SIGNER_STATE to the memory of this log.",
        )
    elif last.size < size:
        yield Finding(
            Severity.WARNING,
            f"The signer's memory is behind: it remembers {last.size:,} entries, and {size:,} were signed.",
            "Find out who put an older file in its place; the next signed head brings it up to date.",
        )
    elif newest and last.size == size and last.root != bytes(newest.root):
        yield Finding(
            Severity.ALARM,
            f"At {size:,} entries the signer remembers another root than the newest checkpoint has.",
            "Keep the database and the memory as they are: one of them was changed, and the log has two faces.",
        )


def _beside_log(last: Head) -> Iterator[Finding]:
    held = sequencing.log_size()
    newest = latest()
    if last.size > held:
        yield Finding(
            Severity.ALARM,
            f"The signer has signed {last.size:,} entries, and the log holds {held:,}: entries are missing.",
            "Restore a database that holds them all; where none is left, begin a new log with manage.py audit_recover.",
        )
    elif last.size and merkle.root(Rows(), last.size) != last.root:
        yield Finding(
            Severity.ALARM,
            f"The first {last.size:,} entries of the log are not those the signer signed: the log was rewritten.",
            "Keep the database as it is, and find out who changed it; nothing more is signed.",
        )
    elif last.size > (newest.tree_size if newest else 0):
        yield Finding(
            Severity.NOTE,
            f"The signer is ahead: it has signed {last.size:,} entries, and no checkpoint of them was stored.",
            "Nothing: a signature was cut short, and the next signed head replaces it.",
        )


def _files() -> bool:
    return bool(settings.AUDIT_SIGNER == FROM_FILES)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (signer_here, key_file, signer_memory)
