"""manage.py audit_retain: the end of a retention period, by the same order of two people, on the operator's dates."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from directory.actions.erasing import erase_older
from directory.management.erasing import add_order, groups_of, order_of, refusing, tell
from directory.queries import today

MOST_YEARS = 200
LEAP_DAY = (2, 29)


class Command(BaseCommand):
    help = (
        "Erase some private groups of everything older than a retention period. How long that is, the operator "
        "decides. What is known of people who are active, and what a public task needs, stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        when = parser.add_mutually_exclusive_group(required=True)
        when.add_argument("--older-than", metavar="YEARS", type=_years, help="what happened more whole years ago")
        when.add_argument("--before", metavar="DATE", type=_day, help="what happened before this day, YYYY-MM-DD")
        parser.add_argument("--groups", required=True, help="which groups, separated by commas")
        add_order(parser)  # type: ignore[arg-type]

    def handle(self, *args: Any, **options: Any) -> None:
        day = options["before"] or _years_ago(options["older_than"])
        groups = groups_of(options["groups"])
        with refusing():
            done = erase_older(than=_start_of(day), groups=groups, **order_of(options))
        self.stdout.write(f"Before {day.isoformat()}, {', '.join(groups)}:")
        tell(self.stdout.write, done, dry_run=options["dry_run"])


def _years(typed: str) -> int:
    if not typed.isdigit() or not 1 <= int(typed) <= MOST_YEARS:
        raise ArgumentTypeError(f"'{typed}' is no number of years from 1 to {MOST_YEARS}.")
    return int(typed)


def _day(typed: str) -> date:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise ArgumentTypeError(f"'{typed}' is no day: write it as 2013-04-01.") from None
    if day > today():
        raise ArgumentTypeError(f"{typed} is not over yet: give a day that is past.")
    return day


def _years_ago(years: int) -> date:
    day = today()
    if (day.month, day.day) == LEAP_DAY:
        day = day.replace(month=3, day=1)
    return day.replace(year=day.year - years)


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())
