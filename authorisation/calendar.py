"""When a window closes: days counted in London, working days by England's bank holidays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

LONDON = ZoneInfo("Europe/London")
LAST_MOMENT = time(23, 59, 59)
SATURDAY = 5


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_working_day(on: date) -> bool:
    """Neither a weekend nor a bank holiday in England."""
    return on.weekday() < SATURDAY and on not in _bank_holidays(on.year)


def add_working_days(on: date, days: int) -> date:
    """The day so many working days after a day, which itself does not count."""
    while days:
        on += timedelta(days=1)
        days -= is_working_day(on)
    return on


def closes_at(opened: datetime, window: Mapping[str, Any]) -> datetime:
    """The last second of the last day of a window (`length`, `unit`); the day of opening does not count."""
    day = opened.astimezone(LONDON).date()
    if window["unit"] == "working_days":
        last = add_working_days(day, window["length"])
    else:
        last = day + timedelta(days=window["length"])
    return datetime.combine(last, LAST_MOMENT, LONDON).astimezone(UTC)
