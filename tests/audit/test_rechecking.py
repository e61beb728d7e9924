"""The daily check of the whole log by the server itself."""

from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from audit import checkpoints, clock, rechecking, recovery, sequencing
from audit.actions import record_system
from audit.doctor import examine
from audit.errors import LogBroken
from audit.merkle import TILE
from audit.models import Event
from audit.tasks import checkpoint, recheck_daily

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


@contextmanager
def altered(unfenced, event):
    """One entry's leaf and hash are other than they were signed; afterwards they are put back."""
    unfenced()
    kept = bytes(event.leaf)
    Event.objects.filter(pk=event.pk).update(leaf=kept.replace(b"York", b"Hull"))
    yield
    Event.objects.filter(pk=event.pk).update(leaf=kept)


@pytest.fixture
def york(open_case):
    """An entry of which enough follow that no signature reads it again."""
    case = open_case("York")
    for _ in range(TILE):
        record_system("probe.happened", by="system")
    checkpoints.sign_head()
    return Event.objects.get(stream=case.stream)


def test_nothing_is_signed_while_the_last_check_found_a_fault(york, unfenced):
    place = york.log_leaf.leaf_index
    with altered(unfenced, york):
        assert f"Entry {place} of the log" in rechecking.recheck()
        for force in (False, True):
            with pytest.raises(LogBroken, match=f"Entry {place} of the log .* is altered"):
                checkpoints.sign_head(force=force)
        with pytest.raises(CommandError, match=f"Entry {place} of the log"):
            call_command("audit_checkpoint", "--recheck")
        assert any(f"Entry {place} of the log" in each.what for each in examine())
        assert recovery_refused(place)
    with pytest.raises(LogBroken):
        checkpoints.sign_head()
    call_command("audit_checkpoint", "--recheck", stdout=StringIO())
    assert checkpoints.latest().tree_size == sequencing.log_size()


def recovery_refused(place):
    with pytest.raises(LogBroken, match=f"Entry {place} of the log"):
        recovery.recover(checkpoints.latest().note)
    return True


def test_worker_says_once_that_it_signs_nothing(york, unfenced, caplog):
    size = checkpoints.latest().tree_size
    with altered(unfenced, york):
        recheck_daily()
        for asked in (False, True, False):
            assert checkpoint(asked=asked) is None
    (said,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert "is altered" in said.getMessage()
    assert checkpoints.latest().tree_size == size
