"""Training is recorded for several people at once, and ended for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Lower

from directory.forms.acting import ActingForm
from directory.forms.fields import AreaField, DayField, SelectField
from directory.models import Person
from directory.queries import today
from panels.actions.accreditations import accredit_many, end_accreditation
from panels.permissions import check_administers

if TYPE_CHECKING:
    from directory.models import Organisation
    from panels.models import Accreditation

MOST = 200


def titled(kind: str) -> str:
    """A kind of training as people read it."""
    return kind.replace("_", " ").capitalize()


class Record(ActingForm):
    """Training several people have had."""

    title = "Record training"
    intro = "Most seats ask for it before a first sitting. Whoever has none on record does not count."
    button = "Record it"
    people = AreaField(
        label="Who?",
        help_text="Their e-mail addresses, one a line, as the directory has them",
        rows=6,
        missing="Enter at least one e-mail address",
    )
    starts = DayField(label="From", help_text="The day of the training", missing="Enter the day of the training")
    ends = DayField(label="Last day it counts", help_text="Leave it out when it does not run out", required=False)

    def __init__(self, *args: Any, kinds: Sequence[str], bodies: Sequence[Organisation], **options: Any) -> None:
        super().__init__(*args, **options)
        self.bodies = {str(each.pk): each for each in bodies}
        self.fields["kind"] = SelectField(
            label="Training", choices=[(kind, titled(kind)) for kind in kinds], missing="Choose the training"
        )
        self.fields["body"] = SelectField(
            label="Given by",
            choices=[("", "Choose"), *((key, str(each)) for key, each in self.bodies.items())],
            missing="Choose who gave it",
        )
        self.order_fields(["kind", "body", "people", "starts", "ends"])

    def check(self, by: Person) -> None:
        """The secretariat."""
        check_administers(by)

    def clean_people(self) -> str:
        """Addresses the directory knows, each once."""
        text = str(self.cleaned_data["people"])
        asked = list(dict.fromkeys(line.strip().lower() for line in text.splitlines() if line.strip()))
        if len(asked) > MOST:
            self.add_error("people", f"Enter at most {MOST} people at a time; there are {len(asked)}")
            return text
        active = Person.objects.filter(is_active=True).annotate(typed=Lower("email"))
        known = {each.email.lower(): each for each in active.filter(typed__in=asked)}
        for email in asked:
            if email not in known:
                self.add_error("people", f"Nobody active in the directory has the address {email}")
        self.named = [known[email] for email in asked if email in known]
        return text

    def act(self, by: Person) -> str:
        """Record it."""
        given = self.cleaned_data
        made = accredit_many(
            people=self.named,
            kind=given["kind"],
            given_by=self.bodies[given["body"]],
            starts=given["starts"],
            ends=given["ends"],
            by=by,
        )
        return f"{titled(given['kind'])} is recorded for {len(made)} {'person' if len(made) == 1 else 'people'}."


class EndTraining(ActingForm):
    """Training counts no longer."""

    title = "End training"
    intro = "From the day after, the person does not count on seats that ask for it. What they judged stays judged."
    button = "End it"
    ends = DayField(label="Last day it counts", missing="Enter the last day it counts")

    def __init__(self, *args: Any, row: Accreditation, **options: Any) -> None:
        super().__init__(*args, **options)
        self.row = row
        self.fields["ends"].initial = today()

    def check(self, by: Person) -> None:
        """The secretariat."""
        check_administers(by)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Whose, and since when."""
        return [
            ("Person", self.row.person.display_name),
            ("Training", titled(self.row.kind)),
            ("Since", f"{self.row.starts:%-d %B %Y}"),
        ]

    def act(self, by: Person) -> str:
        """End it."""
        end_accreditation(accreditation=self.row, ends=self.cleaned_data["ends"], by=by)
        return f"The training of {self.row.person.display_name} ends on {self.cleaned_data['ends']:%-d %B %Y}."
