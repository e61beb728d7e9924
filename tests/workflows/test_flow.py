"""The whole authorisation, headless: by its actions, on its clock, from the application to the last discharge."""

from datetime import timedelta
from pathlib import Path

import pytest
from viewflow.workflow.status import STATUS

from audit import clock
from authorisation.actions.applications import Bid
from authorisation.enums import ReviewResult, Stage
from authorisation.errors import DecisionRefused, WaveRefused, WindowRefused
from authorisation.models import Application, Condition, Direction, Finding, Letter, Window
from authorisation.queries import standing
from authorisation.rules import Found, Reviewed
from tests.factories import Walk, convened, days, decide, sitting_on
from tests.workflows.ways import BEFORE_DECISION, CONDITIONAL, FULL, broken
from workflows import queue
from workflows.actions import cases
from workflows.engine import sweep
from workflows.engine.chart import bpmn
from workflows.engine.checks import faults
from workflows.engine.errors import NotNow
from workflows.engine.nodes import Deadline
from workflows.engine.tasks import Task
from workflows.flows import CURRENT as Flow

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def stages(walk):
    """Every stage the case passes, from where it stands to its end."""
    passed = [walk.stage]
    while passed[-1] != Stage.CLOSED:
        walk.advance()
        passed.append(walk.stage)
    return passed


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
