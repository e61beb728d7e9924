"""Reads worth a name, and the one write of checks that every action shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db.models import Exists, F, Max, OuterRef

from audit import clock
from directory.queries import today
from panels import facts
from panels.models import (
    Appointment,
    AppointmentState,
    Attendance,
    DisinterestCheck,
    Item,
    ItemState,
    Nomination,
    Panel,
)
from panels.rules import COALITION_BODY, COALITION_SEAT, Effect, SeatPlan, TestResult, verdict

if TYPE_CHECKING:
    from audit.models import Event
    from panels.actions.seats import Interest


def accepted(panel: Panel) -> list[Appointment]:
    """The accepted appointments of a panel in seat order, with seat, person and nominating body."""
    return list(
        panel.appointments.filter(state=AppointmentState.ACCEPTED)
        .select_related("seat", "person", "nomination__body", "appointed_by")
        .order_by("seat__number", "rank")
    )


def present_by_appointment(item: Item) -> dict[int, bool]:
    """The latest attendance noted for each appointment."""
    return dict(item.attendances.order_by("id").values_list("appointment_id", "present"))


def last_day_sat(nomination: Nomination) -> date | None:
    """The latest sitting that took a case with somebody present on this nomination; None when there is none."""
    taken = Attendance.objects.filter(
        appointment__nomination=nomination, present=True, item__state__in=(ItemState.OPEN, ItemState.CLOSED)
    )
    latest: date | None = taken.aggregate(last=Max("item__sitting__on"))["last"]
    return latest


def recused(item: Item) -> set[int]:
    """Appointments recused from an item."""
    return set(item.recusals.values_list("appointment_id", flat=True))


CLEAR = "Clear of every test."


def told(results: Sequence[TestResult]) -> str:
    """What is said of somebody who is clear: of every test, or because the guardian dismissed what one said."""
    dismissed = [each.sentence for each in results if "by the conflicts guardian on" in each.sentence]
    said = [each.removeprefix("Barred by ").removeprefix("Declared under ") for each in dismissed]
    return " ".join(said).replace("; overridden by the", "; dismissed by the") or CLEAR


def store_checks(
    event: Event, moment: str, pairs: Sequence[tuple[Appointment, Item, list[TestResult]]], at: datetime
) -> None:
    """Keep every evaluation: the verdict as columns, the whole reasoning beside it."""
    rows = []
    for appointment, item, results in pairs:
        decisive = verdict(results)
        rows.append(
            DisinterestCheck(
                event=event,
                appointment=appointment,
                item=item,
                moment=moment,
                effect=decisive.effect,
                rule="" if decisive.effect is Effect.CLEAR else decisive.rule,
                sentence=told(results) if decisive.effect is Effect.CLEAR else decisive.sentence,
                results=[
                    {"rule": each.rule, "effect": each.effect.value, "sentence": each.sentence} for each in results
                ],
                checked_at=at,
            )
        )
    DisinterestCheck.objects.bulk_create(rows)


def examine(
    event: Event, panel: Panel, appointments: Sequence[Appointment], items: Sequence[Item], *, moment: str
) -> dict[int, list[list[TestResult]]]:
    """Test everybody against every item and keep the answers; the answers by appointment."""
    pairs = answers_now(panel, appointments, items)
    store_checks(event, moment, pairs, clock.now())
    answers: dict[int, list[list[TestResult]]] = {each.pk: [] for each in appointments}
    for each, _, results in pairs:
        answers[each.pk].append(results)
    return answers


@dataclass(frozen=True)
class Asked:
    """What is known of some members and cases, and the moment the tests are asked about."""

    known: facts.Known
    at: datetime

    def answers(self, each: Appointment, item: Item) -> list[TestResult]:
        """Every test for one of them; whoever has accepted has declared, the others are not asked to yet."""
        declared = each.state == AppointmentState.ACCEPTED
        return self.known.answers(each.seat.kind, each.person_id, item, self.at, declared=declared)


def ask_now(panel: Panel, appointments: Sequence[Appointment], items: Sequence[Item]) -> Asked:
    """What is known now of these members and items; a fixed number of queries."""
    now = clock.now()
    return Asked(facts.read(panel, [each.person_id for each in appointments], items, today()), now)


def answers_now(
    panel: Panel, appointments: Sequence[Appointment], items: Sequence[Item]
) -> list[tuple[Appointment, Item, list[TestResult]]]:
    """Every test for everybody and every item as it stands; nothing is stored. A fixed number of queries."""
    asked = ask_now(panel, appointments, items)
    return [(each, item, asked.answers(each, item)) for each in appointments for item in items]


def answers_kept(appointments: Sequence[Appointment], item: Item) -> dict[int, list[TestResult]]:
    """What the tests answered when last asked of each for an item, by appointment; one query.

    Somebody who was never asked has not declared for it: barred.
    """
    later = DisinterestCheck.objects.filter(item=item, appointment=OuterRef("appointment"), pk__gt=OuterRef("pk"))
    rows = DisinterestCheck.objects.filter(~Exists(later), item=item, appointment__in=appointments)
    kept = {
        pk: [TestResult(each["rule"], Effect(each["effect"]), each["sentence"]) for each in results]
        for pk, results in rows.values_list("appointment_id", "results")
    }
    never = [TestResult("D14", Effect.BARRED, "Barred by D14: never tested for this case.")]
    return {each.pk: kept.get(each.pk) or never for each in appointments}


def answers_on_acceptance(
    appointment: Appointment, items: Sequence[Item], interests: Iterable[Interest]
) -> list[list[TestResult]]:
    """Every test for every item, for somebody who declares these interests now; nothing is stored."""
    person, now = appointment.person_id, clock.now()
    new = [
        facts.interest(each.kind, each.organisation, each.starts, each.ends) for each in interests if each.organisation
    ]
    known = facts.read(appointment.panel, [person], items, today(), new=new)
    return [known.answers(appointment.seat.kind, person, item, now, declared=True) for item in items]


def latest_checks(appointment: Appointment) -> list[DisinterestCheck]:
    """What the tests last said of a member for every case not judged yet, in the order of the agenda; one query."""
    later = DisinterestCheck.objects.filter(
        item=OuterRef("item"), appointment=OuterRef("appointment"), pk__gt=OuterRef("pk")
    )
    rows = appointment.checks.filter(~Exists(later), item__isnull=False).exclude(item__state=ItemState.CLOSED)
    return list(rows.select_related("item").order_by("item__sitting__on", "item__number"))


def open_items(panel: Panel) -> list[Item]:
    """The items still to be judged, with their organisations."""
    return list(panel.items.exclude(state=ItemState.CLOSED).select_related("organisation"))


def plan_of(panel: Panel) -> SeatPlan:
    """The seat plan the panel was made with."""
    return SeatPlan.from_json(panel.plan)


def panels_without_coalition() -> int:
    """How many convened panels have no accepted Coalition representative nominated by a Coalition body.

    Asked of the facts, not of any flag: invariant I1 says the answer is none.
    """
    held = Appointment.objects.filter(
        panel=OuterRef("pk"),
        state=AppointmentState.ACCEPTED,
        seat__kind=COALITION_SEAT,
        nomination__person=F("person"),
        nomination__body__kind=COALITION_BODY,
    )
    convened = Panel.objects.filter(sittings__convened_at__isnull=False).distinct()
    return convened.exclude(Exists(held)).count()
