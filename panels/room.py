"""An item as it stands: who has a seat, who is in the room, who left it, and what the tests say of each now.

Actions, policies and pages ask the same object, so that a page never offers what an action refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from directory.queries import today
from panels.models import Appointment, Item, Objection, Panel, Position
from panels.queries import Asked, accepted, answers_kept, ask_now, plan_of, present_by_appointment, recused
from panels.rules import (
    COALITION_SEAT,
    Effect,
    Member,
    SeatPlan,
    TestResult,
    deciding_faults,
    is_coalition_voice,
    sitting_faults,
    verdict,
)
from panels.seating import absences_of, accreditations_of, is_accredited, is_away


@dataclass(frozen=True)
class Room:
    """One item and everybody with an accepted seat, in the order of seats and ranks.

    noted: whether each was in the room when last noted; somebody nobody noted has no entry. away: whose dated absence
    covers the day of the sitting. trained: who has what their seat asks for on that day. asked: what the answers rest
    on, where the tests were asked again for it.
    """

    panel: Panel
    item: Item
    plan: SeatPlan
    appointments: Sequence[Appointment]
    noted: Mapping[int, bool]
    out: frozenset[int]
    results: Mapping[int, Sequence[TestResult]]
    trained: frozenset[int]
    away: frozenset[int]
    asked: Asked | None = None

    def after(self, *, noted: Mapping[int, bool] | None = None, out: frozenset[int] | None = None) -> Room:
        """The room as it would be."""
        return replace(
            self, noted=self.noted if noted is None else noted, out=self.out if out is None else self.out | out
        )

    @property
    def basis(self) -> Asked:
        """What the answers rest on. Raises LookupError for a room that stands by what was answered earlier."""
        if self.asked is None:
            raise LookupError("This room was looked into with ask=False: look again with ask=True.")
        return self.asked

    def verdict(self, each: Appointment) -> TestResult:
        """What the tests say of a member for this item, the severest answer."""
        return verdict(self.results[each.pk])

    def effect(self, each: Appointment) -> Effect:
        """What that means for them."""
        return self.verdict(each).effect

    def barred(self, each: Appointment) -> bool:
        """Whether the tests bar them from this item."""
        return self.effect(each) is Effect.BARRED

    def here(self, each: Appointment) -> bool:
        """Whether they were noted as in the room and have not left it."""
        return self.noted.get(each.pk, False) and each.pk not in self.out

    def may_hold(self, each: Appointment) -> bool:
        """Whether they could hold their seat for this item if they came."""
        fit = each.person.is_active and each.pk in self.trained and each.pk not in self.away
        return fit and each.pk not in self.out and not self.barred(each)

    def of_seat(self, each: Appointment) -> list[Appointment]:
        """Everybody on the same seat, in the order of their ranks."""
        return [other for other in self.appointments if other.seat_id == each.seat_id]

    @cached_property
    def members(self) -> Mapping[int, Member]:
        """The members as the rules see them; a nomination stands today and on the day that is on record."""
        days = (today(), self.item.sitting.on)
        return {
            each.pk: Member(
                seat=each.seat.kind,
                required=each.seat.required,
                accepted=each.person.is_active and each.pk not in self.away,
                present=self.noted.get(each.pk, False),
                recused=each.pk in self.out,
                effect=self.effect(each),
                nominated_by=(
                    each.nomination.body.kind if each.nomination and all(map(each.nomination.covers, days)) else ""
                ),
                accredited=each.pk in self.trained,
            )
            for each in self.appointments
        }

    def sits(self, each: Appointment) -> bool:
        """Whether they are in the room by right."""
        return self.members[each.pk].sits

    def votes(self, each: Appointment) -> bool:
        """Whether they count toward the quorum to decide and may take a position."""
        return self.members[each.pk].counts

    @property
    def sitting(self) -> int:
        """How many sit."""
        return sum(each.sits for each in self.members.values())

    @property
    def voting(self) -> int:
        """How many vote."""
        return sum(each.counts for each in self.members.values())

    @property
    def heard(self) -> bool:
        """Whether a Coalition representative sits with a vote."""
        return any(map(is_coalition_voice, self.members.values()))

    @property
    def sitting_faults(self) -> list[str]:
        """Why the panel may not hold this item now."""
        return sitting_faults(self.plan, self.members.values())

    @property
    def deciding_faults(self) -> list[str]:
        """Why the panel may not decide this item now."""
        return deciding_faults(self.plan, self.members.values())


def room(panel: Panel, item: Item, *, ask: bool = True) -> Room:
    """The room of an item loaded with its sitting and organisation, as it is now.

    ask: whether everybody is tested again, or stands by what the tests answered last.
    """
    appointments = accepted(panel)
    on, absences = item.sitting.on, absences_of(appointments)
    asked = ask_now(panel, appointments, [item]) if ask else None
    trainings = accreditations_of(each.person_id for each in appointments)
    return Room(
        panel=panel,
        item=item,
        plan=plan_of(panel),
        appointments=appointments,
        noted=present_by_appointment(item),
        out=frozenset(recused(item)),
        results=(
            {each.pk: asked.answers(each, item) for each in appointments} if asked else answers_kept(appointments, item)
        ),
        trained=frozenset(each.pk for each in appointments if is_accredited(each, trainings, on)),
        away=frozenset(each.pk for each in appointments if is_away(each, absences, on)),
        asked=asked,
    )


def positions(item: Item) -> dict[int, Position]:
    """The latest position of each appointment on an item."""
    rows = item.positions.select_related("entered_by", "appointment").order_by("pk")
    return {row.appointment_id: row for row in rows}


def unruled(item: Item) -> dict[int, Objection]:
    """Objections of the applicant nobody has ruled on, by the person objected to."""
    rows = Objection.objects.filter(panel=item.panel_id, case_ref=item.case_ref, rulings__isnull=True)
    return {row.person_id: row for row in rows.select_related("person").order_by("pk")}


def is_coalition(each: Appointment) -> bool:
    """Whether this is a Coalition seat."""
    return each.seat.kind == COALITION_SEAT
