"""Panels tried in any order by everybody, the clock moving: what must hold of them holds after every step.

To run it long, say a hundred times as much: PANELS_MACHINE=100 python -m pytest -n0 tests/panels/test_machine.py
"""

import os
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from audit import clock
from authorisation.invariants.access import CHECKS as ACCESS
from authorisation.invariants.tiers import CHECKS as TIERS
from authorisation.rulesets import seat_plan
from directory.actions import posts
from directory.models import PostKind, TieKind
from directory.queries import today
from panels.actions import (
    absences,
    accreditations,
    examination,
    items,
    nominations,
    objections,
    panels,
    positions,
    rulings,
    seats,
    sittings,
)
from panels.invariants import CHECKS
from panels.models import (
    LIVE,
    Absence,
    Accreditation,
    Appointment,
    Item,
    Nomination,
    Objection,
    Panel,
    Sitting,
    Stance,
)
from tests.audit.rules.story import breaches
from tests.factories import Walk, build_world, london
from tests.factories.panels import coalition, sitting_on
from tests.panels.machine.model import faults
from tests.panels.machine.traces import answered

LONGER = int(os.environ.get("PANELS_MACHINE", "1"))
NOW = london(2012, 6, 4)
CODES = ("01A", "03A")
SEATED = ("chair", "key_assessor", "clinician", "finance", "local_authority", "lay", "spare")
VOICES = ("voice", "other_voice", "near_voice", "spare_voice")
BODIES = ("BOARD", "RN1", "AT1", "NHSA", "LA1", "05A")
# How far the first panel has come when a run begins, by the lawful acts still done for it.
DEPTHS = {"open": 5, "convened": 4, "confirmed": 3, "accepted": 2, "invited": 1}
which = st.integers(0, 11)
anybody = st.sampled_from(["secretary", "secretary", "secretary", "chair", "voice", "lay", "guardian", "officer_1"])
someone = st.sampled_from(SEATED + VOICES)
interest = st.tuples(
    st.sampled_from(["own", "post", "neighbour", "statement", "statement", "other", "family", "prepared", "taste"]),
    st.sampled_from(["01A", "03A", "02A", "05A", None]),
    st.sampled_from([None, None, -800, -30, 30]),
)
interests = st.lists(interest, max_size=2) | st.just([]) | st.just([("own", "01A", None), ("own", "03A", None)])


class Panels(RuleBasedStateMachine):
    """Every rule is one act by somebody; the model is asked after each, and a refusal leaves only its own row."""

    world, cases = None, ()

    @initialize(
        depth=st.sampled_from(["open", "open", "open", "open", *DEPTHS]),
        alternates=st.booleans(),
        kind=st.sampled_from(["site_visit", "moderation"]),
    )
    def begin(self, depth, alternates, kind):
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.now = NOW
        with clock.at(NOW):
            stage = DEPTHS[depth]
            meeting = sitting_on(self.world, kind, self.cases, accept=stage > 1, confirm=False)
            self.panel = meeting.panel
            if alternates:
                self.name_alternates()
            for act in ("confirms", "convenes", "opens")[: max(0, stage - 2)]:
                self.goes_on_with(act)

    def name_alternates(self):
        by, seat = self.world.secretary, self.panel.seats.filter(kind="coalition_representative").first()
        offered = [coalition(self.world, seat, name, rank=n) for n, name in enumerate(VOICES[1:2], start=1)]
        found = seats.fill_seats(panel=self.panel, proposals=offered, by=by)
        for each in seats.invite(panel=self.panel, appointments=found, by=by):
            seats.accept_seat(appointment=each, by=each.person)

    def teardown(self):
        if hasattr(self, "undo"):
            named = breaches()
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)
            assert named == [], "a stranger who reads the log alone finds a rule broken"

    def attempt(self, act):
        with clock.at(self.now), answered():
            act()

    def pick(self, model, number, **where):
        rows = list(model.objects.filter(**where).order_by("-pk")[:12])
        return rows[number % len(rows)] if rows else None

    def person(self, name):
        return self.world.people[name]

    def said(self, lines):
        """Interests as they would be declared; some of them cannot be meant."""
        known = self.world.organisations
        day = self.now.date()
        return [
            seats.Interest(kind, known.get(code), "So.", starts=None if off is None else day + timedelta(days=off))
            for kind, code, off in lines
        ]

    # The clock.

    @rule(hours=st.sampled_from([1, 1, 24, 24, 24 * 27, 24 * 29, 24 * 370]))
    def time_passes(self, hours):
        """Declarations age, nominations, trainings and posts end, and the day of a sitting comes."""
        self.now += timedelta(hours=hours)

    @rule()
    def sweeps(self):
        with clock.at(self.now):
            posts.expire(clock.now())
            examination.sweep_stale()

    @rule(number=which, days=st.sampled_from([-40, -1, 0, 1, 20]))
    def nomination_ends(self, number, days):
        row = self.pick(Nomination, number)
        by = self.person("nominator" if row.body.code == "NHSA" else "other_nominator")
        self.attempt(lambda: nominations.end_nomination(nomination=row, ends=today() + timedelta(days=days), by=by))

    @rule(name=st.sampled_from(VOICES), days=st.sampled_from([0, 1, 30]))
    def nominated_again(self, name, days):
        body = self.world.nominations[name].body
        by = self.person("nominator" if body.code == "NHSA" else "other_nominator")
        until = {"starts": self.now.date(), "ends": self.now.date() + timedelta(days=days)}
        self.attempt(lambda: nominations.nominate(body=body, person=self.person(name), by=by, **until))

    @rule(number=which, days=st.sampled_from([-40, -1, 0, 1, 20]))
    def training_ends(self, number, days):
        row = self.pick(Accreditation, number)
        ends = self.now.date() + timedelta(days=days)
        self.attempt(lambda: accreditations.end_accreditation(accreditation=row, ends=ends, by=self.world.secretary))

    # Seats.

    @rule(
        number=which,
        name=someone,
        body=st.sampled_from(BODIES),
        rank=st.sampled_from([0, 0, 1, 2, 99]),
        own=st.booleans(),
    )
    def proposes(self, number, name, body, rank, own):
        """Anybody for any place, on anybody's nomination."""
        panel = self.pick(Panel, number)
        places = list(panel.seats.order_by("number"))
        seat = places[number % len(places)]
        nomination = self.world.nominations.get(name if own else "voice")
        given = nomination if name in VOICES else None
        offered = seats.Proposal(seat, self.person(name), self.world.organisations[body], given, rank)
        self.attempt(lambda: seats.fill_seats(panel=panel, proposals=[offered], by=self.world.secretary))

    @rule(name=st.sampled_from(VOICES), rank=st.sampled_from([0, 1, 1]))
    def proposes_a_voice(self, name, rank):
        seat = self.panel.seats.filter(kind="coalition_representative").first()
        offered = [coalition(self.world, seat, name, rank=rank)]
        self.attempt(lambda: seats.fill_seats(panel=self.panel, proposals=offered, by=self.world.secretary))

    @rule(number=which, by=anybody)
    def invites(self, number, by):
        panel = self.pick(Panel, number)
        self.attempt(lambda: seats.invite(panel=panel, by=self.person(by)))

    @rule(number=which, lines=interests)
    def accepts(self, number, lines):
        if each := self.pick(Appointment, number, state__in=["proposed", "invited"]):
            self.attempt(lambda: seats.accept_seat(appointment=each, by=each.person, interests=self.said(lines)))

    @rule(number=which)
    def declines(self, number):
        if each := self.pick(Appointment, number, state__in=["proposed", "invited"]):
            self.attempt(lambda: seats.decline_seat(appointment=each, by=each.person, reason="Away."))

    @rule(number=which, lines=interests)
    def declares_late(self, number, lines):
        """Also while an item is open: whoever it bars leaves at once."""
        if each := self.pick(Appointment, number, state__in=LIVE):
            self.attempt(lambda: seats.declare_again(appointment=each, by=each.person, interests=self.said(lines)))

    @rule(number=which, by=anybody)
    def stands_down(self, number, by):
        if each := self.pick(Appointment, number, state__in=LIVE):
            self.attempt(lambda: seats.stand_down(appointment=each, by=self.person(by), reason="Ill."))

    @rule(number=which)
    def substitutes(self, number):
        seat = self.pick(Panel, number).seats.filter(kind="coalition_representative").first()
        self.attempt(lambda: seats.substitute(seat=seat, by=self.world.secretary))

    @rule(number=which, starts=st.integers(-1, 2), length=st.integers(-1, 3))
    def is_away(self, number, starts, length):
        if each := self.pick(Appointment, number, state__in=LIVE):
            first = self.now.date() + timedelta(days=starts)
            last = first + timedelta(days=length)
            self.attempt(lambda: absences.note_absence(appointment=each, starts=first, ends=last, by=each.person))

    @rule(number=which)
    def comes_after_all(self, number):
        if row := self.pick(Absence, number):
            self.attempt(lambda: absences.end_absence(absence=row, by=self.world.secretary))

    # What is learnt of people and organisations.

    @rule(
        name=someone,
        code=st.sampled_from(CODES),
        kind=st.sampled_from([PostKind.CHAIR, PostKind.GOVERNING_BODY_MEMBER]),
    )
    def post_is_learnt(self, name, code, kind):
        given = {"person": self.person(name), "organisation": self.world.organisations[code], "kind": kind}
        self.attempt(lambda: examination.learn_post(starts=self.now.date(), by=self.world.secretary, **given))

    @rule(name=someone, code=st.sampled_from(CODES))
    def post_is_imported(self, name, code):
        """By a way on which nobody is examined: the sweep and the next act find it."""
        given = {"person": self.person(name), "organisation": self.world.organisations[code]}
        with_kind = {"kind": PostKind.GOVERNING_BODY_MEMBER, "starts": self.now.date()}
        self.attempt(lambda: posts.appoint(by="system", **given, **with_kind))

    @rule(one=st.sampled_from(["05A", "06A", "02A"]), other=st.sampled_from(CODES))
    def tie_is_learnt(self, one, other):
        given = {"one": self.world.organisations[one], "other": self.world.organisations[other]}
        day = self.now.date()
        self.attempt(
            lambda: examination.learn_tie(kind=TieKind.NEIGHBOUR, starts=day, by=self.world.secretary, **given)
        )

    @rule(number=which, name=someone, code=st.sampled_from(CODES), kind=st.sampled_from(["family", "other", "taste"]))
    def objects(self, number, name, code, kind):
        panel, case = self.pick(Panel, number), self.cases[CODES.index(code)]
        how = {"person": self.person(name), "case_ref": case.ref, "kind": kind, "statement": "A friend."}
        self.attempt(lambda: objections.object_to(panel=panel, by=self.world.officer(code), **how))

    @rule(
        number=which,
        name=someone,
        code=st.sampled_from(CODES),
        test=st.sampled_from(["D1", "D4", "D8", "D12", "DI", "OB", "OB"]),
        effect=st.sampled_from(["clear", "declare_only", "discuss_no_vote", "barred"]),
        by=st.sampled_from(["guardian", "guardian", "guardian", "chair"]),
    )
    def rules(self, number, name, code, test, effect, by):
        panel, said = self.pick(Panel, number), None
        if test == "OB" and (said := self.pick(Objection, number)):
            panel, name, code = said.panel, next(n for n, p in self.world.people.items() if p == said.person), None
        how = {
            "person": self.person(name),
            "organisation": said.organisation if code is None else self.world.organisations[code],
            "rule": test,
            "verdict": "dismissed" if effect == "clear" else "confirmed",
            "effect": effect,
            "reason": "So.",
        }
        self.attempt(lambda: rulings.rule(panel=panel, objection=said, by=self.person(by), **how))

    # Panels, sittings and items.

    @rule(kind=st.sampled_from(["decision", "conditions"]), day=st.integers(0, 3))
    def another_panel(self, kind, day):
        if Panel.objects.count() > 2:
            return
        plan, by = seat_plan(self.world.ruleset.body, kind), self.world.secretary
        with clock.at(self.now):
            panel = panels.propose_panel(plan=plan, title="Another", ruleset=self.world.ruleset.version, by=by)
        self.lists(0, day, panel=panel)

    @rule(number=which, day=st.integers(-1, 3))
    def lists(self, number, day, panel=None):
        panel = panel or self.pick(Panel, number)
        agenda = [sittings.Case(case.ccg, case.ref, 2012) for case in self.cases[: 1 + number % 2]]
        on = self.now.date() + timedelta(days=day)
        self.attempt(lambda: sittings.list_sitting(panel=panel, on=on, cases=agenda, by=self.world.secretary))

    @rule(act=st.sampled_from(["invites_all", "accepts_all", "confirms", "convenes", "opens", "speaks", "decides"]))
    def goes_on(self, act):
        """The lawful act of each stage: without it most runs would never leave the first."""
        with clock.at(self.now), answered():
            self.goes_on_with(act)

    def goes_on_with(self, act):
        panel, by = Panel.objects.get(pk=self.panel.pk), self.world.secretary
        sitting = Sitting.objects.filter(panel=panel, closed_at=None).first()
        item = Item.objects.filter(panel=panel).exclude(state="closed").order_by("state", "pk").first()
        if act == "invites_all":
            seats.invite(panel=panel, by=by)
        elif act == "accepts_all":
            for each in panel.appointments.filter(state="invited")[:1]:
                seats.accept_seat(appointment=each, by=each.person)
        elif act == "confirms":
            panels.confirm_panel(panel=panel, by=by)
        elif act == "convenes" and sitting:
            sittings.convene(sitting=sitting, by=by)
        elif item and act == "opens":
            items.open_item(item=item, present=list(panel.appointments.filter(state="accepted", rank=0)), by=by)
        elif item and act == "decides":
            items.decide_item(item=item, outcome="full", reasons="So.", by=by)
        elif item and act == "speaks":
            here = [each for each in panel.appointments.filter(state="accepted") if self.speaks(item, each)]
            for each in here[:1]:
                said = {each.pk: items.Said(Stance.CONCUR)}
                positions.enter_positions(item=item, positions=said, by=each.person)

    @staticmethod
    def speaks(item, each):
        last = item.attendances.filter(appointment=each).order_by("pk").last()
        return last and last.present and not item.positions.filter(appointment=each).exists()

    @rule(number=which, by=anybody)
    def convenes(self, number, by):
        if sitting := self.pick(Sitting, number):
            self.attempt(lambda: sittings.convene(sitting=sitting, by=self.person(by)))

    @rule(number=which, left_out=st.sets(st.integers(0, 9), max_size=2), everybody=st.booleans())
    def opens(self, number, left_out, everybody):
        if item := self.pick(Item, number):
            rows = item.panel.appointments.filter(state="accepted", **({} if everybody else {"rank": 0}))
            here = [each for place, each in enumerate(rows) if place not in left_out]
            self.attempt(lambda: items.open_item(item=item, present=here, by=self.world.secretary))

    @rule(number=which, member=which, by=anybody, how=st.sampled_from(["recuse", "departs", "arrives", "arrives"]))
    def comes_and_goes(self, number, member, by, how):
        item = self.pick(Item, number, state__in=["open", "stopped"])
        if item is None:
            return
        rows = list(item.panel.appointments.all())
        each, by = rows[member % len(rows)], self.person(by)
        acts = {
            "recuse": lambda: items.recuse(item=item, appointment=each, reason="Interest.", by=by),
            "departs": lambda: items.note_departure(item=item, appointment=each, by=by),
            "arrives": lambda: items.note_arrival(item=item, appointment=each, by=by),
        }
        self.attempt(acts[how])

    @rule(number=which, member=which, lines=interests)
    def declares_at_the_table(self, number, member, lines):
        if item := self.pick(Item, number, state__in=["open", "stopped"]):
            rows = list(item.panel.appointments.filter(state="accepted"))
            each = rows[member % len(rows)] if rows else None
            said = {"item": item, "appointment": each, "interests": self.said(lines)}
            if each:
                self.attempt(lambda: items.declare_at_table(by=each.person, **said))

    @rule(
        item=which,
        member=which,
        stance=st.sampled_from(Stance.values),
        reasons=st.sampled_from(["", "Too soon."]),
        by=anybody,
    )
    def enters_a_position(self, item, member, stance, reasons, by):
        if found := self.pick(Item, item, state__in=["open", "stopped"]):
            rows = list(found.panel.appointments.all())
            each = rows[member % len(rows)]
            said, by = {each.pk: items.Said(Stance(stance), reasons)}, self.person(by)
            self.attempt(lambda: positions.enter_positions(item=found, positions=said, by=by))

    @rule(number=which, by=anybody)
    def everybody_speaks_and_it_is_decided(self, number, by):
        if item := self.pick(Item, number, state="open"):
            for each in item.panel.appointments.filter(state="accepted"):
                said = {each.pk: items.Said(Stance.CONCUR)}
                self.attempt(lambda e=each, s=said: positions.enter_positions(item=item, positions=s, by=e.person))
            self.attempt(lambda: items.decide_item(item=item, outcome="full", reasons="So.", by=self.person(by)))

    @rule(number=which)
    def closes_the_sitting(self, number):
        if sitting := self.pick(Sitting, number, convened_at__isnull=False):
            self.attempt(lambda: sittings.close_sitting(sitting=sitting, by=self.world.secretary))

    @rule(number=which)
    def closes_the_panel(self, number):
        if number > 9:
            panel = self.pick(Panel, number)
            self.attempt(lambda: panels.close_panel(panel=panel, reason="Done.", by=self.world.secretary))

    @invariant()
    def nothing_is_broken(self):
        if not hasattr(self, "now"):
            return
        with clock.at(self.now):
            assert faults() == []
            found = {name: said for name, check in (CHECKS | ACCESS | TIERS).items() if (said := check())}
        assert found == {}


@pytest.mark.slow
@pytest.mark.django_db
def test_nothing_is_ever_broken_whatever_is_tried_on_panels():
    Panels.world = build_world()
    Panels.cases = tuple(Walk(Panels.world, ccg=code).case for code in CODES)
    run_state_machine_as_test(
        Panels,
        settings=settings(
            max_examples=10 * LONGER,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
