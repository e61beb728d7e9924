"""Who sits where: the least-loaded person who is free and may judge what is on the agenda."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from authorisation.models import Application, RuleSet
from authorisation.rulesets import seat_plan
from directory.models import Organisation, OrganisationKind, Person
from panels.actions import items, panels, positions, seats, sittings
from panels.actions.positions import Said
from panels.models import Appointment, Item, Panel, Seat, Sitting, Stance
from panels.rules import COALITION_SEAT
from workflows.replay.cast import BOARD, Cast, codes_near

# On a national panel so many at least, and so many at most: for every case one of them may judge it.
NATIONAL_COALITION_SEATS = (2, 3)
TIERS = ("moderation", "conditions", "decision")
# A review judges conditions already imposed: those who proposed them may take part.
TIER = {tier: place for place, tier in enumerate(TIERS)} | {"review": TIERS.index("conditions")}
# How many of each part are kept for each national tier; the others go on site visits.
NATIONAL_SHARE = {"chair": 1, "board_member": 3, "lay": 2, "finance": 2}
# Of those who come from a CCG, so many for each national tier out of every wave. They judge the wave after their own,
# so that nobody judges those who judge them (D11).
WAVES = 4
SHARE_OF_A_WAVE = {"clinician": 1, "coalition": 2}
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
        self.near = codes_near(cast, codes)
        # Where those come from who judge a CCG: it may not judge them in turn (D11).
        self.judged_by: defaultdict[str, set[str]] = defaultdict(set)
        self.nomination = {each.person_id: each for each in cast.nominations}
        self.decided = 0
        # From this day on, Coalition seats of site visits are offered and not yet answered (the demonstration) ...
        self.unanswered_from: date | None = None
        # ... and from this day on each has an alternate.
        self.alternates_from: date | None = None

    def seat(self, kind: str, title: str, on: date, cases: Sequence[Application]) -> Meeting:
        """Propose the panel, list its day, fill its seats; everyone declares and accepts, and it is confirmed."""
        secretary = self.cast.secretary
        plan = seat_plan(self.ruleset.body, kind)
        panel = panels.propose_panel(plan=plan, title=title, ruleset=self.ruleset.version, by=secretary)
        sitting = sittings.list_sitting(
            panel=panel,
            on=on,
            cases=[sittings.Case(case.ccg, case.ref, case.cycle) for case in cases],
            round=" and ".join(sorted({str(case.wave) for case in cases})) if kind != "review" else "",
            by=secretary,
        )
        seats.fill_seats(panel=panel, proposals=self._proposals(panel, kind, on, cases), by=secretary)
        asked = seats.invite(panel=panel, by=secretary)
        unanswered = [each for each in asked if self._unanswered(each, kind, on)]
        for appointment in asked:
            if appointment not in unanswered:
                seats.accept_seat(appointment=appointment, by=appointment.person)
        if not unanswered:
            panels.confirm_panel(panel=panel, by=secretary)
        listed = {item.organisation_id: item for item in sitting.items.all()}
        return Meeting(panel, sitting, {case.ccg.code: listed[case.ccg_id] for case in cases})

    def _unanswered(self, appointment: Appointment, kind: str, on: date) -> bool:
        late = self.unanswered_from is not None and on >= self.unanswered_from
        return late and kind == "site_visit" and appointment.seat.kind == COALITION_SEAT

    def _proposals(self, panel: Panel, kind: str, on: date, cases: Sequence[Application]) -> list[seats.Proposal]:
        """Somebody for every seat; a Coalition seat beyond those needed stays empty."""
        agenda = {case.ccg.code for case in cases}
        voices = self._coalition(kind, on, agenda)
        spare = voices.pop() if self._has_alternate(kind, on) else None
        taken: list[seats.Proposal] = []
        for seat in panel.seats.all():
            if seat.kind != COALITION_SEAT:
                taken.append(self._member(seat, kind, on, cases))
            elif voices:
                taken.append(self._voice(seat, voices.pop(0)))
                taken += [self._voice(seat, spare, rank=1)] if spare else []
        return taken

    def _has_alternate(self, kind: str, on: date) -> bool:
        return kind == "site_visit" and self.alternates_from is not None and on >= self.alternates_from

    def _voice(self, seat: Seat, person: Person, rank: int = 0) -> seats.Proposal:
        nomination = self.nomination[person.pk]
        return seats.Proposal(seat, person, nomination.body, nomination, rank=rank)

    def _coalition(self, kind: str, on: date, agenda: set[str]) -> list[Person]:
        """People of whom, for every case, at least one may judge it; the least loaded first."""
        least, most = NATIONAL_COALITION_SEATS if kind != "site_visit" else (1 + self._has_alternate(kind, on),) * 2
        free = [person for person in self._pool("coalition", kind) if person.pk not in self.booked[on]]
        chosen: list[Person] = []
        while len(chosen) < least or (len(chosen) < most and self._unheard(chosen, agenda)):
            left = [person for person in free if person not in chosen]
            best = min(left, key=lambda person: self._price([*chosen, person], kind, agenda))
            chosen.append(best)
        if unheard := self._unheard(chosen, agenda):
            raise RuntimeError(f"No Coalition representative may judge {', '.join(sorted(unheard))} on {on}.")
        for person in chosen:
            self._book(person, on, agenda)
        return chosen

    def _price(self, chosen: Sequence[Person], kind: str, agenda: set[str]) -> tuple[int, bool, int, int, int]:
        last = chosen[-1]
        unheard, closed = self._unheard(chosen, agenda), self._closed_to(last, chosen, agenda)
        return len(unheard), closed == agenda, self._astray(last, kind, agenda), len(closed), self.load[last.pk]

    def _astray(self, person: Person, kind: str, agenda: set[str]) -> int:
        """How many of the cases are not of the wave after the person's own. A review hears all waves."""
        own = self.cast.waves.get(self.cast.homes[person.pk])
        if kind == "review" or own is None:
            return 0
        return sum(self.cast.waves[code] != own % WAVES + 1 for code in agenda)

    def _unheard(self, chosen: Sequence[Person], agenda: set[str]) -> set[str]:
        """The cases none of these may judge."""
        return agenda.intersection(*(self._closed_to(person, chosen, agenda) for person in chosen))

    def _closed_to(self, person: Person, beside: Iterable[Person], agenda: set[str]) -> set[str]:
        """The cases a Coalition representative may not judge: near ones (D1, D4), and those that judge them (D11)."""
        home = self.cast.homes[person.pk]
        judges = self.judged_by[home] | ({self.cast.homes[each.pk] for each in beside} if home in agenda else set())
        return (self.near[person.pk] | judges) & agenda

    def _member(self, seat: Seat, kind: str, on: date, cases: Sequence[Application]) -> seats.Proposal:
        """Whoever has sat least among those free; nobody from a CCG on the agenda, or from one that judges it."""
        agenda = {case.ccg.code for case in cases}
        free = [person for person in self._pool(seat.kind, kind) if person.pk not in self.booked[on]]

        def price(person: Person) -> tuple[int, int, int]:
            home = self.cast.homes[person.pk]
            closed = ({home} | self.judged_by[home]) & agenda
            return len(closed), self._astray(person, kind, agenda), self.load[person.pk]

        person = min(free, key=price)
        self._book(person, on, agenda)
        return seats.Proposal(seat, person, self._appoints(seat, person, cases[0]))

    def _appoints(self, seat: Seat, person: Person, case: Application) -> Organisation:
        """The Board, the region of the case visited, or the member's own authority, as the seat asks."""
        if seat.appointed_by == OrganisationKind.LOCAL_AUTHORITY:
            return self.cast.organisations[self.cast.homes[person.pk]]
        if seat.appointed_by == OrganisationKind.REGION:
            return self.cast.region_of(case.ccg.code)
        return self.cast.organisations[BOARD]

    def _pool(self, part: str, kind: str) -> list[Person]:
        """Who may be asked for a part on a kind of panel: nobody judges one case at two tiers (I4)."""
        people = list(self.cast.chairs.values()) if part == "clinician" else self.cast.parts[part]
        national = self._national(part, people)
        if kind == "site_visit":
            kept = {person.pk for person in national}
            return [person for person in people if person.pk not in kept]
        return national[TIER[kind] :: len(TIERS)]

    def _national(self, part: str, people: Sequence[Person]) -> list[Person]:
        """Those kept for the national tiers, taken in turn by each of them."""
        if part not in SHARE_OF_A_WAVE:
            return list(people[: NATIONAL_SHARE.get(part, 0) * len(TIERS)])
        share = SHARE_OF_A_WAVE[part] * len(TIERS)
        by_wave = [
            [person for person in people if self.cast.waves[self.cast.homes[person.pk]] == wave][:share]
            for wave in range(1, WAVES + 1)
        ]
        return [person for wave in by_wave for person in wave]

    def _book(self, person: Person, on: date, agenda: Iterable[str]) -> None:
        self.booked[on].add(person.pk)
        self.load[person.pk] += 1
        for code in agenda:
            self.judged_by[code].add(self.cast.homes[person.pk])

    def convene(self, meeting: Meeting) -> list[Appointment]:
        """The panel sits; gives its members."""
        sittings.convene(sitting=meeting.sitting, by=self.cast.secretary)
        return list(meeting.panel.appointments.filter(state="accepted", rank=0).select_related("seat", "person"))

    def decide(self, meeting: Meeting, code: str, members: Sequence[Appointment], outcome: str, reasons: str) -> Item:
        """Take one item: those barred leave the room; the secretary enters the positions, the Coalition's its own.

        The chair records the outcome, and with it confirms what the secretary entered.
        """
        secretary = self.cast.secretary
        item = items.open_item(item=meeting.items[code], present=members, by=secretary)
        out = set(item.recusals.values_list("appointment_id", flat=True))
        self.decided += 1
        here = [each for each in members if each.pk not in out]
        for by, said in self._said(here).items():
            positions.enter_positions(item=item, positions=said, by=by or secretary)
        chair = next(each.person for each in here if each.seat.kind == "chair")
        items.decide_item(item=item, outcome=outcome, reasons=reasons, by=chair)
        item.panel = meeting.panel
        return item

    def _said(self, here: Sequence[Appointment]) -> dict[Person | None, dict[int, Said]]:
        """Positions by whoever enters them; None is the secretary."""
        found: defaultdict[Person | None, dict[int, Said]] = defaultdict(dict)
        for each in here:
            own = each.seat.kind == COALITION_SEAT
            dissents = own and self.decided % DISSENT_EVERY == 0
            found[each.person if own else None][each.pk] = (
                Said(Stance.DISSENT, "Would have set a lighter support level (synthetic dissent).")
                if dissents
                else Said(Stance.CONCUR)
            )
        return found

    def close(self, meeting: Meeting) -> None:
        """The day is over."""
        sittings.close_sitting(sitting=meeting.sitting, by=self.cast.secretary)
