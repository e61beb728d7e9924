"""Change the key that signs the log."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.errors import Refused
from audit.rotation import OVERLAP, drop, rotate

MOST_DAYS = 3650


class Command(BaseCommand):
    help = (
        "Make a new key, introduce it in the log and let the old one sign beside it for 30 days; after that the old "
        "one signs no more by itself, and --drop takes it out of the key file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=OVERLAP.days,
            help=f"How long both keys sign, {OVERLAP.days} unless told; 0 for a key that is no longer safe.",
        )
        parser.add_argument("--drop", action="store_true", help="Only take keys whose time has ended out of the file.")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["days"] not in range(MOST_DAYS + 1):
            raise CommandError(f"{options['days']} days cannot be: give a number from 0 to {MOST_DAYS}.")
        try:
            if options["drop"]:
                self._drop()
            else:
                self._rotate(timedelta(days=options["days"]))
        except Refused as refused:
            raise CommandError(refused.message) from refused
        except OSError as error:
            raise CommandError(f"The key file cannot be written: {error}. Run this as its owner.") from error

    def _rotate(self, overlap: timedelta) -> None:
        done = rotate(overlap=overlap)
        self.stdout.write(f"{done.key}")
        self.stderr.write(
            f"The log introduces this key, and the checkpoint of {done.checkpoint.tree_size} entries bears both "
            f"signatures. Until {done.until:%-d %B %Y %H:%M} UTC both keys sign: give the new public key to auditors "
            "and witnesses by then. After that the old key signs no more, without anything being restarted; "
            "audit_rotate_key --drop then takes it out of the key file."
        )

    def _drop(self) -> None:
        over = drop()
        for key in over:
            self.stdout.write(f"Dropped {key}")
        if not over:
            self.stdout.write(f"Every key in {settings.AUDIT_SIGNING_KEY_FILE} still signs: nothing was dropped.")
