from datetime import UTC, datetime, timedelta

import pytest
from viewflow import this
from viewflow.workflow.lock import SelectForUpdateLock

from tests.workflows.probe.flows import BranchFlow, LetterFlow, PanelFlow, ProbeFlow
from tests.workflows.probe.models import ProbeCase
from workflows.engine import checks
from workflows.engine.caseflow import CaseFlow
from workflows.engine.nodes import Deadline, End, Function, If, Start, Step


def made(**nodes):
    """A flow of these nodes, after the parts every flow has."""
    common = {"__module__": "tests.workflows.probe.flows", "case_name": "probe", "end": End(stage="end")}
    start = {"start": Start().Next(this.work)}
    return type("MadeFlow", (CaseFlow,), common | start | nodes)


def step(**kwargs):
    return Step(**{"title": "Work", "stage": "work"} | kwargs).Permission("directory.assess", obj=lambda case: 1)


def test_the_probe_flows_have_no_faults():
    assert [checks.faults(flow) for flow in (ProbeFlow, PanelFlow, BranchFlow, LetterFlow)] == [[]] * 4


def test_a_sound_flow_has_no_faults():
    assert checks.faults(made(work=step().Next(this.end))) == []


@pytest.mark.parametrize(
    ("work", "fault"),
    [
        (Step(title="Work", stage="work").Next(this.end), "it has no permission, so anybody or nobody may do it."),
        (step(stage=None).Next(this.end), "it has no stage."),
        (step(), "it leads nowhere; give it a next node."),
    ],
)
def test_a_bad_step_is_found(work, fault):
    assert checks.faults(made(work=work)) == [f"MadeFlow: work: {fault}"]


def test_a_permission_nobody_can_hold_is_found():
    work = Step(title="Work", stage="work").Permission("directory.asess", obj=lambda case: 1).Next(this.end)
    (fault,) = checks.faults(made(work=work))
    assert fault.startswith("MadeFlow: work: nobody can hold 'asess'; the directory knows act_for,")


def test_a_stage_the_case_does_not_know_is_found(monkeypatch):
    flow = made(work=step().Next(this.end))
    monkeypatch.setattr(ProbeCase._meta.get_field("stage"), "choices", [("other", "Other")])
    assert checks.faults(flow) == ["MadeFlow: work: 'work' is not a stage of its case."]


def test_a_reminder_that_runs_into_the_main_path_is_found():
    late = Deadline(this.work, at=lambda case: case.closes_at, interrupting=False).Next(this.end)
    faults = checks.faults(made(work=step().Next(this.end), late=late))
    assert faults == [
        "MadeFlow: late: it does not close its step, so its path needs an end of its own: the case would go on twice."
    ]


def test_a_deadline_that_leads_nowhere_is_found():
    flow = made(
        work=step().Next(this.end),
        late=Deadline(this.work, at=lambda case: case.closes_at).Next(this.note),
        note=Function(lambda case: None),
    )
    assert checks.faults(flow) == [
        "MadeFlow: late: its path neither ends nor meets a step.",
        "MadeFlow: note: it leads nowhere; give it a next node.",
    ]


@pytest.mark.parametrize("lock", [SelectForUpdateLock(), None])
def test_a_flow_without_a_waiting_lock_is_found(lock):
    (fault,) = checks.faults(made(work=step().Next(this.end), lock_impl=lock))
    assert fault.startswith("MadeFlow: the flow has no row lock")


def test_too_many_decisions_are_found():
    nodes = {"work": step().Next(this.g0)}
    for i in range(11):
        nodes[f"g{i}"] = If(lambda case: True).Then(getattr(this, f"g{i + 1}" if i < 10 else "end")).Else(this.end)
    assert checks.faults(made(**nodes)) == [
        "MadeFlow: 11 decisions are more than 10: its chart takes too long to lay out."
    ]


def test_a_flow_without_a_start_is_found():
    assert "MadeFlow: it has no start." in checks.faults(made(start=step().Next(this.end), work=step().Next(this.end)))


def test_only_flows_that_a_row_can_name_are_walked():
    flow = made(work=step().Next(this.end))
    assert (flow in checks.all_flows(), ProbeFlow in checks.all_flows()) == (False, True)


def test_every_flow_of_the_project_is_sound():
    flows = [flow for flow in checks.all_flows() if not flow.__module__.startswith("tests.")]
    assert [fault for flow in flows for fault in checks.faults(flow)] == []


def test_the_system_check_reports_faults(monkeypatch):
    monkeypatch.setattr(checks, "all_flows", lambda: [made(work=step())])
    (error,) = checks.check_flows(None)
    assert (error.id, error.msg) == ("workflows.E001", "MadeFlow: work: it leads nowhere; give it a next node.")


def test_a_deadline_needs_an_aware_moment():
    naive = Deadline(this.work, at=lambda case: case)
    assert naive.due(datetime(2012, 1, 1, tzinfo=UTC)).year == 2012
    naive.name = "late"
    for moment in (datetime(2012, 1, 1), timedelta(days=1), None):
        with pytest.raises(ValueError, match="a deadline is a datetime with its time zone"):
            naive.due(moment)
