"""Who sat, by whose nomination, and what each said: a panel as one item found it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from panels.models import (
    Appointment,
    AppointmentState,
    Attendance,
    DisinterestCheck,
    Item,
    Outcome,
    Position,
    Recusal,
)
from panels.rules import COALITION_SEAT


@dataclass(frozen=True)
class Member:
    """One seat's holder for one item."""

    seat: str
    name: str
    appointed_by: str
    coalition: bool
    present: bool
    left: str
    stance: str
    stance_colour: str
    reasons: str
    check: str
    appointment: int


@dataclass(frozen=True)
class ItemView:
    """One item: the case, the panel, the members, and the outcome when there is one."""

    pk: int
    ref: str
    organisation: str
    number: int
    state: str
    state_colour: str
    panel: str
    kind: str
    title: str
    on: date
    convened: bool
    outcome: str
    reasons: str
    reached_at: datetime | None
    sha256: str
    members: Sequence[Member]
    counted: Mapping[str, int]

    @property
    def coalition(self) -> Sequence[Member]:
        """Who held the Coalition seat and did not leave the room."""
        return [each for each in self.members if each.coalition and not each.left]


STATES = {"listed": "grey", "open": "blue", "stopped": "red", "closed": "green"}
STANCES = {
    "concur": ("Concurred", "green"),
    "dissent": ("Dissented", "red"),
    "abstain": ("Abstained", "yellow"),
}
# What each kind of panel may conclude, with its words; the process that uses the panels says.
Outcomes = Mapping[str, Sequence[tuple[str, str]]]


def outcome_text(kind: str, outcome: str, outcomes: Outcomes) -> str:
    """An outcome as people read it: in the words given for the kind of panel, else as it was recorded."""
    return dict(outcomes.get(kind, ())).get(outcome) or outcome.replace("_", " ").capitalize()


def items(rows: Sequence[Item], outcomes: Outcomes) -> list[ItemView]:
    """The items, loaded with panel, sitting and organisation, as people read them; six queries for any number."""
    keys = [row.pk for row in rows]
    seated = _appointments({row.panel_id for row in rows})
    said = Position.objects.filter(item__in=keys).order_by("pk")
    positions = {(each.item_id, each.appointment_id): each for each in said}
    left = {(each.item_id, each.appointment_id): each.reason for each in Recusal.objects.filter(item__in=keys)}
    here = _attendance(keys)
    checks = _latest_checks(keys)
    reached = {each.item_id: each for each in Outcome.objects.filter(item__in=keys).select_related("composition")}
    return [
        _item(
            row,
            [
                _member(each, row.pk, positions.get((row.pk, each.pk)), left, here, checks)
                for each in seated[row.panel_id]
                if each.state == AppointmentState.ACCEPTED or (row.pk, each.pk) in here
            ],
            reached.get(row.pk),
            outcomes,
        )
        for row in rows
    ]


def _appointments(panels: Iterable[int]) -> Mapping[int, list[Appointment]]:
    found: defaultdict[int, list[Appointment]] = defaultdict(list)
    rows = Appointment.objects.filter(panel__in=panels).select_related("seat", "person", "appointed_by")
    for row in rows.order_by("panel", "seat__number", "rank", "pk"):
        found[row.panel_id].append(row)
    return found


def _attendance(keys: Sequence[int]) -> dict[tuple[int, int], bool]:
    rows = Attendance.objects.filter(item__in=keys).order_by("pk")
    return {(item, each): present for item, each, present in rows.values_list("item_id", "appointment_id", "present")}


def _latest_checks(keys: Sequence[int]) -> dict[tuple[int, int], str]:
    rows = DisinterestCheck.objects.filter(item__in=keys).order_by("pk")
    return {(item, each): said for item, each, said in rows.values_list("item_id", "appointment_id", "sentence")}


def _member(
    row: Appointment,
    item: int,
    position: Position | None,
    left: Mapping[tuple[int, int], str],
    here: Mapping[tuple[int, int], bool],
    checks: Mapping[tuple[int, int], str],
) -> Member:
    stance, colour = STANCES[position.stance] if position else ("", "")
    return Member(
        seat=row.place,
        name=row.person.display_name,
        appointed_by=row.appointed_by.name,
        coalition=row.seat.kind == COALITION_SEAT,
        present=here.get((item, row.pk), False),
        left=left.get((item, row.pk), ""),
        stance=stance,
        stance_colour=colour,
        reasons=position.reasons if position else "",
        check=checks.get((item, row.pk), ""),
        appointment=row.pk,
    )


def _item(row: Item, members: Sequence[Member], reached: Outcome | None, outcomes: Outcomes) -> ItemView:
    stances = [each.stance for each in members if each.stance]
    return ItemView(
        pk=row.pk,
        ref=row.case_ref,
        organisation=row.organisation.name,
        number=row.number,
        state=row.get_state_display(),
        state_colour=STATES[row.state],
        panel=row.panel.ref,
        kind=row.panel.get_kind_display(),
        title=row.panel.title,
        on=row.sitting.on,
        convened=row.sitting.convened_at is not None,
        outcome=outcome_text(row.panel.kind, reached.outcome, outcomes) if reached else "",
        reasons=reached.reasons if reached else "",
        reached_at=reached.reached_at if reached else None,
        sha256=reached.composition.sha256 if reached else "",
        members=members,
        counted={text: stances.count(text) for text, _ in STANCES.values() if text in stances},
    )
