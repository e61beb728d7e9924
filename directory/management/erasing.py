"""What the commands that erase have in common: who orders it, and what it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError, CommandParser
from django.db import IntegrityError

from audit.erasing import Erased, groups
from audit.errors import Refused
from directory.management.acting import acting


def add_order(parser: CommandParser) -> None:
    """The options every order has."""
    parser.add_argument("--reference", required=True, help="code of the file that holds the reasons; names nobody")
    parser.add_argument("--by", metavar="EMAIL", required=True, help="who erases: somebody of the secretariat")
    parser.add_argument(
        "--authorised-by", metavar="EMAIL", required=True, help="who allowed it: the conflicts guardian or an auditor"
    )
    parser.add_argument("--dry-run", action="store_true", help="count what would be erased, and erase nothing")


def order_of(options: dict[str, Any]) -> dict[str, Any]:
    """The same for an action."""
    return {
        "reference": options["reference"],
        "by": acting(options["by"]),
        "authorised_by": acting(options["authorised_by"]),
        "dry_run": options["dry_run"],
    }


def groups_of(typed: str) -> list[str]:
    """The groups named, separated by commas. Raises CommandError for one that is none."""
    wanted = [each.strip() for each in typed.split(",") if each.strip()]
    if not wanted or (unknown := sorted(set(wanted) - set(groups()))):
        named = f"'{unknown[0]}' is no group" if wanted else "No group is named"
        raise CommandError(f"{named}: give one or more of {', '.join(groups())}.")
    return wanted


@contextmanager
def refusing() -> Iterator[None]:
    """What is refused ends the command with the sentence; nothing was erased then."""
    try:
        yield
    except Refused as error:
        raise CommandError(error.message) from None
    except PermissionDenied as error:
        raise CommandError(str(error)) from None
    except IntegrityError as error:
        raise CommandError(
            f"Something else was recorded at the same moment, so nothing was erased: run it again. ({error})"
        ) from None


def tell(say: Callable[[str], Any], done: Erased, *, dry_run: bool) -> None:
    """What was erased, and what stays."""
    if done.bodies or done.copies or done.people:
        what = f"{_of(done.bodies, 'private body', 'private bodies')} and {_of(done.copies, 'text', 'texts')} of rows"
        whom = f", and the name and address of {_of(done.people, 'person', 'people')}" if done.people else ""
        say(f"{'Would erase' if dry_run else 'Erased'} {what}{whom}.")
        for event in done.events:
            say(f"Entry of the log: {bytes(event.leaf_hash).hex()}")
    else:
        say("Nothing is left to erase: it never was there, or was erased already.")
    if done.kept:
        say(
            f"Kept {_of(done.kept, 'group of an entry', 'groups of entries')}: written for a task in the public "
            "interest (UK GDPR, Article 17(3)(b)), or published."
        )


def _of(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
