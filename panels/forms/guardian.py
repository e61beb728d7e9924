"""The conflicts guardian rules on a suggested interest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from directory.forms.acting import ActingForm
from directory.forms.fields import AreaField, RadioField
from panels.actions.rulings import rule
from panels.models import Verdict
from panels.permissions import check_rules
from panels.rules import Effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from directory.models import Person
    from panels.models import Appointment, Item, Objection

EFFECTS = (
    (Effect.CLEAR.value, "They may sit and vote"),
    (Effect.DECLARE_ONLY.value, "They may sit and vote, with the interest declared"),
    (Effect.DISCUSS_NO_VOTE.value, "They may speak and not vote"),
    (Effect.BARRED.value, "They leave the room: barred"),
)


class Rule(ActingForm):
    """Confirm or dismiss."""

    title = "Rule on an interest"
    intro = (
        "The member is tested again at once, and leaves the room where your ruling bars them. Your reason is kept; the "
        "member, auditors and the secretariat read it. A later ruling takes the place of this one; both are kept."
    )
    button = "Rule"
    verdict = RadioField(
        label="Is it an interest in this case?",
        choices=[(Verdict.CONFIRMED.value, "Confirmed: it is"), (Verdict.DISMISSED.value, "Dismissed: it is not")],
        missing="Choose whether you confirm or dismiss it",
    )
    effect = RadioField(
        label="What may the member do on this case?", choices=EFFECTS, missing="Choose what the member may do"
    )
    reason = AreaField(label="Why?", rows=4, missing="Give your reason", max_length=4000)

    def __init__(
        self,
        *args: Any,
        item: Item,
        appointment: Appointment,
        test: str,
        said: Sequence[tuple[str, str]],
        objection: Objection | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.item, self.appointment, self.test, self.said, self.objection = item, appointment, test, said, objection

    def check(self, by: Person) -> None:
        """The conflicts guardian, with no seat on the panel."""
        check_rules(by, self.item.panel, self.item.organisation)

    def facts(self) -> Sequence[tuple[str, str]]:
        """Who, for which case, and what was found."""
        return [
            ("Member", f"{self.appointment.person.display_name}, {self.appointment.place}"),
            ("Panel", f"{self.item.panel}, {self.item.sitting.on:%-d %B %Y}"),
            ("Case", f"{self.item.organisation.name}, {self.item.case_ref}"),
            *self.said,
        ]

    def act(self, by: Person) -> str:
        """Rule."""
        given = self.cleaned_data
        made = rule(
            panel=self.item.panel,
            person=self.appointment.person,
            organisation=self.item.organisation,
            rule=self.test,
            verdict=given["verdict"],
            effect=given["effect"],
            reason=given["reason"],
            objection=self.objection,
            by=by,
        )
        left = self.appointment.recusals.filter(event=made.event_id).exists()
        gone = " They have left the room." if left else ""
        return f"{made.get_verdict_display()}: {self.test} of {self.appointment.person} for {self.item.case_ref}.{gone}"
