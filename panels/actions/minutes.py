"""Minutes: drafted from the record, corrected by addition, signed by the chair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from panels.errors import SittingRefused
from panels.minutes import draft
from panels.models import Item, MinuteNote, Panel, Sitting
from panels.permissions import check_chairs, check_runs, check_runs_item
from panels.states import SittingState

if TYPE_CHECKING:
    from directory.models import Person

NOTE_LENGTH = 4_000


@transaction.atomic
def add_note(*, sitting: Sitting, text: str, by: Person, item: Item | None = None) -> MinuteNote:
    """Add a sentence to the minutes, about one item or all of them; nothing that is drafted is ever changed.

    Raises SittingRefused before the panel sits, and for a note that is empty or over 4,000 characters.
    """
    panel, sitting = _lock(sitting)
    check_runs(by, panel)
    if item is not None:
        if item.sitting_id != sitting.pk:
            raise SittingRefused(f"{item.case_ref} is not on the agenda of {sitting}.")
        item.panel = panel
        check_runs_item(by, item)
    if sitting.convened_at is None:
        raise SittingRefused(f"{sitting} is not convened yet: there are no minutes to add to.")
    if not 0 < len(text.strip()) <= NOTE_LENGTH:
        raise SittingRefused(f"Write what is to be added, in up to {NOTE_LENGTH:,} characters.")
    public = {"on": sitting.on.isoformat(), "case": item.case_ref if item else ""}
    event = record(
        panel,
        "minutes.noted",
        by=by,
        ruleset=panel.ruleset,
        public=public,
        private={"free_text": {"text": text.strip()}},
    )
    settle(panel)
    return MinuteNote.objects.create(
        event=event, sitting=sitting, item=item, text=text.strip(), written_by=by, written_at=clock.now()
    )


@transaction.atomic
def sign_minutes(*, sitting: Sitting, by: Person) -> MinuteNote:
    """The chair signs the minutes as they are drafted now: the SHA-256 of their text is kept.

    Raises SittingRefused before the sitting is over, and when they are signed already: what comes later is added.
    """
    panel, sitting = _lock(sitting)
    check_chairs(by, panel)
    if sitting.state != SittingState.OVER:
        raise SittingRefused(f"{sitting} is not over: close it before its minutes are signed.")
    minutes = draft(sitting)
    if minutes.signature:
        raise SittingRefused(f"The minutes of {sitting} are signed already: add a note instead.")
    event = record(
        panel,
        "minutes.signed",
        by=by,
        ruleset=panel.ruleset,
        public={"on": sitting.on.isoformat(), "minutes_sha256": minutes.sha256},
    )
    settle(panel)
    return MinuteNote.objects.create(
        event=event, sitting=sitting, signed_sha256=minutes.sha256, written_by=by, written_at=clock.now()
    )


def _lock(sitting: Sitting) -> tuple[Panel, Sitting]:
    panel = Panel.objects.select_for_update().get(pk=sitting.panel_id)
    fresh = Sitting.objects.get(pk=sitting.pk)
    fresh.panel = panel
    return panel, fresh
