"""Letters and minutes as tagged PDF, made by Typst from data that is text and never mark-up."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

from audit import clock

FOLDER = Path(settings.BASE_DIR) / "templates" / "letters"
UNSHOWN = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
MOST_UNSHOWN = 500


@cache
def _fonts() -> list[str]:
    return [str(files("font_source_sans_pro") / "files")]


def pdf(name: str, paper: dict[str, Any]) -> bytes:
    """The template of that name filled with a paper, PDF/UA-1. `paper["numbered"]` is set when characters are.

    Raises ValueError when over 500 characters of it have no shape in the font.
    """
    for _ in range(MOST_UNSHOWN):
        try:
            return _compile(name, paper)
        except typst.TypstError as error:
            unshown = UNSHOWN.search(str(error))
            if unshown is None:
                raise
            paper = _numbered(paper, unshown.group(1)) | {"numbered": True}
    raise ValueError(f"The paper ({name}) holds over {MOST_UNSHOWN} characters its font does not have.")


def _compile(name: str, paper: dict[str, Any]) -> bytes:
    made = typst.compile(
        str(FOLDER / f"{name}.typ"),
        root=str(FOLDER),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
        timestamp=int(clock.now().timestamp()),
        sys_inputs={"letter": json.dumps(paper, ensure_ascii=False)},
    )
    return bytes(made)


def _numbered(paper: dict[str, Any], unshown: str) -> dict[str, Any]:
    """The same with characters the font lacks given by their Unicode numbers: PDF/UA allows no empty boxes."""
    text = json.dumps(paper, ensure_ascii=False)
    for character in unshown:
        text = text.replace(character, f"[U+{ord(character):04X}]")
    told: dict[str, Any] = json.loads(text)
    return told
