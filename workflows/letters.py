"""The decision letter as a tagged PDF, made by Typst from data that is text and never mark-up."""

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
from authorisation.calendar import LONDON
from authorisation.models import Application
from panels.models import Position
from panels.rules import COALITION_SEAT

TEMPLATE = Path(settings.BASE_DIR) / "templates" / "letters" / "decision.typ"
UNSHOWN = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
MOST_UNSHOWN = 500
STANCES = {"concur": "concurred", "dissent": "dissented", "abstain": "abstained"}


@cache
def _fonts() -> list[str]:
    return [str(files("font_source_sans_pro") / "files")]


def render(application: Application) -> bytes:
    """The letter on a decided application, PDF/UA-1. The same case at the same moment gives the same bytes."""
    letter = facts(application)
    for _ in range(MOST_UNSHOWN):
        try:
            return _compile(letter)
        except typst.TypstError as error:
            unshown = UNSHOWN.search(str(error))
            if unshown is None:
                raise
            letter = _numbered(letter, unshown.group(1)) | {"numbered": True}
    raise ValueError(f"The letter on {application.ref} holds over {MOST_UNSHOWN} characters its font does not have.")


def _compile(letter: dict[str, Any]) -> bytes:
    pdf = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
        timestamp=int(clock.now().timestamp()),
        sys_inputs={"letter": json.dumps(letter, ensure_ascii=False)},
    )
    return bytes(pdf)


def _numbered(letter: dict[str, Any], unshown: str) -> dict[str, Any]:
    """The same letter with characters the font lacks given by their Unicode numbers: PDF/UA allows no empty boxes."""
    text = json.dumps(letter, ensure_ascii=False)
    for character in unshown:
        text = text.replace(character, f"[U+{ord(character):04X}]")
    told: dict[str, Any] = json.loads(text)
    return told


def facts(application: Application) -> dict[str, Any]:
    """Everything the letter says."""
    decision = application.decision
    composition = decision.panel_outcome.composition
    conditions = decision.conditions.select_related("criterion").order_by("criterion__position")
    return {
        "date": f"{clock.now().astimezone(LONDON):%-d %B %Y}",
        "ref": application.ref,
        "ccg": application.ccg.name,
        "code": application.ccg.code,
        "wave": str(application.wave.number),
        "outcome": decision.get_outcome_display(),
        "decided": f"{decision.decided_at.astimezone(LONDON):%-d %B %Y}",
        "reasons": decision.reasons,
        "conditions": [
            {
                "code": row.criterion.code,
                "text": row.criterion.text,
                "level": row.level,
                "support": application.ruleset.body["levels"][row.level]["text"],
                "test": row.discharge_test,
            }
            for row in conditions
        ],
        "directions": [row.text for row in decision.directions.order_by("pk")],
        "coalition": _coalition(application),
        "panel": decision.panel_outcome.item.panel.ref,
        "composition": composition.sha256,
        "ruleset": application.ruleset.version,
        "synthetic": bool(application.synthetic),
        "numbered": False,
    }


def _coalition(application: Application) -> list[dict[str, str]]:
    """The Coalition representatives' positions: printed with the decision, dissent and reasons included."""
    rows = Position.objects.filter(
        item=application.decision.panel_outcome.item, appointment__seat__kind=COALITION_SEAT
    ).select_related("appointment__person", "appointment__appointed_by")
    return [
        {
            "name": row.appointment.person.display_name,
            "body": row.appointment.appointed_by.name,
            "stance": STANCES[row.stance],
            "reasons": row.reasons,
        }
        for row in rows.order_by("pk")
    ]
