"""A Coalition body nominates, says in which order and how often, and takes a nomination back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from directory.forms.acting import ActingForm
from directory.forms.fields import DayField, EmailField, WholeField
from directory.models import Person
from directory.queries import today
from panels.actions.nominations import end_nomination, limit_nomination, nominate, reorder_nominations
from panels.permissions import check_nominates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from directory.models import Organisation
    from panels.models import Nomination


ANY_NUMBER = "Such as the panels of one wave. Leave it out for any number."


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
    capacity = WholeField(label="Most sittings in one round", help_text=ANY_NUMBER, required=False)

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
        given = self.cleaned_data
        nominate(body=self.body, person=self.person, starts=given["starts"], capacity=given["capacity"], by=by)
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


class Limit(ActingForm):
    """How often a nominee may be asked."""

    title = "Say how often to ask"
    intro = "Seats already taken stay taken. From now on nobody is offered more sittings in one round than this."
    button = "Save"
    capacity = WholeField(label="Most sittings in one round", help_text=ANY_NUMBER, required=False)

    def __init__(self, *args: Any, nomination: Nomination, **options: Any) -> None:
        super().__init__(*args, **options)
        self.nomination = nomination
        self.fields["capacity"].initial = nomination.capacity

    def check(self, by: Person) -> None:
        """Only the body's own nominations secretary."""
        check_nominates(by, self.nomination.body)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Whose."""
        return [("Person", self.nomination.person.display_name), ("Nominated by", self.nomination.body.name)]

    def act(self, by: Person) -> str:
        """Limit it."""
        row = limit_nomination(nomination=self.nomination, capacity=self.cleaned_data["capacity"], by=by)
        often = f"at most {row.capacity} sittings in one round" if row.capacity else "any number of sittings"
        return f"{self.nomination.person.display_name} may be asked for {often}."


class Reorder(ActingForm):
    """Whom to ask first."""

    title = "Set the order of those nominated"
    intro = "1 is asked first. Two people with the same number keep the order they have."
    button = "Save the order"

    def __init__(self, *args: Any, body: Organisation, rows: Sequence[Nomination], **options: Any) -> None:
        super().__init__(*args, **options)
        self.body, self.rows = body, rows
        if not rows:
            self.possible, self.warning = False, "Nobody is nominated now."
        for number, each in enumerate(rows, start=1):
            self.fields[f"place-{each.pk}"] = WholeField(
                label=each.person.display_name, initial=number, min_value=1, missing="Enter a place for everybody"
            )

    def check(self, by: Person) -> None:
        """Only the body's own nominations secretary."""
        check_nominates(by, self.body)

    def facts(self) -> Sequence[tuple[str, str]]:
        """On whose behalf."""
        return [("On behalf of", self.body.name)]

    def act(self, by: Person) -> str:
        """Reorder."""
        place = {each.pk: self.cleaned_data[f"place-{each.pk}"] for each in self.rows}
        reorder_nominations(body=self.body, order=sorted(place, key=place.__getitem__), by=by)
        return f"The order of those {self.body.name} nominates is saved."
