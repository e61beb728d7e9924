"""What the chair, the secretariat and the members do to sittings, items, minutes and seats."""

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
from panels.candidates import organisation_of
from panels.forms.deeds import ITEM_DEEDS, SITTING_DEEDS, StandDown
from panels.forms.sittings import MEMBER_DEEDS, MINUTE_DEEDS, AddNote, AtTable
from panels.models import Item, Panel
from panels.views.panels import find

Guard = Callable[[Person, Iterable[str]], set[str]]
Outcomes = Mapping[str, list[tuple[str, str]]]
# What is built, the page it leads back to, and what that page is called.
Built = tuple[Callable[..., ActingForm], str, str]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def do(request: HttpRequest, ref: str, deed: str, pk: int, *, readable: Guard, outcomes: Outcomes) -> HttpResponse:
    """One deed on one sitting, item or appointment of a panel."""
    person = cast("Person", request.user)
    panel = find(person, ref)
    build, then, of = _build(panel, deed, pk, person, readable, outcomes)
    given = {"caption": f"{panel.ref} {panel.title}", "of": of}
    return act(request, build, template="panels/form.jinja", context=given, then=then)


def _build(panel: Panel, deed: str, pk: int, person: Person, readable: Guard, outcomes: Outcomes) -> Built:
    if deed == "note" or deed in SITTING_DEEDS or deed in MINUTE_DEEDS:
        return _of_sitting(panel, deed, pk, person, readable)
    if deed == "declare" or deed in ITEM_DEEDS or deed in MEMBER_DEEDS:
        item = get_object_or_404(panel.items.select_related("panel", "sitting", "organisation"), pk=pk)
        if item.case_ref not in readable(person, [item.case_ref]):
            raise PermissionDenied(f"You may not read {item.case_ref}, so you may not run its item.")
        return _of_item(panel, deed, item, outcomes), _live(panel, item.sitting_id), "the sitting"
    if deed == "stand-down":
        appointments = panel.appointments.select_related("seat", "person", "panel")
        build = partial(StandDown, appointment=get_object_or_404(appointments, pk=pk))
        return build, reverse("panel", args=[panel.ref]), "the panel"
    raise Http404


def _live(panel: Panel, sitting: int) -> str:
    return reverse("panel-sitting", args=[panel.ref, sitting])


def _of_sitting(panel: Panel, deed: str, pk: int, person: Person, readable: Guard) -> Built:
    sitting = get_object_or_404(panel.sittings.select_related("panel"), pk=pk)
    if deed in SITTING_DEEDS:
        return partial(SITTING_DEEDS[deed], sitting=sitting), _live(panel, pk), "the sitting"
    back, of = reverse("panel-minutes", args=[panel.ref, pk]), "the minutes"
    if deed != "note":
        return partial(MINUTE_DEEDS[deed], sitting=sitting), back, of
    items = list(sitting.items.order_by("number"))
    may_read = readable(person, [item.case_ref for item in items])
    return partial(AddNote, sitting=sitting, items=[item for item in items if item.case_ref in may_read]), back, of


def _of_item(panel: Panel, deed: str, item: Item, outcomes: Outcomes) -> Callable[..., ActingForm]:
    if deed == "declare":
        return partial(AtTable, item=item, find=organisation_of)
    return partial({**ITEM_DEEDS, **MEMBER_DEEDS}[deed], item=item, outcomes=outcomes.get(panel.kind, ()))
