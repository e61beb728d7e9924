from datetime import UTC, datetime, timedelta, timezone

import pytest

from audit import clock


def test_clock_unset_tells_the_present():
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().utcoffset() == timedelta(0)


def test_clock_set_stands_still_and_is_restored():
    with clock.at(datetime(2012, 10, 1, 10, tzinfo=timezone(timedelta(hours=1)))):
        assert clock.now() == datetime(2012, 10, 1, 9, tzinfo=UTC)
        assert clock.now().tzinfo is UTC
        with clock.at(datetime(2012, 11, 1, tzinfo=UTC)):
            assert clock.now().month == 11
        assert clock.now().month == 10
    assert clock.now().year > 2020


def test_clock_set_leaves_the_machines_time_alone():
    with clock.at(datetime(2012, 10, 1, tzinfo=UTC)):
        assert clock.real_now().year > 2020


def test_clock_naive_refused():
    with pytest.raises(ValueError, match="no time zone"), clock.at(datetime(2012, 10, 1)):
        pass
