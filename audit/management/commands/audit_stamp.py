"""Have the newest checkpoint stamped now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.errors import StampRefused
from audit.models import Checkpoint
from audit.stamping import stamp


class Command(BaseCommand):
    help = "Have the newest checkpoint stamped by the time-stamp authority of AUDIT_TSA_URL."

    def handle(self, *_args: Any, **_options: Any) -> None:
        newest = Checkpoint.objects.order_by("-tree_size").first()
        if newest is None:
            raise CommandError("There is no checkpoint to stamp yet: manage.py audit_checkpoint signs one.")
        try:
            kept = stamp(newest)
        except StampRefused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write(f"Stamped: {kept.checkpoint_id} entries, {kept.at:%-d %B %Y, %H:%M:%S} UTC, by {kept.who}.")
