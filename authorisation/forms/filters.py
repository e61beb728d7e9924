"""What lists can be narrowed by. A value nobody offers is left out rather than refused: links may be old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from authorisation.enums import Stage

Choices = Sequence[tuple[str, str]]
LONGEST = 100
SORTS: Choices = (("ref", "Reference"), ("name", "Name"), ("wave", "Wave"), ("stage", "Stage"))
OUTCOMES: Choices = (
    ("full", "Fully authorised"),
    ("conditional", "With conditions"),
    ("directions", "With directions"),
)
UNDECIDED: Choices = (("none", "Not decided yet"),)


@dataclass(frozen=True)
class Choice:
    """One drop-down list: its name, label, what it offers and what is chosen ("" for all)."""

    name: str
    label: str
    offered: Choices
    chosen: str


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed by."""

    choices: Sequence[Choice]
    text: str = ""

    def __getitem__(self, name: str) -> str:
        """What is chosen under a name; "" when nothing is."""
        return next((each.chosen for each in self.choices if each.name == name), "")

    @property
    def query(self) -> str:
        """The address's query for a link to another page of the same list, with a closing "&" when there is any."""
        chosen = {each.name: each.chosen for each in self.choices if each.chosen}
        if self.text:
            chosen["q"] = self.text
        return urlencode(chosen) + "&" if chosen else ""

    @property
    def narrowed(self) -> bool:
        """Whether anything but the order is chosen."""
        return bool(self.text) or any(each.chosen for each in self.choices if each.name != "sort")


def read(given: Mapping[str, str], lists: Iterable[tuple[str, str, Choices]]) -> Filters:
    """The filters an address asks for, among those offered: name, label and choices of each list."""
    return Filters(
        [
            Choice(name, label, offered, given.get(name, "") if given.get(name) in dict(offered) else "")
            for name, label, offered in lists
        ],
        given.get("q", "").replace("\x00", "").strip()[:LONGEST],
    )


def for_applications(given: Mapping[str, str], waves: Choices, regions: Choices) -> Filters:
    """The filters of the list of applications."""
    return read(
        given,
        (
            ("wave", "Wave", waves),
            ("stage", "Stage", Stage.choices),
            ("region", "Region", regions),
            ("outcome", "Decision", (*OUTCOMES, *UNDECIDED)),
            ("sort", "Order", SORTS),
        ),
    )


def for_register(given: Mapping[str, str], waves: Choices, regions: Choices) -> Filters:
    """The filters of the public register."""
    return read(given, (("wave", "Wave", waves), ("region", "Region", regions), ("outcome", "Standing now", OUTCOMES)))
