"""Say what is wrong with the log, and how to mend it."""

import json
import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from audit import sequencing
from audit.doctor import Finding, Severity, examine
from audit.management import database

UNUSABLE = 2


class Command(BaseCommand):
    help = (
        "Read the whole log again and say what is wrong with it, with its keys, its worker and its witnesses, and how "
        "to mend it. Exit 0 when there is nothing but notes, 1 when there is more, 2 when the database cannot be read. "
        f"{database.HOW_TO_CHOOSE}"
    )
    # Whether migrations are applied is asked by /health/ready; this must answer even when the database is away.
    requires_migrations_checks = False
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        began = time.perf_counter()
        try:
            found, size = examine(thorough=True), sequencing.log_size()
        except DatabaseError as error:
            reason = f"{error}".strip().partition("\n")[0]
            raise CommandError(
                f"The database cannot be read ({reason}): see that it runs, that DATABASE_URL names it and that it is "
                "migrated, then ask again.",
                returncode=UNUSABLE,
            ) from error
        bad = [each for each in found if each.severity is not Severity.NOTE]
        if options["json"]:
            document = {
                "database": database.name(),
                "sound": not bad,
                "entries": size,
                "findings": [asdict(each) for each in found],
            }
            self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))
        else:
            self._tell(found, size, time.perf_counter() - began)
        if bad:
            raise SystemExit(1)

    def _tell(self, found: list[Finding], size: int, seconds: float) -> None:
        for each in found:
            self.stdout.write(f"{each.severity.upper()}: {each.what}\n  {each.cure}")
        counts = [f"{sum(each.severity is severity for each in found)} {severity}s" for severity in Severity]
        self.stdout.write(
            f"{size:,} entries of {database.name()} examined: {', '.join(counts)}, {seconds:.1f} seconds."
        )
