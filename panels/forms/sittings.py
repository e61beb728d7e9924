"""What members do at a sitting for themselves, positions entered for others, and the minutes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied

from directory.forms.acting import Group
from directory.forms.fields import AreaField, RadioField, SelectField, TextField
from panels.actions import items, minutes
from panels.actions.items import Said
from panels.actions.positions import enter_positions
from panels.actions.seats import Interest
from panels.forms.deeds import ItemForm, SittingForm
from panels.models import InterestKind, Stance
from panels.permissions import check_chairs
from panels.room import is_coalition, positions

if TYPE_CHECKING:
    from directory.models import Organisation, Person
    from panels.models import Appointment, Item


class Own(ItemForm):
    """Something a member does for themself."""

    member: Appointment

    def check(self, by: Person) -> None:
        """Whoever has an accepted place on the panel."""
        mine = [each for each in self.members if each.person_id == by.pk]
        if not mine:
            raise PermissionDenied(f"You hold no accepted seat on {self.item.panel.ref}.")
        self.member = mine[0]


class Speak(Own):
    """One's own position."""

    title = "Your position"
    intro = "You can change it until the outcome is recorded. A dissent needs its reasons; they are printed."
    button = "Enter your position"

    def build(self) -> None:
        """A stance and its reasons."""
        self.fields["stance"] = RadioField(
            label="Your position", choices=Stance.choices, inline=True, small=True, missing="Choose your position"
        )
        self.fields["reasons"] = AreaField(
            label="Your reasons", help_text="Needed for a dissent", rows=3, required=False, max_length=4000
        )

    def check(self, by: Person) -> None:
        """The member; what they said before stands in the boxes."""
        super().check(by)
        said = positions(self.item).get(self.member.pk)
        if said and said.entered_by_id == by.pk:
            self.initial = {"stance": said.stance, "reasons": said.reasons}
            self.button = "Replace your position"

    def act(self, by: Person) -> str:
        """Enter it."""
        said = Said(Stance(self.cleaned_data["stance"]), self.cleaned_data["reasons"])
        enter_positions(item=self.item, positions={self.member.pk: said}, by=by)
        return f"Your position on {self.item.case_ref} is entered."


class Enter(ItemForm):
    """Positions of members who do not enter their own."""

    title = "Enter positions for members"
    intro = (
        "As each said it in the room; leave out whoever enters their own. Somebody other than you records the outcome, "
        "and so confirms what you entered. The Coalition representative's position waits for their own hand."
    )
    button = "Enter these positions"

    def build(self) -> None:
        """Room for everybody who votes and has not entered their own."""
        said = positions(self.item)
        own = {key for key, row in said.items() if row.entered_by_id == row.appointment.person_id}
        self.waiting = [
            each for each in self.members if self.room.votes(each) and each.pk not in own and not is_coalition(each)
        ]
        for each in self.waiting:
            before = said.get(each.pk)
            self.fields[f"stance-{each.pk}"] = RadioField(
                label=f"Position of {each.person}",
                choices=Stance.choices,
                inline=True,
                small=True,
                required=False,
                initial=before.stance if before else None,
            )
            self.fields[f"reasons-{each.pk}"] = AreaField(
                label=f"Reasons of {each.person}", rows=2, required=False, initial=before.reasons if before else ""
            )
        if not self.waiting:
            self.possible, self.warning = False, "Nobody's position is left for you to enter."

    def groups(self) -> Sequence[Group]:
        """One group for each member."""
        return [
            Group(
                [self[f"stance-{each.pk}"], self[f"reasons-{each.pk}"]],
                heading=f"{each.person.display_name}, {each.place}",
                note=f"Appointed by {each.appointed_by.name}",
            )
            for each in self.waiting
        ]

    def act(self, by: Person) -> str:
        """Enter those given."""
        given = self.cleaned_data
        said = {
            each.pk: Said(Stance(given[f"stance-{each.pk}"]), given[f"reasons-{each.pk}"])
            for each in self.waiting
            if given[f"stance-{each.pk}"]
        }
        enter_positions(item=self.item, positions=said, by=by)
        return f"{len(said)} {'position is' if len(said) == 1 else 'positions are'} entered on {self.item.case_ref}."


class AtTable(Own):
    """A late interest, and out of the room."""

    title = "Declare an interest"
    intro = "It is recorded, you are tested again, and you leave the room for this item at once."
    button = "Declare it and leave the room"

    def __init__(self, *args: Any, find: Callable[[str], Organisation | None], **options: Any) -> None:
        self.find = find
        super().__init__(*args, **options)

    def build(self) -> None:
        """One interest."""
        self.fields["kind"] = SelectField(
            label="Kind of interest", choices=[("", "Choose a kind"), *InterestKind.choices], missing="Choose the kind"
        )
        self.fields["code"] = TextField(
            label="Code of the organisation",
            help_text="The one your interest is in, for example 02Q",
            width="10",
            initial=self.item.organisation.code,
            missing="Enter the code of the organisation",
        )
        self.fields["statement"] = AreaField(
            label="What the interest is", rows=3, max_length=1000, missing="Say what the interest is"
        )

    def clean(self) -> dict[str, Any]:
        """The organisation there is."""
        given = super().clean() or {}
        self.organisation = self.find(given["code"]) if given.get("code") else None
        if given.get("code") and self.organisation is None:
            self.add_error("code", f"No organisation has the code {given['code']}")
        return given

    def act(self, by: Person) -> str:
        """Declare, and leave."""
        interest = Interest(self.cleaned_data["kind"], self.organisation, self.cleaned_data["statement"])
        items.declare_at_table(item=self.item, appointment=self.member, interests=[interest], by=by)
        return f"Your interest is recorded. You have left the room for {self.item.case_ref}."


class AddNote(SittingForm):
    """A correction by addition."""

    title = "Add to the minutes"
    intro = "The minutes are drafted from the record and are not edited: what is to be corrected is added."
    button = "Add it"
    text = AreaField(label="What is to be added?", rows=4, max_length=4000, missing="Write what is to be added")

    def __init__(self, *args: Any, items: Sequence[Item], **options: Any) -> None:
        super().__init__(*args, **options)
        self.offered = {str(each.pk): each for each in items}
        about = [("", "The sitting as a whole"), *((key, each.case_ref) for key, each in self.offered.items())]
        self.fields["item"] = SelectField(label="About", choices=about, required=False)
        self.order_fields(["item", "text"])

    def act(self, by: Person) -> str:
        """Add."""
        item = self.offered.get(self.cleaned_data["item"])
        minutes.add_note(sitting=self.sitting, text=self.cleaned_data["text"], item=item, by=by)
        return "Added to the minutes."


class Sign(SittingForm):
    """The chair signs."""

    title = "Sign the minutes"
    intro = "The fingerprint of the text as it is drafted now is kept with your name. What comes later is added."
    button = "Sign the minutes"

    def check(self, by: Person) -> None:
        """The chair."""
        check_chairs(by, self.sitting.panel)

    def act(self, by: Person) -> str:
        """Sign."""
        signed = minutes.sign_minutes(sitting=self.sitting, by=by)
        return f"The minutes are signed. Their fingerprint begins {signed.signed_sha256[:12]}."


MEMBER_DEEDS: dict[str, type[ItemForm]] = {"position": Speak, "positions": Enter}
MINUTE_DEEDS: dict[str, type[SittingForm]] = {"sign": Sign}
