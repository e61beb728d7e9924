"""Seats from their events: who was proposed, asked, accepted, declined, stood down, was away, declared, was refused."""

from __future__ import annotations

from typing import Any

from audit.reconciling import Near, Replay, Told
from audit.reconciling.replay import Expected, on
from panels.models import AppointmentState
from panels.reconciling.tables import TABLES
from panels.rules import COALITION_SEAT, SeatPlan

LIVE = frozenset({AppointmentState.PROPOSED, AppointmentState.INVITED, AppointmentState.ACCEPTED})
# What an examination is called at, by the event it belongs to.
MOMENTS = {
    "seats.proposed": {"proposed"},
    "seat.accepted": {"accepted"},
    "seat.declined": {"accepted"},
    "seat.handed_on": {"substituted"},
    "interests.declared": {"declared", "settled", "stopped"},
    "objection.raised": {"objected"},
    "conflict.ruled": {"ruled", "settled", "stopped"},
    "members.examined": {"examined", "settled", "stopped"},
    "sitting.listed": {"listed"},
    "sitting.convened": {"convened"},
    "member.recused": {"declared", "settled", "stopped"},
    "member.arrived": {"opened", "settled"},
}


class Seats(Replay):
    """A panel from the moment it is proposed until it sits."""

    PREFIX = "panel"
    TABLES = TABLES

    @property
    def panel(self) -> Expected:
        """The panel itself; an empty one where the event that proposed it is gone."""
        found = self.last("panel")
        if found is None:
            raise LookupError(self.stream)
        return found

    def take(self, told: Told) -> None:
        """Without its first event there is nothing that the others could change."""
        if told.type == "panel.proposed" or self.last("panel"):
            super().take(told)
        else:
            self.types[told.id] = told.type
            self.fault("panel", f"event {told.id} ({told.type}) changes a panel", "no event proposed it")

    @on("panel.proposed")
    def proposed_panel(self, told: Told) -> None:
        """The panel, and the seats of its plan; the plan itself is compared with the rule set it was copied from."""
        self.expect(
            "panel",
            told,
            kind=told.public["kind"],
            title=told.public["title"],
            ruleset=told.ruleset,
            created_at=told.now,
            confirmed_at=None,
            closed_at=None,
        )
        for row in self.standing.get("panel", ()):
            plan = SeatPlan.from_json(row["plan"])
            places = [(rule, place) for rule in plan.seats for place in range(rule.maximum)]
            for number, (rule, place) in enumerate(places, start=1):
                self.expect(
                    "seat",
                    told,
                    number=number,
                    kind=rule.type,
                    title=rule.title,
                    required=rule.required_to_sit and place < rule.minimum,
                    accreditation=rule.accreditation,
                    appointed_by=rule.appointed_by,
                )

    @on("panel.confirmed")
    def confirmed(self, told: Told) -> None:
        self.panel.values["confirmed_at"] = told.now
        for agenda in told.public.get("agendas", ()):
            self._order(told, agenda)

    @on("agenda.ordered")
    def ordered(self, told: Told) -> None:
        self._order(told, told.public)

    @on("panel.closed")
    def closed_panel(self, told: Told) -> None:
        self.panel.values["closed_at"] = told.now

    def _order(self, told: Told, said: Any) -> None:
        keys = {(row["on"], row["case"]): row["pk"] for row in self.standing.get("item", ())}
        items = [keys.get((said["on"], case)) for case in said["cases"]]
        self.expect("order", told, on=said["on"], items=items, made_at=told.now)

    @on("seats.proposed")
    def proposed(self, told: Told) -> None:
        for seat in told.public["seats"]:
            # The Coalition's seat rests on the nomination of the body that is said to have appointed.
            coalition = {"nominated_by": seat["by"], "nominated": seat["person"]}
            self.expect(
                "appointment",
                told,
                person=seat["person"],
                number=seat["number"],
                by=seat["by"],
                rank=seat["rank"],
                state=AppointmentState.PROPOSED,
                proposed_at=told.now,
                invited_at=None,
                answered_at=None,
                **(coalition if seat["seat"] == COALITION_SEAT else {}),
            )

    @on("seats.invited")
    def invited(self, told: Told) -> None:
        for seat in told.public["seats"]:
            self._appoint(told, seat, state=AppointmentState.INVITED, invited_at=told.now)

    @on("seat.accepted")
    def accepted(self, told: Told) -> None:
        (seat,) = told.public["seats"]
        if seat["rank"] == 0:
            self._unsettle()
        self._declared(told, seat["person"])
        self._appoint(told, seat, state=AppointmentState.ACCEPTED, answered_at=told.now)

    @on("seat.declined")
    def declined(self, told: Told) -> None:
        (seat,) = told.public["seats"]
        if "declared" in told.public:
            self._declared(told, seat["person"])
        self._appoint(told, seat, state=AppointmentState.DECLINED, answered_at=told.now)

    @on("seat.stood_down")
    def stood_down(self, told: Told) -> None:
        (seat,) = told.public["seats"]
        held = self._appointment(seat["person"])
        if held and held.values["state"] == AppointmentState.ACCEPTED and held.values["rank"] == 0:
            self._unsettle()
        self._appoint(told, seat, state=AppointmentState.STOOD_DOWN, answered_at=told.now)

    @on("seat.handed_on")
    def handed_on(self, told: Told) -> None:
        (seat,) = told.public["seats"]
        self._unsettle()
        self._appoint(told, seat, rank=seat["rank"])

    def _appointment(self, person: str) -> Expected | None:
        found = self.last("appointment", person)
        return found if found and found.values["state"] in LIVE else None

    def _appoint(self, told: Told, seat: Any, **values: Any) -> None:
        self.change(self._appointment(seat["person"]), told, f"the appointment of {seat['person']}", **values)

    def _unsettle(self) -> None:
        """A panel whose members change is confirmed again, unless it sits."""
        sits = any(
            row.values["convened_at"] is not None and row.values["closed_at"] is None
            for rows in self.rows["sitting"].values()
            for row in rows
        )
        if not sits:
            self.panel.values["confirmed_at"] = None

    @on("interests.declared")
    def declared(self, told: Told) -> None:
        (seat,) = told.public["seats"]
        self._declared(told, seat["person"])

    def _declared(self, told: Told, person: str) -> None:
        """One row for each interest, or one that says there is none; what was declared is kept in private."""
        if not told.public["declared"]:
            self.expect("declaration", told, person=person, nil=True, kind="", organisation=None, made_at=told.now)
        details = told.listed("interest", "interests")
        for number in range(told.public["declared"]):
            known = details[number] if number < len(details) else {}
            statement = told.text("interest", "statements", number)
            self.expect("declaration", told, person=person, nil=False, statement=statement, made_at=told.now, **known)

    @on("absence.noted")
    def absence(self, told: Told) -> None:
        said = told.public
        self.expect(
            "absence",
            told,
            person=said["person"],
            starts=said["starts"],
            ends=said["ends"],
            reason=told.text("free_text", "reason"),
            noted_at=told.now,
            withdrawn_at=None,
        )

    @on("absence.ended")
    def absence_ended(self, told: Told) -> None:
        self._absent(told, ends=told.public["ends"])

    @on("absence.withdrawn")
    def absence_withdrawn(self, told: Told) -> None:
        self._absent(told, withdrawn_at=told.now)

    def _absent(self, told: Told, **values: Any) -> None:
        person, starts = told.public["person"], told.public["starts"]
        open_ones = [one for one in self.rows["absence"][person, starts] if one.values["withdrawn_at"] is None]
        noted = self.that_names("absence", open_ones, told)
        self.change(noted, told, f"an absence of {person} from {starts}", **values)

    @on("objection.raised")
    def objection(self, told: Told) -> None:
        said = told.public
        self.expect(
            "objection",
            told,
            case=said["case"],
            person=said["person"],
            kind=said["kind"],
            statement=told.text("interest", "statement"),
            raised_by=told.by,
            raised_at=told.now,
        )

    @on("conflict.ruled")
    def ruling(self, told: Told) -> None:
        said = told.public
        self.expect(
            "ruling",
            told,
            **{name: said[name] for name in ("person", "organisation", "rule", "verdict", "effect")},
            objection=said.get("objection"),
            reason=told.text("free_text", "reason"),
            ruled_by=told.by,
            ruled_at=told.now,
        )

    @on("panel.refused")
    def refused(self, told: Told) -> None:
        said = told.public
        self.expect(
            "refusal",
            told,
            act=said["act"],
            rule=said.get("rule", ""),
            seat=said.get("seat"),
            person=said.get("person"),
            case=said.get("case", ""),
            sentence=told.text("interest", "sentence"),
            refused_to=told.by,
            refused_at=Near(told.at),
        )
