"""What the chair and the secretariat do to sittings, items and members."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from directory.forms.acting import ActingForm
from directory.models import Person
from directory.views.acting import act
from panels.forms.deeds import ITEM_DEEDS, SITTING_DEEDS, StandDown
from panels.models import Panel
from panels.views.panels import find

Guard = Callable[[Person, Iterable[str]], set[str]]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def do(
    request: HttpRequest,
    ref: str,
    deed: str,
    pk: int,
    *,
    readable: Guard,
    outcomes: Mapping[str, list[tuple[str, str]]],
) -> HttpResponse:
    """One deed on one sitting, item or appointment of a panel."""
    person = cast("Person", request.user)
    panel = find(person, ref)
    build = _build(panel, deed, pk, person, readable, outcomes)
    given = {"caption": f"{panel.ref} {panel.title}", "of": "the panel"}
    return act(request, build, template="panels/form.jinja", context=given, then=reverse("panel", args=[ref]))


def _build(
    panel: Panel,
    deed: str,
    pk: int,
    person: Person,
    readable: Guard,
    outcomes: Mapping[str, list[tuple[str, str]]],
) -> Callable[..., ActingForm]:
    if deed in SITTING_DEEDS:
        sitting = get_object_or_404(panel.sittings.select_related("panel"), pk=pk)
        return partial(SITTING_DEEDS[deed], sitting=sitting)
    if deed in ITEM_DEEDS:
        item = get_object_or_404(panel.items.select_related("panel", "sitting", "organisation"), pk=pk)
        if item.case_ref not in readable(person, [item.case_ref]):
            raise PermissionDenied(f"You may not read {item.case_ref}, so you may not run its item.")
        return partial(ITEM_DEEDS[deed], item=item, outcomes=outcomes.get(panel.kind, ()))
    if deed == "stand-down":
        appointments = panel.appointments.select_related("seat", "person", "panel")
        return partial(StandDown, appointment=get_object_or_404(appointments, pk=pk))
    raise Http404
