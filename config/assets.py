"""The design system's stylesheet and script, taken from a wheel, so that no Node and no network is needed.

The stylesheet as published fetches Frutiger from its owner's host. That typeface is licensed for other sites than
ours, and our pages ask no other host for anything: both rules go, and the name goes from the font list.
"""

import importlib.util
import re
import shutil
from pathlib import Path

FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
FONT_NAME = re.compile(r"\bFrutiger W01,\s*")
SOURCE_MAP = re.compile(r"/[*/][#@] sourceMappingURL=[^\n*]*(\*/)?")
REMOTE = re.compile(r"url\(\s*['\"]?(?:https?:)?//")


def build(target: Path) -> list[Path]:
    """Write the stylesheet and the script into `target` and give their paths; the same input gives the same bytes.

    Raises `ValueError` when the stylesheet would still ask another host for something.
    """
    source = _wheel()
    target.mkdir(parents=True, exist_ok=True)
    stylesheet, script = target / "nhsuk.css", target / "nhsuk.js"
    _replace(stylesheet, clean((_only(source / "css", "*.min.css")).read_text(encoding="utf-8")))
    _replace(script, SOURCE_MAP.sub("", _only(source / "js", "*.min.js").read_text(encoding="utf-8")))
    return [stylesheet, script]


def clean(stylesheet: str) -> str:
    """Take out remote fonts and the pointer to a source map; raise `ValueError` if anything remote is left."""
    cleaned = SOURCE_MAP.sub("", FONT_NAME.sub("", FONT_FACE.sub("", stylesheet)))
    if REMOTE.search(cleaned) or "Frutiger" in cleaned:
        raise ValueError("The stylesheet still asks another host for something; look at its url() entries.")
    return cleaned


def _wheel() -> Path:
    spec = importlib.util.find_spec("wagtailnhsukfrontend")
    if spec is None or spec.origin is None:
        raise ValueError("wagtail-nhsuk-frontend is not installed; run `python3 manage.py demo` once.")
    return Path(spec.origin).parent / "static" / "wagtailnhsukfrontend"


def _only(folder: Path, pattern: str) -> Path:
    [path] = folder.glob(pattern)
    return path


def _replace(path: Path, text: str) -> None:
    # Another process may be serving the file: it sees the old one or the new one, never half.
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    shutil.move(partial, path)
