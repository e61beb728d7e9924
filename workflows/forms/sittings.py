"""Proposing a panel, and putting cases on its agenda."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django.urls import reverse

from authorisation.policies import check_day_in_wave
from authorisation.rulesets import OPTIONAL_KINDS, PANEL_KINDS, has_kind, seat_plan
from directory.forms.acting import ActingForm
from directory.forms.fields import DayField, ManyField, RadioField, SelectField, TextField
from panels.actions.panels import propose_panel
from panels.actions.sittings import Case, list_sitting
from panels.models import PanelKind
from panels.permissions import check_administers

if TYPE_CHECKING:
    from authorisation.models import Application, RuleSet
    from directory.models import Person
    from panels.models import Panel


MOST_NAMED = 4


class Propose(ActingForm):
    """A new panel with the seats its rule set asks for."""

    title = "Propose a panel"
    intro = "Its seats come from the rule set and are all empty. One of them is always the Coalition's."
    button = "Propose the panel"
    kind = RadioField(
        label="Kind of panel",
        choices=[],
        missing="Choose the kind of panel",
    )
    name = TextField(label="Title", missing="Enter the title of the panel")

    def __init__(self, *args: Any, rulesets: Sequence[RuleSet], **options: Any) -> None:
        super().__init__(*args, **options)
        self.rulesets = {each.version: each for each in rulesets}
        offered = [kind for kind in OPTIONAL_KINDS if any(has_kind(each.body, kind) for each in rulesets)]
        cast("RadioField", self.fields["kind"]).choices = [
            (kind, PanelKind(kind).label) for kind in (*PANEL_KINDS, *offered)
        ]
        self.fields["ruleset"] = SelectField(
            label="Rule set",
            choices=[(each.version, f"{each.version} {each.title}") for each in rulesets],
            missing="Choose the rule set",
        )
        self.made: Panel | None = None

    def clean(self) -> dict[str, Any]:
        """A kind that the chosen rule set seats; those of earlier releases have no appraisal panel."""
        given = super().clean() or self.cleaned_data
        kind, ruleset = given.get("kind"), self.rulesets.get(given.get("ruleset", ""))
        if kind and ruleset and not has_kind(ruleset.body, kind):
            self.add_error(
                "kind",
                f"Rule set {ruleset.version} has no seats for {PanelKind(kind).label.lower()}: choose another kind of "
                "panel, or a rule set that has it",
            )
        return given

    def check(self, by: Person) -> None:
        """The secretariat."""
        check_administers(by)

    def act(self, by: Person) -> str:
        """Propose."""
        given = self.cleaned_data
        ruleset = self.rulesets[given["ruleset"]]
        plan = seat_plan(ruleset.body, given["kind"])
        self.made = propose_panel(plan=plan, title=given["name"], ruleset=ruleset.version, by=by)
        self.then = reverse("panel", args=[self.made.ref])
        return f"{self.made.ref} is proposed. Offer its seats."


def waves_of(cases: Sequence[Application]) -> str:
    """The group of cases a sitting takes, by which a nominating body counts how often its people sit."""
    numbers = sorted({each.wave.number for each in cases})
    told = " and ".join(f"Wave {number}" for number in numbers)
    return told if len(numbers) <= MOST_NAMED else f"Waves {numbers[0]} to {numbers[-1]}"


class ListSitting(ActingForm):
    """A day and its agenda."""

    title = "List a sitting"
    button = "List the sitting"
    on = DayField(label="Day", help_text="For example 5 12 2012", missing="Enter the day")
    place = TextField(label="Place", max_length=120, required=False)

    def __init__(self, *args: Any, panel: Panel, cases: Sequence[Application], **options: Any) -> None:
        super().__init__(*args, **options)
        self.panel, self.offered = panel, {each.ref: each for each in cases}
        self.fields["cases"] = ManyField(
            label="Cases",
            help_text="Cases at the stage this kind of panel takes",
            choices=[(each.ref, f"{each.ccg.name}, {each.ref}") for each in cases],
            missing="Choose at least one case",
            small=True,
        )
        if not cases:
            self.possible = False
            self.warning = "No case is at the stage that this kind of panel takes."

    def check(self, by: Person) -> None:
        """The secretariat."""
        check_administers(by)

    def act(self, by: Person) -> str:
        """List."""
        given = self.cleaned_data
        chosen = [self.offered[ref] for ref in given["cases"]]
        check_day_in_wave(chosen, given["on"], kind=self.panel.kind)
        sitting = list_sitting(
            panel=self.panel,
            on=given["on"],
            cases=[Case(each.ccg, each.ref, cycle=each.cycle) for each in chosen],
            by=by,
            place=given["place"],
            round=waves_of(chosen),
        )
        cases = "1 case" if len(chosen) == 1 else f"{len(chosen)} cases"
        return f"The sitting of {sitting.on:%-d %B %Y} is listed with {cases}."
