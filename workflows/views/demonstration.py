"""Being one of the demonstration's people with one button. These pages exist in the demonstration alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from directory.actions.signing_in import note_signed_in
from directory.models import Person
from panels.models import LIVE, Appointment, Panel
from workflows.demonstration import panels_at_hand, person_of, personas

BACKEND = "django.contrib.auth.backends.ModelBackend"


def demonstration_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 404 wherever this is not the demonstration."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMONSTRATION:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@never_cache
@demonstration_only
@ensure_csrf_cookie
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """The people of the demonstration by their roles, one button each."""
    return render(request, "workflows/demonstration.jinja", {"personas": personas(), "panels": panels_at_hand()})


@demonstration_only
@require_POST
def become(request: HttpRequest, key: str) -> HttpResponse:
    """Sign in as one of them."""
    person = person_of(key)
    if person is None:
        raise Http404
    return _sign_in(request, person, "home")


@never_cache
@demonstration_only
@ensure_csrf_cookie
@require_safe
def members(request: HttpRequest, ref: str) -> HttpResponse:
    """Everybody asked to sit on one panel, one button each."""
    panel = _panel(ref)
    return render(request, "workflows/members.jinja", {"panel": panel, "members": _members(panel)})


@demonstration_only
@require_POST
def become_member(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Sign in as one of them, and look at the panel."""
    appointment = get_object_or_404(_members(_panel(ref)), pk=pk, person__synthetic=True, person__is_active=True)
    return _sign_in(request, appointment.person, "panel", ref)


def _panel(ref: str) -> Panel:
    try:
        return Panel.objects.get(pk=Panel.pk_of(ref))
    except (ValueError, Panel.DoesNotExist):
        raise Http404 from None


def _members(panel: Panel) -> QuerySet[Appointment]:
    return panel.appointments.filter(state__in=LIVE).select_related("seat", "person", "appointed_by")


def _sign_in(request: HttpRequest, person: Person, then: str, *of: str) -> HttpResponse:
    note_signed_in(by=person, way="demonstration")
    login(request, person, backend=BACKEND)
    messages.success(request, f"You are {person.display_name} now.")
    return redirect(then, *of)
