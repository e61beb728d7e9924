"""Forms that do one thing: what every page with a button behind it has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django import forms

if TYPE_CHECKING:
    from django.forms.boundfield import BoundField

    from directory.models import Person


@dataclass(frozen=True)
class Group:
    """Fields that belong together, under a heading when there is one; folded away when they are seldom needed."""

    fields: Sequence[BoundField]
    heading: str = ""
    note: str = ""
    folded: bool = False

    @property
    def opened(self) -> bool:
        """Whether a folded group is shown open: something in it was entered or is wrong."""
        return any(field.errors or field.value() for field in self.fields)


class ActingForm(forms.Form):
    """A form that calls one action. `act` answers with the sentence to show afterwards and raises what is refused."""

    title = ""
    intro = ""
    button = "Save"
    warning = ""
    # Where to go once it is done, when that is not where the page came from.
    then = ""
    # Whether what the form needs is there at all; when it is not, `warning` says what is missing.
    possible = True

    def check(self, by: Person) -> None:
        """Raise PermissionDenied, or a Refused, when this person may not see the form at all."""

    def act(self, by: Person) -> str:
        """Call the action with what was entered."""
        raise NotImplementedError

    def groups(self) -> Sequence[Group]:
        """The fields as the page shows them."""
        return [Group([self[name] for name in self.fields])]

    def facts(self) -> Sequence[tuple[str, str]]:
        """What to know before answering, as terms and descriptions."""
        return []
