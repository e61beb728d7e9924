"""All 211 CCGs through the whole authorisation, on the real calendar."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from audit.checkpoints import sign_head
from audit.errors import Refused
from audit.signing import forget_key, key_at_hand
from workflows.management.progress import Bar
from workflows.replay.report import Line, compare, table
from workflows.replay.run import LAST_DAY, Replay, Result
from workflows.replay.stories import Story, told


class Command(BaseCommand):
    """Replays 2012-13 and exits 1 when any count differs from the published one."""

    help = (
        "Takes the 211 CCGs of 2012-13 through the whole process, every panel with its Coalition representative, "
        "and prints the counts beside the published ones. Needs an empty database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")
        parser.add_argument("--wave", type=int, choices=(1, 2, 3, 4), help="only the CCGs decided in this wave")
        parser.add_argument("--until", type=_day, default=LAST_DAY, metavar="YYYY-MM-DD", help="stop after this day")
        parser.add_argument("--seed", type=int, default=2012, help="chooses the synthetic people and seats")

    def handle(self, *args: Any, **options: Any) -> None:
        _fresh_database()
        replay = Replay(wave=options["wave"], seed=options["seed"])
        start = time.perf_counter()
        try:
            key_at_hand()
            replay.set_stage()
            replay.play(until=options["until"], progress=Bar())
            sign_head()
        except Refused as refused:
            raise CommandError(refused.message) from refused
        result = replay.result(time.perf_counter() - start)
        lines = compare(result, wave=options["wave"])
        whole = options["until"] >= LAST_DAY
        stories = told() if whole and options["wave"] is None else []
        self._print(result, lines, stories, as_json=options["json"])
        agrees = all(line.agrees for line in lines) and all(story.holds for story in stories)
        if result.panels_without_coalition_representative or (whole and not agrees):
            sys.exit(1)

    def _print(self, result: Result, lines: list[Line], stories: list[Story], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(asdict(result)))
            return
        self.stdout.write("Ours = published, per wave at the decision and after each review:")
        for row in table(lines):
            self.stdout.write(row)
        for story in stories:
            self.stdout.write(f"{'holds ' if story.holds else 'DIFFERS'}  {story.sentence}")
        self.stdout.write(
            f"{result.panels} panels, {result.panels_without_coalition_representative} of them without a Coalition "
            f"representative; {result.items} items, {result.events} events, {result.seconds} seconds."
        )


def _fresh_database() -> None:
    """A local replay starts from nothing, in a file of its own; any other database is only brought up to date."""
    name = connection.settings_dict["NAME"]
    if settings.LOCAL_DATABASE == "replay" and Path(name) == settings.SQLITE_FILE:
        connection.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{name}{suffix}").unlink(missing_ok=True)
        forget_key()
    call_command("migrate", verbosity=0)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is not a day: write it like 2012-12-05.") from None
