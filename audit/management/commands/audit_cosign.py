"""Keep a witness's cosignature that came as a file."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.errors import CosignatureRefused
from audit.witnessing import keep_cosignature


class Command(BaseCommand):
    help = "Keep a witness's cosignature of a checkpoint: a note, or its signature lines alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="The file as the witness gave it; - reads standard input.")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            text = sys.stdin.read() if options["file"] == "-" else Path(options["file"]).read_text(encoding="utf-8")
            kept = keep_cosignature(text, by="system")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read as text: {error}") from error
        except CosignatureRefused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"Kept: {kept.who} cosigned {kept.checkpoint_id} entries on {kept.at:%-d %B %Y, %H:%M} UTC.")
