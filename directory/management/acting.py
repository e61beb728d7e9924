"""Who a command acts for."""

from __future__ import annotations

from typing import Literal

from django.core.management.base import CommandError, CommandParser

from directory.models import Person
from directory.models.people import normal_email


def add_by(parser: CommandParser) -> None:
    """The option `--by EMAIL`."""
    parser.add_argument("--by", metavar="EMAIL", default="", help="who asks for it; without it the record says: system")


def acting(email: str) -> Person | Literal["system"]:
    """The person with that address, or the system. Raises CommandError for an address nobody signs in with."""
    if not email:
        return "system"
    person: Person | None = Person.objects.filter(email=normal_email(email), is_active=True).first()
    if person is None:
        raise CommandError(f"Nobody signs in with {email}: give the address of an active person, or leave out --by.")
    return person
