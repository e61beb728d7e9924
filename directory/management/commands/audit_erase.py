"""manage.py audit_erase: erase what is private of one person or of some entries, by order of two people."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.erasing import Ground
from audit.models import Event
from directory.actions.erasing import erase_events, erase_person
from directory.management.erasing import add_order, groups_of, order_of, refusing, tell
from directory.models import Person
from directory.models.people import normal_email

HASH_LENGTH = 64


class Command(BaseCommand):
    help = (
        "Erase personal data and free text by order, without a change to the log: the private bodies of entries and "
        "their copies in the tables. Wholly or not at all; a second run finds nothing. Names the order in the log."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--person", metavar="EMAIL", help="all that is known of one person: an address or a stream")
        what.add_argument(
            "--entry", metavar="HASH", action="append", help="one entry of the log, by its SHA-256; may be repeated"
        )
        parser.add_argument("--groups", default="", help="with --entry: which of its groups, separated by commas")
        parser.add_argument("--ground", required=True, choices=Ground.values, help="why, by the UK GDPR")
        add_order(parser)  # type: ignore[arg-type]

    def handle(self, *args: Any, **options: Any) -> None:
        order = order_of(options) | {"ground": options["ground"]}
        person = _person(options["person"]) if options["person"] else None
        with refusing():
            if person is not None:
                done = erase_person(person=person, **order)
            else:
                events = [_event(each) for each in options["entry"]]
                done = erase_events(events=events, groups=groups_of(options["groups"]), **order)
        tell(self.stdout.write, done, dry_run=options["dry_run"])
        if person is not None and done.people and not options["dry_run"]:
            self.stdout.write(f"The record knows them from now on only as {person.stream}.")


def _person(typed: str) -> Person:
    found = Person.objects.filter(stream=typed) | Person.objects.filter(email=normal_email(typed))
    person: Person | None = found.first()
    if person is None:
        raise CommandError(f"Nobody is recorded under {typed}: give an e-mail address, or a stream such as person:....")
    return person


def _event(typed: str) -> int:
    try:
        digest = bytes.fromhex(typed) if len(typed) == HASH_LENGTH else b""
    except ValueError:
        digest = b""
    event = Event.objects.filter(leaf_hash=digest).values_list("id", flat=True).first() if digest else None
    if event is None:
        raise CommandError(f"No entry of the log has the SHA-256 {typed[:80]}: copy its 64 characters from its page.")
    return event
