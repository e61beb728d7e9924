"""The figures of the design, measured on a database made for the run."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Starts the measurement in a process with settings of its own: it never sees this installation's database."""

    help = "Measures transitions, waves, pages and the replay as ratios side by side; see docs/bench.md."

    def run_from_argv(self, argv: list[str]) -> None:
        """Leave every option to the measurement itself, `--help` included."""
        sys.exit(self.handle(*argv[2:]))

    def handle(self, *args: Any, **options: Any) -> int:  # type: ignore[override]  # an exit code, not a text
        command = [sys.executable, "-m", "bench", *args]
        return subprocess.run(command, cwd=settings.BASE_DIR, check=False).returncode  # noqa: S603  our own module
