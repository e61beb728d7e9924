"""The whole authorisation, headless: by its actions, on its clock, from the application to the last discharge."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from viewflow.workflow.status import STATUS

from audit import clock
from authorisation.actions.applications import Bid
from authorisation.enums import ReviewResult, Stage
from authorisation.errors import ApplicationRefused, DecisionRefused, FindingRefused, WaveRefused, WindowRefused
from authorisation.models import Application, Condition, Direction, Finding, Letter, Window
from authorisation.queries import standing
from authorisation.rules import Found, Proposed, Reviewed
from directory.actions import posts
from tests.factories import Walk, convened, days, decide, opened, sitting_on
from workflows import queue
from workflows.actions import cases
from workflows.engine import sweep
from workflows.engine.chart import bpmn
from workflows.engine.checks import faults
from workflows.engine.errors import NotNow
from workflows.engine.nodes import Deadline
from workflows.engine.tasks import Task
from workflows.flows import CURRENT as Flow
from workflows.management.commands.check_invariants import all_checks

pytestmark = [pytest.mark.django_db, pytest.mark.once]

FULL = [
    Stage.PREPARATION,
    Stage.DESK_TOP,
    Stage.SECOND_READING,
    Stage.SITE_VISIT_PLANNING,
    Stage.SITE_VISIT,
    Stage.REPORT,
    Stage.REPORT_COMMENTS,
    Stage.MODERATION,
    Stage.DECISION,
    Stage.LETTER,
    Stage.PUBLICATION,
    Stage.CLOSED,
]
CONDITIONAL = [
    *FULL[:8],
    Stage.SIGN_OFF,
    Stage.CONDITIONS_PANEL,
    Stage.CONDITIONS_RESPONSE,
    Stage.RESPONSE_ASSESSMENT,
    Stage.DECISION,
    Stage.LETTER,
    Stage.PUBLICATION,
    Stage.PLAN,
    Stage.REVIEW,
    Stage.CLOSED,
]
BEFORE_DECISION = CONDITIONAL[: CONDITIONAL.index(Stage.LETTER)]


def stages(walk):
    """Every stage the case passes, from where it stands to its end."""
    passed = [walk.stage]
    while passed[-1] != Stage.CLOSED:
        walk.advance()
        passed.append(walk.stage)
    return passed


def broken():
    return {name: sentences for name, check in all_checks().items() if (sentences := check())}


def armed(walk):
    """The deadlines of the case that are still armed."""
    rows = Task._default_manager.filter(process=walk.case.process_id, flow_task_type=Deadline.task_type)
    return rows.filter(status=STATUS.SCHEDULED)


def test_full_authorisation(world):
    walk = Walk(world, unmet=())
    assert stages(walk) == FULL
    case = walk.case
    assert (case.outcome, case.decision.has_directions, case.conditions.count()) == ("full", False, 0)
    assert case.decision.letter.pdf[:5] == b"%PDF-"
    assert broken() == {}


def test_conditional_authorisation_with_directions_through_reviews(world):
    walk = Walk(world, direction="Ask before you appoint.\n\nShow your accounts.")
    assert stages(walk)[: CONDITIONAL.index(Stage.REVIEW)] == CONDITIONAL[:-2]
    case = walk.case
    assert (case.stage, case.outcome, case.decision.has_directions) == (Stage.CLOSED, "conditional", True)
    assert sorted(case.conditions.values_list("criterion__code", "state")) == [
        ("1.1B", "discharged"),
        ("3.1.1B", "discharged"),
    ]
    assert list(case.directions.values_list("text", flat=True)) == ["Ask before you appoint.", "Show your accounts."]
    assert not case.directions.filter(ended_on=None).exists()
    assert broken() == {}


def test_reviews_go_on_until_nothing_is_left(world):
    walk = Walk(world, direction="Ask first.").to(Stage.REVIEW)
    first = Reviewed("1.1B", ReviewResult.DISCHARGE, "Shown.")
    walk.review({"1.1B": first, "3.1.1B": Reviewed("3.1.1B", ReviewResult.RAISE, "Worse.", "V")}, lifted=[])
    assert walk.stage == Stage.REVIEW
    assert list(Condition.objects.order_by("criterion__code").values_list("state", "level")) == [
        ("discharged", "IV"),
        ("open", "V"),
    ]
    walk.wait(days(90))
    lower = Reviewed("3.1.1B", ReviewResult.LOWER, "Better.", "II")
    walk.review({"3.1.1B": lower}, lifted=[], given={"3.1.1B": ["Show the plan."]})
    assert Direction.objects.filter(ended_on=None).count() == 2
    walk.wait(days(90))
    walk.review({"3.1.1B": Reviewed("3.1.1B", ReviewResult.DISCHARGE, "Shown.")}, lifted=[])
    assert walk.stage == Stage.REVIEW  # no condition is left, but two directions are in force
    walk.wait(days(90))
    walk.review({})
    assert walk.stage == Stage.CLOSED
    assert broken() == {}


def test_both_windows_lapse_by_the_sweep(world):
    walk = Walk(world, silent=True)
    assert stages(walk) == CONDITIONAL
    assert list(Window.objects.values_list("answered_at", flat=True)) == [None, None]
    assert Window.objects.filter(lapsed_at__isnull=False).count() == 2
    assert broken() == {}


def test_answer_before_a_late_sweep_is_in_time_and_after_the_end_is_not(world):
    walk = Walk(world).to(Stage.REPORT_COMMENTS)
    closes = walk.window.closes_at
    with clock.at(closes + timedelta(seconds=1)), pytest.raises(WindowRefused, match="The window closed on"):
        cases.comment_on_report(walk.case, text="Late.", by=world.officer_1)
    with clock.at(closes):
        cases.comment_on_report(walk.case, text="In time.", by=world.officer_1)
        assert sweep.sweep().fired == 0
    assert walk.stage == Stage.MODERATION


def test_answer_can_remove_a_condition_before_the_decision(world):
    walk = Walk(world).to(Stage.RESPONSE_ASSESSMENT)
    with clock.at(walk.now):
        cases.assess_answer(walk.case, found=[Found("1.1B", True, "Now shown.")], by=world.secretary)
    walk.to(Stage.PLAN)
    assert list(Condition.objects.values_list("criterion__code", flat=True)) == ["3.1.1B"]


def test_everything_removed_by_the_answer_is_full_authorisation(world):
    walk = Walk(world, unmet=("1.1B",)).to(Stage.RESPONSE_ASSESSMENT)
    with clock.at(walk.now):
        cases.assess_answer(walk.case, found=[Found("1.1B", True, "Now shown.")], by=world.secretary)
    walk.to(Stage.CLOSED)
    assert walk.case.outcome == "full"
    assert broken() == {}


def test_waiver_lets_the_decision_come_early(world):
    walk = Walk(world, unmet=()).to(Stage.REPORT_COMMENTS)
    with clock.at(walk.now):
        cases.comment_on_report(walk.case, text="None.", by=world.officer_1, waive=True)
    for stage in (Stage.MODERATION, Stage.DECISION):
        assert walk.stage == stage
        walk.wait(timedelta(hours=1))
        with queue.held(), clock.at(walk.now):
            getattr(walk, f"_{stage}")()
    assert walk.now < walk.window.closes_at
    assert walk.stage == Stage.LETTER


def test_decision_of_a_panel_that_met_too_early_is_refused_however_late_it_is_recorded(world):
    walk = Walk(world).to(Stage.DECISION)
    with clock.at(walk.window.closes_at - timedelta(hours=1)):
        meeting = walk.sit("decision", "conditional")
    with clock.at(walk.now + days(60)), pytest.raises(WindowRefused, match="the panel meets after that"):
        cases.record_decision(walk.case, item=meeting.item(walk.case), reasons="So.", by=world.secretary)


@pytest.mark.parametrize("stage", BEFORE_DECISION)
def test_withdrawal_at_every_stage(world, stage):
    walk = Walk(world).to(stage)
    walk.withdraw()
    assert (walk.stage, armed(walk).count()) == (Stage.WITHDRAWN, 0)
    assert not Window.objects.filter(answered_at=None, lapsed_at=None, stopped_at=None).exists()
    with pytest.raises(NotNow):
        walk.withdraw()
    again = Walk(world, wave=2, start=walk.now - days(walk.now.day))
    assert again.case.ref == "CCG-01A-2012-2"
    assert broken() == {}


@pytest.mark.parametrize("stage", [Stage.LETTER, Stage.PUBLICATION, Stage.PLAN, Stage.REVIEW])
def test_neither_withdrawn_nor_deferred_after_the_decision(world, stage):
    walk = Walk(world).to(stage)
    with pytest.raises(WaveRefused, match="cannot be withdrawn now"):
        walk.withdraw()
    with pytest.raises(WaveRefused, match="cannot be deferred now"):
        walk.defer(2)
    assert walk.to(Stage.CLOSED).case.outcome == "conditional"


@pytest.mark.parametrize("stage", BEFORE_DECISION)
def test_deferral_stops_the_clocks_at_every_stage(world, stage):
    walk = Walk(world).to(stage)
    found = walk.case.findings.count()
    walk.defer(4)
    assert (walk.stage, walk.case.wave.number, armed(walk).count()) == (Stage.DEFERRED, 4, 0)
    assert not Window.objects.filter(answered_at=None, lapsed_at=None, stopped_at=None).exists()
    with clock.at(walk.now + days(100)):
        assert sweep.sweep().fired == 0
    assert walk.case.findings.count() == found
    assert broken() == {}


def test_deferred_case_resumes_in_preparation(world):
    walk = Walk(world).to(Stage.DECISION).defer(4).resume(Stage.PREPARATION)
    assert (walk.stage, walk.case.attempt) == (Stage.PREPARATION, 2)
    assert walk.to(Stage.CLOSED).case.submissions.count() == 2
    assert broken() == {}


def test_deferred_case_resumes_at_the_site_visit(world):
    walk = Walk(world).to(Stage.REPORT_COMMENTS).defer(3).resume(Stage.SITE_VISIT_PLANNING)
    assert walk.stage == Stage.SITE_VISIT_PLANNING
    assert walk.to(Stage.CLOSED).case.reports.count() == 2
    assert broken() == {}


def test_deferred_case_resumes_at_moderation(world):
    walk = Walk(world).to(Stage.DECISION).defer(4).resume(Stage.MODERATION)
    assert walk.stage == Stage.MODERATION
    assert walk.to(Stage.CLOSED).case.recommendations.filter(kind="moderation").count() == 2
    assert broken() == {}


@pytest.mark.parametrize(
    ("left_at", "resumes_at", "why"),
    [
        (Stage.PREPARATION, Stage.SITE_VISIT_PLANNING, "no whole desk-top review"),
        (Stage.DESK_TOP, Stage.SITE_VISIT_PLANNING, "no whole desk-top review"),
        (Stage.SECOND_READING, Stage.SITE_VISIT_PLANNING, "no whole desk-top review"),
        (Stage.SITE_VISIT, Stage.MODERATION, "no site visit"),
        (Stage.REPORT_COMMENTS, Stage.MODERATION, "stopped the days"),
        (Stage.MODERATION, Stage.DECISION, "resumes at"),
    ],
)
def test_deferred_case_resumes_only_after_what_it_has_done(world, left_at, resumes_at, why):
    walk = Walk(world).to(left_at)
    if left_at == Stage.DESK_TOP:
        with clock.at(walk.now):
            cases.assess_domain(walk.case, domain=1, found=walk.desk_top(1), by=world.assessor)
    walk.defer(4)
    with pytest.raises(WaveRefused, match=why):
        walk.resume(resumes_at)


def test_outcome_from_before_the_deferral_is_not_used_after_it(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        meeting = walk.sit("moderation", "conditional")
    walk.wait(days(1)).defer(4).resume(Stage.MODERATION)
    with clock.at(walk.now), pytest.raises(DecisionRefused, match="before it was deferred"):
        cases.record_moderation(walk.case, item=meeting.item(walk.case), by=world.secretary)


def test_outcome_is_used_once(world):
    walk = Walk(world).to(Stage.REVIEW)
    keep = {code: Reviewed(code, ReviewResult.KEEP, "Not yet.") for code in walk.unmet}
    walk.review(keep)
    with clock.at(walk.now + days(90)), pytest.raises(DecisionRefused, match="recorded already"):
        cases.record_review(
            walk.case,
            held=walk.round(),
            item=walk.meetings["review"].item(walk.case),
            results=list(keep.values()),
            by=world.secretary,
        )


def test_case_listed_with_another_organisation_is_not_its_case(world):
    """Otherwise the tests of disinterest would be asked of the wrong organisation."""
    walk = Walk(world).to(Stage.MODERATION)
    case = walk.case
    with clock.at(walk.now):
        case.ccg = world.organisations["03A"]
        meeting = convened(sitting_on(world, "moderation", [case]))
        decide(meeting, case, "conditional")
        with pytest.raises(DecisionRefused, match="judged another organisation"):
            cases.record_moderation(walk.case, item=meeting.item(case), by=world.secretary)


SITS = {
    Stage.SITE_VISIT_PLANNING: ("site_visit", "report"),
    Stage.MODERATION: ("moderation", "conditional"),
    Stage.CONDITIONS_PANEL: ("conditions", "conditional"),
    Stage.DECISION: ("decision", "conditional"),
    Stage.REVIEW: ("review", "reviewed"),
}


def sat(walk):
    """The panel that the stage of the case waits for, its item decided; None where it waits for none."""
    if walk.stage == Stage.SITE_VISIT:
        decide(convened(walk.meetings["site_visit"]), walk.case, "report")
        return walk.meetings["site_visit"]
    return walk.sit(*SITS[walk.stage]) if walk.stage in SITS else None


def who(walk, meeting, name):
    """Whoever has that part: on the panel if they sit on it (nobody judges a case at two tiers), else in the world."""
    return meeting.of(name).person if meeting and name in meeting.members else walk.world.people[name]


def act(walk, meeting, by):
    """What the stage of the case asks for, by somebody."""
    case = walk.case
    item = meeting and meeting.item(case)
    return {
        Stage.PREPARATION: lambda: cases.submit(case, bid=Bid("C", "Dr A", 2), by=by),
        Stage.DESK_TOP: lambda: cases.assess_domain(case, domain=1, found=walk.desk_top(1), by=by),
        Stage.SECOND_READING: lambda: cases.read_again(case, by=by),
        Stage.SITE_VISIT_PLANNING: lambda: cases.arrange_site_visit(case, item=item, by=by),
        Stage.SITE_VISIT: lambda: cases.record_site_visit(case, item=item, found=walk.visited(), by=by),
        Stage.REPORT: lambda: cases.issue_report(case, summary="Found.", by=by),
        Stage.REPORT_COMMENTS: lambda: cases.comment_on_report(case, text="None.", by=by),
        Stage.MODERATION: lambda: cases.record_moderation(case, item=item, by=by),
        Stage.SIGN_OFF: lambda: cases.sign_off(case, by=by),
        Stage.CONDITIONS_PANEL: lambda: cases.record_conditions(case, item=item, proposals=walk.proposals(), by=by),
        Stage.CONDITIONS_RESPONSE: lambda: cases.answer_conditions(case, text="None.", by=by),
        Stage.RESPONSE_ASSESSMENT: lambda: cases.assess_answer(case, by=by),
        Stage.DECISION: lambda: cases.record_decision(case, item=item, reasons="So.", by=by),
        Stage.PUBLICATION: lambda: cases.publish(case, by=by),
        Stage.PLAN: lambda: cases.agree_plan(case, text="Plan.", by=by),
        Stage.REVIEW: lambda: cases.record_review(
            case,
            held=walk.round(),
            item=item,
            results=[Reviewed(code, ReviewResult.KEEP, "No.") for code in walk.unmet],
            by=by,
        ),
        Stage.DEFERRED: lambda: cases.resume(case, at=Stage.PREPARATION, by=by),
    }[walk.stage]


RIGHT = {
    Stage.PREPARATION: {"officer_1"},
    Stage.DESK_TOP: {"assessor"},
    Stage.SECOND_READING: {"reader"},
    Stage.SITE_VISIT_PLANNING: {"secretary"},
    Stage.SITE_VISIT: {"secretary", "chair"},
    Stage.REPORT: {"secretary", "chair"},
    Stage.REPORT_COMMENTS: {"officer_1"},
    Stage.MODERATION: {"secretary", "chair"},
    Stage.SIGN_OFF: {"director"},
    Stage.CONDITIONS_PANEL: {"secretary", "chair"},
    Stage.CONDITIONS_RESPONSE: {"officer_1"},
    Stage.RESPONSE_ASSESSMENT: {"secretary"},
    Stage.DECISION: {"secretary", "chair"},
    Stage.PUBLICATION: {"secretary"},
    Stage.PLAN: {"contact"},
    Stage.REVIEW: {"secretary", "chair"},
    Stage.DEFERRED: {"secretary"},
}
ANYBODY = [
    "officer_1",
    "officer_2",
    "assessor",
    "reader",
    "secretary",
    "director",
    "other_director",
    "contact",
    "voice",
    "chair",
    "auditor",
    "guardian",
    "outsider",
]


@pytest.mark.parametrize("stage", RIGHT)
def test_only_the_right_person_does_each_step(world, stage):
    walk = Walk(world)
    walk.to(Stage.DECISION).defer(4) if stage == Stage.DEFERRED else walk.to(stage)
    if stage == Stage.DECISION:
        walk.now = max(walk.now, walk.window.closes_at + days(1))
    before = (walk.stage, walk.case.audit_seq)
    with queue.held(), clock.at(walk.now):
        meeting = sat(walk)
        right = {who(walk, meeting, name) for name in RIGHT[stage]}
        # Those of the world sat on panels of an earlier tier: that gives them nothing here.
        wrong = {who(walk, meeting, name) for name in ANYBODY} | {world.people[name] for name in ANYBODY}
        for person in wrong - right:
            try_it = act(walk, meeting, person)
            with pytest.raises(PermissionDenied, match="is not yours to do"):
                try_it()
        assert (walk.stage, walk.case.audit_seq) == before
        act(walk, meeting, who(walk, meeting, min(RIGHT[stage])))()
    assert walk.case.audit_seq == before[1] + 1


@pytest.mark.parametrize("stage", [stage for stage in RIGHT if stage != Stage.REVIEW])
def test_step_that_is_not_open_is_refused_with_where_the_case_stands(world, stage):
    walk = Walk(world)
    walk.to(Stage.DECISION).defer(4) if stage == Stage.DEFERRED else walk.to(stage)
    if stage == Stage.DECISION:
        walk.now = max(walk.now, walk.window.closes_at + days(1))
    with queue.held(), clock.at(walk.now):
        meeting = sat(walk)
        again = act(walk, meeting, who(walk, meeting, min(RIGHT[stage])))
        again()
        with pytest.raises(
            NotNow, match=r"is not open for CCG-01A-2012: it (stands at|waits for)|has been done for part 1"
        ):
            again()


def test_second_submission_is_refused(world):
    walk = Walk(world).to(Stage.DESK_TOP)
    with clock.at(walk.now), pytest.raises(NotNow, match="'Submit the application' is not open"):
        cases.submit(walk.case, bid=Bid("C", "Dr A", 2), by=world.officer_1)
    assert walk.case.submissions.count() == 1


@pytest.mark.parametrize(
    ("stage", "wrong", "error", "sentence"),
    [
        (
            Stage.PREPARATION,
            lambda w: cases.submit(w.case, bid=Bid("", "", 1), by=w.world.officer_1),
            ApplicationRefused,
            "name the proposed constitution.*accountable officer.*at least two practices",
        ),
        (
            Stage.DESK_TOP,
            lambda w: cases.assess_domain(
                w.case, domain=1, found=[Found("1.1A", True, ""), Found("1.1B", True, "x")], by=w.world.assessor
            ),
            FindingRefused,
            "1.1A has no reason: say what the evidence shows",
        ),
        (
            Stage.DESK_TOP,
            lambda w: cases.assess_domain(
                w.case, domain=1, found=[Found("1.1A", False, "x"), Found("9.9Z", True, "x")], by=w.world.assessor
            ),
            FindingRefused,
            "9.9Z is not among.*1.1B has no finding.*1.1A is not met and has no line of enquiry",
        ),
        (
            Stage.SECOND_READING,
            lambda w: cases.read_again(w.case, changes=[Found("0.0X", True, "x")], by=w.world.reader),
            FindingRefused,
            "0.0X is not among",
        ),
        (
            Stage.REPORT,
            lambda w: cases.issue_report(w.case, summary=" ", by=w.world.secretary),
            ApplicationRefused,
            "is empty: write its summary first",
        ),
        (
            Stage.CONDITIONS_RESPONSE,
            lambda w: cases.answer_conditions(w.case, text=" ", by=w.world.officer_1),
            WindowRefused,
            "The answer is empty",
        ),
        (Stage.PLAN, lambda w: cases.agree_plan(w.case, text="", by=w.world.contact), DecisionRefused, "is empty"),
    ],
)
def test_bad_input_is_refused_with_its_cure_and_changes_nothing(world, stage, wrong, error, sentence):
    walk = Walk(world).to(stage)
    before = (walk.stage, walk.case.audit_seq, bytes(walk.case.audit_head), Finding.objects.count())
    with clock.at(walk.now), pytest.raises(error, match=sentence):
        wrong(walk)
    assert (walk.stage, walk.case.audit_seq, bytes(walk.case.audit_head), Finding.objects.count()) == before


def test_submission_after_the_deadline_is_refused(world):
    walk = Walk(world)
    walk.now = walk.now.replace(month=7, day=3)
    with clock.at(walk.now), pytest.raises(ApplicationRefused, match="Wave 1 closed on 2 July 2012: agree a later"):
        cases.submit(walk.case, bid=Bid("C", "Dr A", 2), by=world.officer_1)


def test_nobody_reads_again_what_they_assessed(world):
    """I4: also when they hold both posts."""
    walk = Walk(world).to(Stage.SECOND_READING)
    with clock.at(walk.now):
        board = world.organisations["BOARD"]
        posts.appoint(
            person=world.assessor, organisation=board, kind="second_reader", starts=walk.now.date(), by="system"
        )
        with pytest.raises(ApplicationRefused, match="ask another reader"):
            cases.read_again(walk.case, by=world.assessor)


@pytest.mark.parametrize(
    ("proposals", "sentence"),
    [
        ([], "1.1B is not met and has no condition"),
        ([Proposed("1.1B", "II", "x"), Proposed("1.1B", "II", "x"), Proposed("3.1.1B", "II", "x")], "two conditions"),
        ([Proposed("1.1B", "IX", "x"), Proposed("3.1.1B", "II", "")], 'level "IX": choose one of I, II.*no test of'),
        ([Proposed("2.1A", "I", "x"), Proposed("1.1B", "II", "x"), Proposed("3.1.1B", "II", "x")], "2.1A is met"),
    ],
)
def test_conditions_that_are_not_the_unmet_criteria_are_refused(world, proposals, sentence):
    walk = Walk(world).to(Stage.CONDITIONS_PANEL)
    with clock.at(walk.now):
        item = walk.sit("conditions", "conditional").item(walk.case)
        with pytest.raises(DecisionRefused, match=sentence):
            cases.record_conditions(walk.case, item=item, proposals=proposals, by=world.secretary)


def test_panel_that_decided_nothing_carries_nothing(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        meeting = convened(sitting_on(world, "moderation", [walk.case]))
        opened(meeting, walk.case)
        with pytest.raises(DecisionRefused, match="a competent panel, with its Coalition representative present"):
            cases.record_moderation(walk.case, item=meeting.item(walk.case), by=world.secretary)


def test_panel_of_another_kind_carries_nothing(world):
    walk = Walk(world).to(Stage.DECISION)
    walk.now = walk.window.closes_at + days(1)
    with clock.at(walk.now), pytest.raises(DecisionRefused, match="this step needs a sub-committee"):
        item = walk.sit("conditions", "conditional").item(walk.case)
        cases.record_decision(walk.case, item=item, reasons="So.", by=world.secretary)


def test_findings_are_never_lost_and_the_later_prevails(world):
    walk = Walk(world).to(Stage.MODERATION)
    assert Finding.objects.filter(application=walk.pk, tier="desk_top").count() == 8
    assert sorted(code for code, met in standing(walk.case).items() if not met) == ["1.1B", "3.1.1B"]


def test_letter_is_written_once_whoever_is_asked_again(world):
    walk = Walk(world).to(Stage.PUBLICATION)
    job = Task._default_manager.get(process=walk.case.process_id, flow_task=Flow.letter)
    assert sweep.run_job(job.pk) is False
    assert Letter.objects.count() == 1


def test_flow_has_no_faults():
    assert faults(Flow) == []


def test_every_stage_is_one_the_flow_can_write():
    written = {node.stage for node in Flow.instance.nodes() if node.stage}
    assert written == set(Stage)


def test_bpmn_is_the_one_committed():
    """A change of the process shows in review; write the new picture to the file when it is meant."""
    golden = Path(__file__).parent / "golden" / "authorisation-v1.bpmn"
    assert bpmn(Flow) == golden.read_text()


def test_costs_do_not_grow_with_the_number_of_cases(world, django_assert_max_num_queries):
    first = Walk(world)
    for code in ("02A", "03A", "04A", "05A"):
        Walk(world, ccg=code)
    with clock.at(first.now), django_assert_max_num_queries(25):
        cases.submit(Application.objects.get(pk=first.pk), bid=Bid("C", "Dr A", 2), by=world.officer_1)
