"""The log's head goes out once a day to people who can hold its keeper to it."""

from __future__ import annotations

from base64 import b64encode
from datetime import time
from typing import Final, Literal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import clock
from audit.actions import record_system
from audit.checkpoints import latest, origin_of
from audit.models import Checkpoint, Event
from audit.witnessing import grown, note_with_cosignatures
from authorisation.queries import checkpoint_keepers
from directory.actions import messages
from directory.models import Organisation, Person
from directory.rows import NewMessage
from directory.rules import BOARD_CODE

KIND: Final = "checkpoint.told"
# Nobody is woken for it.
NOT_BEFORE: Final = time(7)

TEXT = """\
Every step of every case is an entry in a log that can only grow. This is its signed head of today: {size} entries \
under one root. Whoever holds it can tell later whether an entry was changed or taken away.

{line}
{note}{line}

Keep this message, or save what stands between the two rows of dashes as checkpoint-{size}.txt. To compare it with one \
you had before, take verify_log.py, vkeys.txt and the proof from {site}/audit/verify/ and run

python3 verify_log.py compare OLDER.txt checkpoint-{size}.txt --keys vkeys.txt --proof proof.txt

The proof is what {site}/audit/consistency?old=N&new={size} gives, where N is the number of entries in the older one. \
If the two do not fit, keep both and tell the auditors: the log was changed. The checkpoint alone:"""
LINE = "-" * 48


def tell_checkpoint(*, by: Literal["system"] = "system") -> int:
    """Send the newest checkpoint to everybody who keeps one; how many were told.

    Once a day by London's clocks, and only when the log took more than notes on its own heads. May be called at any
    time, twice or on two machines: the event of the last time says when that was, and how long the log was.
    """
    if not _due():
        return 0
    with transaction.atomic():
        # One at a time; who waited here finds the other's event.
        list(Organisation.objects.select_for_update().filter(code=BOARD_CODE))
        newest, people = latest(), checkpoint_keepers()
        if newest is None or not people or not _due():
            return 0
        event = record_system(
            KIND,
            by=by,
            public={
                "size": newest.tree_size,
                "root": b64encode(bytes(newest.root)).decode(),
                "recipients": len(people),
            },
        )
        messages.write_many(event=event, rows=[_message(newest, person) for person in people])
    return len(people)


def _due() -> bool:
    newest = latest()
    now = timezone.localtime(clock.now())
    if newest is None or now.time() < NOT_BEFORE:
        return False
    last = Event.objects.filter(event_type=KIND).order_by("-pk").first()
    if last is None:
        return True
    told_today = timezone.localdate(last.occurred_at) >= now.date()
    return not told_today and grown(last.document["public"]["size"], newest.tree_size)


def _message(checkpoint: Checkpoint, person: Person) -> NewMessage:
    size = checkpoint.tree_size
    return NewMessage(
        to=person,
        kind=KIND,
        subject=f"Checkpoint of {origin_of(checkpoint)}: {size} entries",
        text=TEXT.format(size=size, note=note_with_cosignatures(checkpoint), site=settings.SITE_URL, line=LINE),
        link=f"/audit/checkpoints/{size}",
    )
