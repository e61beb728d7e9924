"""The states of an appointment, a sitting and an item, and every move between them: the one place that says so.

Actions and policies ask these tables, a trigger is written from one, and the pictures in docs/generated/ are drawn
from them. A move whose two states are the same is an act that leaves things as they stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from django.db.models import TextChoices


class AppointmentState(TextChoices):
    """Where an appointment stands."""

    PROPOSED = "proposed", "Proposed"
    INVITED = "invited", "Invited"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    STOOD_DOWN = "stood_down", "Stood down"


class PanelState(TextChoices):
    """Where a panel stands; read from its seats, its sittings and its two moments, never stored."""

    PROPOSED = "proposed", "Proposed"
    INVITED = "invited", "Invited"
    CONFIRMED = "confirmed", "Confirmed"
    SITTING = "sitting", "Sitting"
    CLOSED = "closed", "Closed"


class SittingState(TextChoices):
    """Where a sitting stands; read from its two moments, never stored."""

    LISTED = "listed", "Listed"
    IN_SESSION = "in_session", "In session"
    OVER = "over", "Over"


class ItemState(TextChoices):
    """Where an item of the agenda stands."""

    LISTED = "listed", "Listed"
    OPEN = "open", "Open"
    STOPPED = "stopped", "Stopped"
    CLOSED = "closed", "Closed"


State = TypeVar("State", bound=TextChoices)


@dataclass(frozen=True)
class Move(Generic[State]):
    """One arrow: the action, from where (None: a new row) to where, and what happens in words."""

    act: str
    before: State | None
    after: State
    text: str


@dataclass(frozen=True)
class Life(Generic[State]):
    """Every move of one kind of thing. An action that is not in the table is a fault of ours: KeyError."""

    title: str
    states: type[State]
    moves: tuple[Move[State], ...]

    def open_to(self, act: str) -> tuple[State, ...]:
        """The states in which an action is possible, in the table's order."""
        return tuple(dict.fromkeys(move.before for move in self._of(act) if move.before is not None))

    def after(self, act: str) -> State:
        """Where an action leads that leads to one state only; ValueError for any other."""
        (only,) = {move.after for move in self._of(act)}
        return only

    def check(self, act: str, before: State | str, after: State | str) -> None:
        """Raise ValueError for a move that is not in the table."""
        if not any((move.before, move.after) == (before, after) for move in self._of(act)):
            raise ValueError(f"{act} may not take {self.title} from {before} to {after}.")

    def refused_sql(self) -> str:
        """The condition, over OLD and NEW of an UPDATE, under which the change is none of these moves."""
        changes = dict.fromkeys(
            (move.before, move.after) for move in self.moves if move.before not in {None, move.after}
        )
        moves = [f"(OLD.state = '{before}' AND NEW.state = '{after}')" for before, after in changes]
        return f"NOT ({' OR '.join(moves)})"

    def _of(self, act: str) -> list[Move[State]]:
        found = [move for move in self.moves if move.act == act]
        if not found:
            raise KeyError(act)
        return found


_P, _A, _S, _I = PanelState, AppointmentState, SittingState, ItemState

APPOINTMENT: Final = Life(
    "an appointment",
    AppointmentState,
    (
        Move("fill_seats", None, _A.PROPOSED, "proposed for a seat, tested against every listed case"),
        Move("invite", _A.PROPOSED, _A.INVITED, "asked by a message with a link; papers stay closed"),
        Move("accept_seat", _A.INVITED, _A.ACCEPTED, "declares interests and accepts; the papers open"),
        Move("accept_seat", _A.INVITED, _A.DECLINED, "declares interests that bar from every case: the seat is free"),
        Move("decline_seat", _A.INVITED, _A.DECLINED, "says no"),
        Move("stand_down", _A.PROPOSED, _A.STOOD_DOWN, "taken back, with the reason"),
        Move("stand_down", _A.INVITED, _A.STOOD_DOWN, "taken back, with the reason"),
        Move("declare_again", _A.ACCEPTED, _A.ACCEPTED, "renews the declaration, tested again"),
        Move("substitute", _A.ACCEPTED, _A.ACCEPTED, "the first alternate takes an empty seat, tested again"),
        Move("stand_down", _A.ACCEPTED, _A.STOOD_DOWN, "leaves the panel, with the reason"),
    ),
)

PANEL: Final = Life(
    "a panel",
    PanelState,
    (
        Move("propose_panel", None, _P.PROPOSED, "the seats of its plan, all empty"),
        Move("fill_seats", _P.PROPOSED, _P.PROPOSED, "people named for seats, members and ranked alternates"),
        Move("invite", _P.PROPOSED, _P.INVITED, "those named are asked"),
        Move("confirm_panel", _P.INVITED, _P.CONFIRMED, "every required seat accepted and trained, agendas in order"),
        Move("stand_down", _P.CONFIRMED, _P.INVITED, "a member leaves: it is confirmed again before it sits"),
        Move("convene", _P.CONFIRMED, _P.SITTING, "one of its days has come"),
        Move("close_sitting", _P.SITTING, _P.CONFIRMED, "a standing panel sits again on its next day"),
        Move("close_panel", _P.PROPOSED, _P.CLOSED, "given up, with the reason"),
        Move("close_panel", _P.INVITED, _P.CLOSED, "given up, with the reason"),
        Move("close_panel", _P.CONFIRMED, _P.CLOSED, "its work is done; the papers close"),
    ),
)

SITTING: Final = Life(
    "a sitting",
    SittingState,
    (
        Move("list_sitting", None, _S.LISTED, "a day with its agenda"),
        Move(
            "convene", _S.LISTED, _S.IN_SESSION, "panel confirmed, every required seat accepted, the Coalition's first"
        ),
        Move("close_sitting", _S.IN_SESSION, _S.OVER, "no item is open"),
    ),
)

ITEM: Final = Life(
    "an item",
    ItemState,
    (
        Move("list_sitting", None, _I.LISTED, "on the agenda of a sitting"),
        Move("open_item", _I.LISTED, _I.OPEN, "sitting in session, panel competent, the barred sent out"),
        Move("recuse", _I.OPEN, _I.OPEN, "a member leaves the room, still competent"),
        Move("recuse", _I.OPEN, _I.STOPPED, "a member leaves the room, no longer competent"),
        Move("recuse", _I.STOPPED, _I.STOPPED, "another member leaves the room"),
        Move("declare_again", _I.OPEN, _I.STOPPED, "a late declaration sends a member out, no longer competent"),
        Move("rule", _I.OPEN, _I.STOPPED, "a ruling of the conflicts guardian sends a member out, no longer competent"),
        Move("examine_again", _I.OPEN, _I.STOPPED, "a new post or tie sends a member out, no longer competent"),
        Move("note_departure", _I.OPEN, _I.OPEN, "a member goes, still competent"),
        Move("note_departure", _I.OPEN, _I.STOPPED, "a member goes, no longer competent"),
        Move("note_departure", _I.STOPPED, _I.STOPPED, "another member goes"),
        Move("note_arrival", _I.OPEN, _I.OPEN, "a member arrives"),
        Move("note_arrival", _I.OPEN, _I.STOPPED, "a member arrives, but another test has meanwhile failed"),
        Move("note_arrival", _I.STOPPED, _I.OPEN, "a member arrives, competent again"),
        Move("note_arrival", _I.STOPPED, _I.STOPPED, "a member arrives, not competent yet"),
        Move("decide_item", _I.OPEN, _I.CLOSED, "positions, composition and outcome recorded"),
    ),
)
