"""What everybody in the room looks at while a panel sits: the agenda, who is in which seat, quorums, positions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from directory.models import Person
from panels.agenda import agenda_of, barred_from
from panels.filling import Candidate, could_fill
from panels.models import Appointment, Item, ItemState, Outcome, Position, Sitting
from panels.policies.rooms import position_fault
from panels.presenters.panels import EFFECTS
from panels.presenters.seating import STANCES, STATES, Outcomes, outcome_text
from panels.room import Room, is_coalition, positions, room
from panels.rules import Effect, leavings
from panels.seating import holders_on
from panels.states import SittingState

BEING_TAKEN = (ItemState.OPEN, ItemState.STOPPED)
NOT_DECIDED = "Not decided: list the case again for another day."
# After the key of an item in `Live.form`.
STOPS = "s"


@dataclass(frozen=True)
class Row:
    """One place on the panel for the item being taken."""

    appointment: int
    seat: str
    name: str
    by: str
    coalition: bool
    state: str
    colour: str
    note: str
    votes: bool
    stance: str
    stance_colour: str
    reasons: str
    waits: str


@dataclass(frozen=True)
class Offer:
    """Somebody who could fill a seat the item lacks, in words."""

    name: str
    seat: str
    by: str
    tested: str
    colour: str
    sentence: str
    why: str
    appointment: int
    ready: bool


@dataclass(frozen=True)
class Current:
    """An item that is open or stopped, as its room stands."""

    key: int
    ref: str
    organisation: str
    state: str
    colour: str
    stopped: bool
    opened_at: datetime | None
    rows: Sequence[Row]
    quorum: str
    faults: Sequence[str]
    said: int
    voting: int
    offers: Sequence[Offer]
    speaks: bool
    spoken: bool
    present: bool

    @property
    def headline(self) -> str:
        """Where it stands, in a sentence or two."""
        said = f"{self.said} of {self.voting} positions are in."
        return f"{self.organisation} is {self.state.lower()}. {self.quorum} {said}"


@dataclass(frozen=True)
class Line:
    """One item of the agenda. What may not be read is only that it is there."""

    key: int
    number: int
    ref: str
    organisation: str
    readable: bool
    state: str
    colour: str
    outcome: str
    leaves: Sequence[str]
    opens: bool
    note: str = ""


@dataclass(frozen=True)
class Live:
    """A sitting as its page shows it. version: of the panel's record; any change moves it."""

    key: int
    panel: str
    title: str
    state: SittingState
    place: str
    day: str
    version: int
    lines: Sequence[Line]
    leavings: int
    current: Sequence[Current]

    @property
    def told(self) -> str:
        """What is said aloud when something changed."""
        if self.current:
            return " ".join(each.headline for each in self.current)
        done = sum(line.state == ItemState.CLOSED.label for line in self.lines)
        return f"{self.state.label}. {done} of {len(self.lines)} items are closed."

    @property
    def forms(self) -> Mapping[int, bool]:
        """The items on which the reader has a position of their own to give, and whether each has stopped."""
        return {each.key: each.stopped for each in self.current if each.speaks}

    @property
    def form(self) -> str:
        """The same as a page gives it back when it asks again: `12.15s` for item 12, and 15, which has stopped."""
        return ".".join(f"{key}{STOPS if stopped else ''}" for key, stopped in self.forms.items())


def live(
    sitting: Sitting,
    person: Person,
    readable: Collection[str],
    outcomes: Outcomes,
    *,
    inside: bool,
    private: bool,
) -> Live:
    """The sitting, loaded with its panel, for one reader.

    readable: the cases they may read. inside: whether they take part, run it, or audit it; others see no deliberation.
    private: whether they read why a test bars somebody; others read which test.
    """
    items, panel = agenda_of(sitting), sitting.panel
    held = holders_on(panel, sitting.on)
    names = {each.pk: each.person.display_name for each in held.values()}
    barred = barred_from(items, names)
    reached = {each.item_id: each.outcome for each in Outcome.objects.filter(item__in=items)}
    taken = any(item.state == ItemState.OPEN for item in items)
    return Live(
        key=sitting.pk,
        panel=panel.ref,
        title=panel.title,
        state=sitting.state,
        place=sitting.place,
        day=f"{sitting.on:%-d %B %Y}",
        version=panel.audit_seq,
        lines=[
            _line(sitting, item, number, reached.get(item.pk, ""), outcomes, leaves if inside else (), taken=taken)
            if item.case_ref in readable
            else _unread(item, number)
            for number, item in enumerate(items, start=1)
            for leaves in [[names[each] for each in sorted(barred[item.pk])]]
        ],
        leavings=leavings([item.pk for item in items], barred),
        current=[
            _current(sitting, item, person, private=private)
            for item in items
            if inside and not sitting.closed_at and item.state in BEING_TAKEN and item.case_ref in readable
        ],
    )


def _unread(item: Item, number: int) -> Line:
    return Line(item.pk, number, item.case_ref, item.organisation.name, False, "", "grey", "", (), False)


def _line(
    sitting: Sitting,
    item: Item,
    number: int,
    outcome: str,
    outcomes: Outcomes,
    leaves: Sequence[str],
    *,
    taken: bool,
) -> Line:
    """taken: whether another item is open, so that this one waits."""
    left_over = sitting.state == SittingState.OVER and item.state != ItemState.CLOSED
    return Line(
        key=item.pk,
        number=number,
        ref=item.case_ref,
        organisation=item.organisation.name,
        readable=True,
        note=NOT_DECIDED if left_over else "",
        state=item.get_state_display(),
        colour=STATES[item.state],
        outcome=outcome_text(sitting.panel.kind, outcome, outcomes) if outcome else "",
        leaves=leaves,
        opens=item.state == ItemState.LISTED and sitting.state == SittingState.IN_SESSION and not taken,
    )


def _current(sitting: Sitting, item: Item, person: Person, *, private: bool) -> Current:
    item.sitting, item.panel = sitting, sitting.panel
    now, said = room(sitting.panel, item), positions(item)
    counted = [each for each in now.appointments if now.votes(each)]
    own = next((each for each in now.appointments if each.person_id == person.pk), None)
    stopped = item.state == ItemState.STOPPED
    faults = list(dict.fromkeys([*now.sitting_faults, *now.deciding_faults]))
    return Current(
        key=item.pk,
        ref=item.case_ref,
        organisation=item.organisation.name,
        state=item.get_state_display(),
        colour=STATES[item.state],
        stopped=stopped,
        opened_at=item.opened_at,
        rows=[_row(now, each, said.get(each.pk), person) for each in now.appointments],
        quorum=_quorum(now),
        faults=faults,
        said=sum(each.pk in said for each in counted),
        voting=len(counted),
        offers=[_offer(each, private=private) for each in could_fill(now)] if faults else (),
        speaks=bool(own and now.votes(own)),
        spoken=bool(own and own.pk in said and said[own.pk].entered_by_id == person.pk),
        present=bool(own and now.here(own)),
    )


def _quorum(now: Room) -> str:
    """Both quorums: how many are there, and how many are needed."""
    sit = f"{now.sitting} {'sits' if now.sitting == 1 else 'sit'}, {now.plan.quorum_to_sit} needed"
    vote = f"{now.voting} {'votes' if now.voting == 1 else 'vote'}, {now.plan.quorum_to_decide} needed"
    return f"{sit}; {vote}."


def _row(now: Room, each: Appointment, said: Position | None, person: Person) -> Row:
    state, colour, note = _presence(now, each)
    votes = now.votes(each)
    stance, stance_colour = STANCES[said.stance] if said and votes else ("", "")
    return Row(
        appointment=each.pk,
        seat=each.place,
        name=each.person.display_name,
        by=each.appointed_by.name,
        coalition=is_coalition(each),
        state=state,
        colour=colour,
        note=note,
        votes=votes,
        stance=stance,
        stance_colour=stance_colour,
        reasons=said.reasons if said and votes else "",
        waits=_waits(now, each, said, person) if votes else "",
    )


def _presence(now: Room, each: Appointment) -> tuple[str, str, str]:
    """In a word where the member is, its colour, and what the tests add."""
    effect = now.effect(each)
    test = now.verdict(each).sentence if effect is not Effect.CLEAR else ""
    if each.pk in now.out:
        return "Left the room", "red", ""
    if now.here(each):
        return ("In the room", "green", test) if now.sits(each) else ("Does not count", "orange", test)
    if each.pk in now.away:
        return "Away", "grey", "Noted as absent on this day."
    return ("Not called", "grey", test) if each.rank and each.pk not in now.noted else ("Out of the room", "grey", test)


def _waits(now: Room, each: Appointment, said: Position | None, person: Person) -> str:
    """What the position still needs: the member's own hand, or somebody else's eyes."""
    if said is None:
        return "No position yet."
    if said.entered_by_id == each.person_id:
        return ""
    if is_coalition(each):
        return f"Waits for the own hand of {each.person.display_name}."
    mine = position_fault(now, each, {each.pk: said}, person)
    return f"Entered by {said.entered_by}." + (" Somebody else records the outcome." if mine else "")


def _offer(each: Candidate, *, private: bool) -> Offer:
    barred = each.effect is Effect.BARRED
    return Offer(
        name=each.name,
        seat=each.seat,
        by=each.by,
        tested=EFFECTS[each.effect],
        colour={Effect.CLEAR: "green", Effect.BARRED: "red"}.get(each.effect, "yellow"),
        sentence=f"{each.sentence.partition(':')[0]}." if barred and not private else each.sentence,
        why=each.why,
        appointment=each.appointment,
        ready=each.ready,
    )
