"""Proposing a panel, and putting cases on its agenda."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from authorisation.rulesets import PANEL_KINDS, seat_plan
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


class Propose(ActingForm):
    """A new panel with the seats its rule set asks for."""

    title = "Propose a panel"
    intro = "Its seats come from the rule set and are all empty. One of them is always the Coalition's."
    button = "Propose the panel"
    kind = RadioField(
        label="Kind of panel",
        choices=[(kind, PanelKind(kind).label) for kind in PANEL_KINDS],
        missing="Choose the kind of panel",
    )
    name = TextField(label="Title", missing="Enter the title of the panel")

    def __init__(self, *args: Any, rulesets: Sequence[RuleSet], **options: Any) -> None:
        super().__init__(*args, **options)
        self.rulesets = {each.version: each for each in rulesets}
        self.fields["ruleset"] = SelectField(
            label="Rule set",
            choices=[(each.version, f"{each.version} {each.title}") for each in rulesets],
            missing="Choose the rule set",
        )
        self.made: Panel | None = None

    def check(self, by: Person) -> None:
        """The secretariat."""
        check_administers(by)

    def act(self, by: Person) -> str:
        """Propose."""
        given = self.cleaned_data
        ruleset = self.rulesets[given["ruleset"]]
        plan = seat_plan(ruleset.body, given["kind"])
        self.made = propose_panel(plan=plan, title=given["name"], ruleset=ruleset.version, by=by)
        return f"{self.made.ref} is proposed. Offer its seats."


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
        chosen = [Case(self.offered[ref].ccg, ref) for ref in given["cases"]]
        sitting = list_sitting(panel=self.panel, on=given["on"], cases=chosen, by=by, place=given["place"])
        cases = "1 case" if len(chosen) == 1 else f"{len(chosen)} cases"
        return f"The sitting of {sitting.on:%-d %B %Y} is listed with {cases}."
