"""The pages of docs/generated/: pictures and tables made from the code, so that they cannot say anything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from django.conf import settings

from workflows.documents import panels, permissions, process

FOLDER = Path(settings.BASE_DIR) / "docs" / "generated"
CURE: Final = "run `python3 manage.py generate_docs` and commit what it writes"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "process.md": process.page,
    "panels.md": panels.page,
    "permissions.md": permissions.page,
}
MARK: Final = "<!-- Made from the code by `python3 manage.py generate_docs`: change the code, not this page. -->"


def render(name: str) -> str:
    """One page as it should be."""
    return f"{MARK}\n\n{PAGES[name]()}"


def write() -> list[Path]:
    """Write every page; the paths written."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (FOLDER / name).write_text(render(name), encoding="utf-8")
    return [FOLDER / name for name in PAGES]


def faults() -> list[str]:
    """Sentences about pages that are missing, differ from the code, or that nothing makes; none when all agree."""
    kept = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*"))}
    found = [f"{name} is missing: {CURE}." for name in PAGES if name not in kept]
    found += [f"{name} differs from the code: {CURE}." for name in PAGES if name in kept and kept[name] != render(name)]
    return found + [f"{name} is made by nothing: remove it." for name in kept if name not in PAGES]
