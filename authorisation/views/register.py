"""The public register: published decisions and nothing else."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from authorisation import queries
from authorisation.forms import filters
from authorisation.models import Application
from authorisation.presenters import lists
from authorisation.presenters.calendar import next_decisions
from authorisation.presenters.register import published
from directory.queries import today

PER_PAGE = 50


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """Every published decision and how it stands now, narrowed by wave, region and standing."""
    public = Application.objects.published()
    waves, regions = queries.waves_and_regions(public)
    chosen = filters.for_register(request.GET, waves, regions)
    picked = {each.name: each.chosen for each in chosen.choices}
    found = queries.listed(queries.narrowed(public, picked, chosen.text))
    found = _standing(found, chosen["outcome"]).order_by("ccg__name", "ref")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    given = {
        "page": page,
        "rows": [(row, lists.standing(row.open_conditions, row.directions)) for row in lists.rows(page)],
        "filters": chosen,
        "total": page.paginator.count,
        "counts": (counts := queries.published_in_force()),
        "first_due": None if counts["published"] else next_decisions(today()),
    }
    return render(request, "authorisation/register.jinja", given)


def _standing(found: QuerySet[Application], outcome: str) -> QuerySet[Application]:
    conditional = Q(open_conditions__gt=0) | Q(directions_in_force__gt=0)
    chosen = {"full": ~conditional, "conditional": conditional, "directions": Q(directions_in_force__gt=0)}
    return found.filter(chosen[outcome]) if outcome else found


@require_safe
def entry(request: HttpRequest, code: str) -> HttpResponse:
    """One CCG's latest published decision; 404 for a CCG that has none, as for one that does not exist."""
    loaded = Application.objects.published().select_related(
        "ccg__parent__parent", "wave", "ruleset", "decision__panel_outcome", "publication"
    )
    application = loaded.filter(ccg__code=code.upper()).order_by("-cycle", "-pk").first()
    if application is None:
        raise Http404
    return render(request, "authorisation/entry.jinja", {"entry": published(application)})
