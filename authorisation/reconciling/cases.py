"""Applications from their events: what was submitted, found, recommended, decided, imposed and published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.reconciling import Replay, Row, Text, Told
from audit.reconciling.replay import on
from authorisation.calendar import closes_at
from authorisation.enums import AuthorisationOutcome, ConditionState, ReviewResult, Tier, WindowKind
from authorisation.models import RuleSet
from authorisation.reconciling.tables import TABLES

_FOUND = {
    "desk_top.assessed": Tier.DESK_TOP,
    "desk_top.second_read": Tier.SECOND_READING,
    "site_visit.recorded": Tier.SITE_VISIT,
    "response.assessed": Tier.RESPONSE,
}


class BeforeDecision(Replay):
    """An application until the sub-committee has it."""

    PREFIX = "application"
    TABLES = TABLES
    SILENT = frozenset({"site_visit.arranged"})

    @classmethod
    def prepare(cls) -> dict[str, Mapping[str, Any]]:
        """How long windows are, by the version of the rule set."""
        return {row.version: row.body.get("windows", {}) for row in RuleSet.objects.only("version", "body")}

    def take(self, told: Told) -> None:
        """Without its first event there is nothing that the others could change."""
        if told.type == "application.opened" or self.last("application"):
            super().take(told)
        else:
            self.types[told.id] = told.type
            self.fault("application", f"event {told.id} ({told.type}) changes an application", "no event opened it")

    @property
    def case(self) -> Row:
        """What is expected of the application itself."""
        found = self.last("application")
        assert found is not None
        return found.values

    @property
    def attempt(self) -> int:
        """Which attempt this is."""
        number: int = self.case["attempt"]
        return number

    def _move(self, told: Told, **values: Any) -> None:
        self.change(self.last("application"), told, "an application", **values)

    @on("application.opened")
    def opened(self, told: Told) -> None:
        said = told.public
        cycle = said["ref"].removeprefix(f"CCG-{said['ccg']}-").partition("-")[0]
        self.expect(
            "application",
            told,
            **{name: said[name] for name in ("ref", "ccg", "wave", "ruleset_sha256")},
            cycle=int(cycle),
            ruleset=told.ruleset,
            attempt=1,
            resumes_at="",
            outcome="",
            opened_at=told.now,
            submitted_at=None,
        )

    @on("application.submitted")
    def submitted(self, told: Told) -> None:
        self.expect(
            "submission",
            told,
            attempt=self.attempt,
            practices=told.public["practices"],
            constitution=told.text("free_text", "constitution"),
            declarations=told.text("free_text", "declarations"),
            accountable_officer=told.text("person", "accountable_officer"),
            submitted_at=told.now,
        )
        self._move(told, submitted_at=told.now)

    @on("application.deferred")
    def deferred(self, told: Told) -> None:
        said = told.public
        self.expect(
            "move",
            told,
            from_wave=said["from_wave"],
            to_wave=said["to_wave"],
            reason=told.text("free_text", "reason"),
            moved_at=told.now,
        )
        self._stop_clocks(told)
        self._move(told, wave=said["to_wave"])

    @on("application.resumed")
    def resumed(self, told: Told) -> None:
        self._move(told, attempt=told.public["attempt"], resumes_at=told.public["at"])

    @on("application.withdrawn")
    def withdrawn(self, told: Told) -> None:
        self._stop_clocks(told)

    def _stop_clocks(self, told: Told) -> None:
        for rows in self.rows["window"].values():
            for row in rows:
                if not any(row.values[name] for name in ("answered_at", "lapsed_at", "stopped_at")):
                    self.change(row, told, "", stopped_at=told.now)

    @on("desk_top.assessed", "desk_top.second_read", "response.assessed")
    def assessed(self, told: Told) -> None:
        self._found(told)

    @on("site_visit.recorded")
    def visited(self, told: Told) -> None:
        self._recommended(told, "site_visit", "")
        self._found(told)

    def _found(self, told: Told) -> None:
        """What was found met and not met is public, and why is not."""
        said = told.public.get("findings", told.public)
        places = {code: number for number, (code, *_) in enumerate(told.listed("free_text", "reasons"))}
        for met, codes in ((True, said["met"]), (False, said["not_met"])):
            for code in codes:
                at = places.get(code, 0)
                self.expect(
                    "finding",
                    told,
                    attempt=self.attempt,
                    tier=_FOUND[told.type],
                    criterion=code,
                    met=met,
                    reason=told.text("free_text", "reasons", at, 1),
                    line_of_enquiry=told.text("free_text", "reasons", at, 2),
                    author=told.by,
                    found_at=told.now,
                )

    def _recommended(self, told: Told, kind: str, outcome: str) -> None:
        self.expect(
            "recommendation",
            told,
            attempt=self.attempt,
            kind=kind,
            outcome=outcome,
            panel=told.public["panel"],
            made_at=told.now,
        )

    @on("report.issued")
    def reported(self, told: Told) -> None:
        summary = told.text("free_text", "summary")
        self.expect("report", told, attempt=self.attempt, summary=summary, signed_by=told.by, issued_at=told.now)
        self._window(told, WindowKind.REPORT_COMMENTS)

    def _window(self, told: Told, kind: WindowKind) -> None:
        length = self.context.get(self.case["ruleset"], {}).get(kind.value)
        self.expect(
            "window",
            told,
            attempt=self.attempt,
            kind=kind.value,
            opens_at=told.now,
            **({"closes_at": closes_at(told.at, length)} if length else {}),
            answered_at=None,
            waived_at=None,
            lapsed_at=None,
            stopped_at=None,
        )

    @on("window.answered")
    def answered(self, told: Told) -> None:
        kind = told.public["kind"]
        text = told.text("free_text", "text")
        self.expect("answer", told, attempt=self.attempt, kind=kind, text=text, sent_by=told.by, received_at=told.now)
        waived = told.now if told.public["waived"] else None
        self._end(told, kind, answered_at=told.now, waived_at=waived)

    @on("window.lapsed")
    def lapsed(self, told: Told) -> None:
        self._end(told, told.public["kind"], lapsed_at=told.now)

    def _end(self, told: Told, kind: str, **values: Any) -> None:
        self.change(self.last("window", self.attempt, kind), told, f"the window for {kind}", **values)

    @on("moderation.recommended")
    def moderated(self, told: Told) -> None:
        self._recommended(told, "moderation", told.public["outcome"])

    @on("region.signed_off")
    def signed_off(self, told: Told) -> None:
        note = told.text("free_text", "note")
        self.expect("sign_off", told, attempt=self.attempt, director=told.by, note=note, signed_at=told.now)

    @on("conditions.proposed")
    def proposed(self, told: Told) -> None:
        self._recommended(told, "conditions", AuthorisationOutcome.CONDITIONAL)
        others = dict(told.public.get("others", ()))
        for number, (code, level, _) in enumerate(told.public["conditions"]):
            self.expect(
                "proposed",
                told,
                attempt=self.attempt,
                criterion=code,
                level=level,
                discharge_test=told.text("free_text", "tests", number, 1),
                direction=told.text("free_text", "tests", number, 2),
                other=others.get(code),
            )
        self._window(told, WindowKind.CONDITIONS_RESPONSE)


class Applications(BeforeDecision):
    """An application to its end."""

    @on("decision.recorded")
    def decided(self, told: Told) -> None:
        said = told.public
        self.expect(
            "decision",
            told,
            outcome=said["outcome"],
            has_directions=any(count for _, _, count in said["conditions"]),
            reasons=told.text("free_text", "reasons"),
            decided_at=told.now,
            panel=said["panel"],
            composed=said["composition_sha256"],
        )
        for code, level, count in said["conditions"]:
            self._impose(told, code, level, count)
        self._move(told, outcome=said["outcome"])

    def _impose(self, told: Told, code: str, level: str, count: int) -> None:
        """One finding and one condition, with the test that was proposed and the directions that come with it."""
        reason = Text("Not met at the decision.", told.erased.get("free_text", ""))
        self.expect(
            "finding",
            told,
            attempt=self.attempt,
            tier=Tier.DECISION,
            criterion=code,
            met=False,
            reason=reason,
            line_of_enquiry="",
            author=told.by,
            found_at=told.now,
        )
        offered = [row for (_, one), rows in self.rows["proposed"].items() for row in rows if one == code]
        latest = max((row.values["attempt"] for row in offered), default=0)
        proposal = next((row.values for row in offered if row.values["attempt"] == latest), {})
        test = {"discharge_test": proposal["discharge_test"]} if proposal else {}
        self.expect(
            "condition",
            told,
            criterion=code,
            finding=code,
            level=level,
            state=ConditionState.OPEN,
            imposed_at=told.now,
            discharged_at=None,
            **test,
        )
        lines = _lines(proposal.get("direction"), count)
        for line in lines:
            self._direct(told, None, code, line)

    def _direct(self, told: Told, origin: int | None, code: str, text: Any) -> None:
        said = {} if text is None else {"text": text}
        given_on = told.day.isoformat()
        self.expect("direction", told, origin=origin, criterion=code, given_on=given_on, ended_on=None, **said)

    @on("letter.issued")
    def letter(self, told: Told) -> None:
        sha256 = told.public["sha256"]
        self.expect("letter", told, sha256=sha256, pdf=sha256, issued_at=told.now)

    @on("decision.published")
    def published(self, told: Told) -> None:
        self.expect("publication", told, letter_sha256=told.public["letter_sha256"], published_at=told.now)

    @on("plan.agreed")
    def planned(self, told: Told) -> None:
        text, version = told.text("free_text", "text"), told.public["version"]
        self.expect("plan", told, version=version, text=text, agreed_with=told.by, agreed_at=told.now)

    @on("conditions.reviewed")
    def reviewed(self, told: Told) -> None:
        said = told.public
        for number, (code, result, level) in enumerate(said["results"]):
            self._review(told, code, result, level, told.text("free_text", "reasons", number, 1))
        self._lift(told)
        self._give(told)
        conditions = [row.values for rows in self.rows["condition"].values() for row in rows]
        directions = [row.values for rows in self.rows["direction"].values() for row in rows]
        self.expect(
            "review",
            told,
            round=said["round"],
            panel=said["panel"],
            composed=said["composition_sha256"],
            conditions_left=sum(row["state"] == ConditionState.OPEN for row in conditions),
            directions_left=sum(row["ended_on"] is None for row in directions),
            reviewed_at=told.now,
        )

    def _review(self, told: Told, code: str, result: str, level: str, reason: Any) -> None:
        condition = self.last("condition", code)
        before = condition.values["level"] if condition else ""
        gone = result == ReviewResult.DISCHARGE
        self.expect(
            "change",
            told,
            criterion=code,
            round=told.public["round"],
            result=result,
            from_level=before,
            to_level="" if gone else level or before,
            reason=reason,
        )
        if gone:
            values: Row = {"state": ConditionState.DISCHARGED, "discharged_at": told.now}
            self.change(condition, told, f"the condition on {code}", **values)
        elif result in {ReviewResult.RAISE, ReviewResult.LOWER}:
            self.change(condition, told, f"the condition on {code}", level=level)

    def _lift(self, told: Told) -> None:
        """Directions are named by their keys in the table, and stand there in the order they were given."""
        table = self.TABLES["direction"]
        for key in told.public["lifted"]:
            row = next((row for row in self.standing["direction"] if row["pk"] == key), None)
            alike = [one for one in self.standing["direction"] if row and table.key_of(one) == table.key_of(row)]
            given = self.rows["direction"][table.key_of(row)] if row else []
            place = alike.index(row) if row else 0
            found = given[place] if place < len(given) else None
            self.change(found, told, f"direction {key}", ended_on=told.day.isoformat())

    def _give(self, told: Told) -> None:
        """Directions given at a review; their words are kept in private."""
        texts = told.listed("free_text", "given")
        if texts or not told.public["given"]:
            for number, (code, _) in enumerate(texts):
                self._direct(told, told.public["round"], code, told.text("free_text", "given", number, 1))
            return
        # The words were erased, or the event is older than their keeping: as many as stand, at least one each.
        for code in told.public["given"]:
            rows = [row for row in self.standing["direction"] if row["event"] == told.id or _given(row, told, code)]
            for _ in range(max(1, sum(_given(row, told, code) for row in rows))):
                self._direct(told, told.public["round"], code, None)


def _given(row: Row, told: Told, code: str) -> bool:
    return (row["origin"], row["criterion"]) == (told.public["round"], code)


def _lines(direction: Any, count: int) -> list[Any]:
    """The legal directions in a proposal, one a line; as many as the decision says."""
    text = direction.text if isinstance(direction, Text) else direction
    if text is None:
        return [None] * count
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [Text(line) for line in lines] if len(lines) == count else [None] * count
