"""The pages' Jinja environment: the design system's macros beside our templates, addresses, and British dates."""

import datetime
from typing import Any, NoReturn

import jinja2
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from jinja2.utils import missing


class Unknown(jinja2.ChainableUndefined):
    """An absent option of a macro is blank, as the design system expects; a name never given to a page is an error."""

    def _refuse(self) -> NoReturn:
        raise self._undefined_exception(f"'{self._undefined_name}' was not given to this template")

    def __str__(self) -> str:
        if self._undefined_obj is missing and self._undefined_name is not None:
            self._refuse()
        return ""

    __html__ = __str__


def environment(**options: Any) -> jinja2.Environment:
    """Build the environment Django's Jinja backend asks for."""
    options["loader"] = jinja2.ChoiceLoader(
        [
            options["loader"],
            jinja2.PackageLoader("nhsuk_frontend_jinja"),
            jinja2.PackageLoader("django.forms", "jinja2"),
        ]
    )
    options |= {"autoescape": True, "undefined": Unknown, "trim_blocks": True, "lstrip_blocks": True}
    env = jinja2.Environment(**options)  # noqa: S701 - autoescape is on, above
    env.globals.update(static=static, url=url)
    env.filters.update(date=date, time=time, datetime=date_and_time, iso=iso)
    return env


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """Give the address of a named page."""
    return reverse(name, args=args, kwargs=kwargs)


def date(value: datetime.date | None) -> str:
    """Write a day as "4 October 2012"; a moment is taken to the day it was in London. Nothing for None."""
    if value is None:
        return ""
    day = _in_london(value)
    return f"{day.day} {day:%B %Y}"


def time(value: datetime.datetime | datetime.time | None) -> str:
    """Write a time of day as "2:30pm" or "9am", "midday" and "midnight" for those two."""
    if value is None:
        return ""
    clock = timezone.localtime(value) if isinstance(value, datetime.datetime) else value
    if clock.minute == 0 and clock.hour in {0, 12}:
        return "midday" if clock.hour else "midnight"
    minutes = f":{clock.minute:02}" if clock.minute else ""
    return f"{clock.hour % 12 or 12}{minutes}{'pm' if clock.hour >= 12 else 'am'}"  # noqa: PLR2004 - hours of a day


def date_and_time(value: datetime.datetime | None) -> str:
    """Write a moment as "4 October 2012 at 2:30pm", in London. Nothing for None."""
    return "" if value is None else f"{date(value)} at {time(value)}"


def iso(value: datetime.date | None) -> str:
    """Write the machine's form for a `<time datetime="">`. Nothing for None."""
    return "" if value is None else _in_london(value).isoformat()


def _in_london(value: datetime.date) -> datetime.date:
    if isinstance(value, datetime.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value
