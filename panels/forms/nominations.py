"""A Coalition body nominates, and takes a nomination back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from directory.forms.acting import ActingForm
from directory.forms.fields import DayField, EmailField
from directory.models import Person
from directory.queries import today
from panels.actions.nominations import end_nomination, nominate
from panels.permissions import check_nominates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from directory.models import Organisation
    from panels.models import Nomination


class Nominate(ActingForm):
    """Offer a person for the Coalition seat of any panel."""

    title = "Nominate a person"
    intro = (
        "Whoever you nominate may be offered the Coalition seat of a panel. They are tested for disinterest before "
        "each offer, and are free to decline it."
    )
    button = "Nominate"
    email = EmailField(
        label="E-mail address", help_text="As the directory has it", missing="Enter the person's e-mail address"
    )
    starts = DayField(label="From", missing="Enter the first day of the nomination")

    def __init__(self, *args: Any, body: Organisation, **options: Any) -> None:
        super().__init__(*args, **options)
        self.body = body
        self.fields["starts"].initial = today()

    def check(self, by: Person) -> None:
        """Only the body's own nominations secretary."""
        check_nominates(by, self.body)

    def facts(self) -> Sequence[tuple[str, str]]:
        """On whose behalf."""
        return [("On behalf of", self.body.name)]

    def clean_email(self) -> str:
        """An address the directory knows."""
        email = str(self.cleaned_data["email"])
        self.person = Person.objects.filter(email__iexact=email.strip(), is_active=True).first()
        if self.person is None:
            self.add_error("email", f"Nobody in the directory has the address {email}: ask the secretariat to add them")
        return email

    def act(self, by: Person) -> str:
        """Nominate."""
        assert self.person is not None
        nominate(body=self.body, person=self.person, starts=self.cleaned_data["starts"], by=by)
        return f"{self.person.display_name} is nominated by {self.body.name}."


class EndNomination(ActingForm):
    """Take a nomination back. What the person judged stays judged, and the seats they hold stay theirs."""

    title = "End a nomination"
    intro = "From the day after, no seat can be offered on it. Seats the person has taken are not touched."
    button = "End the nomination"
    ends = DayField(label="Last day", missing="Enter the last day of the nomination")

    def __init__(self, *args: Any, nomination: Nomination, **options: Any) -> None:
        super().__init__(*args, **options)
        self.nomination = nomination
        self.fields["ends"].initial = today()

    def check(self, by: Person) -> None:
        """Only the body's own nominations secretary."""
        check_nominates(by, self.nomination.body)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Whose, and since when."""
        return [
            ("Person", self.nomination.person.display_name),
            ("Nominated by", self.nomination.body.name),
            ("Since", f"{self.nomination.starts:%-d %B %Y}"),
        ]

    def act(self, by: Person) -> str:
        """End it."""
        end_nomination(nomination=self.nomination, ends=self.cleaned_data["ends"], by=by)
        return f"The nomination of {self.nomination.person.display_name} ends on {self.cleaned_data['ends']:%-d %B %Y}."
