"""The CCG's windows: opened, answered, waived, lapsed. Called by the flow, which holds the lock and settles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from audit import clock
from audit.actions import record
from authorisation.calendar import closes_at
from authorisation.enums import WindowKind
from authorisation.errors import WindowRefused
from authorisation.models import Application, Window, WindowAnswer

if TYPE_CHECKING:
    from audit.models import Event
    from directory.models import Person


def open_window(application: Application, event: Event, kind: WindowKind) -> Window:
    """Start the clock of a window; its length comes from the rule set pinned to the application."""
    now = clock.now()
    return Window.objects.create(
        event=event,
        application=application,
        attempt=application.attempt,
        kind=kind,
        opens_at=now,
        closes_at=closes_at(now, application.ruleset.body["windows"][kind.value]),
    )


def window_of(application: Application, kind: WindowKind) -> Window:
    """The window of the present attempt. Raises WindowRefused when it was never opened."""
    window = Window.objects.filter(application=application, attempt=application.attempt, kind=kind).first()
    if window is None:
        raise WindowRefused(f"{application.ref} has no open window: {kind.label.lower()}.")
    return window


def answer(application: Application, *, kind: WindowKind, text: str, by: Person, waive: bool = False) -> None:
    """The CCG answers; with `waive` it also gives up the days that are left.

    In time or not is decided by the moment of receipt against the closing moment, not by whether the sweep has run.
    Raises WindowRefused for an answer after the window or without text.
    """
    window, now = window_of(application, kind), clock.now()
    if now > window.closes_at:
        raise WindowRefused(
            f"The window closed on {window.closes_at:%-d %B %Y}: the answer cannot be taken. "
            "Ask the secretariat how to bring new evidence to a review."
        )
    if window.answered_at or window.stopped_at or window.lapsed_at:
        raise WindowRefused(
            f"{application.ref} has no window open ({window.get_kind_display().lower()}): it was answered, has lapsed "
            "or was stopped by a deferral."
        )
    if not text.strip():
        raise WindowRefused("The answer is empty: write your comments, or that you have none.")
    event = record(
        application,
        "window.answered",
        by=by,
        ruleset=application.ruleset.version,
        public={"kind": kind.value, "waived": waive},
        private={"free_text": {"text": text}},
    )
    WindowAnswer.objects.create(event=event, window=window, text=text, sent_by=by, received_at=now)
    window.event, window.answered_at, window.waived_at = event, now, now if waive else None
    window.save()


def lapse(application: Application, *, kind: WindowKind, by: Literal["system"] = "system") -> None:
    """The window ended and the CCG did not answer. The clock says so, not a person."""
    window = window_of(application, kind)
    if window.answered_at or window.stopped_at or window.lapsed_at:
        raise WindowRefused(f"The window of {application.ref} has ended already: {window.get_kind_display().lower()}.")
    if clock.now() < window.closes_at:
        raise WindowRefused(f"The window of {application.ref} is open until {window.closes_at:%-d %B %Y}.")
    event = record(
        application, "window.lapsed", by=by, ruleset=application.ruleset.version, public={"kind": kind.value}
    )
    window.event, window.lapsed_at = event, clock.now()
    window.save()
