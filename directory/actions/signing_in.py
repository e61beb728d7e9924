"""Signing in, out, and in vain are entries of the log. Passwords are in none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from django.db import transaction

from audit import bounds
from audit.actions import record_system
from directory.models.people import normal_email

if TYPE_CHECKING:
    from audit.models import Event
    from directory.models import Person

FAILED = "sign_in.failed"
A_FAILURE = timedelta(minutes=1)
# Of all addresses together within a minute; the others are counted.
MOST_FAILURES = 60


@transaction.atomic
def note_signed_in(*, by: Person, way: str = "password") -> Event:
    """Record that somebody signs in, before they are let in. way: by password, or as in the demonstration."""
    return record_system("person.signed_in", by=by, public={"way": way})


@transaction.atomic
def note_signed_out(*, by: Person) -> Event:
    """Record that somebody ends their session."""
    return record_system("person.signed_out", by=by)


def note_sign_in_failed(*, email: str, by: Literal["system"] = "system") -> Event | None:
    """Record that an address and a password were refused; once a minute for an address, the others are counted.

    The entry says nothing of whether somebody has the address: it is kept in private, the password nowhere. `more` is
    how many failures went by unrecorded since the entry before.
    """
    address = normal_email(email)
    if bounds.noted(FAILED, address, every=A_FAILURE):
        bounds.count(FAILED, address)
        return None
    with transaction.atomic():
        missed = bounds.turn(FAILED, address, every=A_FAILURE, most=MOST_FAILURES)
        if missed is None:
            return None
        return record_system(FAILED, by=by, public={"more": missed}, private={"person": {"email": address}})
