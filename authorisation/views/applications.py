"""The list of applications, and the letter as it was sent."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from audit.reading import note_taken
from authorisation import queries
from authorisation.forms import filters
from authorisation.models import Application
from authorisation.permissions import own_applications
from authorisation.presenters import lists
from directory.models import Person

PER_PAGE = 25
ORDERS = {"name": ("ccg__name", "ref"), "wave": ("wave__number", "ref"), "stage": ("stage", "ref"), "": ("ref",)}


@login_required
@require_safe
def applications(request: HttpRequest) -> HttpResponse:
    """The applications this person may open, narrowed and in order; the same number of queries for any number."""
    person = cast("Person", request.user)
    visible = Application.objects.visible_to(person)
    waves, regions = queries.waves_and_regions(visible)
    chosen = filters.for_applications(request.GET, waves, regions)
    own = own_applications(person)
    found = _told(queries.listed(queries.narrowed(visible, _chosen(chosen), chosen.text)), own)
    found = _with_outcome(found, chosen["outcome"]).order_by(*ORDERS.get(chosen["sort"], ORDERS[""]))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    untold = {each.pk for each in page if each.outcome and not getattr(each, "told", "")}
    given = {"page": page, "rows": lists.rows(page, untold=untold), "filters": chosen, "total": page.paginator.count}
    return render(request, "authorisation/applications.jinja", given)


def _chosen(chosen: filters.Filters) -> dict[str, str]:
    return {each.name: each.chosen for each in chosen.choices}


def _told(found: QuerySet[Application], own: set[int]) -> QuerySet[Application]:
    """Adds `told`: the outcome, or nothing while the reader is the applicant and the letter has not gone out."""
    waits = Q(ccg__in=own, decision__letter__isnull=True)
    return found.annotate(told=Case(When(waits, then=Value("")), default=F("outcome"), output_field=CharField()))


def _with_outcome(found: QuerySet[Application], outcome: str) -> QuerySet[Application]:
    if outcome == "none":
        return found.filter(Q(told=""))
    if outcome == "directions":
        return found.exclude(Q(told="")).filter(decision__has_directions=True)
    return found.filter(Q(told=outcome)) if outcome else found


@login_required
@require_safe
def letter(request: HttpRequest, ref: str) -> HttpResponse:
    """The decision letter, byte for byte as it was sent."""
    person = cast("Person", request.user)
    application = get_object_or_404(Application.objects.visible_to(person), ref=ref)
    sent = queries.letter_of(application)
    if sent is None:
        raise Http404
    note_taken(what="letter", form="pdf", ref=application.ref, by=person)
    response = HttpResponse(bytes(sent.pdf), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{application.ref}-decision.pdf"'
    response["Content-Security-Policy"] = "sandbox"
    return response
