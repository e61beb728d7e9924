"""Rule sets, criteria, waves and rounds of reviews; and that panels sit by the plan of their rule set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from audit.reconciling import Replay, Row, Table, Told
from audit.reconciling.replay import on
from authorisation.errors import RuleSetRefused
from authorisation.models import CriteriaSet, Criterion, ReviewRound, RuleSet, Wave
from authorisation.reconciling.tables import same
from authorisation.rulesets import TOLD, catalogue_digest, has_kind, read, seat_plan
from panels.models import Panel


def _source(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Rules(Replay):
    """What everything is judged under, and when."""

    PREFIX = "system"
    TABLES = {
        "catalogue": Table(
            CriteriaSet, "", ("version",), {"event": "event_id", **same("version", "sha256", "loaded_at")}
        ),
        "criterion": Table(
            Criterion, "", ("event",), {"event": "event_id", "version": "criteria_set__version", **same(*TOLD)}
        ),
        "ruleset": Table(
            RuleSet,
            "",
            ("version",),
            {
                "event": "event_id",
                **same("version", "title", "sha256", "source", "body", "loaded_at"),
                "criteria": "criteria_set__version",
            },
        ),
        "wave": Table(Wave, "", ("cycle", "number"), {"event": "event_id", **same("cycle", "number", "deadline")}),
        "round": Table(
            ReviewRound,
            "",
            ("cycle", "number"),
            {"event": "event_id", **same("cycle", "number", "evidence_due", "committee_on")},
        ),
    }

    @on("criteria.imported")
    def criteria(self, told: Told) -> None:
        said = told.public
        self.expect("catalogue", told, version=said["version"], sha256=said["sha256"], loaded_at=told.now)
        rows = [row for row in self.standing["criterion"] if row["event"] == told.id]
        for row in rows or [{}] * said["criteria"]:
            self.expect("criterion", told, version=said["version"], **{name: row[name] for name in TOLD if name in row})
        if len(rows) != said["criteria"]:
            self.fault("criterion", f"event {told.id} brought {said['criteria']} criteria", f"{len(rows)} stand")
        elif "rows_sha256" in said and catalogue_digest(_listed(rows)) != said["rows_sha256"]:
            self.fault(
                "criterion",
                f"event {told.id} brought criteria {said['version']} with their hash",
                "those that stand have another",
            )

    @on("ruleset.loaded")
    def ruleset(self, told: Told) -> None:
        """The file is the one whose hash was recorded, and what is read from it is what the tables hold."""
        version, sha256 = told.public["version"], told.public["sha256"]
        wanted = self.expect("ruleset", told, version=version, sha256=sha256, loaded_at=told.now)
        row = next((row for row in self.standing["ruleset"] if row["version"] == version), None)
        if row is None:
            return
        if _source(row["source"]) != sha256:
            self.fault("ruleset", f"event {told.id} loaded a file with a hash", "the file has another", version)
            return
        try:
            file = read(row["source"].encode())
        except RuleSetRefused:
            # By the rules of a later release; its hash is the recorded one all the same.
            return
        wanted.values |= {"title": file.title, "criteria": file.criteria_set, "body": file.body}

    @on("wave.added")
    def wave(self, told: Told) -> None:
        self.expect("wave", told, **{name: told.public[name] for name in ("cycle", "number", "deadline")})

    @on("review.opened")
    def opened_round(self, told: Told) -> None:
        said = told.public
        due = {"evidence_due": said["evidence_due"], "committee_on": said["committee"]}
        self.expect("round", told, cycle=said["cycle"], number=said["number"], **due)


def _listed(rows: list[Row]) -> list[list[Any]]:
    return [[row[name] for name in TOLD] for row in sorted(rows, key=lambda row: row["position"])]


class PlansOfPanels(Replay):
    """A panel sits by the plan its rule set gives."""

    PREFIX = "panel"
    TABLES = {
        "plan": Table(Panel, "stream", (), {"plan": "plan"}),
    }

    @classmethod
    def prepare(cls) -> dict[str, Mapping[str, Any]]:
        """The rule sets by version."""
        return dict(RuleSet.objects.values_list("version", "body"))

    @on("panel.proposed")
    def proposed(self, told: Told) -> None:
        body, kind = self.context.get(told.ruleset), told.public["kind"]
        plan = {"plan": seat_plan(body, kind).as_json()} if body and has_kind(body, kind) else {}
        self.expect("plan", told, **plan)
