"""The start page: my work, or what this is."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from authorisation.queries import published_in_force
from workflows.presenters.work import desk_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What waits for the person signed in; for others, what this is and where to go."""
    if not request.user.is_authenticated:
        return render(request, "workflows/welcome.jinja", {"counts": published_in_force()})
    return render(request, "workflows/home.jinja", {"desk": desk_of(request.user)})


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What this is, its licence and where its source is."""
    return render(request, "workflows/about.jinja", {"source": settings.SOURCE_URL})
