"""Steps that find criteria met or not met."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from authorisation.queries import criteria, standing
from authorisation.rules import Found
from directory.forms.acting import Group
from directory.forms.fields import AreaField, RadioField, SelectField
from workflows.actions import cases
from workflows.engine.errors import NotNow
from workflows.forms.base import MET, PanelStepForm, StepForm, finding_fields, finding_groups
from workflows.presenters.cases import DOMAINS

if TYPE_CHECKING:
    from authorisation.models import Criterion
    from directory.models import Person

# How many findings one second reading can change on the page.
CHANGES = 6


def _found(form: StepForm, asked: Sequence[Criterion], *, enquiries: bool) -> list[Found]:
    """The findings entered; criteria left at "no change" are not among them."""
    given = form.cleaned_data
    return [
        Found(
            code=each.code,
            met=given[f"met-{each.code}"] == "met",
            reason=given[f"reason-{each.code}"],
            line_of_enquiry=given[f"enquiry-{each.code}"] if enquiries else "",
        )
        for each in asked
        if given.get(f"met-{each.code}")
    ]


class DeskTop(StepForm):
    """One domain at the desk: every criterion."""

    intro = "Every criterion needs a finding and what the evidence shows; what is not met also needs a question."
    button = "Record the domain"

    def build(self) -> None:
        """The criteria of the domain named in the address."""
        if self.item not in {str(number) for number in DOMAINS}:
            raise NotNow(f"Say which domain of {self.case.ref} is reviewed: open it from the application.")
        self.domain = int(self.item or 0)
        self.title = f"Review domain {self.domain}: {DOMAINS[self.domain].lower()}"
        self.asked = [each for each in criteria(self.case).values() if each.domain == self.domain]
        finding_fields(self, self.asked, enquiries=True)

    def groups(self) -> Sequence[Group]:
        """One group for each criterion."""
        return finding_groups(self, self.asked, enquiries=True)

    def act(self, by: Person) -> str:
        """Record the domain."""
        cases.assess_domain(self.case, domain=self.domain, found=_found(self, self.asked, enquiries=True), by=by)
        return f"Domain {self.domain} is recorded."


class SecondReading(StepForm):
    """Confirm the desk-top review or change it."""

    title = "Give the second reading"
    intro = "Without a change you confirm every finding of the desk. Enter only what you find otherwise, and why."
    button = "Record the second reading"

    def build(self) -> None:
        """Room for changes, each of one criterion."""
        self.known, now = criteria(self.case), standing(self.case)
        offered = [(code, f"{code}: {'met' if now.get(code) else 'not met'} at the desk") for code in self.known]
        for number in range(1, CHANGES + 1):
            self.fields[f"code-{number}"] = SelectField(
                label=f"Criterion of change {number}", choices=[("", "No change"), *offered], required=False
            )
            self.fields[f"met-{number}"] = RadioField(
                label=f"Is it met? (change {number})", choices=MET, inline=True, small=True, required=False
            )
            self.fields[f"reason-{number}"] = AreaField(
                label=f"What the evidence shows (change {number})", rows=2, required=False
            )
            self.fields[f"enquiry-{number}"] = AreaField(
                label=f"Line of enquiry, if not met (change {number})", rows=2, required=False
            )

    def facts(self) -> Sequence[tuple[str, str]]:
        """What the desk found unmet."""
        left = [code for code, met in standing(self.case).items() if not met]
        return [("Not met at the desk", ", ".join(sorted(left)) or "Nothing")]

    def groups(self) -> Sequence[Group]:
        """One group for each change."""
        return [
            Group(
                [self[f"{name}-{number}"] for name in ("code", "met", "reason", "enquiry")],
                heading=f"Change {number}",
                folded=True,
            )
            for number in range(1, CHANGES + 1)
        ]

    def clean(self) -> dict[str, Any]:
        """A change needs its criterion, and whether it is met."""
        given = super().clean() or {}
        for number in range(1, CHANGES + 1):
            code, met = given.get(f"code-{number}"), given.get(f"met-{number}")
            if code and not met:
                self.add_error(f"met-{number}", f"Choose whether {code} is met")
            if not code and (met or given.get(f"reason-{number}") or given.get(f"enquiry-{number}")):
                self.add_error(f"code-{number}", f"Choose the criterion of change {number}")
        return given

    def act(self, by: Person) -> str:
        """Record the reading."""
        given = self.cleaned_data
        changes = [
            Found(
                code=given[f"code-{number}"],
                met=given[f"met-{number}"] == "met",
                reason=given[f"reason-{number}"],
                line_of_enquiry=given[f"enquiry-{number}"],
            )
            for number in range(1, CHANGES + 1)
            if given[f"code-{number}"]
        ]
        cases.read_again(self.case, changes=changes, by=by)
        return f"The second reading is recorded: {len(changes) or 'no'} {'change' if len(changes) == 1 else 'changes'}."


class SiteVisit(PanelStepForm):
    """What the panel found on the outstanding lines of enquiry."""

    title = "Record the site visit"
    intro = "Every criterion not met so far needs the panel's finding."
    button = "Record the site visit"
    kind = "site_visit"
    none = "No site-visit panel has reached an outcome on this case yet: the panel decides its item first."

    def build(self) -> None:
        """The item and the criteria still open."""
        super().build()
        now = standing(self.case)
        self.asked = [each for code, each in criteria(self.case).items() if now.get(code) is False]
        finding_fields(self, self.asked, enquiries=False)

    def groups(self) -> Sequence[Group]:
        """The item, then one group for each criterion."""
        return [Group([self["panel_item"]]), *finding_groups(self, self.asked, enquiries=False)]

    def act(self, by: Person) -> str:
        """Record the visit."""
        found = _found(self, self.asked, enquiries=False)
        cases.record_site_visit(self.case, item=self.panel_item, found=found, by=by)
        return "The site visit is recorded."


class AssessAnswer(StepForm):
    """Whether the CCG's answer meets any criterion."""

    title = "Assess the CCG's answer"
    intro = "Leave “No change” where the answer settles nothing. Whatever stays unmet becomes a condition."
    button = "Record the assessment"

    def build(self) -> None:
        """The criteria still open."""
        now = standing(self.case)
        self.asked = [each for code, each in criteria(self.case).items() if now.get(code) is False]
        finding_fields(self, self.asked, enquiries=False, optional=True)

    def facts(self) -> Sequence[tuple[str, str]]:
        """What the CCG wrote."""
        windows = self.case.windows.filter(attempt=self.case.attempt, kind="conditions_response")
        answers: list[Any] = [each for each in windows.select_related("answer") if each.answered_at]
        return [("The CCG's answer", each.answer.text) for each in answers] or [
            ("The CCG's answer", "None: its time ended without one.")
        ]

    def groups(self) -> Sequence[Group]:
        """One group for each criterion."""
        return finding_groups(self, self.asked, enquiries=False)

    def act(self, by: Person) -> str:
        """Record the assessment."""
        cases.assess_answer(self.case, found=_found(self, self.asked, enquiries=False), by=by)
        return "The answer is assessed. The case goes to the sub-committee."
