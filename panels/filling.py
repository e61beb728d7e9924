"""Who could fill the seats an item lacks: alternates who have accepted, and everybody else who may be asked."""

from __future__ import annotations

from dataclasses import dataclass

from audit import clock
from directory.queries import today
from panels import facts
from panels.candidates import nominations_on
from panels.models import LIVE, Appointment, AppointmentState
from panels.policies.rooms import turn_fault
from panels.room import Room, unruled
from panels.rules import COALITION_SEAT, SEVERITY, Effect, TestResult, verdict
from panels.seating import in_another_room


@dataclass(frozen=True)
class Candidate:
    """Somebody who could fill a seat, or cannot, and why.

    appointment: of an alternate, 0 for somebody not on the panel. ready: whether noting their arrival is all it takes.
    """

    name: str
    seat: str
    by: str
    appointment: int
    number: int
    effect: Effect
    sentence: str
    ready: bool
    why: str


def could_fill(now: Room) -> list[Candidate]:
    """For every seat the item lacks, who could fill it: those who may come in at once first, then by what tests say.

    A fixed number of queries, and one for each alternate who could come in. Nobody who left the room for the item is
    among them but with that answer.
    """
    short = _short(now)
    objected = set(unruled(now.item))
    found = [_alternate(now, each, objected) for each in now.appointments if _waits(now, each, short)]
    found += _asked(now, short)
    if COALITION_SEAT in short:
        found += _nominees(now)
    return sorted(found, key=lambda each: (not each.ready, each.appointment in now.out, SEVERITY[each.effect]))


def _short(now: Room) -> set[str]:
    """The kinds of seat that are required and short, or all when a quorum is."""
    kinds = {rule.type for rule in now.plan.seats}
    if now.sitting < now.plan.quorum_to_sit or (now.voting < now.plan.quorum_to_decide):
        return kinds
    short = {
        rule.type
        for rule in now.plan.seats
        if rule.required_to_sit
        and sum(now.sits(each) for each in now.appointments if each.seat.kind == rule.type) < rule.minimum
    }
    return short if now.heard else short | {COALITION_SEAT}


def _waits(now: Room, each: Appointment, short: set[str]) -> bool:
    """Whether somebody with an accepted place on a seat that lacks its holder is not in the room."""
    held = any(now.sits(other) for other in now.of_seat(each))
    return each.seat.kind in short and not held and not now.here(each)


def _alternate(now: Room, each: Appointment, objected: set[int]) -> Candidate:
    on, test = now.item.sitting.on, now.verdict(each)
    if each.pk in now.out:
        why = "They left the room for this item."
    elif not each.person.is_active:
        why = "They are no longer active."
    elif each.pk in now.away:
        why = f"They are away on {on:%-d %B %Y}."
    elif each.pk not in now.trained:
        why = f"They have no {each.seat.accreditation.replace('_', ' ')} on record: record it first."
    elif test.effect is Effect.BARRED:
        why = ""  # the sentence of the test says it
    elif each.rank and in_another_room(each, now.item):
        why = "They were in the room of another panel that day."
    elif each.person_id in objected:
        why = "An objection to them waits for the conflicts guardian."
    else:
        why = turn_fault(now, each)
    ready = not why and test.effect is not Effect.BARRED
    return _candidate(each, test, ready=ready, why=why)


def _candidate(each: Appointment, test: TestResult, *, ready: bool, why: str) -> Candidate:
    return Candidate(
        name=each.person.display_name,
        seat=each.place,
        by=each.appointed_by.name,
        appointment=each.pk,
        number=each.seat.number,
        effect=test.effect,
        sentence=_sentence(test),
        ready=ready,
        why=why,
    )


def _sentence(test: TestResult) -> str:
    return "Clear of every test." if test.effect is Effect.CLEAR else test.sentence


def _asked(now: Room, short: set[str]) -> list[Candidate]:
    """Those proposed or invited for such a seat who have not answered."""
    rows = now.panel.appointments.filter(state__in=LIVE, seat__kind__in=short)
    rows = rows.exclude(state=AppointmentState.ACCEPTED).select_related("seat", "person", "appointed_by")
    asked = list(rows.order_by("seat__number", "rank"))
    if not asked:
        return []
    known = facts.read(now.panel, [each.person_id for each in asked], [now.item], today())
    at = clock.now()
    return [
        _candidate(
            each,
            verdict(known.answers(each.seat.kind, each.person_id, now.item, at, declared=False)),
            ready=False,
            why=f"They are {each.get_state_display().lower()} and have not accepted.",
        )
        for each in asked
    ]


def _nominees(now: Room) -> list[Candidate]:
    """Others whom a Coalition body nominates, in its order: they take a place as alternate first."""
    rows = sorted(nominations_on(now.panel), key=lambda each: (each.rank, each.person.full_name))
    known = facts.read(now.panel, [each.person_id for each in rows], [now.item], today())
    seats = [each for each in now.panel.seats.order_by("number") if each.kind == COALITION_SEAT]
    at = clock.now()
    tested = [
        (each, verdict(known.answers(COALITION_SEAT, each.person_id, now.item, at, declared=False))) for each in rows
    ]
    return [
        Candidate(
            name=each.person.display_name,
            seat=seats[0].title,
            by=each.body.name,
            appointment=0,
            number=seats[0].number,
            effect=test.effect,
            sentence=_sentence(test),
            ready=False,
            why="" if test.effect is Effect.BARRED else "They are not on the panel: offer them a place as alternate.",
        )
        for each, test in tested
    ]
