"""The list of panels, and one panel."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.reading import note_read
from directory.models import Person
from panels.agenda import in_order
from panels.models import Panel, PanelKind
from panels.permissions import administers, answers_for, audits, holds_panel
from panels.presenters import panels as presenter
from panels.presenters.seating import Outcomes, items

PER_PAGE = 25


@login_required
@require_safe
def panels(request: HttpRequest) -> HttpResponse:
    """Every panel: who decides is open to everybody signed in."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in PanelKind.values else ""
    mine = request.GET.get("mine") == "1"
    found = Panel.objects.visible_to(cast("Person", request.user)).order_by("-pk")
    if kind:
        found = found.filter(kind=kind)
    if mine:
        found = found.filter(appointments__person=cast("Person", request.user), appointments__state="accepted")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    query = (f"kind={kind}&" if kind else "") + ("mine=1&" if mine else "")
    given = {
        "page": page,
        "rows": presenter.rows(page),
        "total": page.paginator.count,
        "query": query,
        "kinds": PanelKind.choices,
        "kind": kind,
        "mine": mine,
        "administers": administers(cast("Person", request.user)),
    }
    return render(request, "panels/panels.jinja", given)


def find(person: Person, ref: str) -> Panel:
    """The panel behind a reference; 404 for anything else."""
    try:
        return Panel.objects.visible_to(person).get(pk=Panel.pk_of(ref))
    except (ValueError, Panel.DoesNotExist):
        raise Http404 from None


@login_required
@require_safe
def panel(
    request: HttpRequest, ref: str, *, readable: Callable[[Person, Iterable[str]], set[str]], outcomes: Outcomes
) -> HttpResponse:
    """One panel: seats for everybody; outcomes, positions and checks only of the cases the reader may read."""
    person = cast("Person", request.user)
    row = find(person, ref)
    sittings = list(row.sittings.order_by("on"))
    agenda = in_order(row.items.select_related("panel", "sitting", "organisation"))
    before = items(agenda, outcomes)
    may_read = readable(person, {each.ref for each in before})
    keeps, audited = administers(person), audits(person)
    if audited:
        # They see what is said of every member's interests.
        note_read(what="panel", ref=row.ref, by=person)
    applicant = bool(answers_for(person) & {each.organisation_id for each in agenda})
    given = {
        "panel": presenter.panel(
            row, sittings, before, may_read, reader=person.pk, applicant=applicant, audited=audited
        ),
        "administers": keeps,
        "runs": keeps or holds_panel(person, "chair", row),
        "deeds": {each.pk: presenter.states_of(each) for each in before},
    }
    return render(request, "panels/panel.jinja", given)
