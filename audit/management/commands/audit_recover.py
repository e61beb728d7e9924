"""Let the signer sign again after its memory or part of the database was lost."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.errors import Refused
from audit.recovery import recover


class Command(BaseCommand):
    help = (
        "With the newest checkpoint that anybody holds: give the signer its memory back when the log still contains "
        "it; or, after AUDIT_ORIGIN got a new name and audit_keygen made its key, begin a new log whose first event "
        "quotes that checkpoint."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="CHECKPOINT", help="The checkpoint as a file; - reads standard input.")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            text = sys.stdin.read() if options["file"] == "-" else Path(options["file"]).read_text(encoding="utf-8")
            done = recover(text)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read as text: {error}") from error
        except Refused as refused:
            raise CommandError(refused.message) from refused
        if done.lost:
            self.stderr.write(
                f"{done.lost} entries that were signed before are not in this database: the new log says so."
            )
        self.stderr.write(f"{settings.AUDIT_ORIGIN} is signed again. Its checkpoint:")
        if done.checkpoint is not None:
            self.stdout.write(done.checkpoint.note, ending="")
