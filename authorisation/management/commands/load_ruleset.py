"""Load a rule set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.errors import Refused
from authorisation.actions.rulesets import load_ruleset


class Command(BaseCommand):
    help = "Load a TOML file of rules as a new version; its criteria are loaded before. The same again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file; its version stands in it."""
        parser.add_argument("file", type=Path, metavar="FILE", help="TOML in UTF-8")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say what was loaded, or the sentence that says why not."""
        try:
            loaded = load_ruleset(source=options["file"].read_bytes(), by="system")
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        except Refused as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Rule set {loaded.version}: {loaded.title}, SHA-256 {loaded.sha256}.")
