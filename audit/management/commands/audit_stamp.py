"""Have the newest checkpoint stamped now, or hand the stamps out."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.errors import Refused
from audit.models import Checkpoint
from audit.stamping import save_stamps, stamp


class Command(BaseCommand):
    help = "Have the newest checkpoint stamped by the time-stamp authority of AUDIT_TSA_URL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--save",
            metavar="FOLDER",
            type=Path,
            help="Ask nobody; write the stamps kept so far, each beside its checkpoint, into this folder.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            self.stdout.write(_saved(options["save"]) if options["save"] else _stamped())
        except Refused as refused:
            raise CommandError(refused.message) from refused


def _saved(folder: Path) -> str:
    return (
        f"{save_stamps(folder)} stamps are in {folder}: openssl ts -verify -in FILE.tsr -data CHECKPOINT -CAfile ROOTS"
    )


def _stamped() -> str:
    newest = Checkpoint.objects.order_by("-tree_size").first()
    if newest is None:
        raise CommandError("There is no checkpoint to stamp yet: manage.py audit_checkpoint signs one.")
    kept = stamp(newest)
    return f"Stamped: {kept.checkpoint_id} entries, {kept.at:%-d %B %Y, %H:%M:%S} UTC, by {kept.who}."
