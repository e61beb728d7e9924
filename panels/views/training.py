"""Training on record: open to everybody signed in, kept by the secretariat."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from directory.queries import today
from directory.views.acting import act
from panels.candidates import trained, trainers, training_kinds
from panels.forms.training import EndTraining, Record, titled
from panels.permissions import administers

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from directory.forms.acting import ActingForm
    from directory.models import Person

PER_PAGE = 50
LONGEST = 100


@login_required
@require_safe
def training(request: HttpRequest) -> HttpResponse:
    """Who has which training, and since when, by name."""
    asked = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    rows = trained().filter(person__full_name__icontains=asked).order_by("person__full_name", "starts", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    given = {
        "page": page,
        "rows": [(row, titled(row.kind), row.covers(today())) for row in page],
        "total": page.paginator.count,
        "q": asked,
        "administers": administers(cast("Person", request.user)),
    }
    return render(request, "panels/training.jinja", given)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest) -> HttpResponse:
    """Training several people have had."""
    return _act(request, partial(Record, kinds=training_kinds(), bodies=trainers()))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Training counts no longer."""
    return _act(request, partial(EndTraining, row=get_object_or_404(trained(), pk=pk)))


def _act(request: HttpRequest, build: Callable[..., ActingForm]) -> HttpResponse:
    given = {"caption": "Training", "of": "training"}
    return act(request, build, template="panels/form.jinja", context=given, then=reverse("training"))
