"""One world in which everything happened that writes a table, made by the real actions; built once for this folder."""

from copy import deepcopy
from datetime import date

import pytest

from audit import clock
from authorisation.enums import ReviewResult, Stage
from authorisation.queries import open_conditions
from authorisation.rules import Reviewed
from directory.actions import organisations, people, posts, ties
from directory.models import PostKind, TieKind
from directory.queries import today
from panels.actions import items, nominations, seats
from panels.actions.absences import end_absence, note_absence
from panels.actions.accreditations import end_accreditation
from panels.actions.agenda import order_agenda
from panels.actions.minutes import add_note, sign_minutes
from panels.actions.objections import object_to
from panels.actions.panels import close_panel, confirm_panel
from panels.actions.rulings import rule
from panels.actions.sittings import close_sitting
from panels.errors import PanelsRefused
from panels.models import Stance
from tests.audit.reconciling import told
from tests.factories import Walk, build_world, convened, days, opened, sitting_on
from tests.factories.panels import coalition, seated, spoken
from tests.factories.raw import undone


class Lived:
    """The world, the case that was walked to its end, and a panel at which much happened."""

    def __init__(self):
        self.world = build_world()
        self.walk = Walk(self.world, direction="Ask first.\nThen act.").to(Stage.REVIEW)
        self.reviewed()
        self.walk.to(Stage.CLOSED)
        self.other = Walk(self.world, ccg="03A").to(Stage.MODERATION)
        with clock.at(self.other.now):
            self.directory()
            self.people()
            self.before_the_day()
        with clock.at(self.other.now + days(1)):
            self.on_the_day()
        Walk(self.world, ccg="02A").defer(2).resume(Stage.PREPARATION).withdraw()

    def reviewed(self):
        kept = iter([ReviewResult.RAISE, ReviewResult.KEEP])
        levels = {ReviewResult.RAISE: "VI", ReviewResult.KEEP: ""}
        results = {}
        for code in open_conditions(self.walk.case):
            result = next(kept)
            results[code] = Reviewed(code, result, "Not yet.", levels[result])
        self.walk.review(results, lifted=[], given={next(iter(results)): ["Report every month."]})

    def directory(self):
        world = self.world
        one = organisations.add_organisation(kind="practice", code="P77", name="A practice", by="system")
        organisations.rename_organisation(organisation=one, name="Another practice", by="system")
        organisations.close_organisation(organisation=one, closed=date(2020, 1, 1), by="system")
        ccg = world.organisations["06A"]
        tie = ties.add_tie(
            kind=TieKind.NEIGHBOUR,
            one=ccg,
            other=world.organisations["05A"],
            starts=today(),
            source="A map",
            by="system",
        )
        ties.end_tie(tie=tie, ends=today() + days(30), by="system")

    def people(self):
        world = self.world
        post = posts.appoint(
            person=world.outsider,
            organisation=world.organisations["BOARD"],
            kind=PostKind.EMPLOYEE,
            title="Clerk",
            starts=today(),
            by="system",
        )
        posts.end_post(post=post, ends=today() + days(9), by="system")
        later = posts.appoint(
            person=world.outsider,
            organisation=world.organisations["P01"],
            kind=PostKind.EMPLOYEE,
            starts=today() + days(2),
            by="system",
        )
        with clock.at(clock.now() + days(2)):
            posts.begin(clock.now())
            posts.end_post(post=later, ends=today() + days(1), by="system")
        with clock.at(clock.now() + days(4)):
            posts.expire(clock.now())
        people.set_password(person=world.outsider, password="a long one, quite", by=world.secretary)
        people.deactivate_person(person=world.outsider, reason="Left.", by="system")
        people.reactivate_person(person=world.outsider, by="system")
        first = world.nominations["near_voice"]
        nominations.limit_nomination(nomination=first, capacity=3, by=world.nominator)
        order = [row.pk for row in nominations.standing(first.body)][::-1]
        nominations.reorder_nominations(body=first.body, order=order, by=world.nominator)
        nominations.end_nomination(nomination=first, ends=today() + days(60), by=world.nominator)
        end_accreditation(accreditation=world.spare.accreditations.get(), ends=today() + days(400), by=world.secretary)

    def before_the_day(self):
        world, cases = self.world, [self.other.case, self.walk.case]
        self.meeting = sitting_on(world, "moderation", cases, on=today() + days(1), confirm=False)
        meeting, by = self.meeting, world.secretary
        voice_seat = meeting.of("voice").seat
        (self.alternate,) = seated(meeting, coalition(world, voice_seat, "spare_voice", rank=1))
        chair = meeting.of("chair")
        object_to(
            panel=meeting.panel,
            person=chair.person,
            case_ref=self.other.case.ref,
            kind="other",
            statement="We quarrelled.",
            by=world.officer("03A"),
        )
        rule(
            panel=meeting.panel,
            person=chair.person,
            organisation=self.other.case.ccg,
            rule="OB",
            verdict="dismissed",
            effect="clear",
            reason="No interest.",
            by=world.guardian,
            objection=meeting.panel.objections.get(),
        )
        lay = meeting.of("lay")
        interest = seats.Interest("other", world.organisations["01A"], "I once advised it.", starts=date(2011, 1, 1))
        seats.declare_again(appointment=lay, by=lay.person, interests=[interest])
        away = note_absence(
            appointment=lay, starts=today() + days(20), ends=today() + days(30), reason="Holiday", by=lay.person
        )
        end_absence(absence=away, by=lay.person)
        order_agenda(sitting=meeting.sitting, by=by)
        with pytest.raises(PanelsRefused):
            seats.substitute(seat=voice_seat, by=by)
        confirm_panel(panel=meeting.panel, by=by)

    def on_the_day(self):
        world, meeting = self.world, convened(self.meeting)
        item = opened(meeting, self.other.case)
        lay = meeting.of("lay")
        items.note_departure(item=item, appointment=lay, by=world.secretary)
        items.note_arrival(item=item, appointment=lay, by=world.secretary)
        voice = meeting.of("voice")
        items.recuse(item=item, appointment=voice, reason="A friend works there.", by=voice.person)
        items.note_arrival(item=item, appointment=self.alternate, by=world.secretary)
        item.refresh_from_db()
        spoken(item, lay=items.Said(Stance.DISSENT, " Not enough was shown. "))
        items.decide_item(item=item, outcome="full", reasons="On balance.", by=world.secretary)
        add_note(sitting=meeting.sitting, text="It rained.", by=world.secretary, item=item)
        close_sitting(sitting=meeting.sitting, by=world.secretary)
        sign_minutes(sitting=meeting.sitting, by=meeting.of("chair").person)
        seats.stand_down(appointment=meeting.of("lay"), reason="Done.", by=world.secretary)
        close_panel(panel=meeting.panel, reason="Its work is done.", by=world.secretary)


@pytest.fixture(scope="package")
def _lived(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), undone():
        yield Lived()


@pytest.fixture
def lived(_lived, db):
    return deepcopy(_lived)


@pytest.fixture
def differences():
    """Everything that is told of the whole database, or of one stream."""
    return told.differences
