"""What a chair or the secretariat does at a sitting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from directory.forms.acting import ActingForm, Group
from directory.forms.fields import AreaField, ManyField, RadioField, TextField
from panels.actions import items, seats, sittings
from panels.actions.items import Said
from panels.models import Stance
from panels.permissions import administers, check_administers, check_runs, holds_panel
from panels.queries import accepted, present_by_appointment, recused

if TYPE_CHECKING:
    from directory.models import Person
    from panels.models import Appointment, Item, Sitting

Choices = Sequence[tuple[str, str]]


def _named(appointments: Sequence[Appointment]) -> Choices:
    return [(str(each.pk), f"{each.person.display_name}, {each.seat.title}") for each in appointments]


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
        cases = ", ".join(self.sitting.items.order_by("number").values_list("case_ref", flat=True))
        return [("Sitting", f"{self.sitting.on:%-d %B %Y}"), ("Cases", cases)]


class Convene(SittingForm):
    """The panel sits."""

    title = "Convene the sitting"
    intro = "The panel can sit when every required seat, the Coalition's first of all, has an accepted member."
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
        self.members = accepted(item.panel)
        self.build()

    def build(self) -> None:
        """Add the fields that depend on who has a seat."""

    def check(self, by: Person) -> None:
        """Chair or secretariat."""
        check_runs(by, self.item.panel)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Which case it is."""
        return [("Case", f"{self.item.organisation.name}, {self.item.case_ref}")]

    def chosen(self, name: str) -> Appointment:
        """The member picked in a field."""
        return next(each for each in self.members if str(each.pk) == self.cleaned_data[name])


class Open(ItemForm):
    """Take an item."""

    title = "Open the item"
    intro = (
        "Everybody present is tested for disinterest now. Whoever is barred leaves the room for this item, and the "
        "item opens only if a Coalition representative stays."
    )
    button = "Open the item"

    def build(self) -> None:
        """Everybody is offered, and ticked."""
        everybody = _named(self.members)
        self.fields["present"] = ManyField(
            label="Who is present?",
            choices=everybody,
            initial=[key for key, _ in everybody],
            missing="Say who is present",
            small=True,
        )

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
        out = recused(self.item)
        here = [each for each in self.members if each.pk not in out]
        self.fields["member"] = RadioField(
            label="Who leaves?", choices=_named(here), missing="Choose the member who leaves", small=True
        )
        self.fields["reason"] = AreaField(label="Why?", rows=3, missing="Say why the member leaves", max_length=400)

    def check(self, by: Person) -> None:
        """Chair or secretariat for anybody, and every member for themselves."""
        mine = [each for each in self.members if each.person_id == by.pk]
        if not mine or administers(by) or holds_panel(by, "chair", self.item.panel):
            super().check(by)
            return
        self.members = mine
        self.fields["member"] = RadioField(
            label="Who leaves?", choices=_named(mine), initial=str(mine[0].pk), missing="Choose yourself", small=True
        )
        self.order_fields(["member", "reason"])

    def act(self, by: Person) -> str:
        """Recuse."""
        member = self.chosen("member")
        item = items.recuse(item=self.item, appointment=member, reason=self.cleaned_data["reason"], by=by)
        stopped = " The item has stopped: it goes on when the panel is competent again." if item.state != "open" else ""
        return f"{member.person} has left the room for {self.item.case_ref}.{stopped}"


class Arrive(ItemForm):
    """A member joins late."""

    title = "Note that a member arrives"
    button = "Note that they arrive"

    def build(self) -> None:
        """Whoever is neither there nor barred."""
        here, out = present_by_appointment(self.item), recused(self.item)
        away = [each for each in self.members if not here.get(each.pk) and each.pk not in out]
        self.fields["member"] = RadioField(
            label="Who arrives?", choices=_named(away), missing="Choose the member who arrives", small=True
        )

    def act(self, by: Person) -> str:
        """Note the arrival."""
        member = self.chosen("member")
        items.note_arrival(item=self.item, appointment=member, by=by)
        return f"{member.person} has joined {self.item.case_ref}."


class Decide(ItemForm):
    """Positions, outcome, reasons."""

    title = "Record the outcome"
    intro = "Each member who is present and has not left takes a position. A dissent needs its reasons."
    button = "Record the outcome"

    def build(self) -> None:
        """A position for everybody who is there, then the outcome."""
        here, out = present_by_appointment(self.item), recused(self.item)
        self.counted = [each for each in self.members if here.get(each.pk) and each.pk not in out]
        for each in self.counted:
            self.fields[f"stance-{each.pk}"] = RadioField(
                label=f"Position of {each.person}",
                choices=Stance.choices,
                inline=True,
                small=True,
                missing=f"Choose the position of {each.person}",
            )
            self.fields[f"reasons-{each.pk}"] = AreaField(label=f"Reasons of {each.person}", rows=2, required=False)
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

    def groups(self) -> Sequence[Group]:
        """One group for each member, then the outcome."""
        each = [
            Group(
                [self[f"stance-{member.pk}"], self[f"reasons-{member.pk}"]],
                heading=f"{member.person.display_name}, {member.seat.title}",
                note=f"Appointed by {member.appointed_by.name}",
            )
            for member in self.counted
        ]
        return [*each, Group([self["outcome"], self["reasons"]])]

    def act(self, by: Person) -> str:
        """Decide."""
        given = self.cleaned_data
        positions = {
            each.pk: Said(Stance(given[f"stance-{each.pk}"]), given[f"reasons-{each.pk}"]) for each in self.counted
        }
        items.decide_item(
            item=self.item, outcome=given["outcome"], reasons=given["reasons"], positions=positions, by=by
        )
        return f"The outcome on {self.item.case_ref} is recorded, with every position and the composition of the panel."


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
ITEM_DEEDS: dict[str, type[ItemForm]] = {"open": Open, "recuse": Recuse, "arrive": Arrive, "decide": Decide}
