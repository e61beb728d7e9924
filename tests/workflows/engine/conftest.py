"""A board, a commissioning group, people with their posts, and probe cases taken to where a test needs them."""

import itertools
import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from audit.actions import record
from directory.actions import organisations, people, posts
from tests.workflows.probe.flows import SENT, ProbeFlow
from tests.workflows.probe.models import ProbeCase
from workflows.engine import driver
from workflows.engine.tasks import Task

POSTS = {
    "assessor": ("board", "desk_top_assessor"),
    "reader": ("board", "second_reader"),
    "secretary": ("board", "secretariat"),
    "officer": ("ccg", "accountable_officer"),
}


@pytest.fixture
def world(db):
    """Organisations and people; `outsider` and `chair` hold no grant."""
    ContentType.objects.clear_cache()
    SENT.clear()
    made = SimpleNamespace(
        board=organisations.add_organisation(kind="board", code="BOARD", name="The Board", by="system"),
        ccg=organisations.add_organisation(kind="ccg", code="02Q", name="NHS Bassetlaw CCG", by="system"),
    )
    for name in (*POSTS, "outsider"):
        person = people.add_person(email=f"{name}@example.test", full_name=name.title(), by="system")
        setattr(made, name, person)
    made.chair = people.add_person(email="chair-of-panel@example.test", full_name="Chair", by="system")
    for name, (place, kind) in POSTS.items():
        starts = datetime(2012, 1, 1, tzinfo=UTC).date()
        posts.appoint(
            person=getattr(made, name), organisation=getattr(made, place), kind=kind, starts=starts, by="system"
        )
    return made


@pytest.fixture
def new_case(world):
    """Build an unsaved case."""
    numbers = itertools.count(1)

    def build(**fields):
        return ProbeCase(reference=f"CCG-{next(numbers):03}-2012", organisation=world.ccg, board=world.board, **fields)

    return build


def noted(event_type="probe.noted", **fields):
    """A domain action: changes the fields and records the event."""

    def change(case, _task):
        for name, value in fields.items():
            setattr(case, name, value)
        record(case, event_type, by="system")
        return case.reference

    return change


@pytest.fixture
def start(new_case, world):
    """Start a case in a flow and return it as stored."""

    def begin(node=ProbeFlow.submit, **fields):
        case = new_case(**fields)
        driver.start(node, case, by=world.officer, change=noted("probe.submitted"))
        return fresh(case)

    return begin


WORKERS = {"review": "assessor", "second": "reader", "comment": "officer", "decide": "secretary", "plan": "secretary"}


@pytest.fixture
def case_at(start, world):
    """A case of the probe flow, walked by its own steps to the one named."""

    def walk(name, **fields):
        case = start(**fields)
        for step, worker in WORKERS.items():
            if step == name:
                break
            driver.complete(getattr(ProbeFlow, step), case, by=getattr(world, worker), change=noted())
        return fresh(case)

    return walk


def fresh(case):
    return ProbeCase.objects.select_related("process").get(pk=case.pk)


def rows(case):
    """The tasks of a case in order: node and status."""
    tasks = Task.objects.filter(process_id=case.process_id).order_by("pk")
    return [(task.flow_task.name, str(task.status)) for task in tasks]


def race(*workers):
    """Run the workers at once, each on its own connection; results and errors in no order."""
    barrier = threading.Barrier(len(workers))
    results, errors = [], []

    def call(work):
        try:
            barrier.wait(10)
            results.append(work())
        except Exception as error:  # noqa: BLE001  handed to the test
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=[work]) for work in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results, errors
