"""Prove that the database obeys what may never happen (docs: design.md section 4)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audit import invariants as audit
from audit.management import database
from authorisation import invariants as authorisation
from directory import invariants as directory
from panels import invariants as panels
from workflows import flows  # noqa: F401  the checks of the engine walk every flow that is imported
from workflows.engine import invariants as engine


def all_checks() -> dict[str, Callable[[], list[str]]]:
    """Every check of every layer by its name, from the record up."""
    return {**audit.CHECKS, **directory.CHECKS, **panels.CHECKS, **authorisation.CHECKS, **engine.CHECKS}


class Command(BaseCommand):
    help = (
        f"Recompute every invariant from the facts. Exit 1, with a list, when one is broken. {database.HOW_TO_CHOOSE} "
        "Without LOCAL_DATABASE this command takes whichever of the two was written last."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """`--json` for programs."""
        parser.add_argument("--json", action="store_true", help="print {check: [sentences]} as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run every check, whatever the ones before it found."""
        began = time.perf_counter()
        found = {name: check() for name, check in all_checks().items()}
        broken = {name: sentences for name, sentences in found.items() if sentences}
        if options["json"]:
            self.stdout.write(json.dumps(found, indent=2, ensure_ascii=False))
        else:
            for name, sentences in broken.items():
                self.stdout.write("\n  ".join([f"Broken: {name}", *sentences]))
            seconds = time.perf_counter() - began
            self.stdout.write(f"{len(found)} checks on {database.name()}, {len(broken)} broken, {seconds:.1f} seconds.")
        if broken:
            raise SystemExit(1)
