"""Sign the log now."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.checkpoints import latest, sign_head
from audit.errors import Refused
from audit.notes import Head, Note
from audit.rechecking import recheck


class Command(BaseCommand):
    help = "Take everything that waits into the log, sign its head if it has grown, and print the newest checkpoint."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print it as JSON, with whether it was signed now.")
        parser.add_argument(
            "--recheck", action="store_true", help="Read the whole log again first, as after one that found a fault."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        before = latest()
        if options["recheck"]:
            recheck()
        try:
            signed = sign_head(force=True)
        except Refused as refused:
            raise CommandError(refused.message) from refused
        assert signed is not None
        if not options["json"]:
            self.stdout.write(signed.note, ending="")
            return
        head = Head.parse(Note.parse(signed.note).text)
        told = {
            "origin": head.origin,
            "size": head.size,
            "root": head.root.hex(),
            "signed_now": before != signed,
            "created_at": signed.created_at.isoformat(),
            "key_ids": signed.key_id.split(","),
            "note": signed.note,
        }
        self.stdout.write(json.dumps(told, ensure_ascii=False))
