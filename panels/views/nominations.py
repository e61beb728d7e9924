"""Who is nominated for the Coalition seat, and by which body."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from directory.models import Person
from directory.views.acting import act
from panels.actions.nominations import standing
from panels.candidates import coalition_bodies, nominations_made
from panels.forms.nominations import EndNomination, Limit, Nominate, Reorder
from panels.permissions import nominates_for
from panels.presenters.nominations import balances, bodies

if TYPE_CHECKING:
    from collections.abc import Callable

    from directory.forms.acting import ActingForm


@login_required
@require_safe
def nominations(request: HttpRequest) -> HttpResponse:
    """Every nomination, open to everybody signed in, with the balance between the bodies."""
    mine = nominates_for(cast("Person", request.user))
    found = bodies(mine)
    return render(request, "panels/nominations.jinja", {"bodies": found, "balances": balances(found)})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def nominate(request: HttpRequest, code: str) -> HttpResponse:
    """A body's secretary nominates a person."""
    build = partial(Nominate, body=get_object_or_404(coalition_bodies(), code=code))
    return _act(request, build)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """A body's secretary takes a nomination back."""
    return _act(request, partial(EndNomination, nomination=get_object_or_404(nominations_made(), pk=pk)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def limit(request: HttpRequest, pk: int) -> HttpResponse:
    """A body's secretary says how often its nominee may be asked."""
    return _act(request, partial(Limit, nomination=get_object_or_404(nominations_made(), pk=pk)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, code: str) -> HttpResponse:
    """A body's secretary says whom to ask first."""
    body = get_object_or_404(coalition_bodies(), code=code)
    return _act(request, partial(Reorder, body=body, rows=list(standing(body).select_related("person"))))


def _act(request: HttpRequest, build: Callable[..., ActingForm]) -> HttpResponse:
    given = {"caption": "Nominations", "of": "nominations"}
    return act(request, build, template="panels/form.jinja", context=given, then=reverse("nominations"))
