"""Offers of seats, the answers to them, and who holds a seat when its member cannot come."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from directory.views.acting import act
from panels.candidates import absences_on, appointing_bodies, organisation_of
from panels.forms.offers import Fill
from panels.forms.panels import EndAbsence, HandOn, NoteAbsence
from panels.forms.seats import Answer, Renew
from panels.models import LIVE, AppointmentState
from panels.offers import search, suggested
from panels.permissions import check_administers, check_runs
from panels.queries import open_items
from panels.views.panels import find

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from directory.forms.acting import ActingForm
    from directory.models import Person
    from panels.models import Panel, Seat


# Characters of what is searched for.
LONGEST = 100


def show(
    request: HttpRequest,
    panel: Panel,
    build: Callable[..., ActingForm],
    template: str = "form",
    more: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A form about a panel, which leads back to it."""
    given = {"caption": f"{panel.ref} {panel.title}", "of": "the panel", **(more or {})}
    then = reverse("panel", args=[panel.ref])
    return act(request, build, template=f"panels/{template}.jinja", context=given, then=then)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Accept a seat with a declaration of interests, or decline it; whoever has accepted declares again."""
    person = cast("Person", request.user)
    panel = find(person, ref)
    rows = panel.appointments.select_related("seat", "panel", "person", "appointed_by")
    appointment = get_object_or_404(rows, pk=pk)
    form = Renew if appointment.state == AppointmentState.ACCEPTED else Answer
    mine = appointment.person_id == person.pk
    known, cases = suggested(appointment) if mine else (), open_items(panel)
    build = partial(form, appointment=appointment, find=organisation_of, suggested=known, cases=cases)
    return show(request, panel, build)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def fill(request: HttpRequest, ref: str, number: int, *, alternate: bool = False) -> HttpResponse:
    """Offer one seat to one person: as its member, or as the next of its alternates."""
    person = cast("Person", request.user)
    panel = find(person, ref)
    check_administers(person)
    seat = _seat(panel, number)
    rank = _next_rank(seat) if alternate else 0
    text = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    found = search(seat, rank=rank, text=text)
    build = partial(Fill, seat=seat, rank=rank, offers=found.rows, bodies=appointing_bodies(seat))
    return show(request, panel, build, "offer", {"q": text, "search": found.sentence(text)})


def _seat(panel: Panel, number: int) -> Seat:
    return get_object_or_404(panel.seats.select_related("panel"), number=number)


def _next_rank(seat: Seat) -> int:
    """The first free place among the alternates."""
    taken = set(seat.appointments.filter(state__in=LIVE).values_list("rank", flat=True))
    return next(rank for rank in range(1, len(taken) + 2) if rank not in taken)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hand_on(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """An empty seat passes to its first alternate."""
    person = cast("Person", request.user)
    panel = find(person, ref)
    check_runs(person, panel)
    seat = _seat(panel, number)
    waiting = seat.appointments.filter(state=AppointmentState.ACCEPTED).select_related("person", "appointed_by")
    return show(request, panel, partial(HandOn, seat=seat, heir=waiting.order_by("rank").first()))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def note_absence(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """A member cannot come on some days."""
    panel = find(cast("Person", request.user), ref)
    appointment = get_object_or_404(panel.appointments.select_related("seat", "panel", "person"), pk=pk)
    return show(request, panel, partial(NoteAbsence, appointment=appointment))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end_absence(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """A member can come again."""
    panel = find(cast("Person", request.user), ref)
    return show(request, panel, partial(EndAbsence, absence=get_object_or_404(absences_on(panel), pk=pk)))
