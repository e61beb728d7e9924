from dataclasses import dataclass

import pytest

from audit import actions
from audit.erasing import Ground, Order
from tests.audit.ledger.models import Holding, Leave, Notice, Remark


@dataclass(frozen=True)
class Officer:
    stream: str


SECRETARY = Officer("person:00000000-0000-4000-8000-00000000000a")
GUARDIAN = Officer("person:00000000-0000-4000-8000-00000000000b")


def order(ground=Ground.CONSENT, reference="IG/2012/001", by=SECRETARY, authorised_by=GUARDIAN):
    return Order(ground, reference, by, authorised_by)


def write(case, by, event_type="remark.made", **private):
    """One event of the case with these private groups; its rows are the caller's."""
    return actions.record(case, event_type, by=by, private=private)


@pytest.fixture
def remark(case, clerk):
    """A remark with its author, said with an event that keeps both in private."""

    def make(text="Leeds was late", author="Ada", **more):
        event = write(case, clerk, free_text={"text": text}, person={"author": author})
        row = Remark.objects.create(case=case, text=text, author=author, event=event, **more)
        actions.settle(case)
        return row

    return make


@pytest.fixture
def written(case, clerk):
    """A row of another kind, said with an event that keeps its text in private."""

    def make(model, **values):
        kinds = {Leave: ("leave.noted", "reason"), Holding: ("case.held", "reasons"), Notice: ("case.noticed", "text")}
        event_type, column = kinds[model]
        event = write(case, clerk, event_type, free_text={column: values[column]})
        row = model.objects.create(case=case, event=event, **values)
        actions.settle(case)
        return row

    return make
