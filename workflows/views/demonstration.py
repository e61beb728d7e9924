"""Being one of the demonstration's people with one button. These pages exist in the demonstration alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from workflows.demonstration import person_of, personas

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
    return render(request, "workflows/demonstration.jinja", {"personas": personas()})


@demonstration_only
@require_POST
def become(request: HttpRequest, key: str) -> HttpResponse:
    """Sign in as one of them."""
    person = person_of(key)
    if person is None:
        raise Http404
    login(request, person, backend=BACKEND)
    messages.success(request, f"You are {person.display_name} now.")
    return redirect("home")
