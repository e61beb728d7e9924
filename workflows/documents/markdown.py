"""Tables and state diagrams as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# What ends or opens something in Mermaid's grammar of state diagrams.
SPECIAL = str.maketrans({":": ",", ";": ",", '"': "'", "{": "(", "}": ")", "#": "", "\n": " "})


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of GitHub's Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("|" + "".join(f" {cell.replace('|', '/')} |" if cell else " |" for cell in line) for line in lines)


def diagram(lines: Iterable[str]) -> str:
    """A state diagram in its fence."""
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"    {line}" for line in lines), "```"])


def state(name: str, text: str) -> str:
    """A state with the words people read."""
    return f'state "{text.translate(SPECIAL)}" as {name}'


def arrow(before: str, after: str, text: str = "") -> str:
    """A transition; `[*]` is the beginning or the end."""
    return f"{before} --> {after}" + (f" : {text.translate(SPECIAL)}" if text else "")


def sentence(docstring: str | None) -> str:
    """The first sentence of a docstring, on one line."""
    first = " ".join((docstring or "").split("\n\n")[0].split())
    return first.split(". ")[0].rstrip(".") + "."
