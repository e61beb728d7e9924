"""The decision letter as a tagged PDF, made by Typst from data that is text and never mark-up."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import segno
from django.conf import settings

from audit import checkpoints, clock
from audit.notes import Head, parse_proof
from authorisation.calendar import LONDON
from authorisation.models import Application
from authorisation.rules import Printed
from panels.documents import pdf
from panels.models import Position
from panels.rules import COALITION_SEAT

# A letter is folded, copied and stained: the code bears the loss of 15 in 100. One module is 0.42 mm wide, five
# dots of an office printer, so that a proof in a log of millions is still no wider than a third of the page.
ERROR_LEVEL, QUIET, MODULE = "m", 4, 0.42

STANCES = {"concur": "concurred", "dissent": "dissented", "abstain": "abstained"}


@dataclass(frozen=True)
class Written:
    """A letter that is made and not yet sent."""

    pdf: bytes
    printed: Printed


def write(application: Application) -> Written:
    """Make the letter on a decided application, once a signed head of the log holds the decision.

    Outside any transaction: a head is signed for it when there is none yet. Raises NotYetSigned when there is no
    signature to be had; the letter is owed still, and tried again.
    """
    printed = proof_for(application)
    return Written(render(application, printed), printed)


def proof_for(application: Application) -> Printed:
    """The proof that the decision is in the log, under the newest signed head."""
    event = application.decision.event
    proof = checkpoints.inclusion(event, checkpoints.ensure_covering(event))
    index, _path, note, _leaf = parse_proof(proof)
    return Printed(Head.parse(note.text), index, proof)


def render(application: Application, printed: Printed) -> bytes:
    """The letter as PDF/UA-1. The same case under the same head at the same moment gives the same bytes."""
    return pdf("decision", facts(application, printed))


def facts(application: Application, printed: Printed) -> dict[str, Any]:
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
        "log": _log(application, printed),
    }


def _log(application: Application, printed: Printed) -> dict[str, Any]:
    """The place of the decision in the log, in figures, as a code to scan and as the text the code holds."""
    code = segno.make(printed.proof, error=ERROR_LEVEL, micro=False, encoding="utf-8")
    picture = BytesIO()
    code.save(picture, kind="svg", border=QUIET, light="white", xmldecl=False, nl=False, omitsize=True)
    page = f"{settings.SITE_URL}/audit/verify/"
    return {
        "origin": printed.head.origin,
        "size": printed.head.size,
        "root": printed.root,
        "index": printed.index,
        "page": page,
        "address": page.removeprefix("https://"),
        "file": f"{application.ref}.tlog-proof",
        "proof": printed.proof,
        "picture": picture.getvalue().decode(),
        "width": round(code.symbol_size(border=QUIET)[0] * MODULE, 1),
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
