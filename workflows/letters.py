"""The decision letter as a tagged PDF, made by Typst from data that is text and never mark-up."""

from __future__ import annotations

from typing import Any

from audit import clock
from authorisation.calendar import LONDON
from authorisation.models import Application
from panels.documents import pdf
from panels.models import Position
from panels.rules import COALITION_SEAT

STANCES = {"concur": "concurred", "dissent": "dissented", "abstain": "abstained"}


def render(application: Application) -> bytes:
    """The letter on a decided application, PDF/UA-1. The same case at the same moment gives the same bytes."""
    return pdf("decision", facts(application))


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
    reached = application.decision.panel_outcome
    counted = {row["person"] for row in reached.composition.body["members"] if row["coalition"] and row["stance"]}
    said = Position.objects.filter(item=reached.item, appointment__seat__kind=COALITION_SEAT)
    rows = said.select_related("appointment__person", "appointment__appointed_by").order_by("pk")
    latest = {row.appointment_id: row for row in rows if row.appointment.person.stream in counted}
    return [
        {
            "name": row.appointment.person.display_name,
            "body": row.appointment.appointed_by.name,
            "stance": STANCES[row.stance],
            "reasons": row.reasons,
        }
        for row in latest.values()
    ]
