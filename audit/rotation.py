"""Changing the key of a log: for some weeks the old key and the new one sign side by side.

So whoever trusts the old key sees it introduce the new one, and has that long to take note. The key
file says until when the old key signs; after that its line is passed over, and may be dropped.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from audit import checkpoints, clock, keyring, notes
from audit.errors import SignerRefused
from audit.models import Checkpoint
from audit.notes import SigningKey, VerifierKey
from audit.signing import KeptKey, from_files, read_keys, write_keys

OVERLAP = timedelta(days=30)
# The old key signs the head that introduces the new one, whatever happens.
SHORTEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a change of keys came to."""

    key: VerifierKey
    until: datetime
    checkpoint: Checkpoint


def rotate(*, overlap: timedelta = OVERLAP) -> Rotation:
    """Make a new key and let the old one sign beside it for ``overlap``; a change cut short is finished instead.

    The file is written first: a key the log introduces must not be lost. Raises SignerRefused where
    there is no key file, or while a change is under way.
    """
    path = Path(settings.AUDIT_SIGNING_KEY_FILE)
    if not path.is_file():
        raise SignerRefused(f"There is no key file {path} here: run this where it is, or make one with audit_keygen.")
    kept = [each for each in read_keys(path) if each.signs]
    fresh = _strangers(kept)
    if not fresh:
        kept = _with_new_key(kept, overlap)
        write_keys(path, kept)
        fresh = _strangers(kept)
    its_signer = from_files()
    assert its_signer is not None
    with transaction.atomic(durable=True):
        for each in fresh:
            keyring.introduce(each.key.verifier, vouch=its_signer.vouch)
        for each in kept:
            if each.until is not None:
                keyring.retire(each.key.verifier, until=each.until, vouch=its_signer.vouch)
    signed = checkpoints.sign_head(force=True)
    assert signed is not None
    return Rotation(kept[-1].key.verifier, max(each.until for each in kept if each.until is not None), signed)


def drop() -> list[VerifierKey]:
    """Take the keys whose time has ended out of the key file, and say which those were."""
    path = Path(settings.AUDIT_SIGNING_KEY_FILE)
    kept = read_keys(path)
    over = [each for each in kept if not each.signs]
    if over:
        write_keys(path, [each for each in kept if each.signs])
    return [each.key.verifier for each in over]


def _with_new_key(kept: list[KeptKey], overlap: timedelta) -> list[KeptKey]:
    ends = [each.until for each in kept if each.until is not None]
    if ends:
        raise SignerRefused(
            f"A change of keys is under way until {max(ends):%-d %B %Y %H:%M} UTC: change again after that."
        )
    until = clock.real_now().replace(microsecond=0) + max(overlap, SHORTEST)
    new = SigningKey.generate(settings.AUDIT_ORIGIN, notes.ED25519)
    return [*(KeptKey(each.key, until) for each in kept), KeptKey(new)]


def _strangers(kept: list[KeptKey]) -> list[KeptKey]:
    """The keys of the file that the log has not introduced. Raises SignerRefused where none could introduce them."""
    if checkpoints.latest() is None:
        raise SignerRefused(
            "This log was never signed: sign it once with manage.py audit_checkpoint, then change keys."
        )
    known = keyring.known()
    strangers = [each for each in kept if each.key.verifier not in known]
    if len(strangers) == len(kept):
        raise SignerRefused(
            "The log knows none of the keys in the key file, so none can introduce another: put the former key file "
            "back. Where it is gone for good, or an earlier release began the log, name the key in AUDIT_VKEYS."
        )
    return strangers
