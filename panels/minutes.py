"""The minutes of a sitting, drafted from what was recorded and never typed.

Who held which seat, what was taken, said and decided, in the order and at the times it happened. That somebody
declared an interest or left is in the minutes; why is in the record of interests.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from audit.erasable import is_erased
from panels.agenda import agenda_of
from panels.exceptional import act_words
from panels.models import (
    STOPPED,
    Appointment,
    Attendance,
    Declaration,
    DisinterestCheck,
    Item,
    MinuteNote,
    Outcome,
    Position,
    Recusal,
    Refusal,
    Sitting,
    Stance,
)
from panels.rules import COALITION_SEAT, Effect

STANCES = {Stance.CONCUR: "concurred", Stance.DISSENT: "dissented", Stance.ABSTAIN: "abstained"}

# What the last answer of the tests means for whoever sat all the same.
SAT = {Effect.DECLARE_ONLY: "Sat with an interest declared", Effect.DISCUSS_NO_VOTE: "Sat without a vote"}

# What made people be tested again, where that stopped an item.
STOPPED_BY = {
    "conflict.ruled": "after a ruling of the conflicts guardian",
    "interests.declared": "after an interest was declared",
    "member.recused": "after an interest was declared",
}


@dataclass(frozen=True)
class Line:
    """One thing that happened, by the clocks of London."""

    at: datetime
    text: str

    @property
    def time(self) -> str:
        """Hours and minutes."""
        return f"{timezone.localtime(self.at):%H:%M}"


@dataclass(frozen=True)
class Held:
    """A seat of the panel and who held it in this sitting, by whose nomination or appointment."""

    seat: str
    name: str
    by: str
    coalition: bool


@dataclass(frozen=True)
class Voiced:
    """A position as it stood when the outcome was recorded; the reasons of a dissent are part of the minutes."""

    name: str
    seat: str
    by: str
    coalition: bool
    stance: str
    reasons: str
    entered: str


@dataclass(frozen=True)
class Taken:
    """One item: what happened while it was taken, the quorums, the positions and what was reached."""

    key: int
    ref: str
    organisation: str
    state: str
    lines: Sequence[Line]
    sat: Sequence[str]
    refused: Sequence[Line]
    quorum: str
    positions: Sequence[Voiced]
    outcome: str
    reasons: str


@dataclass(frozen=True)
class Added:
    """What the chair or the secretariat added, and whether after the minutes were signed."""

    at: datetime
    by: str
    ref: str
    text: str
    late: bool


@dataclass(frozen=True)
class Signature:
    """Who signed which text, by its SHA-256, and when."""

    at: datetime
    by: str
    sha256: str


@dataclass(frozen=True)
class Minutes:
    """The minutes of one sitting."""

    panel: str
    title: str
    kind: str
    day: str
    place: str
    state: str
    lines: Sequence[Line]
    seats: Sequence[Held]
    items: Sequence[Taken]
    notes: Sequence[Added]
    signature: Signature | None

    @property
    def erased(self) -> bool:
        """Whether an order emptied some of the text, which then has another fingerprint than when it was signed."""
        said = [text for item in self.items for text in (item.reasons, *(each.reasons for each in item.positions))]
        return any(is_erased(text) for text in [*said, *(each.text for each in self.notes)])

    @property
    def text(self) -> str:
        """The minutes as one text; what was added after signing is not part of what was signed."""
        return "\n".join(_text(self)) + "\n"

    @property
    def sha256(self) -> str:
        """The fingerprint of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def draft(sitting: Sitting) -> Minutes:
    """The minutes as the record stands; a fixed number of queries. The sitting is loaded with its panel."""
    items = agenda_of(sitting)
    rows = _Rows.read(sitting, items)
    notes = list(MinuteNote.objects.filter(sitting=sitting).select_related("item", "written_by").order_by("pk"))
    signed = next((each for each in reversed(notes) if each.signed_sha256), None)
    return Minutes(
        panel=sitting.panel.ref,
        title=sitting.panel.title,
        kind=sitting.panel.get_kind_display(),
        day=f"{sitting.on:%-d %B %Y}",
        place=sitting.place,
        state=sitting.state.label,
        lines=_day(sitting, rows),
        seats=rows.seats(),
        items=[rows.taken(item) for item in items],
        notes=[
            Added(
                each.written_at,
                each.written_by.display_name,
                each.item.case_ref if each.item else "",
                each.text,
                signed is not None and each.pk > signed.pk,
            )
            for each in notes
            if each.text
        ],
        signature=Signature(signed.written_at, signed.written_by.display_name, signed.signed_sha256)
        if signed
        else None,
    )


def _day(sitting: Sitting, rows: _Rows) -> list[Line]:
    lines = [Line(at, f"{who}: the declaration of interests was renewed.") for who, at in rows.renewed]
    if sitting.convened_at:
        lines.append(Line(sitting.convened_at, "The sitting was convened."))
    if sitting.closed_at:
        lines.append(Line(sitting.closed_at, "The sitting was closed."))
    lines += [_refused(each) for each in rows.refusals[""]]
    return sorted(lines, key=lambda line: line.at)


@dataclass
class _Rows:
    """What was noted at one sitting, by item."""

    attended: Mapping[int, Sequence[Attendance]]
    left: Mapping[int, Sequence[Recusal]]
    said: Mapping[int, Mapping[int, Position]]
    outcomes: Mapping[int, Outcome]
    refusals: Mapping[str, Sequence[Refusal]]
    declared: frozenset[int]
    checks: Mapping[int, Sequence[DisinterestCheck]]
    renewed: Sequence[tuple[str, datetime]]

    @classmethod
    def read(cls, sitting: Sitting, items: Sequence[Item]) -> _Rows:
        people = ("appointment__person", "appointment__seat", "appointment__appointed_by")
        said: defaultdict[int, dict[int, Position]] = defaultdict(dict)
        for each in Position.objects.filter(item__in=items).select_related("entered_by", *people).order_by("pk"):
            said[each.item_id][each.appointment_id] = each
        left = Recusal.objects.filter(item__in=items).select_related("event", *people).order_by("pk")
        declared, renewed = _declarations(sitting, {each.event_id for each in left})
        return cls(
            attended=_by_item(Attendance.objects.filter(item__in=items).select_related("event", *people)),
            left=_by_item(left),
            said=said,
            outcomes={
                each.item_id: each for each in Outcome.objects.filter(item__in=items).select_related("composition")
            },
            refusals=_refusals(sitting, items),
            declared=declared,
            checks=_by_item(_checks(sitting, items)),
            renewed=renewed,
        )

    def seats(self) -> list[Held]:
        """Everybody who was in the room for an item, in the order of seats."""
        held = {
            each.appointment_id: each.appointment for rows in self.attended.values() for each in rows if each.present
        }
        ordered = sorted(held.values(), key=lambda each: (each.seat.number, each.rank, each.pk))
        return [_held(each) for each in ordered]

    def taken(self, item: Item) -> Taken:
        reached = self.outcomes.get(item.pk)
        lines = sorted(
            [
                *self._arrivals(item),
                *self._sent_out(item),
                *self._leavings(item),
                *self._stops(item),
                *_decided(reached),
            ],
            key=lambda pair: pair[0],
        )
        return Taken(
            key=item.pk,
            ref=item.case_ref,
            organisation=item.organisation.name,
            state=item.get_state_display(),
            lines=[line for _, line in lines],
            sat=self._sat(item),
            refused=[_refused(each) for each in self.refusals[item.case_ref]],
            quorum=_quorum(reached.composition.body["quorum"]) if reached else "",
            positions=self._positions(item, reached),
            outcome=reached.outcome if reached else "",
            reasons=reached.reasons if reached else "",
        )

    def _arrivals(self, item: Item) -> Iterable[tuple[tuple[int, int], Line]]:
        opening: list[Attendance] = []
        out = {(row.event_id, row.appointment_id) for row in self.left.get(item.pk, ())}
        for row in self.attended.get(item.pk, ()):
            kind = row.event.event_type
            if kind == "item.opened":
                opening += [row] if row.present and (row.event_id, row.appointment_id) not in out else []
            elif row.present:
                on = " The item went on." if row.event.document["public"].get("goes_on") else ""
                yield (row.event_id, 1), Line(row.noted_at, f"{_place(row.appointment)} came into the room.{on}")
            else:
                went = "went" if not row.event.document["public"]["stops"] else "went, and the item stopped"
                yield (row.event_id, 1), Line(row.noted_at, f"{_place(row.appointment)} {went}.")
        if opening:
            names = "; ".join(_place(row.appointment) for row in opening)
            yield (opening[0].event_id, 0), Line(opening[0].noted_at, f"Taken. Present: {names}.")

    def _leavings(self, item: Item) -> Iterable[tuple[tuple[int, int], Line]]:
        for row in self.left.get(item.pk, ()):
            if row.event.event_type == "member.recused":
                why = "declared an interest and left" if row.event_id in self.declared else "left"
                stopped = " The item stopped." if row.event.document["public"].get("stops") else ""
                yield (row.event_id, 2), Line(row.recused_at, f"{_place(row.appointment)} {why} the room.{stopped}")

    def _sent_out(self, item: Item) -> Iterable[tuple[tuple[int, int], Line]]:
        """Whom the tests barred, by which test; the facts are personal and in the record of interests."""
        rules = {(each.event_id, each.appointment_id): each.rule for each in self.checks.get(item.pk, ())}
        for row in self.left.get(item.pk, ()):
            if row.event.event_type != "member.recused":
                rule = rules.get((row.event_id, row.appointment_id))
                test = f"test {rule}" if rule else "a test"
                text = f"{_place(row.appointment)} was shown out, barred by {test} of disinterest."
                yield (row.event_id, 2), Line(row.recused_at, text)

    def _sat(self, item: Item) -> list[str]:
        """Who sat with an interest declared and who without a vote, by the last answer of the tests."""
        last = {each.appointment_id: each for each in self.checks.get(item.pk, ())}
        out = {row.appointment_id for row in self.left.get(item.pk, ())}
        came = {row.appointment_id: row.appointment for row in self.attended.get(item.pk, ()) if row.present}
        sat = sorted(
            (each for pk, each in came.items() if pk in last and pk not in out),
            key=lambda each: (each.seat.number, each.rank),
        )
        found = [
            (said, [f"{_place(each)}, test {last[each.pk].rule}" for each in sat if last[each.pk].effect == effect])
            for effect, said in SAT.items()
        ]
        return [f"{said}: {'; '.join(names)}." for said, names in found if names]

    def _stops(self, item: Item) -> Iterable[tuple[tuple[int, int], Line]]:
        """Where the item stopped because people were tested again, by what made us look; whoever left has left."""
        stops = [each for each in self.checks.get(item.pk, ()) if each.moment == STOPPED]
        for event, row in {each.event: each for each in stops}.items():
            why = STOPPED_BY.get(event.event_type, "after the members were tested again")
            yield (event.pk, 3), Line(row.checked_at, f"The item stopped {why}.")

    def _positions(self, item: Item, reached: Outcome | None) -> list[Voiced]:
        """Of those who counted when the outcome was recorded, as the composition has it."""
        if reached is None:
            return []
        counted = {row["person"] for row in reached.composition.body["members"] if row["stance"]}
        said = self.said[item.pk].values()
        found = [each for each in said if each.appointment.person.stream in counted]
        found.sort(key=lambda each: (each.appointment.seat.number, each.appointment.rank))
        return [_voiced(each) for each in found]


def _by_item(rows: Iterable[Any]) -> Mapping[int, Sequence[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.pk):
        found[row.item_id].append(row)
    return found


def _declarations(sitting: Sitting, left: set[int]) -> tuple[frozenset[int], list[tuple[str, datetime]]]:
    """The events by which somebody declared an interest as they left, and who renewed theirs while the panel sat."""
    if sitting.convened_at is None:
        return frozenset(), []
    rows = Declaration.objects.filter(panel=sitting.panel_id, made_at__gte=sitting.convened_at)
    if sitting.closed_at:
        rows = rows.filter(made_at__lte=sitting.closed_at)
    found = list(rows.select_related("person").order_by("pk"))
    renewed = {(each.person.display_name, each.made_at) for each in found if each.event_id not in left}
    return frozenset(each.event_id for each in found) & left, sorted(renewed, key=lambda pair: pair[1])


def _checks(sitting: Sitting, items: Sequence[Item]) -> Iterable[DisinterestCheck]:
    """What the tests answered until the sitting was closed, without their reasoning."""
    rows = DisinterestCheck.objects.filter(item__in=items)
    if sitting.closed_at:
        rows = rows.filter(checked_at__lte=sitting.closed_at)
    return rows.select_related("event").defer("results", "sentence")


def _refused(row: Refusal) -> Line:
    """That something was refused, to whom; the sentence they were given stays with them and the auditors."""
    who = row.refused_to.display_name if row.refused_to else "the system"
    act = act_words(row.act)
    whom = f", {row.person.display_name}" if row.person and row.person_id != row.refused_to_id else ""
    test = f" (test {row.rule})" if row.rule else ""
    return Line(row.refused_at, f"Refused to {who}: {act[0].lower()}{act[1:]}{whom}{test}.")


def _refusals(sitting: Sitting, items: Sequence[Item]) -> Mapping[str, Sequence[Refusal]]:
    """What was refused on the day: of the whole sitting under "", of its items under their cases."""
    found: defaultdict[str, list[Refusal]] = defaultdict(list)
    refs = {item.case_ref for item in items}
    ends = sitting.closed_at
    rows = Refusal.objects.filter(panel=sitting.panel_id).select_related("person", "refused_to")
    for row in rows.order_by("pk"):
        on_the_day = timezone.localdate(row.refused_at) >= sitting.on and (ends is None or row.refused_at <= ends)
        if on_the_day and (row.case_ref in refs or (row.act == "convene" and not row.case_ref)):
            found[row.case_ref].append(row)
    return found


def _decided(reached: Outcome | None) -> Iterable[tuple[tuple[int, int], Line]]:
    if reached:
        yield (reached.event_id, 4), Line(reached.reached_at, "The positions were taken and the outcome recorded.")


def _place(each: Appointment) -> str:
    return f"{each.person.display_name} ({each.place}, {each.appointed_by.name})"


def _held(each: Appointment) -> Held:
    return Held(each.place, each.person.display_name, each.appointed_by.name, each.seat.kind == COALITION_SEAT)


def _voiced(row: Position) -> Voiced:
    each = row.appointment
    own = row.entered_by_id == each.person_id
    entered = "" if own or row.entered_by is None else f"entered by {row.entered_by.display_name}"
    return Voiced(
        each.person.display_name,
        each.place,
        each.appointed_by.name,
        each.seat.kind == COALITION_SEAT,
        STANCES[Stance(row.stance)],
        row.reasons if row.stance == Stance.DISSENT or each.seat.kind == COALITION_SEAT else "",
        entered,
    )


def _quorum(body: Mapping[str, Any]) -> str:
    """Both quorums in words; of compositions stored before there were two, the one there is."""
    sit = body.get("to_sit")
    said = f"To sit: {sit['needed']} needed, {sit['there']} there. " if sit else ""
    return f"{said}To decide: {body['needed']} needed, {body['counted']} voting."


def _text(minutes: Minutes) -> Iterable[str]:
    yield f"{minutes.panel} {minutes.title}: {minutes.kind}"
    yield f"Minutes of the sitting on {minutes.day}" + (f", {minutes.place}" if minutes.place else "")
    yield from (f"{each.seat}: {each.name}, {each.by}" for each in minutes.seats)
    yield from (f"{line.time} {line.text}" for line in minutes.lines)
    for number, item in enumerate(minutes.items, start=1):
        yield f"{number}. {item.organisation}, {item.ref}: {item.state}"
        yield from (f"{line.time} {line.text}" for line in item.lines)
        yield from item.sat
        yield from (f"{line.time} {line.text}" for line in item.refused)
        if item.quorum:
            yield item.quorum
        for each in item.positions:
            said = f"{each.name} {each.stance}" + (f": {each.reasons}" if each.reasons else "")
            yield said + (f" ({each.entered})" if each.entered else "")
        if item.outcome:
            yield f"Outcome: {item.outcome}. {item.reasons}"
    yield from (
        f"Added {timezone.localtime(each.at):%-d %B %Y %H:%M} by {each.by}"
        + (f" on {each.ref}" if each.ref else "")
        + f": {each.text}"
        for each in minutes.notes
        if not each.late
    )
