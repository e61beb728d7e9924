"""What the CCG does: submit, comment, answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from authorisation.actions.applications import Bid
from directory.forms.fields import AreaField, TextField, TickField, WholeField
from workflows.actions import cases
from workflows.forms.base import StepForm, asked_of

if TYPE_CHECKING:
    from authorisation.models import Window
    from directory.models import Person


class Submit(StepForm):
    """The statutory minimum and the declarations."""

    title = "Submit the application"
    intro = (
        "The NHS Act 2006, section 14B, asks for a proposed constitution, a proposed accountable officer, and two "
        "practices or more."
    )
    button = "Submit the application"
    constitution = TextField(
        label="Proposed constitution",
        help_text="Its title and version, for example Constitution, version 1.2",
        missing="Enter the title and version of the proposed constitution",
    )
    accountable_officer = TextField(
        label="Proposed accountable officer",
        max_length=120,
        missing="Enter the name of the proposed accountable officer",
    )
    practices = WholeField(
        label="How many practices have signed?",
        min_value=0,
        max_value=999,
        missing="Enter how many practices have signed",
    )
    declarations = AreaField(label="Statements of compliance certified", help_text="One a line", required=False, rows=4)
    sure = TickField(
        label="What is stated here is true to the best of our knowledge, and the governing body has agreed it",
        missing="Confirm that what is stated is true and agreed",
    )

    def facts(self) -> Sequence[tuple[str, str]]:
        """The deadline."""
        return [("Wave", str(self.case.wave)), ("Last day", f"{self.case.wave.deadline:%-d %B %Y}")]

    def act(self, by: Person) -> str:
        """Submit."""
        given = self.cleaned_data
        lines = tuple(line.strip() for line in given["declarations"].splitlines() if line.strip())
        bid = Bid(given["constitution"], given["accountable_officer"], given["practices"], lines)
        cases.submit(self.case, bid=bid, by=by)
        return f"{self.case.ref} is submitted. The desk-top review begins."


class _Reply(StepForm):
    """Text within a window, and the choice to give up the days left."""

    window = ""

    def _window(self) -> Window | None:
        return self.case.windows.filter(attempt=self.case.attempt, kind=self.window).first()

    def facts(self) -> Sequence[tuple[str, str]]:
        """When the window closes."""
        window = self._window()
        return [("Answer by", f"{window.closes_at:%-d %B %Y}")] if window else []

    def build(self) -> None:
        """The text and the waiver."""
        self.fields["text"] = AreaField(label=self.label, rows=8, missing="Write your answer, or that you have none")
        self.fields["waive"] = TickField(
            label="We give up the days that are left", help_text="The case goes on at once", required=False
        )

    label = ""

    def reply(self) -> dict[str, Any]:
        """What was entered."""
        return {"text": self.cleaned_data["text"], "waive": self.cleaned_data["waive"]}


class Comment(_Reply):
    """Comment on the site-visit report."""

    title = "Comment on the site-visit report"
    button = "Send the comments"
    window = "report_comments"
    label = "Your comments"

    def facts(self) -> Sequence[tuple[str, str]]:
        """The window and the report."""
        report = self.case.reports.order_by("-pk").first()
        return [*super().facts(), *([("Report", report.summary)] if report else [])]

    def act(self, by: Person) -> str:
        """Comment."""
        cases.comment_on_report(self.case, by=by, **self.reply())
        return "Your comments are sent."


class Answer(_Reply):
    """Answer the proposed conditions."""

    title = "Answer the proposed conditions"
    intro = "Say where you disagree, and what evidence shows that a criterion is met."
    button = "Send the answer"
    window = "conditions_response"
    label = "Your answer"

    def facts(self) -> Sequence[tuple[str, str]]:
        """The window and the conditions proposed."""
        rows = self.case.proposed_conditions.filter(attempt=self.case.attempt).select_related("criterion")
        return [
            *super().facts(),
            *asked_of(self.case, rows.order_by("criterion")),
        ]

    def act(self, by: Person) -> str:
        """Answer."""
        cases.answer_conditions(self.case, by=by, **self.reply())
        return "Your answer is sent. It will be assessed before the decision."
