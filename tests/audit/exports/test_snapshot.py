"""An export is of one moment, and nobody who works meanwhile waits for it."""

from threading import Thread

import pytest
from django.db import connection
from django.db.transaction import atomic

from audit.exporting.rows import snapshot
from audit.models import Event


def in_thread(work):
    """Do something on a connection of its own, as another process does; raise what it raises."""
    raised = []

    def run():
        try:
            work()
        except Exception as error:  # noqa: BLE001 - handed on
            raised.append(error)
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join(timeout=60)
    assert not thread.is_alive()
    assert raised == []


@pytest.fixture
def open_now(transactional_db, open_case):
    """Open a case, for good."""
    return atomic(open_case)


@pytest.fixture
def busy(open_now):
    open_now("before")
    return lambda: in_thread(lambda: open_now("meanwhile"))


def test_what_is_written_meanwhile_is_not_seen(busy):
    with snapshot():
        assert Event.objects.count() == 1
        busy()
        assert Event.objects.count() == 1
    assert Event.objects.count() == 2


def test_nothing_is_written_inside(busy, open_now):
    with pytest.raises(Exception, match="read-only transaction|within a transaction"), snapshot():
        open_now("inside")
    assert Event.objects.count() == 1


def test_connection_works_as_before_after_a_failure_inside(busy, open_now):
    with pytest.raises(KeyError), snapshot():
        Event.objects.count()
        raise KeyError
    open_now("after")
    assert Event.objects.count() == 2
