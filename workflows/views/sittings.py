"""The secretariat proposes panels and puts cases on their agendas."""

from __future__ import annotations

from functools import partial
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from directory.models import Person
from directory.views.acting import act
from panels.permissions import check_administers
from panels.views.panels import find
from workflows.forms.sittings import ListSitting, Propose
from workflows.queries import listable, rulesets


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """A new panel."""
    check_administers(cast("Person", request.user))
    build = partial(Propose, rulesets=rulesets())
    given = {"caption": "Panels", "of": "the panels"}
    return act(request, build, template="panels/form.jinja", context=given, then=reverse("panels"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def list_sitting(request: HttpRequest, ref: str) -> HttpResponse:
    """A day and its agenda for one panel."""
    person = cast("Person", request.user)
    panel = find(person, ref)
    check_administers(person)
    build = partial(ListSitting, panel=panel, cases=listable(panel, person))
    given = {"caption": f"{panel.ref} {panel.title}", "of": "the panel"}
    return act(request, build, template="panels/form.jinja", context=given, then=reverse("panel", args=[ref]))
