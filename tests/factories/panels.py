"""Seated panels, sittings and decided items."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from authorisation.enums import PANEL_TIERS
from authorisation.models import Application
from authorisation.rulesets import seat_plan
from directory.models import Person
from directory.queries import today
from panels.actions import items, seats, sittings
from panels.actions.panels import confirm_panel, faults_of, propose_panel
from panels.actions.positions import enter_positions
from panels.models import Appointment, Attendance, Item, Outcome, Panel, Sitting, Stance
from panels.rules import COALITION_SEAT
from panels.seating import held_elsewhere
from tests.factories.world import World

# Who appoints to a seat that asks for an organisation of this kind.
APPOINTS = {"board": "BOARD", "region": "RN1", "local_authority": "LA1"}
BOARD_MEMBERS = ("board_member", "second_board_member")


@dataclass
class Meeting:
    """A panel with its sitting, its items by case and its appointments by the name of the member."""

    world: World
    panel: Panel
    sitting: Sitting
    items: dict[str, Item]
    members: dict[str, Appointment]

    def item(self, case: Application) -> Item:
        return Item.objects.select_related("panel", "sitting").get(pk=self.items[case.ref].pk)

    def of(self, name: str) -> Appointment:
        return Appointment.objects.select_related("seat", "person").get(pk=self.members[name].pk)

    @property
    def everybody(self) -> list[Appointment]:
        rows = self.panel.appointments.filter(state="accepted").select_related("seat", "person")
        return list(rows.order_by("seat__number"))


def sitting_on(
    world: World,
    kind: str,
    cases: Sequence[Application],
    *,
    on: Any = None,
    voices: Sequence[str] = ("voice",),
    without: Sequence[str] = (),
    accept: bool = True,
    confirm: bool = True,
) -> Meeting:
    """A panel of that kind with everybody seated, and the cases on its agenda for `on` (today).

    Everybody is invited; they accept and the panel is confirmed, unless told otherwise or it could not sit.
    """
    by = world.secretary
    panel = propose_panel(
        plan=seat_plan(world.ruleset.body, kind), title=f"{kind} panel", ruleset=world.ruleset.version, by=by
    )
    agenda = [sittings.Case(case.ccg, case.ref) for case in cases]
    sitting = sittings.list_sitting(panel=panel, on=on or today(), cases=agenda, by=by)
    out = {person.pk for name, person in world.people.items() if plain(name) in without}
    wanted = [each for each in proposals(world, panel, voices) if each.person.pk not in out]
    appointments = seats.fill_seats(panel=panel, proposals=wanted, by=by)
    if appointments:
        seats.invite(panel=panel, by=by)
    for appointment in appointments if accept else ():
        seats.accept_seat(appointment=appointment, by=appointment.person)
    if accept and confirm and not faults_of(panel):
        confirm_panel(panel=panel, by=by)
    names = {person.pk: plain(name) for name, person in world.people.items()}
    listed = {item.case_ref: item for item in sitting.items.all()}
    panel.refresh_from_db()
    return Meeting(world, panel, sitting, listed, {names[each.person_id]: each for each in appointments})


def proposals(world: World, panel: Panel, voices: Sequence[str] = ("voice",)) -> list[seats.Proposal]:
    """Somebody for every seat, and these Coalition representatives."""
    left, board = list(voices), list(BOARD_MEMBERS)
    found = []
    for seat in panel.seats.order_by("number"):
        if seat.kind == COALITION_SEAT:
            if left:
                found.append(coalition(world, seat, fresh(world, panel, left.pop(0))))
        elif seat.kind == "board_member":
            if board:
                name = fresh(world, panel, board.pop(0))
                found.append(seats.Proposal(seat, world.people[name], appoints(world, seat)))
        else:
            name = fresh(world, panel, seat.kind)
            found.append(seats.Proposal(seat, world.people[name], appoints(world, seat)))
    return found


def plain(name: str) -> str:
    """The name of whoever somebody sits for: `lay` for `lay_at_moderation`."""
    return name.partition("_at_")[0]


def fresh(world: World, panel: Panel, name: str) -> str:
    """This person, or somebody just like them when they sit elsewhere that day or sat at another tier (I4, D9)."""
    for number in count():
        like = f"{name}_at_{panel.kind}_{number}" if number else name
        person = world.people.get(like) or world.add_like(name, like)
        if not _sits_elsewhere(person, panel) and not _sat_before(person, panel):
            return like
    raise AssertionError


def _sits_elsewhere(person: Person, panel: Panel) -> bool:
    days = set(panel.sittings.values_list("on", flat=True))
    return any(each.sits_on in days for each in held_elsewhere(panel, [person.pk]))


def _sat_before(person: Person, panel: Panel) -> bool:
    """Whether they sat on one of the panel's cases at another tier."""
    refs = list(panel.items.values_list("case_ref", flat=True))
    rows = Attendance.objects.filter(
        appointment__person=person, item__case_ref__in=refs, item__panel__kind__in=PANEL_TIERS
    )
    return panel.kind in PANEL_TIERS and rows.exclude(item__panel__kind=panel.kind).exists()


def appoints(world: World, seat: Any) -> Any:
    """The organisation of the world that fills such a seat."""
    return world.organisations[APPOINTS[seat.appointed_by]]


def coalition(world: World, seat: Any, name: str, *, rank: int = 0) -> seats.Proposal:
    nomination = world.nominations[name]
    return seats.Proposal(seat, world.people[name], nomination.body, nomination, rank)


def seated(meeting: Meeting, *offered: seats.Proposal, accept: bool = True) -> list[Appointment]:
    """These people proposed and invited, and their seats accepted."""
    found = seats.fill_seats(panel=meeting.panel, proposals=offered, by=meeting.world.secretary)
    asked = seats.invite(panel=meeting.panel, appointments=found, by=meeting.world.secretary)
    for each in asked if accept else ():
        seats.accept_seat(appointment=each, by=each.person)
    return [Appointment.objects.select_related("seat", "person", "panel").get(pk=each.pk) for each in asked]


def convened(meeting: Meeting) -> Meeting:
    sittings.convene(sitting=meeting.sitting, by=meeting.world.secretary)
    meeting.panel.refresh_from_db()
    return meeting


def opened(meeting: Meeting, case: Application, *, absent: Sequence[str] = ()) -> Item:
    """The item opened with everybody but the absent, and but the alternates, in the room."""
    out = {meeting.members[name].pk for name in absent}
    here = [each for each in meeting.everybody if each.rank == 0 and each.pk not in out]
    return items.open_item(item=meeting.item(case), present=here, by=meeting.world.secretary)


def positions(item: Item, **stances: Any) -> dict[int, items.Said]:
    """A position for everybody who is in the room and has not left it: concur, unless told by seat kind."""
    present = dict(item.attendances.order_by("pk").values_list("appointment_id", "present"))
    gone = set(item.recusals.values_list("appointment_id", flat=True))
    kinds = dict(Appointment.objects.filter(pk__in=present).values_list("pk", "seat__kind"))
    return {
        pk: stances.get(kinds[pk], items.Said(Stance.CONCUR)) for pk, here in present.items() if here and pk not in gone
    }


def spoken(item: Item, **stances: Any) -> Item:
    """Everybody who may has entered their own position: concur, unless told by seat kind."""
    held = {each.pk: each for each in Appointment.objects.filter(panel=item.panel_id).select_related("person")}
    for pk, said in positions(item, **stances).items():
        enter_positions(item=item, positions={pk: said}, by=held[pk].person)
    return item


def decide(meeting: Meeting, case: Application, outcome: str, **stances: Any) -> Outcome:
    """The item opened and decided on everybody's own position, concurring unless told."""
    item = spoken(opened(meeting, case), **stances)
    return items.decide_item(item=item, outcome=outcome, reasons="What the evidence shows.", by=meeting.world.secretary)
