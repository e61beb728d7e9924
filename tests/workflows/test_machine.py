"""Random lawful and unlawful acts by everybody, in any order: every invariant holds after each of them."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from audit import clock
from audit.errors import Refused
from authorisation.enums import ReviewResult, Stage
from authorisation.models import Application
from authorisation.queries import open_conditions
from authorisation.rules import Found, Reviewed
from panels.actions import items, seats, sittings
from panels.actions.positions import enter_positions
from panels.models import Appointment, Item, Outcome, Panel, PanelGrant, Stance
from tests.factories import Walk, build_world, positions
from tests.factories.panels import proposals, sitting_on
from workflows import queue
from workflows.actions import cases
from workflows.engine import sweep
from workflows.engine.nodes import Job
from workflows.engine.tasks import Task
from workflows.management.commands.check_invariants import all_checks

CODES = ["01A", "03A"]
STAGES = [
    Stage.PREPARATION,
    Stage.SITE_VISIT,
    Stage.REPORT_COMMENTS,
    Stage.MODERATION,
    Stage.CONDITIONS_RESPONSE,
    Stage.DECISION,
    Stage.LETTER,
    Stage.REVIEW,
]
KINDS = ["site_visit", "moderation", "conditions", "decision", "review"]
OUTCOMES = {"site_visit": ["report"], "review": ["reviewed"]}
PEOPLE = ["secretary", "chair", "voice", "other_voice", "near_voice", "lay", "officer_1", "director", "outsider"]
anybody = st.sampled_from(PEOPLE)
which = st.integers(0, 5)


class Authority(RuleBasedStateMachine):
    """The model is the set of invariants; what an act returns is not predicted, only that nothing is broken."""

    @initialize(stage=st.sampled_from(STAGES))
    def begin(self, stage):
        self.sid = transaction.atomic()
        self.sid.__enter__()
        self.world = build_world()
        self.walks = [Walk(self.world, ccg=code) for code in CODES]
        self.walks[0].to(stage)
        self.now = self.walks[0].now

    def teardown(self):
        if hasattr(self, "sid"):
            transaction.set_rollback(True)
            self.sid.__exit__(None, None, None)

    def attempt(self, act):
        """Do it; a refusal is an answer like any other, and leaves nothing behind."""
        with queue.held(), clock.at(self.now):
            try:
                with transaction.atomic():
                    act()
            except (Refused, PermissionDenied):
                pass

    def pick(self, model, number, **where):
        rows = list(model.objects.filter(**where).order_by("-pk")[:6])
        return rows[number % len(rows)] if rows else None

    @rule(hours=st.sampled_from([1, 24, 24 * 7, 24 * 20]))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)

    @rule()
    def sweeps(self):
        with queue.held(), clock.at(self.now):
            assert sweep.sweep().failed == []

    @rule(number=which)
    def next_step(self, number):
        """The lawful act of the stage: without it most runs would never leave the first one."""
        walk = self.walks[number % 2]
        if walk.stage in {Stage.CLOSED, Stage.WITHDRAWN, Stage.DEFERRED}:
            return
        walk.now = self.now
        try:
            with transaction.atomic():
                walk.advance()
        except (Refused, PermissionDenied):
            pass
        self.now = max(self.now, walk.now)

    @rule(
        number=which,
        kind=st.sampled_from(KINDS),
        voices=st.lists(st.sampled_from(["voice", "other_voice", "near_voice"]), max_size=2, unique=True),
    )
    def seats_a_panel(self, number, kind, voices):
        agenda = [walk.case for walk in self.walks][: 1 + number % 2]
        self.attempt(lambda: sitting_on(self.world, kind, agenda, voices=voices, accept=number % 3 > 0))

    @rule(number=which, by=anybody)
    def convenes(self, number, by):
        if panel := self.pick(Panel, number):
            sitting = panel.sittings.first()
            if sitting:
                self.attempt(lambda: sittings.convene(sitting=sitting, by=self.world.people[by]))

    @rule(number=which)
    def opens(self, number):
        if item := self.pick(Item, number, state="listed"):
            here = list(item.panel.appointments.filter(state="accepted"))[number % 2 :]
            self.attempt(lambda: items.open_item(item=item, present=here, by=self.world.secretary))

    @rule(number=which, by=anybody)
    def leaves(self, number, by):
        if item := self.pick(Item, number, state__in=["open", "stopped"]):
            members = list(item.panel.appointments.all())
            member = members[number % len(members)]
            leave = items.note_departure if number % 2 else items.recuse
            extra = {} if number % 2 else {"reason": "Interest"}
            self.attempt(lambda: leave(item=item, appointment=member, by=self.world.people[by], **extra))

    @rule(number=which)
    def arrives(self, number):
        if item := self.pick(Item, number, state__in=["open", "stopped"]):
            members = list(item.panel.appointments.all())
            member = members[number % len(members)]
            self.attempt(lambda: items.note_arrival(item=item, appointment=member, by=self.world.secretary))

    @rule(
        number=which, outcome=st.sampled_from(["full", "conditional", "report"]), missing=which, dissent=st.booleans()
    )
    def decides(self, number, outcome, missing, dissent):
        if item := self.pick(Item, number, state="open"):
            said = (
                positions(item, coalition_representative=items.Said(Stance.DISSENT, "No."))
                if dissent
                else positions(item)
            )
            for key in list(said)[: max(0, missing - 4)]:
                del said[key]
            held = {each.pk: each.person for each in Appointment.objects.filter(panel=item.panel_id)}
            for key, each in said.items():
                by = self.world.secretary if missing == 0 else held[key]
                self.attempt(lambda k=key, e=each, b=by: enter_positions(item=item, positions={k: e}, by=b))
            self.attempt(lambda: items.decide_item(item=item, outcome=outcome, reasons="So.", by=self.world.secretary))

    @rule(number=which, by=anybody)
    def stands_down(self, number, by):
        if member := self.pick(Appointment, number, state="accepted"):
            self.attempt(lambda: seats.stand_down(appointment=member, by=self.world.people[by], reason="Ill"))

    @rule(number=which)
    def accepts(self, number):
        if member := self.pick(Appointment, number, state="proposed"):
            self.attempt(lambda: seats.accept_seat(appointment=member, by=member.person))

    @rule(number=which)
    def fills_what_is_empty(self, number):
        if panel := self.pick(Panel, number):
            held = set(panel.appointments.filter(state__in=["proposed", "accepted"]).values_list("seat", flat=True))
            offers = [
                each for each in proposals(self.world, panel, ["other_voice", "voice"]) if each.seat.pk not in held
            ]
            for offer in offers[:2]:
                self.attempt(lambda o=offer: seats.fill_seats(panel=panel, proposals=[o], by=self.world.secretary))

    @rule(number=which)
    def closes_the_sitting(self, number):
        if panel := self.pick(Panel, number):
            self.attempt(lambda: sittings.close_sitting(sitting=panel.sittings.get(), by=self.world.secretary))

    @rule(number=which, step=st.sampled_from(["moderation", "conditions", "decision", "review", "site_visit"]))
    def records_what_a_panel_decided(self, number, step):
        """Any outcome, offered to any step of any case."""
        outcome = self.pick(Outcome, number)
        if outcome is None:
            return
        walk, by, item = self.walks[number % 2], self.world.secretary, outcome.item
        keep = [Reviewed(code, ReviewResult.KEEP, "Not yet.") for code in open_conditions(walk.case)]
        acts = {
            "moderation": lambda: cases.record_moderation(walk.case, item=item, by=by),
            "conditions": lambda: cases.record_conditions(walk.case, item=item, proposals=walk.proposals(), by=by),
            "decision": lambda: cases.record_decision(walk.case, item=item, reasons="So.", by=by),
            "review": lambda: cases.record_review(walk.case, held=walk.round(), item=item, results=keep, by=by),
            "site_visit": lambda: cases.record_site_visit(walk.case, item=item, found=walk.visited(), by=by),
        }
        self.attempt(acts[step])

    @rule(number=which, by=anybody, waive=st.booleans())
    def answers(self, number, by, waive):
        walk = self.walks[number % 2]
        answer = cases.comment_on_report if number % 3 else cases.answer_conditions
        self.attempt(lambda: answer(walk.case, text="Thank you.", by=self.world.people[by], waive=waive))

    @rule(number=which, found=st.lists(st.sampled_from(["1.1B", "2.1A", "9.9X"]), max_size=2))
    def assesses_the_answer(self, number, found):
        walk = self.walks[number % 2]
        given = [Found(code, True, "Shown.") for code in found]
        self.attempt(lambda: cases.assess_answer(walk.case, found=given, by=self.world.secretary))

    @rule(number=which, wave=st.integers(1, 4))
    def defers(self, number, wave):
        walk = self.walks[number % 2]
        to = self.world.waves[wave]
        self.attempt(lambda: cases.defer(walk.case, to_wave=to, reason="Agreed.", by=self.world.secretary))

    @rule(
        number=which,
        at=st.sampled_from([Stage.PREPARATION, Stage.SITE_VISIT_PLANNING, Stage.MODERATION, Stage.DECISION]),
    )
    def resumes(self, number, at):
        walk = self.walks[number % 2]
        self.attempt(lambda: cases.resume(walk.case, at=at, by=self.world.secretary))

    @rule(number=st.integers(0, 30), by=anybody)
    def withdraws(self, number, by):
        if number < 2:
            walk = self.walks[number]
            self.attempt(lambda: cases.withdraw(walk.case, reason="We wait.", by=self.world.people[by]))

    @rule()
    def workers_run(self):
        with queue.held(), clock.at(self.now):
            for task in Task._default_manager.filter(flow_task_type=Job.task_type, finished=None):
                sweep.run_job(task.pk)

    @invariant()
    def nothing_is_broken(self):
        if not hasattr(self, "world"):
            return
        with clock.at(self.now):
            found = {name: sentences for name, check in all_checks().items() if (sentences := check())}
        assert found == {}

    @invariant()
    def nobody_lost_a_case(self):
        if hasattr(self, "world"):
            assert Application.objects.count() == len(CODES)
            seated = Appointment.objects.filter(state="accepted").count()
            chairs = Appointment.objects.filter(state="accepted", seat__kind="chair").count()
            assert PanelGrant.objects.count() == seated + chairs


@pytest.mark.slow
@pytest.mark.django_db
def test_nothing_is_ever_broken_whatever_is_tried():
    run_state_machine_as_test(
        Authority,
        settings=settings(
            max_examples=5,
            stateful_step_count=28,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
