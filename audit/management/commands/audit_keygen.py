"""Make the key that signs the log."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.errors import Refused
from audit.signing import make_key


class Command(BaseCommand):
    help = (
        "Make the key that signs the log and an empty memory for its signer, in AUDIT_SIGNING_KEY_FILE and "
        "AUDIT_SIGNER_STATE, readable by their owner only; print the public key."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            key = make_key(settings.AUDIT_ORIGIN)
        except Refused as refused:
            raise CommandError(refused.message) from refused
        except OSError as error:
            raise CommandError(f"The key cannot be written: {error}. Name another file or give the right.") from error
        self.stdout.write(f"{key.verifier}")
        self.stderr.write(
            f"The key is in {settings.AUDIT_SIGNING_KEY_FILE}; what it signed last will be in "
            f"{settings.AUDIT_SIGNER_STATE}. Keep both on the disk of the worker of the queue 'audit' alone, and a "
            "copy of the key where the database's administrators cannot read it. Give the public key above to auditors."
        )
