"""A random walk: whatever is done in whatever order, every invariant holds after each step."""

import random
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from audit import clock
from audit.invariants import CHECKS as AUDIT_CHECKS
from tests.workflows.engine.conftest import WORKERS, fresh, noted
from tests.workflows.probe.flows import ProbeFlow
from workflows.engine import driver
from workflows.engine.errors import NotNow
from workflows.engine.invariants import CHECKS
from workflows.engine.sweep import sweep

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", range(6))
def test_invariants_hold_on_every_way(start, world, seed):
    chance = random.Random(seed)
    probe, moment, moved = start(), clock.now(), 0
    for _ in range(25):
        moment += timedelta(days=chance.randrange(8))
        outcome = chance.choice(["", "authorised", "conditions", "met", "broken"])
        who = chance.choice([*WORKERS.values(), "outsider"])
        with clock.at(moment):
            try:
                match chance.randrange(10):
                    case 0:
                        driver.divert(ProbeFlow.deferred, probe, by=world.officer, change=noted(outcome=outcome))
                    case 1 | 2:
                        sweep()
                    case _:
                        step = chance.choice([*WORKERS, "deferred"])
                        node = getattr(ProbeFlow, step)
                        driver.complete(node, probe, by=getattr(world, who), change=noted(outcome=outcome))
                moved += 1
            except (NotNow, PermissionDenied):
                pass
        assert {name: check() for name, check in {**CHECKS, **AUDIT_CHECKS}.items() if check()} == {}
    assert moved > 3
    assert fresh(probe).audit_seq > 1
