"""Compare every table of the record with what the events say of it."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from audit import reconciled
from audit.leaf import SYSTEM
from audit.management import database
from audit.models import Event
from audit.reconciling import Account, Difference
from workflows.reconciliation import differences

UNUSABLE = 2


class Command(BaseCommand):
    help = (
        "Replay every stream and compare it with the tables: finds what was changed past the triggers. Nothing private "
        "is printed. Exit 0 when they agree, 1 with a list when they do not, 2 when nothing could be compared. "
        f"{database.HOW_TO_CHOOSE}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stream", default="", help="one stream only, such as panel:<uuid> or system")
        parser.add_argument("--json", action="store_true", help="print what was found and counted as JSON")
        parser.add_argument(
            "--note", action="store_true", help="also record in the log how many differences there are, as every night"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        began, account = time.perf_counter(), Account()
        if options["note"] and options["stream"]:
            raise CommandError("Only what was found in all streams is recorded: leave out --stream, or --note.")
        try:
            self._check(options["stream"])
            found = list(self._found(options["stream"], account, told=not options["json"]))
            if options["note"]:
                reconciled.note(found, account)
        except DatabaseError as error:
            raise CommandError(
                f"The database cannot be read ({type(error).__name__}): see that it runs and is migrated, then repeat.",
                returncode=UNUSABLE,
            ) from error
        seconds = time.perf_counter() - began
        if options["json"]:
            self.stdout.write(json.dumps(_document(found, account, seconds), indent=2, ensure_ascii=False))
        else:
            number = "1 difference" if len(found) == 1 else f"{len(found):,} differences"
            self.stdout.write(
                f"{account.streams:,} aggregates, {account.events:,} events and {account.all_rows:,} rows of "
                f"{len(account.rows)} tables of {database.name()} compared: {number}, {seconds:.1f} seconds."
            )
        if found:
            raise SystemExit(1)

    def _found(self, stream: str, account: Account, *, told: bool) -> Any:
        for difference in differences(account, only=stream):
            if told:
                self.stdout.write(f"{difference}")
            yield difference

    def _check(self, stream: str) -> None:
        if stream and stream != SYSTEM and not Event.objects.filter(stream=stream).exists():
            raise CommandError(
                f"No event is of the stream {stream[:80]}: copy it from the page of an entry, such as panel:<uuid>.",
                returncode=UNUSABLE,
            )


def _document(found: list[Difference], account: Account, seconds: float) -> dict[str, Any]:
    return {
        "database": database.name(),
        "differences": [each.document() for each in found],
        "streams": account.streams,
        "events": account.events,
        "rows": dict(account.rows),
        "seconds": round(seconds, 2),
    }
