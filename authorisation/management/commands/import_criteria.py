"""Load a catalogue of criteria."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.errors import Refused
from authorisation.actions.rulesets import import_criteria


class Command(BaseCommand):
    help = "Load a CSV file of criteria as a new version: all of it or nothing. The same file again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file and the version it becomes."""
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV in UTF-8; the first line names the columns")
        # `--version` is Django's own.
        parser.add_argument("--criteria-version", required=True, metavar="V", help="for example 2012")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say what was loaded, or the sentence that says why not."""
        try:
            loaded = import_criteria(
                source=options["file"].read_bytes(), version=options["criteria_version"], by="system"
            )
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        except Refused as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Criteria {loaded.version}: {loaded.criteria.count()}, SHA-256 {loaded.sha256}.")
