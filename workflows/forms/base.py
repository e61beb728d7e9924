"""What the forms of all steps share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from authorisation.rulesets import levels as levels_of
from directory.forms.acting import ActingForm, Group
from directory.forms.fields import AreaField, RadioField
from workflows.queries import items_before

if TYPE_CHECKING:
    from authorisation.models import Application, Condition, Criterion, ProposedCondition
    from panels.models import Item

MET = [("met", "Met"), ("not_met", "Not met")]
MAYBE_MET = [("", "No change"), *MET]


class StepForm(ActingForm):
    """One step of one case."""

    def __init__(self, *args: Any, case: Application, item: str | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.case, self.item = case, item
        self.build()

    def build(self) -> None:
        """Add the fields that depend on the case."""


class PanelStepForm(StepForm):
    """A step that rests on a panel's item: the item is chosen among those that fit."""

    kind = ""
    decided = True
    none = ""

    def build(self) -> None:
        """Offer the items; a single one is chosen already."""
        self.items = self.candidates()
        only = str(self.items[0].pk) if len(self.items) == 1 else None
        self.fields["panel_item"] = RadioField(
            label="Which sitting of which panel?",
            choices=[(str(each.pk), _named(each)) for each in self.items],
            initial=only,
            missing="Choose the sitting",
            size="m",
        )
        if not self.items:
            self.warning, self.possible = self.none, False

    def candidates(self) -> list[Item]:
        """The items that fit, newest first."""
        return items_before(self.case, self.kind, decided=self.decided)

    @property
    def panel_item(self) -> Item:
        """The item chosen."""
        return next(each for each in self.items if str(each.pk) == self.cleaned_data["panel_item"])


def _named(item: Item) -> str:
    return f"{item.panel.ref} {item.panel.title}, {item.sitting.on:%-d %B %Y}"


def asked_of(case: Application, rows: Iterable[Condition | ProposedCondition]) -> list[tuple[str, str]]:
    """Conditions as facts: the criterion in its words, what its level of support means, and what to show."""
    levels = levels_of(case.ruleset.body)
    return [
        (
            f"{row.criterion.code} {row.criterion.text}",
            f"Level {row.level}: {levels[row.level]['text']}\nTo be discharged: {row.discharge_test}",
        )
        for row in rows
    ]


def finding_fields(form: StepForm, criteria: Iterable[Criterion], *, enquiries: bool, optional: bool = False) -> None:
    """Add, for each criterion, met or not met, the reason and perhaps the line of enquiry."""
    for each in criteria:
        form.fields[f"met-{each.code}"] = RadioField(
            label=f"Is {each.code} met?",
            choices=MAYBE_MET if optional else MET,
            inline=True,
            small=True,
            required=not optional,
            missing=f"Choose whether {each.code} is met",
        )
        form.fields[f"reason-{each.code}"] = AreaField(
            label=f"What the evidence shows on {each.code}",
            rows=2,
            required=not optional,
            missing=f"Say what the evidence shows on {each.code}",
        )
        if enquiries:
            form.fields[f"enquiry-{each.code}"] = AreaField(
                label=f"Line of enquiry on {each.code}, if not met",
                help_text="The question the site visit must settle",
                rows=2,
                required=False,
            )


def finding_groups(form: StepForm, criteria: Iterable[Criterion], *, enquiries: bool) -> Sequence[Group]:
    """The fields of each criterion under its text."""
    names = ("met", "reason", "enquiry") if enquiries else ("met", "reason")
    return [
        Group(
            [form[f"{name}-{each.code}"] for name in names],
            heading=f"{each.code} {each.text}",
            note="Placeholder: the text of this criterion is not held." if each.placeholder else "",
        )
        for each in criteria
    ]
