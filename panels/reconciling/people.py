"""Nominations and training from the events of people's own streams."""

from __future__ import annotations

from typing import Any

from audit.reconciling import Replay, Table, Told
from audit.reconciling.replay import Expected, on
from panels.models import Accreditation, Nomination

_DATES = {"starts": "starts", "ends": "ends"}


class PeopleOfPanels(Replay):
    """Who was nominated by which body, and what training they have had."""

    PREFIX = "person"
    TABLES = {
        "nomination": Table(
            Nomination,
            "person__stream",
            ("body",),
            {"event": "event_id", "body": "body__code", **_DATES, "rank": "rank", "capacity": "capacity"},
        ),
        "accreditation": Table(
            Accreditation,
            "person__stream",
            ("kind",),
            {"event": "event_id", "kind": "kind", "by": "given_by__code", **_DATES},
        ),
    }

    @on("person.nominated")
    def nominated(self, told: Told) -> None:
        said = told.public
        self.expect(
            "nomination",
            told,
            body=said["body"],
            starts=said["starts"],
            ends=said.get("ends"),
            rank=said["rank"],
            capacity=said.get("capacity"),
        )

    @on("person.nomination_ended")
    def nomination_ended(self, told: Told) -> None:
        self._nomination(told, [one for one in self._of(told) if one.values["ends"] is None], ends=told.public["ends"])

    @on("person.nomination_ranked")
    def ranked(self, told: Told) -> None:
        self._nomination(told, self._of(told), rank=told.public["rank"])

    @on("person.nomination_limited")
    def limited(self, told: Told) -> None:
        self._nomination(told, self._of(told), capacity=told.public.get("capacity"))

    def _of(self, told: Told) -> list[Expected]:
        """The nominations by a body that had not ended by the day of an event."""
        today = told.day.isoformat()
        found = self.rows["nomination"][told.public["body"],]
        return [one for one in found if one.values["ends"] is None or one.values["ends"] >= today]

    def _nomination(self, told: Told, candidates: list[Expected], **values: Any) -> None:
        what = f"a nomination by {told.public['body']}"
        self.change(self.that_names("nomination", candidates, told), told, what, **values)

    @on("person.accredited")
    def accredited(self, told: Told) -> None:
        said = told.public
        self.expect(
            "accreditation", told, kind=said["kind"], by=said["by"], starts=said["starts"], ends=said.get("ends")
        )

    @on("person.accreditation_ended")
    def accreditation_ended(self, told: Told) -> None:
        kind = told.public["kind"]
        running = [one for one in self.rows["accreditation"][kind,] if one.values["ends"] is None]
        found = running[-1] if running else None
        self.change(found, told, f"training in {kind}", ends=told.public["ends"])
