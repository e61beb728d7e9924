"""After publication, and off the road: plan, reviews, deferral, resumption, withdrawal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from authorisation.actions.waves import RESUMES_AT
from authorisation.enums import ReviewResult, Stage
from authorisation.queries import open_conditions
from authorisation.rules import Reviewed
from authorisation.rulesets import levels as levels_of
from directory.forms.acting import Group
from directory.forms.fields import AreaField, ManyField, RadioField, SelectField
from workflows.actions import cases
from workflows.forms.base import PanelStepForm, StepForm, asked_of
from workflows.queries import later_waves, rounds_left

if TYPE_CHECKING:
    from directory.models import Person
    from panels.models import Item

RESULTS = [
    (ReviewResult.DISCHARGE.value, "Discharge"),
    (ReviewResult.KEEP.value, "Keep"),
    (ReviewResult.RAISE.value, "Raise the level"),
    (ReviewResult.LOWER.value, "Lower the level"),
]


class Plan(StepForm):
    """The rectification plan."""

    title = "Agree the rectification plan"
    button = "Agree the plan"
    text = AreaField(label="The plan as agreed with the CCG", rows=10, missing="Write the plan")

    def facts(self) -> Sequence[tuple[str, str]]:
        """The conditions it must meet."""
        return asked_of(self.case, open_conditions(self.case).values())

    def act(self, by: Person) -> str:
        """Agree."""
        cases.agree_plan(self.case, text=self.cleaned_data["text"], by=by)
        return "The plan is agreed. The conditions come to the next review."


class Review(PanelStepForm):
    """One quarterly review of every open condition."""

    title = "Record a conditions review"
    intro = "Every open condition needs a result and its reason."
    button = "Record the review"
    kind = "review"
    none = "No review panel has reached an outcome on this case since its last review."

    def candidates(self) -> list[Item]:
        """The items that no review has used yet."""
        used = set(self.case.reviews.values_list("panel_outcome__item", flat=True))
        return [each for each in super().candidates() if each.pk not in used]

    def build(self) -> None:
        """The item, the round, every open condition, the directions in force."""
        super().build()
        self.rounds = {str(each.pk): each for each in rounds_left(self.case)}
        self.fields["held"] = SelectField(
            label="Which review?",
            choices=[("", "Choose a review"), *((key, str(each)) for key, each in self.rounds.items())],
            missing="Choose the review",
        )
        self.open = open_conditions(self.case)
        self._condition_fields()
        self.in_force = {str(row.pk): row for row in self.case.directions.filter(ended_on__isnull=True)}
        if self.in_force:
            self.fields["lifted"] = ManyField(
                label="Directions lifted",
                choices=[(key, row.text) for key, row in self.in_force.items()],
                required=False,
                size="m",
            )

    def _condition_fields(self) -> None:
        levels = [(key, f"{key}: {level['text']}") for key, level in levels_of(self.case.ruleset.body).items()]
        for code in self.open:
            self.fields[f"result-{code}"] = RadioField(
                label=f"Result for {code}", choices=RESULTS, small=True, missing=f"Choose the result for {code}"
            )
            self.fields[f"level-{code}"] = SelectField(
                label=f"New level for {code}, if raised or lowered", choices=[("", "As it is"), *levels], required=False
            )
            self.fields[f"reason-{code}"] = AreaField(
                label=f"Reason for {code}", rows=2, missing=f"Give the reason for {code}"
            )
            self.fields[f"given-{code}"] = AreaField(
                label=f"New directions on {code}, if any", help_text="One a line", rows=2, required=False
            )

    def groups(self) -> Sequence[Group]:
        """The review, then one group for each condition, then the directions."""
        each = [
            Group(
                [self[f"{name}-{code}"] for name in ("result", "level", "reason", "given")],
                heading=f"{code} {row.criterion.text}",
                note=f"Now at level {row.level}. To be discharged: {row.discharge_test}",
            )
            for code, row in self.open.items()
        ]
        last = [Group([self["lifted"]])] if self.in_force else []
        return [Group([self["panel_item"], self["held"]]), *each, *last]

    def act(self, by: Person) -> str:
        """Record."""
        given = self.cleaned_data
        results = [
            Reviewed(code, ReviewResult(given[f"result-{code}"]), given[f"reason-{code}"], level=given[f"level-{code}"])
            for code in self.open
        ]
        new = {code: lines for code in self.open if (lines := _lines(given[f"given-{code}"]))}
        cases.record_review(
            self.case,
            held=self.rounds[given["held"]],
            item=self.panel_item,
            results=results,
            lifted=[self.in_force[key] for key in given.get("lifted", ())],
            given=new,
            by=by,
        )
        return "The review is recorded."


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class Defer(StepForm):
    """Move to a later wave."""

    title = "Defer to a later wave"
    intro = "By agreement between the CCG and the Board. Clocks stop, findings are kept."
    button = "Defer"

    def build(self) -> None:
        """The later waves."""
        self.waves = {str(each.pk): each for each in later_waves(self.case)}
        self.fields["wave"] = RadioField(
            label="To which wave?",
            choices=[(key, f"{each}, closing {each.deadline:%-d %B %Y}") for key, each in self.waves.items()],
            missing="Choose the wave",
        )
        self.fields["reason"] = AreaField(label="Why?", rows=3, missing="Say why the case is deferred")
        if not self.waves:
            self.warning, self.possible = f"There is no wave after {self.case.wave}.", False

    def act(self, by: Person) -> str:
        """Defer."""
        wave = self.waves[self.cleaned_data["wave"]]
        cases.defer(self.case, to_wave=wave, reason=self.cleaned_data["reason"], by=by)
        return f"{self.case.ref} is deferred to {str(wave).lower()}."


class Resume(StepForm):
    """Take a deferred case up again."""

    title = "Take the case up again"
    button = "Resume"
    at = RadioField(
        label="From where?",
        choices=[(stage.value, stage.label) for stage in RESUMES_AT],
        missing="Choose where the case goes on",
    )

    def act(self, by: Person) -> str:
        """Resume."""
        cases.resume(self.case, at=Stage(self.cleaned_data["at"]), by=by)
        return f"{self.case.ref} goes on."


class Withdraw(StepForm):
    """The applicants withdraw."""

    title = "Withdraw the application"
    intro = "The process ends. The CCG may apply again."
    button = "Withdraw"
    reason = AreaField(label="Why?", rows=3, missing="Say why the application is withdrawn")

    def act(self, by: Person) -> str:
        """Withdraw."""
        cases.withdraw(self.case, reason=self.cleaned_data["reason"], by=by)
        return f"{self.case.ref} is withdrawn."
