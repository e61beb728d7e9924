"""Loads the demonstration into an empty database; a second run changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.errors import Refused
from workflows import demonstration
from workflows.management.progress import Bar


class Command(BaseCommand):
    """Called by `manage.py demo`."""

    help = "Loads the demonstration: 2012-13 replayed to a day when everyone has something to do."

    def handle(self, *args: Any, **options: Any) -> None:
        if demonstration.is_loaded():
            return
        try:
            demonstration.load(progress=Bar())
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self.stdout.write("The demonstration is loaded.")
