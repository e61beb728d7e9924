"""Showing a form and doing what it says, the same way on every page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from audit.errors import Refused
from directory.forms.acting import ActingForm
from directory.models import Person

UNPROCESSABLE = 422


def act(
    request: HttpRequest,
    build: Callable[..., ActingForm],
    *,
    template: str,
    context: Mapping[str, Any],
    then: str,
    conflicts: type[Refused] | None = None,
) -> HttpResponse:
    """Show the form, or do it and go to `then` with a message.

    build: makes the form from the posted data, or from None. What the action refuses stands above the form, with
    everything that was entered, as status 422; `conflicts` are left to become 409.
    """
    by = cast("Person", request.user)
    form = build(request.POST if request.method == "POST" else None)
    form.check(by)
    if form.is_bound and form.is_valid():
        try:
            sentence = form.act(by)
        except Refused as refused:
            if conflicts and isinstance(refused, conflicts):
                raise
            form.add_error(None, refused.message)
        else:
            messages.success(request, sentence)
            return redirect(form.then or then)
    page = {**context, "form": form, "back": then}
    return render(request, template, page, status=UNPROCESSABLE if form.errors else 200)
