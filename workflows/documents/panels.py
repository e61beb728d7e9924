"""The life of a panel, of an appointment, of a sitting and of an item, from the tables of panels/states.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from panels.states import APPOINTMENT, ITEM, PANEL, SITTING, Life
from workflows.documents.markdown import arrow, diagram, state, table

LIVES: Final[tuple[tuple[str, Life[Any], str], ...]] = (
    ("A panel", PANEL, "From the seats of its plan to the end of its work. A standing panel sits many times."),
    ("An appointment", APPOINTMENT, "A person offered one seat of a panel. Its grants come and go with acceptance."),
    ("A sitting", SITTING, "One day of a panel. A stopped item does not hold it up: the case is listed again."),
    ("An item", ITEM, "One case on the agenda of a sitting, and only while that sitting is in session."),
)


def page() -> str:
    """The whole page."""
    parts = ["# The life of panels", "Each arrow is an act of `panels.actions`, refused from every other state."]
    for title, life, text in LIVES:
        rows = [[f"`{move.act}`", _label(move.before), _label(move.after), move.text] for move in life.moves]
        parts += [f"## {title}", text, diagram(_lines(life)), table(("Act", "From", "To", "What happens"), rows)]
    return "\n\n".join(parts) + "\n"


def _label(state_of: Any) -> str:
    return "" if state_of is None else str(state_of.label)


def _lines(life: Life[Any]) -> Iterator[str]:
    """One arrow for each pair of states, with every act that takes it."""
    for each in life.states:
        yield state(each.value, each.label)
    pairs: dict[tuple[Any, Any], list[str]] = {}
    for move in life.moves:
        pairs.setdefault((move.before, move.after), []).append(move.act)
    for (before, after), acts in pairs.items():
        yield arrow("[*]" if before is None else before.value, after.value, ", ".join(acts))
    for each in life.states:
        if all(move.before != each for move in life.moves):
            yield arrow(each.value, "[*]")
