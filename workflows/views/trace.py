"""A case's walk through the process for auditors, and its bundle of proofs for whoever may take it."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from authorisation.actions.bundles import case_bundle
from authorisation.models import Application
from authorisation.permissions import check_takes_bundle
from directory.models import Person
from panels.permissions import audits, check_audits
from workflows.presenters.trace import altered_entries, trace


def _find(person: Person, ref: str) -> Application:
    return get_object_or_404(Application.objects.visible_to(person).select_related("ccg", "wave", "ruleset"), ref=ref)


@login_required
@require_safe
def application_trace(request: HttpRequest, ref: str) -> HttpResponse:
    """Every event of the case in order, with its place in the log; the same number of queries for any case."""
    person = cast("Person", request.user)
    check_audits(person)
    case = _find(person, ref)
    walks = trace(case)
    given = {"case": case, "walks": walks, "total": sum(len(walk.lines) for walk in walks)}
    return render(request, "workflows/trace.jinja", given)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bundle(request: HttpRequest, ref: str) -> HttpResponse:
    """The case's entries and proofs as one file that verify_log.py checks anywhere.

    Taking it is recorded each time and may sign a head, so it asks for a button: no link or picture of another site
    takes it, and none can fill the log.
    """
    person = cast("Person", request.user)
    case = _find(person, ref)
    check_takes_bundle(person, case)
    if request.method != "POST":
        altered = altered_entries(case, panels=audits(person))
        return render(request, "workflows/bundle.jinja", {"case": case, "audits": audits(person), "altered": altered})
    response = HttpResponse(case_bundle(case, by=person), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{case.ref}.bundle.json"'
    return response
