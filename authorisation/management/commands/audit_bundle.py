"""Hand over one case's record, with its proofs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import checkpoints, verify_log
from audit.errors import Refused
from audit.exporting.folder import write_whole
from authorisation.actions.bundles import case_bundle
from authorisation.models import Application
from directory.management.acting import acting, add_by


class Command(BaseCommand):
    help = (
        "Write the entries of one case and of the panels that took it, each provably in the log, as one file: "
        "verify_log.py bundle FILE --keys vkeys.txt checks it anywhere."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which case, and where to."""
        parser.add_argument("ref", metavar="REF", help="the case, such as CCG-02Q-2012")
        parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="without it, to the standard output")
        parser.add_argument("--private", action="store_true", help="also names, reasons and interests: personal data")
        add_by(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Record the export, then write it whole or not at all."""
        ref, file = options["ref"], options["output"]
        application = Application.objects.filter(ref=ref).first()
        if application is None:
            raise CommandError(f"There is no application {ref}: references look like CCG-02Q-2012.")
        try:
            text = case_bundle(application, by=acting(options["by"]), private=options["private"])
            if file is None:
                self.stdout.write(text, ending="")
            else:
                write_whole(file, text.encode(), private=options["private"])
                self.stdout.write(f"The record of {ref} is in {file}.")
        except Refused as refused:
            raise CommandError(refused.message) from refused
        except PermissionDenied as denied:
            raise CommandError(str(denied)) from denied
        _check(text)


def _check(text: str) -> None:
    """Raises CommandError where the verifier finds that what was written is not what was signed."""
    report = verify_log.check_bundle(text, checkpoints.vkeys_text())
    if report.verdict != verify_log.VERIFIED:
        fault = next((step.detail for step in report.steps if not step.ok), report.verdict)
        raise CommandError(
            f"The record is written and will not verify: {fault} Keep it as evidence and run audit_doctor."
        )
