"""Sittings from their events: what was listed, opened, stopped and decided, who was there, left and said what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from audit.reconciling import OneOf, Row, Told
from audit.reconciling.replay import Expected, on
from panels.models import AppointmentState, ItemState
from panels.reconciling.seats import MOMENTS, Seats
from panels.reconciling.tables import digest
from panels.rules import Effect

OPEN = (ItemState.OPEN, ItemState.STOPPED)


class Panels(Seats):
    """A whole panel."""

    def take(self, told: Told) -> None:
        """What follows from an examination has no event of its own: the answers kept with the event tell of it."""
        super().take(told)
        if {"settled", "stopped"} & MOMENTS.get(told.type, set()):
            self._settle(told)

    @on("sitting.listed")
    def listed(self, told: Told) -> None:
        day = told.public["on"]
        self.expect("sitting", told, on=day, convened_at=None, closed_at=None)
        pairs = zip(told.public["cases"], told.public["organisations"], strict=True)
        for number, (case, organisation) in enumerate(pairs, start=1):
            self.expect(
                "item",
                told,
                on=day,
                case=case,
                organisation=organisation,
                number=number,
                state=ItemState.LISTED,
                opened_at=None,
                closed_at=None,
            )

    @on("sitting.convened")
    def convened(self, told: Told) -> None:
        self._sitting(told, convened_at=told.now)

    @on("sitting.closed")
    def closed_sitting(self, told: Told) -> None:
        self._sitting(told, closed_at=told.now)

    def _sitting(self, told: Told, **values: Any) -> None:
        day = told.public["on"]
        self.change(self.last("sitting", day), told, f"the sitting on {day}", **values)

    def _item(self, told: Told, *states: ItemState) -> Expected | None:
        """The item of a case that is in one of these states, at a sitting that has begun and is not over."""
        case = told.public["case"]
        for (day, ref), (item, *_) in self.rows["item"].items():
            sitting = self.last("sitting", day)
            in_session = sitting and sitting.values["convened_at"] is not None and sitting.values["closed_at"] is None
            state = item.values["state"]
            known = state.values if isinstance(state, OneOf) else (state,)
            if ref == case and in_session and set(known) & set(states):
                return item
        self.fault("item", f"event {told.id} ({told.type}) is about {case}", "no item of it is before the panel then")
        return None

    @on("item.opened")
    def opened(self, told: Told) -> None:
        item = self._item(told, ItemState.LISTED)
        if item is None:
            return
        where = {"on": item.values["on"], "case": item.values["case"]}
        said = {each["person"]: each for each in told.public["members"]}
        for person, present in self._noted({person for person, each in said.items() if each["present"]}).items():
            self.expect("attendance", told, **where, person=person, present=present, noted_at=told.now)
        for person, each in said.items():
            if each["recused"]:
                self.expect("recusal", told, **where, person=person, recused_at=told.now)
            self._checked(told, "opened", where, each)
        self.change(item, told, "", state=ItemState.OPEN, opened_at=told.now)

    def _noted(self, here: set[str]) -> dict[str, bool]:
        """Who is there, and who is not: each seat's own member, and everybody ranked before whoever came."""
        accepted = [
            each
            for rows in self.rows["appointment"].values()
            for each in rows
            if each.values["state"] == AppointmentState.ACCEPTED
        ]
        noted: dict[str, bool] = {}
        for each in sorted(accepted, key=lambda one: (one.values["number"], -one.values["rank"])):
            person, number, rank = (each.values[name] for name in ("person", "number", "rank"))
            after = any(
                noted.get(other.values["person"])
                for other in accepted
                if other.values["number"] == number and other.values["rank"] > rank
            )
            if person in here or rank == 0 or after:
                noted[person] = person in here
        return noted

    def _checked(self, told: Told, moment: str, where: Row, each: Row, **more: Any) -> None:
        self.expect(
            "check",
            told,
            moment=moment,
            **where,
            person=each["person"],
            effect=each["effect"],
            rule=each["rule"],
            checked_at=told.now,
            **more,
        )

    @on("member.recused")
    def recused(self, told: Told) -> None:
        item = self._item(told, *OPEN)
        if item is None:
            return
        where = {"on": item.values["on"], "case": item.values["case"]}
        reason = told.text("interest", "reason")
        self.expect("recusal", told, **where, person=told.public["person"], reason=reason, recused_at=told.now)
        self._stop(item, told)
        if told.public.get("declared"):
            self._declared(told, told.public["person"])

    def _stop(self, item: Expected, told: Told) -> None:
        state = ItemState.STOPPED if told.public["stops"] else item.values["state"]
        self.change(item, told, "", state=state)

    @on("member.arrived")
    def arrived(self, told: Told) -> None:
        item = self._item(told, *OPEN)
        if item is None:
            return
        where = {"on": item.values["on"], "case": item.values["case"]}
        self.expect("attendance", told, **where, person=told.public["person"], present=True, noted_at=told.now)
        before = item.values["state"]
        # Where it was open before, another test may have stopped it; the event does not say.
        state: Any = before if before == ItemState.STOPPED else OneOf(OPEN)
        self.change(item, told, "", state=ItemState.OPEN if told.public["goes_on"] else state)

    @on("member.departed")
    def departed(self, told: Told) -> None:
        item = self._item(told, *OPEN)
        if item is None:
            return
        where = {"on": item.values["on"], "case": item.values["case"]}
        self.expect("attendance", told, **where, person=told.public["person"], present=False, noted_at=told.now)
        self._stop(item, told)

    @on("positions.entered")
    def positions(self, told: Told) -> None:
        item = self._item(told, ItemState.OPEN)
        if item is None:
            return
        for number, each in enumerate(told.public["positions"]):
            reasons = told.text("free_text", "reasons", number)
            self.expect(
                "position",
                told,
                on=item.values["on"],
                case=item.values["case"],
                person=each["person"],
                stance=each["stance"],
                reasons=reasons,
                entered_by=told.by,
                taken_at=told.now,
            )

    @on("item.decided")
    def decided(self, told: Told) -> None:
        item = self._item(told, ItemState.OPEN)
        if item is None:
            return
        where = {"on": item.values["on"], "case": item.values["case"]}
        body, sha256 = told.public["composition"], told.public["composition_sha256"]
        if digest(body) != sha256:
            self.fault("composition", f"event {told.id} gives a composition and a hash", "they are not of each other")
        self.expect("composition", told, **where, body=sha256, sha256=sha256, stored_at=told.now)
        self.expect(
            "outcome",
            told,
            **where,
            composed=sha256,
            outcome=told.public["outcome"],
            reasons=told.text("free_text", "reasons"),
            reached_at=told.now,
        )
        for each in body["members"]:
            results = [(one["rule"], one["effect"]) for one in each["checks"]]
            self._checked(told, "decided", where, each, results=results)
            self._composed(told, where, each)
        self.change(item, told, "", state=ItemState.CLOSED, closed_at=told.now)

    def _composed(self, told: Told, where: Row, each: Row) -> None:
        """Who had left by the composition has a recusal, whatever it followed from, and nobody else has."""
        place = (where["on"], where["case"], each["person"])
        if bool(self.rows["recusal"].get(place)) != each["recused"]:
            left = "had left" if each["recused"] else "had not left"
            self.fault(
                "recusal",
                f"event {told.id} (item.decided) says that {each['person']} {left} the room for {where['case']}",
                "the recusals before it say otherwise",
            )

    @on("minutes.noted")
    def noted(self, told: Told) -> None:
        self._note(told, case=told.public["case"] or None, text=told.text("free_text", "text"), signed_sha256="")

    @on("minutes.signed")
    def signed(self, told: Told) -> None:
        self._note(told, case=None, text="", signed_sha256=told.public["minutes_sha256"])

    def _note(self, told: Told, **values: Any) -> None:
        self.expect("note", told, on=told.public["on"], written_by=told.by, written_at=told.now, **values)

    def _settle(self, told: Told) -> None:
        """Recusals and stops that follow from what the tests said with this event."""
        for row in self._kept(told, "settled"):
            place = (row["on"], row["case"], row["person"])
            if row["effect"] == Effect.BARRED and not self.rows["recusal"].get(place):
                self.expect("recusal", told, on=place[0], case=place[1], person=place[2], recused_at=told.now)
        for day, case in dict.fromkeys((row["on"], row["case"]) for row in self._kept(told, "stopped")):
            self.change(self.last("item", day, case), told, f"the item of {case}", state=ItemState.STOPPED)

    def _kept(self, told: Told, moment: str) -> Iterator[Row]:
        for row in self.standing.get("check", ()):
            if row["event"] == told.id and row["moment"] == moment:
                yield row

    def allows(self, table: str, row: Row) -> bool:
        """Answers of the tests that no event spells out: they are of a moment that goes with their event."""
        return table == "check" and row["moment"] in MOMENTS.get(self.types.get(row["event"], ""), ())

    @on("members.examined")
    def examined(self, told: Told) -> None:
        """As many answers were kept as were said to be new, and those that changed are as they were told."""
        rows = list(self._kept(told, "examined"))
        if len(rows) != told.public["tested"]:
            self.fault(
                "check", f"event {told.id} (members.examined) kept {told.public['tested']}", f"{len(rows)} stand"
            )
        said = Counter((row["person"], row["case"], row["effect"], row["rule"]) for row in rows)
        for each in told.public["changed"]:
            if not said[each["person"], each["case"], each["effect"], each["rule"]]:
                self.fault(
                    "check",
                    f"event {told.id} (members.examined) found {each['person']} to be {each['effect']} "
                    f"for {each['case']}",
                    "no answer of it says so",
                )
