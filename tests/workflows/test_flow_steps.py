"""Each step of the flow by everybody: who may do it, when it is open, and what it refuses."""

import pytest
from django.core.exceptions import PermissionDenied

from audit import clock
from authorisation.actions.applications import Bid
from authorisation.enums import ReviewResult, Stage
from authorisation.errors import ApplicationRefused, DecisionRefused, FindingRefused, WindowRefused
from authorisation.models import Finding
from authorisation.rules import Found, Proposed, Reviewed
from directory.actions import posts
from tests.factories import Walk, convened, days, decide, opened, sitting_on
from workflows import queue
from workflows.actions import cases
from workflows.engine.errors import NotNow

pytestmark = [pytest.mark.django_db, pytest.mark.once]


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
