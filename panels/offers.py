"""Whom a seat could be offered to, with all that is known before the offer: what the tests say, training, load, days.

The same policies decide as when the offer is made, so that nobody is offered here and refused there, or left out here
and taken there; they ask for what is read once for everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count

from directory.models import Post
from directory.queries import record_keepers, today
from panels.candidates import (
    appointing_bodies,
    nominations_on,
    people_for,
    shut_nominations_on,
    shut_people_for,
)
from panels.errors import SeatRefused
from panels.models import LIVE, Accreditation, Appointment, Nomination, Sitting
from panels.policies import barred_from_all, check_capacity, check_day_free, check_keeps_no_record
from panels.queries import answers_now, open_items
from panels.rules import COALITION_SEAT, Effect, TestResult, verdict
from panels.seating import days_of, held_elsewhere, rounds_of

if TYPE_CHECKING:
    from datetime import date

    from directory.models import Person, PostKind
    from panels.models import Item, Panel, Seat

TESTED = 300


@dataclass(frozen=True)
class Offer:
    """One person for one seat. `fault` says why they cannot be offered it, "" when they can."""

    person: Person
    nomination: Nomination | None
    notes: Sequence[str]
    fault: str = ""

    @property
    def key(self) -> str:
        """What the form sends."""
        return str(self.nomination.pk if self.nomination else self.person.pk)

    @property
    def label(self) -> str:
        """The person, on whose nomination, and what to know before asking them."""
        by = f"{self.nomination.rank}. {self.person}, {self.nomination.body.name}" if self.nomination else self.person
        return f"{by}: {'; '.join(self.notes)}"


@dataclass(frozen=True)
class _Known:
    """What is known of everybody who could be asked, read once."""

    panel: Panel
    seat: Seat
    days: Sequence[date]
    rounds: Mapping[str, int]
    elsewhere: Sequence[Appointment]
    trained: frozenset[int]
    answers: Mapping[int, Sequence[tuple[Item, list[TestResult]]]]
    load: Mapping[int, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Offers:
    """Those who could be asked, how many of them are people shown here, and how many there are to choose from."""

    rows: Sequence[Offer]
    shown: int
    total: int

    def sentence(self, text: str) -> str:
        """How many are shown of how many; nothing where all are and nobody was searched for."""
        if self.shown < self.total:
            return f"{self.shown} of {self.total} people shown: search for others."
        return f"{self.total} {'person fits' if self.total == 1 else 'people fit'}." if text else ""


def offers(seat: Seat, *, rank: int = 0) -> list[Offer]:
    """Everybody who could be asked for a place on a seat, without a search; see `search`."""
    return list(search(seat, rank=rank).rows)


def search(seat: Seat, *, rank: int = 0, text: str = "") -> Offers:
    """Everybody who could be asked for a place on a seat, first to ask first: nominees in their bodies' order.

    A fixed number of queries for any number of people. Where there are more than 300, those who have the training the
    seat asks for, or a post with a body that may appoint to it, come before the others. text: words of the name, the
    e-mail address or an organisation; the nominees for a Coalition seat are all shown.
    """
    panel = seat.panel
    nominations = nominations_on(panel) if seat.kind == COALITION_SEAT else []
    everybody = [each.person for each in nominations] if seat.kind == COALITION_SEAT else people_for(panel, text)
    people = _likely(seat, everybody)[:TESTED]
    known = _known(panel, seat, people, nominations)
    if seat.kind == COALITION_SEAT:
        ranked = sorted(nominations[:TESTED], key=lambda each: (each.rank, each.body.code, each.pk))
        found = [_offer(known, each.person, each, rank) for each in ranked]
    else:
        found = [_offer(known, each, None, rank) for each in people]
    return Offers(found + _shut(seat), len(people), len(everybody))


def _shut(seat: Seat) -> list[Offer]:
    """Who could not be offered the seat whatever the tests say: nobody tests them."""
    return _keepers(seat) + _seated(seat)


def _keepers(seat: Seat) -> list[Offer]:
    """Whoever keeps the record of the Board and would be offered the seat but for that."""
    keepers = record_keepers()
    if seat.kind == COALITION_SEAT:
        rows = shut_nominations_on(seat.panel)
        return [Offer(each.person, each, (), _keeps(each.person, keepers)) for each in rows]
    return [Offer(each, None, (), _keeps(each, keepers)) for each in shut_people_for(seat.panel)]


def _keeps(person: Person, keepers: Mapping[int, PostKind]) -> str:
    try:
        check_keeps_no_record(person, keepers)
    except SeatRefused as refused:
        return refused.message
    return ""


def _seated(seat: Seat) -> list[Offer]:
    """Whoever has a seat on the panel already, for a page that was opened before they had."""
    rows = seat.panel.appointments.filter(state__in=LIVE).select_related("seat", "person", "nomination__body")
    held = [each for each in rows if each.nomination_id or seat.kind != COALITION_SEAT]
    of = {each.pk: each.nomination if seat.kind == COALITION_SEAT else None for each in held}
    said = "{} already has a seat on this panel: {}."
    return [Offer(each.person, of[each.pk], (), said.format(each.person, each.place)) for each in held]


def _likely(seat: Seat, people: Sequence[Person]) -> list[Person]:
    """The people as given, or the likely ones first where not all are tested."""
    if len(people) <= TESTED:
        return list(people)
    if seat.accreditation:
        first = set(Accreditation.objects.filter(kind=seat.accreditation).values_list("person", flat=True))
    else:
        held = Post.objects.filter(in_force=True, organisation__in=appointing_bodies(seat))
        first = set(held.values_list("person", flat=True))
    return sorted(people, key=lambda each: each.pk not in first)


def _known(panel: Panel, seat: Seat, people: Sequence[Person], nominations: Sequence[Nomination]) -> _Known:
    keys = [each.pk for each in people]
    day = next(iter(days_of(panel)), today())
    rows = Accreditation.objects.filter(person__in=keys, kind=seat.accreditation) if seat.accreditation else ()
    asked = [Appointment(panel=panel, seat=seat, person=each) for each in people]
    answers: defaultdict[int, list[tuple[Item, list[TestResult]]]] = defaultdict(list)
    for each, item, results in answers_now(panel, asked, open_items(panel)):
        answers[each.person_id].append((item, results))
    return _Known(
        panel=panel,
        seat=seat,
        days=days_of(panel),
        rounds=rounds_of(panel),
        elsewhere=held_elsewhere(panel, keys),
        trained=frozenset(row.person_id for row in rows if row.covers(day)) if seat.accreditation else frozenset(keys),
        answers=answers,
        load=loads(nominations, without=panel),
    )


def loads(nominations: Sequence[Nomination], *, without: Panel | None = None) -> dict[int, dict[str, int]]:
    """How many sittings each nominee sits at as a member on that nomination, by round; one query for all."""
    held = Sitting.objects.filter(
        panel__appointments__nomination__in=[each.pk for each in nominations],
        panel__appointments__state__in=LIVE,
        panel__appointments__rank=0,
    )
    if without is not None:
        held = held.exclude(panel=without)
    rows = (
        held.order_by().values("panel__appointments__nomination", "round").annotate(number=Count("pk", distinct=True))
    )
    found: dict[int, dict[str, int]] = {each.pk: {} for each in nominations}
    for nomination, label, number in rows.values_list("panel__appointments__nomination", "round", "number"):
        if nomination in found:
            found[nomination][label] = number
    return found


def _offer(known: _Known, person: Person, nomination: Nomination | None, rank: int) -> Offer:
    notes = [_tested(known, person)]
    if known.seat.accreditation:
        notes.append("trained" if person.pk in known.trained else "no training on record yet")
    if nomination:
        notes.append(_load(known, nomination))
    return Offer(person, nomination, [note for note in notes if note], _fault(known, person, nomination, rank))


def _tested(known: _Known, person: Person) -> str:
    results = known.answers.get(person.pk, ())
    if not results:
        return "no case is listed yet to test against"
    decisive = [(item, verdict(each)) for item, each in results]
    barred = [(item, said) for item, said in decisive if said.effect is Effect.BARRED]
    if barred:
        named = ", ".join(f"{item.organisation.code} ({said.rule})" for item, said in barred)
        return f"barred from {len(barred)} of {len(decisive)}: {named}"
    some = [said for _, said in decisive if said.effect is not Effect.CLEAR]
    return f"clear but for {some[0].rule}, which is declared" if some else "clear of every test"


def _load(known: _Known, nomination: Nomination) -> str:
    load, most = known.load.get(nomination.pk, {}), nomination.capacity
    parts = [
        f"{load.get(label, 0)} of {most} in {label}" if most else f"{load.get(label, 0)} in {label}"
        for label in sorted(known.rounds)
    ]
    return f"sits {', '.join(parts)}" if parts else ""


def _fault(known: _Known, person: Person, nomination: Nomination | None, rank: int) -> str:
    try:
        if rank == 0:
            check_day_free(known.panel, [person], known.days, known.elsewhere)
        if nomination and rank == 0:
            check_capacity(nomination, known.rounds, known.load.get(nomination.pk, {}))
    except SeatRefused as refused:
        return refused.message
    bar = barred_from_all([results for _, results in known.answers.get(person.pk, ())])
    return f"{person}: {bar.sentence}" if bar else ""


NOTHING_KNOWN = (
    "Nothing: no post or tie on record touches a case before this panel. You know better than the directory."
)


def suggested(appointment: Appointment) -> list[str]:
    """What the directory already says of somebody and the cases before their panel: a nil return is informed."""
    found = [
        f"{item.organisation.name}: {result.sentence}"
        for _, item, results in answers_now(appointment.panel, [appointment], open_items(appointment.panel))
        for result in results
        if result.effect is not Effect.CLEAR and result.rule != "D14"
    ]
    return found or [NOTHING_KNOWN]
