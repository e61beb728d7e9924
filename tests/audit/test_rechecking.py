"""The daily check of the whole log by the server itself."""

from datetime import timedelta

import pytest
import time_machine

from audit import checkpoints, clock, rechecking, sequencing
from audit.tasks import recheck_daily

pytestmark = pytest.mark.django_db


def test_it_is_due_once_a_day(case):
    sequencing.catch_up()
    assert rechecking.due()
    assert recheck_daily() == ""
    assert rechecking.last_recheck().sound
    assert not rechecking.due()
    with time_machine.travel(clock.real_now() + timedelta(days=1, seconds=1), tick=False):
        assert rechecking.due()


def test_empty_log_has_nothing_to_check(db):
    assert not rechecking.due()


def test_it_reads_to_the_end_and_knows_every_checkpoint(open_case):
    for name in ("Leeds", "York", "Hull"):
        open_case(name)
        checkpoints.sign_head()
    size = sequencing.log_size()
    assert rechecking.recheck() == ""
    assert rechecking.last_recheck().size == size
