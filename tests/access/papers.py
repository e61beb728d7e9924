"""A case whose every paper holds a string found nowhere else, and everybody who must never see one of them."""

from dataclasses import dataclass
from datetime import date

from audit import clock
from authorisation.actions.applications import Bid
from authorisation.enums import Stage
from authorisation.rules import Found, Proposed
from directory.actions import people, posts
from directory.models import Person, PostKind
from panels.actions import items, seats
from panels.actions.minutes import add_note
from panels.actions.nominations import end_nomination
from panels.actions.objections import object_to
from panels.models import Stance
from tests.factories import Meeting, Walk, World, build_world, convened, days, opened, sitting_on
from tests.factories.panels import seated, spoken
from workflows.actions import cases

CANARY = "Qanary"
# Who may not read the sealed case, by what shuts them out; the names of `Sealed.shut_out`.
SHUT_OUT = (
    "another_applicant",
    "barred",
    "left_the_room",
    "offered",
    "alternate_offered",
    "stood_down",
    "nomination_over",
    "post_over",
    "deactivated",
    "bodys_guardian",
    "other_region",
    "nobody",
)


def canary(paper: str) -> str:
    """The string of one paper."""
    return f"{CANARY}-{paper}"


class SealedWalk(Walk):
    """A walk on which everything anybody writes is a canary."""

    def _preparation(self) -> None:
        bid = Bid(canary("constitution"), canary("officer"), 12, (canary("statement"),))
        cases.submit(self.case, bid=bid, by=self.world.officer(self.case.ccg.code))

    def desk_top(self, domain: int) -> list[Found]:
        return [self._sealed(each, "desk") for each in super().desk_top(domain)]

    def visited(self) -> list[Found]:
        return [self._sealed(each, "visit") for each in super().visited()]

    @staticmethod
    def _sealed(found: Found, tier: str) -> Found:
        return Found(found.code, found.met, canary(f"{tier}-reason"), canary(f"{tier}-enquiry"))

    def _site_visit(self) -> None:
        meeting = self._decided(convened(self.meetings["site_visit"]), "report")
        cases.record_site_visit(self.case, item=meeting.item(self.case), found=self.visited(), by=self.world.chair)

    def _report(self) -> None:
        cases.issue_report(self.case, summary=canary("report"), by=self.world.chair)

    def _report_comments(self) -> None:
        cases.comment_on_report(self.case, text=canary("comment"), by=self.world.officer(self.case.ccg.code))

    def sit(self, kind: str, outcome: str) -> Meeting:
        self.meetings[kind] = self._decided(convened(sitting_on(self.world, kind, [self.case])), outcome)
        return self.meetings[kind]

    def _decided(self, meeting: Meeting, outcome: str) -> Meeting:
        item = spoken(opened(meeting, self.case), lay=items.Said(Stance.DISSENT, canary("dissent")))
        items.decide_item(item=item, outcome=outcome, reasons=canary("outcome"), by=self.world.secretary)
        return meeting

    def _sign_off(self) -> None:
        cases.sign_off(self.case, by=self.world.director, note=canary("note"))

    def proposals(self) -> list[Proposed]:
        return [
            Proposed(each.code, each.level, canary("test"), canary("direction") if each.direction else "")
            for each in super().proposals()
        ]

    def _conditions_response(self) -> None:
        cases.answer_conditions(self.case, text=canary("answer"), by=self.world.officer(self.case.ccg.code))

    def _decision(self) -> None:
        meeting = self.sit("decision", self.verdict)
        cases.record_decision(
            self.case, item=meeting.item(self.case), reasons=canary("decision"), by=self.world.secretary
        )


@dataclass
class Sealed:
    """The world with the sealed case, before it is published, and people with no right to it."""

    world: World
    walk: SealedWalk
    other: Walk
    shut_out: dict[str, Person | None]
    meetings: list[Meeting]

    @property
    def ref(self) -> str:
        return self.walk.case.ref


def build_sealed() -> Sealed:
    """The whole of it by actions alone; about four seconds."""
    world = build_world()
    walk = SealedWalk(world, direction="Ask first.").to(Stage.PUBLICATION)
    other = Walk(world, ccg="04A").to(Stage.SITE_VISIT_PLANNING)
    other.now = walk.now = max(walk.now, other.now)
    sealed = Sealed(world, walk, other, {"nobody": None}, list(walk.meetings.values()))
    with clock.at(walk.now):
        _shut_out(sealed)
    walk.now += days(1)
    sealed.shut_out = {who: person and Person.objects.get(pk=person.pk) for who, person in sealed.shut_out.items()}
    return sealed


def _shut_out(sealed: Sealed) -> None:
    world, day = sealed.world, clock.now().date()
    sealed.shut_out |= {"another_applicant": world.officer_2, "other_region": world.other_director}
    sealed.shut_out["barred"] = _seat(sealed, voices=("near_voice",), on=day + days(1)).of("near_voice").person
    _object(sealed)
    over = _seat(sealed, voices=("other_voice",), on=day + days(2))
    sealed.shut_out["nomination_over"] = over.of("other_voice").person
    _offer(sealed, on=day + days(3))
    _leave(sealed, on=day)
    end_nomination(nomination=world.nominations["other_voice"], ends=day, by=world.other_nominator)
    posts.end_post(post=world.reader.posts.get(), ends=day, by="system")
    sealed.shut_out["post_over"] = world.reader
    sealed.shut_out["deactivated"] = sealed.walk.meetings["decision"].of("second_board_member").person
    people.deactivate_person(person=sealed.shut_out["deactivated"], by="system")
    posts.appoint(
        person=world.outsider,
        organisation=world.organisations["NHSA"],
        kind=PostKind.CONFLICTS_GUARDIAN,
        starts=day,
        by="system",
    )
    sealed.shut_out["bodys_guardian"] = world.outsider


def _seat(sealed: Sealed, **how: object) -> Meeting:
    """One more decision panel with the sealed case and another on its agenda."""
    meeting = sitting_on(sealed.world, "decision", [sealed.walk.case, sealed.other.case], **how)
    sealed.meetings.append(meeting)
    return meeting


def _object(sealed: Sealed) -> None:
    """The applicant objects to the chair of the last panel, who reads it; nobody shut out does."""
    panel, case = sealed.meetings[-1].panel, sealed.walk.case
    chair = sealed.meetings[-1].of("chair").person
    officer = sealed.world.officer(case.ccg.code)
    object_to(panel=panel, person=chair, case_ref=case.ref, kind="other", statement=canary("objection"), by=officer)


def _leave(sealed: Sealed, *, on: date) -> None:
    """The lay member is in the room for the case again and leaves it; that closes the earlier panels too."""
    meeting = convened(_seat(sealed, on=on))
    item = opened(meeting, sealed.walk.case)
    lay = meeting.of("lay")
    add_note(sitting=meeting.sitting, item=item, text=canary("minutes"), by=sealed.world.secretary)
    items.recuse(item=item, appointment=lay, reason=canary("leaving"), by=sealed.world.secretary)
    sealed.shut_out["left_the_room"] = lay.person


def _offer(sealed: Sealed, *, on: date) -> None:
    """Two people are offered the lay seat: one first, one next in line; a third took it and stood down."""
    world = sealed.world
    meeting = _seat(sealed, on=on, without=("lay",))
    seat = meeting.panel.seats.get(kind="lay")
    left, first, second = (_person(world, name) for name in ("Left", "First", "Second"))
    [taken] = seated(meeting, _proposal(world, seat, left))
    seats.stand_down(appointment=taken, by=taken.person, reason=canary("standing-down"))
    seated(meeting, _proposal(world, seat, first), _proposal(world, seat, second, rank=1), accept=False)
    sealed.shut_out |= {"stood_down": left, "offered": first, "alternate_offered": second}


def _proposal(world: World, seat: object, person: Person, **how: object) -> seats.Proposal:
    return seats.Proposal(seat, person, world.organisations["BOARD"], **how)


def _person(world: World, name: str) -> Person:
    person = people.add_person(full_name=name, email=f"{name.lower()}@example.test", by="system")
    board = world.organisations["BOARD"]
    posts.appoint(person=person, organisation=board, kind=PostKind.PANEL_MEMBER, starts=date(2012, 5, 1), by="system")
    return Person.objects.get(pk=person.pk)
