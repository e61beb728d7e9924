from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorisation.calendar import LONDON, add_working_days, closes_at, is_working_day
from tests.factories import london

DAYS = st.dates(date(2011, 1, 1), date(2030, 12, 1))


@pytest.mark.parametrize(
    ("on", "working"),
    [
        (date(2012, 6, 4), False),  # spring bank holiday, moved
        (date(2012, 6, 5), False),  # the Queen's diamond jubilee
        (date(2012, 6, 6), True),
        (date(2012, 8, 27), False),
        (date(2012, 12, 25), False),
        (date(2012, 12, 26), False),
        (date(2012, 12, 27), True),
        (date(2013, 1, 1), False),
        (date(2013, 3, 29), False),  # Good Friday
        (date(2013, 4, 1), False),
        (date(2012, 10, 20), False),
        (date(2012, 10, 21), False),
    ],
)
def test_working_days_of_england(on, working):
    assert is_working_day(on) is working


@given(DAYS, st.integers(0, 60))
def test_working_days_are_counted_one_by_one(on, days):
    last = add_working_days(on, days)
    between = (on + timedelta(days=number + 1) for number in range((last - on).days))
    assert sum(map(is_working_day, between)) == days
    assert days == 0 or is_working_day(last)


def test_window_of_working_days_leaps_over_holidays():
    opened = london(2012, 12, 20)
    closes = closes_at(opened, {"length": 10, "unit": "working_days"})
    assert closes.astimezone(LONDON) == datetime(2013, 1, 8, 23, 59, 59, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("opened", "closes"),
    [
        (london(2012, 11, 2), datetime(2012, 11, 16, 23, 59, 59, tzinfo=LONDON)),
        (london(2012, 10, 20), datetime(2012, 11, 3, 23, 59, 59, tzinfo=LONDON)),  # summer time ends between
        (london(2013, 3, 25), datetime(2013, 4, 8, 23, 59, 59, tzinfo=LONDON)),  # and begins
        (london(2012, 7, 1, 0, 30), datetime(2012, 7, 15, 23, 59, 59, tzinfo=LONDON)),  # still June in UTC
        (london(2012, 6, 30, 23, 30), datetime(2012, 7, 14, 23, 59, 59, tzinfo=LONDON)),
    ],
)
def test_window_of_calendar_days_ends_with_its_last_day_in_london(opened, closes):
    assert closes_at(opened, {"length": 14, "unit": "calendar_days"}) == closes
