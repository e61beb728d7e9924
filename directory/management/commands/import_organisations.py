"""manage.py import_organisations FILE [--dry-run]: see directory.organisation_file for the two layouts."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from audit.errors import Refused
from directory.actions.imports import import_organisations
from directory.organisation_file import ECCG_COLUMNS, HEADER


class Command(BaseCommand):
    help = (
        f"Import organisations from the national register's eccg file ({ECCG_COLUMNS} columns, no header; all are "
        f"CCGs) or from a CSV file with the header {','.join(HEADER)} (dates YYYY-MM-DD). Wholly or not at all; a "
        "second import updates what changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check the file and count, change nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        on_terminal = self.stderr.isatty()
        try:
            result = import_organisations(
                path=file, by="system", dry_run=dry_run, progress=self._progress if on_terminal else _silent
            )
        except Refused as refusal:
            raise CommandError(refusal.message) from None
        except IntegrityError as error:
            raise CommandError(f"Nothing was imported, the directory changed meanwhile; run again. ({error})") from None
        finally:
            if on_terminal:
                self.stderr.write("\r\x1b[K", ending="")
        self.stdout.write(
            f"{'dry run: ' if dry_run else ''}"
            f"added {result.added}, updated {result.updated}, unchanged {result.unchanged}"
        )

    def _progress(self, phase: str, rows: int) -> None:
        self.stderr.write(f"\r{phase}: {rows} rows", ending="")
        self.stderr.flush()


def _silent(_phase: str, _rows: int) -> None:
    """Nobody watches."""
