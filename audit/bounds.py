"""How often the same thing is recorded: once in a while, so that nobody can flood the log."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

from audit import clock
from audit.models import Noted

# Something may be recorded so often within its time, whoever or whatever it is about.
MOST = 60

_TAKE = "INSERT INTO audit_noted (key, kind, until, more) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
_FORGET = "DELETE FROM audit_noted WHERE kind = %s AND (until <= %s OR until > %s) RETURNING more"


def noted(kind: str, *about: str, every: timedelta) -> bool:
    """Whether this was recorded less than `every` ago. One SELECT, and no lock: ask before opening a transaction."""
    return Noted.objects.filter(_live(every), key=_key(kind, about)).exists()


def count(kind: str, *about: str) -> None:
    """Count one more of what was recorded already."""
    Noted.objects.filter(key=_key(kind, about)).update(more=F("more") + 1)


def turn(kind: str, *about: str, every: timedelta, most: int = MOST) -> int | None:
    """Take the turn to record this: how many of its kind went by since the last one; None when it is not due.

    In the caller's transaction, together with the event. It is not due when another transaction took the turn, or when
    `most` of the kind were recorded within `every`; it is counted then, and a later entry tells the number.
    """
    missed = _forget(kind, every)
    crowded = Noted.objects.filter(kind=kind).count() >= most
    until = connection.ops.adapt_datetimefield_value(clock.now() + every)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, (_key(kind, about), kind, until, missed + 1 if crowded else 0))
        mine = cursor.rowcount == 1
    if not mine:
        Noted.objects.filter(key=_key(kind, about)).update(more=F("more") + missed + 1)
    return missed if mine and not crowded else None


def _live(every: timedelta) -> Q:
    """Rows whose time is not over; a clock that was set back ends it as well."""
    now = clock.now()
    return Q(until__gt=now, until__lte=now + every)


def _forget(kind: str, every: timedelta) -> int:
    """Forget the rows whose time is over; the number they had counted, each of them once."""
    now, adapt = clock.now(), connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, (kind, adapt(now), adapt(now + every)))
        return sum(more for (more,) in cursor.fetchall())


def _key(kind: str, about: tuple[str, ...]) -> str:
    """A keyed hash: the memo is read by nobody, and a stolen copy of it tells nothing."""
    return salted_hmac("audit.bounds", "\x00".join((kind, *about)), algorithm="sha256").hexdigest()
