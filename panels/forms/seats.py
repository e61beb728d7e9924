"""Answering the offer of a seat with a declaration of interests, and renewing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from directory.forms.acting import ActingForm, Group
from directory.forms.fields import AreaField, DayField, RadioField, SelectField, TextField
from panels.actions import seats
from panels.actions.seats import Interest
from panels.models import AppointmentState
from panels.models.interests import InterestKind
from panels.permissions import check_own_seat
from panels.queries import latest_checks
from panels.rules import Effect

if TYPE_CHECKING:
    from directory.models import Organisation, Person
    from panels.models import Appointment, Item

ROWS = 5


class Answer(ActingForm):
    """Accept a seat, declaring interests or that there are none; or decline it."""

    title = "Answer the offer of a seat"
    intro = (
        "Before you see any paper, say what could bind you to an organisation before the panel: a post, a practice, a "
        "neighbour, a supplier, close family, something you said in public. That there is nothing is an answer too."
    )
    button = "Send your answer"
    answer = RadioField(
        label="Do you take the seat?",
        choices=[
            ("nil", "Yes, and I have nothing to declare"),
            ("declare", "Yes, and I declare the interests below"),
            ("decline", "No"),
        ],
        missing="Choose whether you take the seat",
        size="m",
    )
    reason = AreaField(label="Why?", help_text="You need not say", rows=2, required=False)

    def __init__(
        self,
        *args: Any,
        appointment: Appointment,
        find: Any,
        suggested: Sequence[str] = (),
        cases: Sequence[Item] = (),
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.appointment, self.find, self.suggested, self.cases = appointment, find, suggested, cases
        before = {each.organisation.code: each.organisation.name for each in cases}
        listed = [
            ("", "None of these, or enter a code"),
            *((code, f"{name} ({code})") for code, name in before.items()),
        ]
        kinds = [("", "Choose a kind"), *InterestKind.choices]
        for number in range(1, ROWS + 1):
            self.fields[f"kind-{number}"] = SelectField(
                label=f"Kind of interest {number}", choices=kinds, required=False
            )
            if before:
                self.fields[f"before-{number}"] = SelectField(
                    label=f"Organisation before the panel, interest {number}", choices=listed, required=False
                )
            self.fields[f"code-{number}"] = TextField(
                label=f"Or the code of another organisation, interest {number}",
                help_text="For example 02Q",
                width="10",
                required=False,
            )
            self.fields[f"statement-{number}"] = AreaField(
                label=f"What interest {number} is", rows=2, required=False, max_length=1000
            )
            self.fields[f"starts-{number}"] = DayField(
                label=f"Since when, interest {number}",
                help_text="For something you said in public, the day. Leave it out if you do not know.",
                required=False,
            )
            self.fields[f"ends-{number}"] = DayField(
                label=f"First day it no longer holds, interest {number}",
                help_text="Leave it out while it goes on",
                required=False,
            )

    def check(self, by: Person) -> None:
        """Only the person it was offered to."""
        check_own_seat(by, self.appointment)

    def facts(self) -> Sequence[tuple[str, str]]:
        """The seat, the days, and what the directory already says of the person and the cases."""
        days = [f"{on:%-d %B %Y}" for on in self.appointment.panel.sittings.values_list("on", flat=True)]
        before = [f"{each.organisation.name} ({each.organisation.code}), {each.case_ref}" for each in self.cases]
        return [
            ("Seat", self.appointment.place),
            ("Panel", str(self.appointment.panel)),
            ("Offered by", self.appointment.appointed_by.name),
            ("Sits on", ", ".join(days) or "No day listed yet"),
            ("Cases before it", "\n".join(before) or "None is listed yet"),
            ("Suggested from the directory", "\n".join(self.suggested)),
        ]

    def groups(self) -> Sequence[Group]:
        """The answer, then room for interests."""
        lines = []
        for number in range(1, ROWS + 1):
            asked = ("kind", "before", "code", "statement") if self.cases else ("kind", "code", "statement")
            what = [self[f"{name}-{number}"] for name in asked]
            when = [self[f"{name}-{number}"] for name in ("starts", "ends")]
            if number == 1:
                lines += [Group(what, heading="Interest 1"), Group(when, heading="Dates of interest 1", folded=True)]
            else:
                lines.append(Group([*what, *when], heading=f"Interest {number}", folded=True))
        last = [Group([self["reason"]], heading="If you decline", folded=True)] if "reason" in self.fields else []
        return [Group([self["answer"]]), *lines, *last]

    def clean(self) -> dict[str, Any]:
        """The interests entered, each of a kind and, where a code is given, of an organisation there is."""
        given = super().clean() or {}
        self.interests = [each for number in range(1, ROWS + 1) if (each := self._interest(given, number))]
        if given.get("answer") == "declare" and not self.interests and not self.errors:
            self.add_error("kind-1", "Choose a kind of interest, or say that you have nothing to declare")
        if given.get("answer") == "nil" and self.interests:
            self.add_error("answer", "You entered an interest: declare it, or clear its boxes")
        return given

    def _interest(self, given: dict[str, Any], number: int) -> Interest | None:
        kind, picked, typed = (given.get(f"{name}-{number}") or "" for name in ("kind", "before", "code"))
        code = typed or picked
        if picked and typed and picked.casefold() != typed.strip().casefold():
            self.add_error(f"code-{number}", "Choose an organisation or enter a code, not both: each is an interest")
        statement = given.get(f"statement-{number}") or ""
        if not kind:
            if code or statement or given.get(f"starts-{number}") or given.get(f"ends-{number}"):
                self.add_error(f"kind-{number}", "Choose the kind of this interest")
            return None
        organisation: Organisation | None = self.find(code) if code else None
        if code and organisation is None:
            self.add_error(f"code-{number}", f"No organisation has the code {code}")
        return Interest(kind, organisation, statement, given.get(f"starts-{number}"), given.get(f"ends-{number}"))

    def act(self, by: Person) -> str:
        """Accept or decline."""
        if self.cleaned_data["answer"] == "decline":
            seats.decline_seat(appointment=self.appointment, by=by, reason=self.cleaned_data["reason"])
            return "You have declined the seat."
        answered = seats.accept_seat(appointment=self.appointment, by=by, interests=self.interests)
        if answered.state == AppointmentState.DECLINED:
            why = answered.checks.filter(event=answered.event_id, moment="accepted").order_by("pk")[0].sentence
            return (
                "Your declaration is recorded. It keeps you from every case before this panel "
                f"({why.removesuffix('.')}), so the seat is free for somebody else."
            )
        return f"You have taken the seat of {answered.place} on {self.appointment.panel.ref}.{_barred(answered)}"


class Renew(Answer):
    """Declare again: what is on file counts as long as the rule set says (D14), and interests change."""

    title = "Renew your declaration of interests"
    intro = (
        "A declaration that is too old bars you from every case. What you declared before stays on record; add what "
        "is new, or say that there is nothing to add."
    )
    button = "Declare"
    answer = RadioField(
        label="Have you anything to add?",
        choices=[("nil", "No, I have nothing to add"), ("declare", "Yes, I declare the interests below")],
        missing="Choose whether you have anything to add",
        size="m",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["reason"]

    def act(self, by: Person) -> str:
        """Declare again."""
        again = seats.declare_again(appointment=self.appointment, by=by, interests=self.interests)
        return f"Your declaration for {self.appointment.panel.ref} is renewed.{_barred(again)}"


def _barred(member: Appointment) -> str:
    """From which cases the tests bar a member who has just answered, and why; nothing when from none."""
    said = [
        f"You are barred from {check.item.case_ref} by {check.rule}: "
        + check.sentence.removeprefix(f"Barred by {check.rule}: ")
        for check in latest_checks(member)
        if check.effect == Effect.BARRED and check.item
    ]
    return " ".join(["", *said])
