"""Loads the demonstration into an empty database; a second run changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.checkpoints import sign_head
from audit.errors import Refused
from audit.signing import key_at_hand
from workflows import coalition, demonstration
from workflows.management.progress import Bar


class Command(BaseCommand):
    """Called by `manage.py demo`."""

    help = "Loads the demonstration: 2012-13 replayed to a day when everyone has something to do."

    def handle(self, *args: Any, **options: Any) -> None:
        if demonstration.cut_short():
            raise CommandError(
                "A loading of the demonstration was cut short here. The demonstration's own file is removed by "
                "python3 manage.py demo; a database that you named yourself: empty it, then run this again."
            )
        try:
            key_at_hand()
            if not demonstration.is_loaded():
                demonstration.load(progress=Bar())
                self.stdout.write("The demonstration is loaded.")
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self._sign()

    def _sign(self) -> None:
        """Sign what nobody signed yet, and have it cosigned; a log that is refused stops nobody from looking at it."""
        try:
            sign_head()
        except Refused as refused:
            self._alarm(refused.message)
        coalition.begin(tell=self._alarm)

    def _alarm(self, sentence: str) -> None:
        self.stdout.write(
            f"ALARM: {sentence}\n"
            "  The demonstration starts all the same. If you put an older copy of its database back, "
            "this is how that shows: whoever has signed or cosigned more entries than it holds does not follow it. "
            "python3 manage.py demo --reset begins anew."
        )
