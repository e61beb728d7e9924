"""The public calendar: when waves close, panels sit and conditions are reviewed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from authorisation.presenters.calendar import days, months
from directory.queries import today


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """Dates of the process, month by month. Which CCG is before which sitting is not public and is not here."""
    found, day = days(), today()
    given = {
        "to_come": months(entry for entry in found if entry.on >= day),
        "past": months(entry for entry in found if entry.on < day),
        "today": day,
    }
    return render(request, "authorisation/calendar.jinja", given)
