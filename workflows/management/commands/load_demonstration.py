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
            # Also for a database of an earlier version, whose events nobody ever signed.
            sign_head()
            coalition.begin()
        except Refused as refused:
            raise CommandError(refused.message) from refused
