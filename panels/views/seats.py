"""Offers of seats and the answers to them."""

from __future__ import annotations

from functools import partial
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from directory.models import Person
from directory.views.acting import act
from panels.candidates import appointing_bodies, nominations_on, organisation_of, people_for
from panels.forms.seats import Answer, Fill, Renew
from panels.models import AppointmentState
from panels.permissions import check_administers
from panels.views.panels import find


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Accept a seat with a declaration of interests, or decline it; whoever has accepted declares again."""
    panel = find(cast("Person", request.user), ref)
    offers = panel.appointments.select_related("seat", "panel", "person", "appointed_by")
    appointment = get_object_or_404(offers, pk=pk)
    form = Renew if appointment.state == AppointmentState.ACCEPTED else Answer
    build = partial(form, appointment=appointment, find=organisation_of)
    given = {"caption": f"{panel.ref} {panel.title}", "of": "the panel"}
    return act(request, build, template="panels/form.jinja", context=given, then=reverse("panel", args=[ref]))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def fill(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Offer one seat to one person."""
    person = cast("Person", request.user)
    panel = find(person, ref)
    check_administers(person)
    seat = get_object_or_404(panel.seats.select_related("panel"), number=number)
    build = partial(
        Fill, seat=seat, nominations=nominations_on(panel), people=people_for(panel), bodies=appointing_bodies()
    )
    given = {"caption": f"{panel.ref} {panel.title}", "of": "the panel"}
    return act(request, build, template="panels/form.jinja", context=given, then=reverse("panel", args=[ref]))
