"""The life of a panel as a whole: its members invited, its composition confirmed, its work closed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.views.decorators.http import require_http_methods

from panels.actions.panels import faults_of, live_of
from panels.forms.panels import ClosePanel, Confirm, Invite
from panels.permissions import check_administers
from panels.states import APPOINTMENT
from panels.views.panels import find
from panels.views.seats import show

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from directory.models import Person


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask those proposed."""
    panel = find(cast("Person", request.user), ref)
    waiting = [each for each in live_of(panel) if each.state in APPOINTMENT.open_to("invite")]
    waiting.sort(key=lambda each: (each.seat.number, each.rank))
    return show(request, panel, partial(Invite, panel=panel, waiting=waiting))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, ref: str) -> HttpResponse:
    """The composition is settled."""
    person = cast("Person", request.user)
    panel = find(person, ref)
    check_administers(person)
    return show(request, panel, partial(Confirm, panel=panel, faults=faults_of(panel)), "confirm")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, ref: str) -> HttpResponse:
    """The panel's work is done, or given up."""
    panel = find(cast("Person", request.user), ref)
    return show(request, panel, partial(ClosePanel, panel=panel))
