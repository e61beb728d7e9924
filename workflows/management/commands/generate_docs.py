"""Write the pages of docs/generated/, or say which of them the code has left behind."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workflows import documents


class Command(BaseCommand):
    help = "Write docs/generated/ from the code; --check writes nothing and exits 1 when a page differs."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--check` for the test command."""
        parser.add_argument("--check", action="store_true", help="say which page differs from the code, and exit 1")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write, or compare."""
        if not options["check"]:
            for path in documents.write():
                self.stdout.write(f"docs/generated/{path.name}")
            return
        faults = documents.faults()
        for fault in faults:
            self.stderr.write(f"docs/generated/{fault}")
        if faults:
            raise SystemExit(1)
        self.stdout.write(f"{len(documents.PAGES)} pages agree with the code.")
