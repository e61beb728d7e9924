"""An applicant objects to somebody who would judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from directory.forms.acting import ActingForm
from directory.forms.fields import AreaField, RadioField
from panels.actions.objections import object_to
from panels.models import InterestKind
from panels.permissions import check_objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from directory.models import Person
    from panels.models import Appointment, Item


class Object(ActingForm):
    """Say why a member is not disinterested."""

    title = "Object to a member of the panel"
    intro = (
        "The conflicts guardian of the Board reads what you say and rules on it before the panel sits. Until then the "
        "member declares the interest. The member reads what you say; so do auditors and the secretariat."
    )
    button = "Object"
    kind = RadioField(
        label="What ties them to your case?", choices=InterestKind.choices, missing="Choose the kind of interest"
    )
    statement = AreaField(
        label="Why are they not disinterested?",
        help_text="Say what you know and how you know it",
        missing="Say why they are not disinterested",
        max_length=4000,
    )

    def __init__(self, *args: Any, item: Item, appointment: Appointment, **options: Any) -> None:
        super().__init__(*args, **options)
        self.item, self.appointment = item, appointment

    def check(self, by: Person) -> None:
        """Whoever answers for the organisation under review."""
        check_objects(by, self.item.organisation)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Who, in which seat, on whose appointment, when."""
        return [
            ("Member", self.appointment.person.display_name),
            ("Seat", self.appointment.place),
            ("Appointed by", self.appointment.appointed_by.name),
            ("Panel", str(self.item.panel)),
            ("Sits on", f"{self.item.sitting.on:%-d %B %Y}"),
        ]

    def act(self, by: Person) -> str:
        """Object."""
        object_to(
            panel=self.item.panel,
            person=self.appointment.person,
            case_ref=self.item.case_ref,
            kind=self.cleaned_data["kind"],
            statement=self.cleaned_data["statement"],
            by=by,
        )
        return f"Your objection to {self.appointment.person} is with the conflicts guardian."
