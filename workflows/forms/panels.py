"""Steps that take a panel's outcome into the case, and those around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from authorisation.enums import PANEL_OUTCOMES
from authorisation.errors import DecisionRefused
from authorisation.policies import check_beneficiary
from authorisation.queries import criteria, unmet
from authorisation.rules import Proposed
from authorisation.rulesets import levels as levels_of
from directory.forms.acting import Group
from directory.forms.fields import AreaField, SelectField, TextField
from panels.presenters.seating import outcome_text
from workflows.actions import cases
from workflows.forms.base import PanelStepForm, StepForm

if TYPE_CHECKING:
    from directory.models import Person
    from panels.models import Item


class Arrange(PanelStepForm):
    """Which panel visits, and when."""

    title = "Arrange the site visit"
    intro = "Choose the sitting on whose agenda the case stands."
    button = "Arrange the visit"
    kind = "site_visit"
    decided = False
    none = "The case is on no site-visit panel's agenda yet: list it on a sitting from the panel's page first."

    def act(self, by: Person) -> str:
        """Arrange."""
        cases.arrange_site_visit(self.case, item=self.panel_item, by=by)
        return f"The site visit is arranged for {self.panel_item.sitting.on:%-d %B %Y}."


class IssueReport(StepForm):
    """Send the CCG its report."""

    title = "Issue the site-visit report"
    intro = "The CCG is sent the report, and its time to comment begins."
    button = "Issue the report"
    summary = AreaField(
        label="Summary", help_text="Strengths, areas to develop, concerns", rows=10, missing="Write the report"
    )

    def facts(self) -> Sequence[tuple[str, str]]:
        """What is not met."""
        left = unmet(self.case)
        return [("Not met", ", ".join(left) or "Every criterion is met")]

    def act(self, by: Person) -> str:
        """Issue."""
        cases.issue_report(self.case, summary=self.cleaned_data["summary"], by=by)
        return "The report is issued. The CCG may comment on it now."


def _concluded(item: Item) -> str:
    return outcome_text(item.panel.kind, item.outcome.outcome, PANEL_OUTCOMES)


class _OutcomeForm(PanelStepForm):
    """A form that shows what the panel concluded."""

    def facts(self) -> Sequence[tuple[str, str]]:
        """What stands unmet, and what each panel concluded."""
        left = unmet(self.case)
        told = [(f"{each.panel.ref} concluded", f"{_concluded(each)}. {each.outcome.reasons}") for each in self.items]
        return [("Not met", ", ".join(left) or "Every criterion is met"), *told]


class Moderation(_OutcomeForm):
    """What the moderation panel recommended."""

    title = "Record the moderation panel"
    button = "Record the recommendation"
    kind = "moderation"
    none = "No moderation panel has reached an outcome on this case yet."

    def act(self, by: Person) -> str:
        """Record."""
        cases.record_moderation(self.case, item=self.panel_item, by=by)
        return "The recommendation of the moderation panel is recorded."


class SignOff(StepForm):
    """The regional director approves."""

    title = "Sign off for the region"
    intro = "You approve what moderation recommends, before the conditions panel."
    button = "Sign off"
    note = AreaField(label="Note", help_text="What your soundings in the area showed, if anything", required=False)

    def facts(self) -> Sequence[tuple[str, str]]:
        """What is not met."""
        return [("Not met", ", ".join(unmet(self.case)) or "Every criterion is met")]

    def act(self, by: Person) -> str:
        """Sign off."""
        cases.sign_off(self.case, note=self.cleaned_data["note"], by=by)
        return "The recommendation is signed off for the region."


class Conditions(_OutcomeForm):
    """One condition for each unmet criterion."""

    title = "Record the conditions panel"
    intro = "Each criterion not met gets one condition: one level of support, and what the CCG must show."
    button = "Record the conditions"
    kind = "conditions"
    none = "No conditions panel has reached an outcome on this case yet."

    def build(self) -> None:
        """Level, test and direction for each criterion not met."""
        super().build()
        known = criteria(self.case)
        self.asked = [known[code] for code in unmet(self.case)]
        levels = [(key, f"{key}: {level['text']}") for key, level in levels_of(self.case.ruleset.body).items()]
        for each in self.asked:
            code = each.code
            self.fields[f"level-{code}"] = SelectField(
                label=f"Support level for {code}",
                choices=[("", "Choose a level"), *levels],
                missing=f"Choose the support level for {code}",
            )
            self.fields[f"test-{code}"] = AreaField(
                label=f"What the CCG must show to have {code} discharged",
                rows=2,
                missing=f"Say what the CCG must show to have {code} discharged",
            )
            self.fields[f"direction-{code}"] = AreaField(
                label=f"Legal directions with {code}, if any", help_text="One a line", rows=2, required=False
            )
            self.fields[f"other-{code}"] = TextField(
                label=f"Code of the CCG that would take over functions with {code}, if any",
                help_text="For example 02Q; its people then leave the room for this case",
                max_length=10,
                width="5",
                required=False,
            )

    def groups(self) -> Sequence[Group]:
        """The item, then one group for each criterion."""
        each = [
            Group(
                [self[f"{name}-{one.code}"] for name in ("level", "test", "direction", "other")],
                heading=f"{one.code} {one.text}",
            )
            for one in self.asked
        ]
        return [Group([self["panel_item"]]), *each]

    def clean(self) -> dict[str, Any]:
        """Codes of other CCGs as they are written in the register, each told beside its own field when it cannot be."""
        given = super().clean() or self.cleaned_data
        for each in self.asked:
            name = f"other-{each.code}"
            if code := given.get(name, "").upper():
                try:
                    given[name] = check_beneficiary(self.case, code).code
                except DecisionRefused as refusal:
                    self.add_error(name, str(refusal))
        return given

    def act(self, by: Person) -> str:
        """Record."""
        given = self.cleaned_data
        proposals = [
            Proposed(code, *(given[f"{name}-{code}"] for name in ("level", "test", "direction", "other")))
            for code in (each.code for each in self.asked)
        ]
        cases.record_conditions(self.case, item=self.panel_item, proposals=proposals, by=by)
        return "The proposed conditions are recorded. The CCG may answer them now."


class Decision(_OutcomeForm):
    """The sub-committee's decision."""

    title = "Record the sub-committee's decision"
    intro = "The letter is written and sent by itself afterwards. There is no appeal."
    button = "Record the decision"
    kind = "decision"
    none = "The sub-committee has reached no outcome on this case yet."

    def build(self) -> None:
        """The item, and the reasons as the panel gave them."""
        super().build()
        self.fields["reasons"] = AreaField(
            label="Reasons",
            help_text="They are printed in the letter and in the public register",
            initial=self.items[0].outcome.reasons if self.items else "",
            missing="Give the reasons for the decision",
        )

    def act(self, by: Person) -> str:
        """Decide."""
        cases.record_decision(self.case, item=self.panel_item, reasons=self.cleaned_data["reasons"], by=by)
        return "The decision is recorded. Its letter is being written."


class Publish(StepForm):
    """Put the decision on the register."""

    title = "Publish the decision"
    intro = "The decision, its conditions, and the Coalition representative's position go on the public register."
    button = "Publish"

    def act(self, by: Person) -> str:
        """Publish."""
        cases.publish(self.case, by=by)
        return "The decision is published."
