"""One application, and the steps of its process as forms."""

from __future__ import annotations

from functools import partial
from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from authorisation.models import Application
from authorisation.permissions import takes_bundle
from directory.models import Person
from directory.views.acting import act
from panels.permissions import answers_for
from panels.presenters.guardian import judges
from workflows.engine.errors import NotNow
from workflows.forms import DIVERSIONS, STEPS
from workflows.forms.base import StepForm
from workflows.permissions import may_defer, may_withdraw
from workflows.presenters.cases import case_view
from workflows.queries import open_task

MAY_DIVERT = {"defer": may_defer, "withdraw": may_withdraw}


def _find(person: Person, ref: str) -> Application:
    rows = Application.objects.visible_to(person).select_related("ccg__parent__parent", "wave", "ruleset")
    return get_object_or_404(rows, ref=ref)


@login_required
@require_safe
def application(request: HttpRequest, ref: str) -> HttpResponse:
    """Where a case stands, what comes next, and everything behind it."""
    person = cast("Person", request.user)
    case = _find(person, ref)
    view = case_view(case, person, may_defer=may_defer(person, case), may_withdraw=may_withdraw(person, case))
    seen = {"judges": judges(case.ref), "may_object": case.ccg_id in answers_for(person), "ref": case.ref}
    seen["may_bundle"] = takes_bundle(person, case)
    return render(request, "workflows/application.jinja", {"case": view, **seen})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, ref: str, step: str) -> HttpResponse:
    """Do one open step of a case; 409 when it is not open, 403 when it is not this person's."""
    person = cast("Person", request.user)
    case = _find(person, ref)
    item = request.GET.get("item")
    build = partial(_form(case, person, step, item), case=case, item=item)
    given = {"caption": f"{case.ccg.name}, {case.ref}", "of": "the application"}
    then = reverse("application", args=[case.ref])
    return act(request, build, template="workflows/step.jinja", context=given, then=then, conflicts=NotNow)


def _form(case: Application, person: Person, step: str, item: str | None) -> type[StepForm]:
    """The form of a step or a diversion, once it is sure that it is open to this person now."""
    if step in MAY_DIVERT:
        if not MAY_DIVERT[step](person, case):
            raise PermissionDenied(f"You may not {step} {case.ref} as it stands.")
        return DIVERSIONS[step]
    if step not in STEPS:
        raise Http404
    open_task(case, step, item, person)
    return STEPS[step]
