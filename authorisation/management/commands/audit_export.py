"""Hand the log to an auditor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import checkpoints
from audit.errors import Refused
from audit.exporting.errors import ExportRefused
from audit.exporting.export import Wanted, Written, export
from audit.exporting.folder import check_free
from audit.models import Checkpoint, Event
from audit.reading import note_export
from directory.management.acting import acting, add_by
from panels.permissions import check_audits

LONG = 20_000
LONGEST_NUMBER = 18


class Command(BaseCommand):
    help = (
        "Write every entry of the log up to its newest checkpoint into a new or empty folder, with the checkpoint, the "
        "keys, the verifier and a page for the auditor. Signs first, where this process holds the key."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, from which entry on, and what else."""
        parser.add_argument("folder", type=Path, metavar="DIR", help="absent or empty")
        parser.add_argument("--from", dest="start", default="0", metavar="N", help="leave out what is before entry N")
        parser.add_argument("--private", action="store_true", help="also names, reasons and interests: personal data")
        parser.add_argument("--tiles", action="store_true", help="also as C2SP tlog-tiles, for other people's software")
        add_by(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Sign, record the export, write it."""
        folder: Path = options["folder"]
        try:
            check_free(folder)
            by = acting(options["by"])
            check_audits(by)
            wanted = Wanted(self._head(), _number(options["start"]), private=options["private"], tiles=options["tiles"])
            note_export(
                what="private" if wanted.private else "log",
                form="tiles" if wanted.tiles else "jsonl",
                rows=wanted.checkpoint.tree_size - wanted.start,
                chosen={"from": str(wanted.start), "size": str(wanted.checkpoint.tree_size)},
                typed={},
                by=by,
            )
            written = export(folder, wanted, progress=_bar)
        except Refused as refused:
            raise CommandError(refused.message) from refused
        except PermissionDenied as denied:
            raise CommandError(str(denied)) from denied
        self._tell(folder, wanted, written)

    def _head(self) -> Checkpoint:
        """The newest signed head, made now where this process can. A log that is broken is handed out all the same."""
        try:
            checkpoints.sign_head()
        except Refused as refused:
            self.stderr.write(f"Nothing new is signed. {refused.message}")
        newest = checkpoints.latest()
        if newest is None:
            raise ExportRefused(
                "The log has no checkpoint yet: run audit_keygen once, audit_checkpoint where the key is, and repeat."
            )
        if later := Event.objects.count() - newest.tree_size:
            self.stderr.write(
                f"The newest checkpoint is of {newest.created_at:%-d %B %Y, %H:%M} UTC; "
                f"{later} later {'entry is' if later == 1 else 'entries are'} not in the export."
            )
        return newest

    def _tell(self, folder: Path, wanted: Wanted, written: Written) -> None:
        more = f", {written.disclosures} private groups" if wanted.private else ""
        self.stdout.write(f"{written.entries} entries{more} up to {wanted.checkpoint}, in {folder}.")
        if written.fault:
            raise CommandError(
                f"The export is written and will not verify: {written.fault}. Keep it as evidence and run audit_doctor."
            )
        self.stdout.write(f"To check it anywhere, follow {folder / 'README.txt'}.")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise CommandError(f"{text} is no number of an entry: give 0 or more, such as the size of the last export.")
    return int(text)


def _bar(done: int, total: int) -> None:
    """How far a long export is, for somebody who watches."""
    if total >= LONG and sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {total} entries{'' if done + 1000 <= total else chr(10)}")
        sys.stderr.flush()
