"""A progress bar on a terminal, and silence elsewhere."""

from __future__ import annotations

import sys
from datetime import date

WIDTH = 24
EVERY = 10


class Bar:
    """Called after each act with how many are done, of how many, the day and the act."""

    def __call__(self, done: int, total: int, day: date, name: str) -> None:
        """Draw, every few acts."""
        if not sys.stderr.isatty() or (done % EVERY and done != total):
            return
        filled = WIDTH * done // total
        bar = "#" * filled + "." * (WIDTH - filled)
        end = "\n" if done == total else ""
        sys.stderr.write(f"\r[{bar}] {done}/{total}  {day:%d %b %Y}  {name:<24.24}{end}")
        sys.stderr.flush()
