"""What people look at, take away, or are refused is recorded too.

A read or a refusal is recorded once for each person and page in a while, so that paging through a list or pressing
"again" does not fill the log. Only the address's name and a reference go into the log, never what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction

from audit import bounds
from audit.actions import record_system
from audit.leaf import By
from audit.models import Event

READ, REFUSED, TAKEN = "record.read", "access.refused", "export.made"
A_READ = timedelta(minutes=15)
A_REFUSAL = timedelta(minutes=1)
MOST_READS, MOST_REFUSALS = 1_000_000, 30
# A reference, a number, a code, a stream or a hash; anything else an address holds was typed by somebody.
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_-]{0,79}", re.ASCII)


def note_read(*, what: str, ref: str = "", by: By) -> Event | None:
    """Record that somebody reads what is sensitive; nothing when they did so less than a quarter of an hour ago.

    what: the name of the page; ref: which record, as a reference, a stream or a hash. Before the page is made: what
    cannot be recorded is not shown. A read that is recorded already costs one SELECT.
    """
    who, public = _stream(by), {"what": what, "ref": reference(ref)}
    about = (who, what, public["ref"])
    if bounds.noted(READ, *about, every=A_READ):
        return None
    with transaction.atomic():
        if bounds.turn(READ, *about, every=A_READ, most=MOST_READS) is None:
            return None
        return record_system(READ, by=by, public=public)


def note_refused(*, what: str, ref: str = "", by: By) -> Event | None:
    """Record that somebody was refused a page; once a minute for each page, and at most thirty pages in it."""
    who, public = _stream(by), {"what": what, "ref": reference(ref)}
    kind, about = f"{REFUSED}:{who}"[:64], (what, public["ref"])
    if bounds.noted(kind, *about, every=A_REFUSAL):
        bounds.count(kind, *about)
        return None
    with transaction.atomic():
        missed = bounds.turn(kind, *about, every=A_REFUSAL, most=MOST_REFUSALS)
        if missed is None:
            return None
        return record_system(REFUSED, by=by, public={**public, "more": missed} if missed else public)


@transaction.atomic
def note_export(
    *, what: str, form: str, rows: int, chosen: Mapping[str, str], typed: Mapping[str, str], by: By
) -> Event:
    """Record a list before its first row leaves, each time. `typed` may name a person: it stays out of the log."""
    return record_system(
        TAKEN,
        by=by,
        public={"what": what, "form": form, "rows": rows, "filter": dict(chosen)},
        private={"free_text": {"filter": dict(typed)}} if typed else None,
    )


def note_taken(*, what: str, form: str, ref: str, by: By) -> Event | None:
    """Record that somebody takes one document away, such as minutes as PDF; once in a quarter of an hour."""
    who, ref = _stream(by), reference(ref)
    about = (who, what, form, ref)
    if bounds.noted(TAKEN, *about, every=A_READ):
        return None
    with transaction.atomic():
        if bounds.turn(TAKEN, *about, every=A_READ, most=MOST_READS) is None:
            return None
        return record_system(TAKEN, by=by, public={"what": what, "form": form, "rows": 1, "ref": ref})


def reference(typed: object) -> str:
    """A part of an address as the log may hold it; nothing where it is not a reference."""
    text = str(typed)
    return text if _REFERENCE.fullmatch(text) else ""


def _stream(by: By) -> str:
    return by if isinstance(by, str) else str(by.stream)
