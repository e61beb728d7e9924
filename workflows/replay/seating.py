"""Who sits where: the least-loaded person who is free and may judge what is on the agenda."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from authorisation.models import Application, RuleSet
from authorisation.rulesets import seat_plan
from directory.models import Organisation, Person
from panels.actions import items, seats, sittings
from panels.actions.panels import propose_panel
from panels.models import Appointment, Item, Nomination, Panel, Sitting, Stance
from panels.rules import COALITION_SEAT
from workflows.replay.cast import BOARD, Cast, codes_near

NATIONAL_COALITION_SEATS = 2
TIERS = ("moderation", "conditions", "decision")
# A review judges conditions already imposed: those who proposed them may take part.
TIER = {tier: place for place, tier in enumerate(TIERS)} | {"review": TIERS.index("conditions")}
# How many of each part are kept for each national tier; the others go on site visits.
NATIONAL_SHARE = {"chair": 1, "board_member": 3, "lay": 2, "finance": 2, "clinician": 2, "coalition": 4}
DISSENT_EVERY = 41


@dataclass
class Meeting:
    """A seated panel with its sitting, and its items by CCG."""

    panel: Panel
    sitting: Sitting
    items: dict[str, Item]


class Seating:
    """Fills panels as a careful secretariat would, and keeps nobody in two places on one day."""

    def __init__(self, cast: Cast, ruleset: RuleSet, codes: Iterable[str]) -> None:
        self.cast, self.ruleset = cast, ruleset
        self.load: Counter[int] = Counter()
        self.booked: defaultdict[date, set[int]] = defaultdict(set)
        self.near = {person.pk: codes_near(codes, cast.homes[person.pk]) for person in cast.parts["coalition"]}
        self.nomination = {each.person_id: each for each in cast.nominations}
        self.decided = 0
        # From this day on, Coalition seats of site visits are offered and not yet answered (the demonstration).
        self.unanswered_from: date | None = None

    def seat(self, kind: str, title: str, on: date, cases: Sequence[Application]) -> Meeting:
        """Propose the panel, list its day, fill its seats; everyone declares and accepts."""
        secretary = self.cast.secretary
        plan = seat_plan(self.ruleset.body, kind)
        panel = propose_panel(plan=plan, title=title, ruleset=self.ruleset.version, by=secretary)
        sitting = sittings.list_sitting(
            panel=panel, on=on, cases=[sittings.Case(case.ccg, case.ref) for case in cases], by=secretary
        )
        codes = [case.ccg.code for case in cases]
        proposals = self._proposals(panel, kind, on, codes)
        for appointment in seats.fill_seats(panel=panel, proposals=proposals, by=secretary):
            if not self._unanswered(appointment, kind, on):
                seats.accept_seat(appointment=appointment, by=appointment.person)
        listed = {item.organisation_id: item for item in sitting.items.all()}
        return Meeting(panel, sitting, {case.ccg.code: listed[case.ccg_id] for case in cases})

    def _unanswered(self, appointment: Appointment, kind: str, on: date) -> bool:
        late = self.unanswered_from is not None and on >= self.unanswered_from
        return late and kind == "site_visit" and appointment.seat.kind == COALITION_SEAT

    def _proposals(self, panel: Panel, kind: str, on: date, codes: list[str]) -> list[seats.Proposal]:
        taken: list[seats.Proposal] = []
        coalition = iter(self._coalition(kind, on, codes))
        for seat in panel.seats.all():
            if seat.kind == COALITION_SEAT:
                nomination = next(coalition, None)
                if nomination is not None:
                    taken.append(seats.Proposal(seat, nomination.person, nomination.body, nomination))
            else:
                person, by = self._member(seat.kind, kind, on, codes)
                taken.append(seats.Proposal(seat, person, by))
        return taken

    def _coalition(self, kind: str, on: date, codes: list[str]) -> list[Nomination]:
        """People of whom, for every case, at least one may judge it; the least loaded first."""
        count = 1 if kind == "site_visit" else NATIONAL_COALITION_SEATS
        free = [person for person in self._pool("coalition", kind) if person.pk not in self.booked[on]]
        agenda = set(codes)
        free.sort(key=lambda person: (len(self.near[person.pk] & agenda), self.load[person.pk]))
        chosen: list[Person] = []
        barred = agenda
        for person in free:
            left = barred & self.near[person.pk]
            if len(chosen) < count - 1 or not left:
                chosen.append(person)
                barred = left
            if len(chosen) == count:
                break
        for person in chosen:
            self._book(person, on)
        return [self.nomination[person.pk] for person in chosen]

    def _member(self, seat: str, kind: str, on: date, codes: list[str]) -> tuple[Person, Organisation]:
        """Whoever has sat least among those free; nobody from a CCG that is the only one on the agenda."""
        agenda = set(codes)
        free = [
            person
            for person in self._pool(seat, kind)
            if person.pk not in self.booked[on] and (self.cast.homes[person.pk] not in agenda or len(agenda) > 1)
        ]
        free.sort(key=lambda person: (self.cast.homes[person.pk] in agenda, self.load[person.pk]))
        person = free[0]
        self._book(person, on)
        by = self.cast.homes[person.pk] if seat == "local_authority" else BOARD
        return person, self.cast.organisations[by]

    def _pool(self, part: str, kind: str) -> list[Person]:
        """Who may be asked for a part on a kind of panel: nobody judges one case at two tiers (I4)."""
        people = list(self.cast.chairs.values()) if part == "clinician" else self.cast.parts[part]
        if part not in NATIONAL_SHARE:
            return people
        national = people[: NATIONAL_SHARE[part] * len(TIERS)]
        return people[len(national) :] if kind == "site_visit" else national[TIER[kind] :: len(TIERS)]

    def _book(self, person: Person, on: date) -> None:
        self.booked[on].add(person.pk)
        self.load[person.pk] += 1

    def convene(self, meeting: Meeting) -> list[Appointment]:
        """The panel sits; gives its members."""
        sittings.convene(sitting=meeting.sitting, by=self.cast.secretary)
        return list(meeting.panel.appointments.filter(state="accepted").select_related("seat", "person"))

    def decide(self, meeting: Meeting, code: str, members: Sequence[Appointment], outcome: str, reasons: str) -> Item:
        """Take one item: those barred leave the room, the others take their positions, the outcome is recorded."""
        item = items.open_item(item=meeting.items[code], present=members, by=self.cast.secretary)
        out = set(item.recusals.values_list("appointment_id", flat=True))
        self.decided += 1
        positions = {each.pk: self._position(each) for each in members if each.pk not in out}
        items.decide_item(item=item, outcome=outcome, reasons=reasons, positions=positions, by=self.cast.secretary)
        item.panel = meeting.panel
        return item

    def _position(self, member: Appointment) -> items.Said:
        if member.seat.kind == COALITION_SEAT and self.decided % DISSENT_EVERY == 0:
            return items.Said(Stance.DISSENT, "Would have set a lighter support level (synthetic dissent).")
        return items.Said(Stance.CONCUR)

    def close(self, meeting: Meeting) -> None:
        """The day is over."""
        sittings.close_sitting(sitting=meeting.sitting, by=self.cast.secretary)
