"""What was asked of a panel and refused is kept: who asked, of whom, and the sentence they were given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from audit.errors import Refused
from panels.models import Panel, Refusal

if TYPE_CHECKING:
    from datetime import datetime

    from directory.models import Person
    from panels.models import Seat
    from panels.permissions import Actor

P = ParamSpec("P")
R = TypeVar("R")

# Where the arguments of an action say which panel they are about.
_OF_A_PANEL = ("appointment", "seat", "sitting", "item", "absence", "objection")


@dataclass(frozen=True)
class Note:
    """A refusal as it is to be kept, whatever transaction it happened in."""

    panel: int
    act: str
    by: Actor
    at: datetime
    sentence: str
    person: Person | None
    seat: Seat | None
    case: str
    rule: str


def noting(act: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep every refusal of an action, then let it go on; goes above `transaction.atomic`.

    The action's own work is rolled back and the refusal is noted in a transaction of its own, or in a savepoint of
    the caller's. Should the caller be rolled back for the same refusal, the next `noting` or `keeping` above it
    notes it again: once, never twice. PermissionDenied is not a refusal: it says nothing of a panel.
    """

    def decorate(action: Callable[P, R]) -> Callable[P, R]:
        @wraps(action)
        def noted(*args: P.args, **given: P.kwargs) -> R:
            try:
                return action(*args, **given)
            except Refused as error:
                if not hasattr(error, "note"):
                    error.note = _note(act, given, error)  # type: ignore[attr-defined]
                _keep(error)
                raise

        return noted

    return decorate


@contextmanager
def keeping() -> Iterator[None]:
    """Around a transaction that calls noting actions: what it refuses is kept though its work is rolled back."""
    try:
        yield
    except Refused as error:
        _keep(error)
        raise


def _note(act: str, given: Mapping[str, Any], error: Refused) -> Note:
    appointment = given.get("appointment") or getattr(given.get("absence"), "appointment", None)
    person = getattr(error, "person", None) or given.get("person") or getattr(appointment, "person", None)
    return Note(
        panel=_panel_of(given),
        act=act,
        by=given["by"],
        at=clock.now(),
        sentence=error.message,
        person=person,
        seat=getattr(error, "seat", None) or given.get("seat") or getattr(appointment, "seat", None),
        case=getattr(error, "case", "") or getattr(given.get("item"), "case_ref", ""),
        rule=getattr(error, "rule", ""),
    )


def _panel_of(given: Mapping[str, Any]) -> int:
    if "panel" in given:
        return int(given["panel"].pk)
    about = next(given[name] for name in _OF_A_PANEL if name in given)
    return int(about.appointment.panel_id if hasattr(about, "appointment") else about.panel_id)


@transaction.atomic
def _keep(error: Refused) -> None:
    """Write the refusal unless it is there already; a panel that never came to be has none."""
    note: Note | None = getattr(error, "note", None)
    panel = Panel.objects.select_for_update().filter(pk=note.panel).first() if note else None
    if note is None or panel is None:
        return
    written = Refusal.objects.filter(panel=panel, act=note.act, sentence=note.sentence, refused_at=note.at)
    if written.filter(event=getattr(error, "event", None)).exists():
        return
    event = record(
        panel,
        "panel.refused",
        by=note.by,
        ruleset=panel.ruleset,
        public=_public(note),
        private={"interest": {"sentence": note.sentence}},
        at=note.at,
    )
    settle(panel)
    Refusal.objects.create(
        event=event,
        panel=panel,
        act=note.act,
        person=note.person,
        seat=note.seat,
        case_ref=note.case,
        rule=note.rule,
        sentence=note.sentence,
        refused_to=None if note.by == "system" else note.by,
        refused_at=note.at,
    )
    error.event = event.pk  # type: ignore[attr-defined]


def _public(note: Note) -> dict[str, str | int]:
    said: dict[str, str | int] = {"act": note.act}
    if note.rule:
        said["rule"] = note.rule
    if note.seat:
        said["seat"] = note.seat.number
    if note.person:
        said["person"] = note.person.stream
    if note.case:
        said["case"] = note.case
    return said
