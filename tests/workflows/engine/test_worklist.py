import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directory.models import Organisation
from tests.workflows.engine.conftest import noted
from tests.workflows.probe.flows import ProbeFlow
from workflows.engine import driver
from workflows.engine.worklist import open_counts_for, open_tasks_for

pytestmark = pytest.mark.django_db

REVIEW, COMMENT = "probe/flows.ProbeFlow.review", "probe/flows.ProbeFlow.comment"


def test_a_person_sees_the_open_steps_of_their_grants_oldest_first(case_at, world):
    first, _, third = case_at("review"), case_at("comment"), case_at("review")
    tasks = open_tasks_for(world.assessor)
    assert [task.process_id for task in tasks] == [first.process_id, third.process_id]
    assert open_counts_for(world.assessor) == {REVIEW: 2}
    assert open_counts_for(world.officer) == {COMMENT: 1}


@pytest.mark.parametrize("who", ["outsider", "chair"])
def test_a_person_without_grants_sees_nothing(case_at, world, who):
    case_at("review")
    assert list(open_tasks_for(getattr(world, who))) == []
    assert open_counts_for(getattr(world, who)) == {}


def test_a_finished_step_leaves_the_list(case_at, world):
    case = case_at("review")
    driver.complete(ProbeFlow.review, case, by=world.assessor, change=noted())
    assert open_counts_for(world.assessor) == {}


def test_further_permissions_count_for_their_own_kind_of_object_only(case_at, world):
    case = case_at("review")
    kind = ContentType.objects.get_for_model(Organisation).pk
    seat = ("directory.assess", kind, world.board.pk)
    assert [task.process_id for task in open_tasks_for(world.outsider, also=[seat])] == [case.process_id]
    other_kind = ("directory.assess", kind + 1, world.board.pk)
    other_object = ("directory.assess", kind, world.board.pk + 1)
    assert open_counts_for(world.outsider, also=[other_kind, other_object]) == {}


@pytest.mark.parametrize("cases", [1, 3])
def test_the_list_takes_two_queries(case_at, world, cases):
    for _ in range(cases):
        case_at("review")
    with CaptureQueriesContext(connection) as queries:
        assert len(open_tasks_for(world.assessor)) == cases
    assert len(queries) == 2


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL scans small tables whatever their indexes")
def test_the_list_uses_the_partial_index(case_at, world):
    case_at("review")
    assert "workflows_open_by_permission" in open_tasks_for(world.assessor).explain()
