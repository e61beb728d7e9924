"""What a chair or the secretariat does at a sitting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from directory.forms.acting import ActingForm
from directory.forms.fields import AreaField, ManyField, RadioField, TextField
from panels.actions import items, seats, sittings
from panels.agenda import agenda_of
from panels.models import ItemState
from panels.permissions import administers, check_administers, check_runs, check_runs_item, holds_panel
from panels.policies.rooms import faults_of
from panels.room import positions, room

if TYPE_CHECKING:
    from directory.models import Person
    from panels.models import Appointment, Item, Sitting

Choices = Sequence[tuple[str, str]]


def _named(appointments: Sequence[Appointment]) -> Choices:
    return [(str(each.pk), f"{each.person.display_name}, {each.place}") for each in appointments]


class SittingForm(ActingForm):
    """Something done to a sitting as a whole."""

    def __init__(self, *args: Any, sitting: Sitting, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sitting = sitting

    def check(self, by: Person) -> None:
        """Chair or secretariat."""
        check_runs(by, self.sitting.panel)

    def facts(self) -> Sequence[tuple[str, str]]:
        """The day and what is on the agenda."""
        cases = ", ".join(each.case_ref for each in agenda_of(self.sitting))
        return [("Sitting", f"{self.sitting.on:%-d %B %Y}"), ("Cases", cases)]


class Convene(SittingForm):
    """The panel sits."""

    title = "Convene the sitting"
    intro = (
        "The panel sits when it is confirmed and every required seat, the Coalition's first of all, has a holder who "
        "can come."
    )
    button = "Convene"

    def act(self, by: Person) -> str:
        """Convene."""
        sittings.convene(sitting=self.sitting, by=by)
        return "The sitting is convened. Open its items one by one."


class Close(SittingForm):
    """The day is over."""

    title = "Close the sitting"
    intro = "What was not decided is listed again for another day."
    button = "Close the sitting"

    def act(self, by: Person) -> str:
        """Close."""
        sittings.close_sitting(sitting=self.sitting, by=by)
        return "The sitting is closed."


class ItemForm(ActingForm):
    """Something done to one item."""

    def __init__(self, *args: Any, item: Item, outcomes: Choices = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.item, self.outcomes = item, outcomes
        self.room = room(item.panel, item)
        self.members = list(self.room.appointments)
        self.build()

    def build(self) -> None:
        """Add the fields that depend on who has a seat."""

    def check(self, by: Person) -> None:
        """Chair or secretariat; a chair who left the room for the item runs it no more."""
        check_runs_item(by, self.item)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Which case it is."""
        return [("Case", f"{self.item.organisation.name}, {self.item.case_ref}")]

    def chosen(self, name: str) -> Appointment:
        """The member picked in a field."""
        return next(each for each in self.members if str(each.pk) == self.cleaned_data[name])

    def pick(self, label: str, members: Sequence[Appointment], missing: str, nobody: str) -> None:
        """A choice of one member; `nobody` says what it means that there is none."""
        self.fields["member"] = RadioField(label=label, choices=_named(members), missing=missing, small=True)
        if not members:
            self.possible, self.warning = False, nobody


class Open(ItemForm):
    """Take an item."""

    title = "Open the item"
    intro = (
        "Everybody present is tested for disinterest now. Whoever is barred leaves the room for this item, and the "
        "item opens only if a Coalition representative stays. A seat is held by one person: an alternate is present "
        "when those before them are away, barred, or out of the room."
    )
    button = "Open the item"

    def build(self) -> None:
        """Everybody is offered; whoever is next for each seat is ticked."""
        self.fields["present"] = ManyField(
            label="Who is present?",
            choices=[(str(each.pk), self._said(each)) for each in self.members],
            initial=[str(each.pk) for each in self.members if self._next(each)],
            missing="Say who is present",
            small=True,
        )

    def _said(self, each: Appointment) -> str:
        now = self.room
        if each.pk in now.away:
            note = ": away that day"
        elif each.pk not in now.trained:
            note = ": no training on record"
        else:
            note = f": leaves the room, barred by {now.verdict(each).rule}" if now.barred(each) else ""
        return f"{each.person.display_name}, {each.place}{note}"

    def _next(self, each: Appointment) -> bool:
        fit = [other for other in self.room.of_seat(each) if self.room.may_hold(other)]
        return bool(fit) and fit[0].pk == each.pk

    def act(self, by: Person) -> str:
        """Open."""
        here = set(self.cleaned_data["present"])
        items.open_item(item=self.item, present=[each for each in self.members if str(each.pk) in here], by=by)
        return f"{self.item.case_ref} is open before the panel."


class Recuse(ItemForm):
    """A member leaves the room."""

    title = "Note that a member leaves the room"
    intro = "The item stops at once when the Coalition seat is left empty or quorum is lost."
    button = "Note that they leave"

    def build(self) -> None:
        """Whoever has not left yet."""
        left = [each for each in self.members if each.pk not in self.room.out]
        self.pick("Who leaves?", left, "Choose the member who leaves", "Everybody has left the room already.")
        self.fields["reason"] = AreaField(label="Why?", rows=3, missing="Say why the member leaves", max_length=400)

    def check(self, by: Person) -> None:
        """Chair or secretariat for anybody, and every member for themselves."""
        mine = [each for each in self.members if each.person_id == by.pk]
        if not mine or administers(by) or holds_panel(by, "chair", self.item.panel):
            super().check(by)
            return
        self.members = mine
        self.title, self.button = "Leave the room", "Leave the room"
        self.fields["member"] = RadioField(
            label="Who leaves?", choices=_named(mine), initial=str(mine[0].pk), missing="Choose yourself", small=True
        )
        self.order_fields(["member", "reason"])

    def act(self, by: Person) -> str:
        """Recuse."""
        member = self.chosen("member")
        item = items.recuse(item=self.item, appointment=member, reason=self.cleaned_data["reason"], by=by)
        return f"{member.person} has left the room for {self.item.case_ref}.{_stopped(item)}"


class Depart(ItemForm):
    """A member goes without an interest, or an alternate cannot come."""

    title = "Note that a member goes, or cannot come"
    intro = "They may come back. To note an interest, note that they leave the room instead."
    button = "Note it"

    def build(self) -> None:
        """Whoever is in the room, and alternates nobody has noted yet."""
        now = self.room
        here = [
            each for each in self.members if now.here(each) or (each.pk not in now.noted and each.pk not in now.out)
        ]
        self.pick("Who is it?", here, "Choose the member", "Nobody is in the room.")

    def act(self, by: Person) -> str:
        """Note the departure."""
        member = self.chosen("member")
        item = items.note_departure(item=self.item, appointment=member, by=by)
        return f"{member.person} is out of the room for {self.item.case_ref}.{_stopped(item)}"


class Arrive(ItemForm):
    """A member joins late, or an alternate takes the seat."""

    title = "Note that a member arrives"
    intro = "An alternate who arrives takes the seat, when nobody before them can."
    button = "Note that they arrive"

    def build(self) -> None:
        """Whoever is neither there nor has left."""
        away = [each for each in self.members if not self.room.here(each) and each.pk not in self.room.out]
        self.pick("Who arrives?", away, "Choose the member who arrives", "Everybody who may come is in the room.")

    def act(self, by: Person) -> str:
        """Note the arrival."""
        member = self.chosen("member")
        items.note_arrival(item=self.item, appointment=member, by=by)
        return f"{member.person} has joined {self.item.case_ref}."


class Decide(ItemForm):
    """Outcome and reasons, on the positions entered."""

    title = "Record the outcome"
    intro = "What somebody else entered for a member, you confirm."
    button = "Record the outcome"

    def build(self) -> None:
        """The outcome, then its reasons."""
        self.said = positions(self.item)
        if self.outcomes:
            self.fields["outcome"] = RadioField(
                label="Outcome",
                choices=self.outcomes,
                initial=self.outcomes[0][0] if len(self.outcomes) == 1 else None,
                missing="Choose the outcome",
                size="m",
            )
        else:
            self.fields["outcome"] = TextField(label="Outcome", max_length=40, missing="Enter the outcome")
        self.fields["reasons"] = AreaField(label="The panel's reasons", missing="Give the panel's reasons", size="m")

    def check(self, by: Person) -> None:
        """Chair or secretariat; what is missing is said before anything is entered."""
        super().check(by)
        self.warning = " ".join(faults_of(self.room, self.said, by))
        if not self.warning:
            self.intro = f"Every member who votes has a position. {self.intro}"

    def facts(self) -> Sequence[tuple[str, str]]:
        """The case, and each position as it stands."""
        voting = [each for each in self.members if self.room.votes(each)]
        return [
            *super().facts(),
            *((f"{each.person.display_name}, {each.place}", self._stands(each)) for each in voting),
        ]

    def _stands(self, each: Appointment) -> str:
        if each.pk not in self.said:
            return "No position yet"
        said = self.said[each.pk]
        entered = said.entered_by
        by = f" (entered by {entered})" if entered and entered.pk != each.person_id else ""
        return f"{said.get_stance_display()}{by}" + (f": {said.reasons}" if said.reasons else "")

    def act(self, by: Person) -> str:
        """Decide."""
        given = self.cleaned_data
        items.decide_item(item=self.item, outcome=given["outcome"], reasons=given["reasons"], by=by)
        return f"The outcome on {self.item.case_ref} is recorded, with every position and the composition of the panel."


def _stopped(item: Item) -> str:
    return "" if item.state == ItemState.OPEN else " The item has stopped: see who could fill the seat."


class StandDown(ActingForm):
    """A member leaves the panel."""

    title = "Stand a member down"
    intro = "Nothing they did is undone. The seat is free for somebody else."
    button = "Stand down"
    reason = AreaField(label="Why?", rows=3, missing="Say why the member stands down")

    def __init__(self, *args: Any, appointment: Appointment, **options: Any) -> None:
        super().__init__(*args, **options)
        self.appointment = appointment

    def check(self, by: Person) -> None:
        """Oneself or the secretariat."""
        if by.pk != self.appointment.person_id:
            check_administers(by)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Who leaves which seat."""
        return [("Member", self.appointment.person.display_name), ("Seat", self.appointment.seat.title)]

    def act(self, by: Person) -> str:
        """Stand down."""
        seats.stand_down(appointment=self.appointment, by=by, reason=self.cleaned_data["reason"])
        return f"{self.appointment.person} has stood down."


SITTING_DEEDS: dict[str, type[SittingForm]] = {"convene": Convene, "close": Close}
ITEM_DEEDS: dict[str, type[ItemForm]] = {
    "open": Open,
    "recuse": Recuse,
    "depart": Depart,
    "arrive": Arrive,
    "decide": Decide,
}
