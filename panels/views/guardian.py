"""The conflicts guardian's desk, an applicant's objection, and what each may read of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit.reading import note_read
from directory.models import Person
from directory.views.acting import act
from panels.conflicts import Reading, latest_sentence
from panels.forms.guardian import Rule
from panels.forms.objections import Object
from panels.models import LIVE, Appointment, AppointmentState, Item, Objection, Panel, Ruling
from panels.permissions import check_rules, rules_on_conflicts
from panels.policies.interests import NEVER, OBJECTION, RULED
from panels.presenters import guardian as presenter
from panels.rules import Effect
from panels.rules.table import RULES
from panels.views.panels import find

PER_PAGE, LONGEST = 25, 100
RULED_ON = "ruled"
# An applicant hears of somebody once they are invited.
ASKED = (AppointmentState.INVITED, AppointmentState.ACCEPTED)


@login_required
@require_safe
def conflicts(request: HttpRequest) -> HttpResponse:
    """What waits for a ruling and what was ruled, as far as the reader may know; the same queries for any number."""
    person = cast("Person", request.user)
    reading, asked = Reading(person), _asked(request)
    if reading.everything:
        note_read(what="conflicts", by=person)
    waiting, ruled = presenter.waiting(reading), _ruled(reading, asked["q"])
    past = asked["show"] == RULED_ON
    found: Any = ruled if past else [each for each in waiting if each.fits(asked)]
    page: Any = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    given = {
        "everything": reading.everything,
        "may_rule": rules_on_conflicts(person),
        "past": past,
        "asked": asked,
        "query": urlencode({name: value for name, value in asked.items() if value}) + "&",
        "sources": presenter.SOURCES,
        "effects": [(each, each) for each in list(presenter.LABELS.values())[:3]],
        "page": page,
        "rows": presenter.rulings(list(page), reading) if past else list(page),
        "counts": Counter(each.source for each in waiting),
        "waiting": len(waiting),
        "ruled": reading.rulings.count(),
    }
    return render(request, "panels/guardian.jinja", given)


def _asked(request: HttpRequest) -> dict[str, str]:
    """What an address asks for; what nobody offers is left out."""
    offered = {"source": presenter.SOURCES, "effect": presenter.LABELS.values(), "show": {RULED_ON}}
    chosen = {name: request.GET.get(name, "") for name in offered}
    asked = {name: value if value in offered[name] else "" for name, value in chosen.items()}
    return {"q": request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST], **asked}


def _ruled(reading: Reading, text: str) -> QuerySet[Ruling]:
    rows = reading.rulings.order_by("-pk")
    for word in text.split():
        rows = rows.filter(
            Q(person__full_name__icontains=word)
            | Q(organisation__name__icontains=word)
            | Q(organisation__code__iexact=word)
            | Q(panel__title__icontains=word)
            | Q(objection__case_ref__icontains=word)
        )
    return rows


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, ref: str, appointment: int, item: int, test: str) -> HttpResponse:
    """Rule on one test of one member for one case, or on an objection (`?objection=`)."""
    person = cast("Person", request.user)
    panel = find(person, ref)
    listed = _item(panel, pk=item)
    check_rules(person, panel, listed.organisation)
    if test in NEVER:
        raise PermissionDenied(f"{test} is never ruled on: {NEVER[test]}.")
    if test not in RULED:
        raise Http404
    member, objection = _member(panel, appointment), None
    if test == OBJECTION:
        key = request.GET.get("objection", "")
        about = Objection.objects.filter(panel=panel, person=member.person, organisation=listed.organisation)
        objection = get_object_or_404(about.select_related("raised_by"), pk=key if key.isdigit() else 0)
    if request.method != "POST":
        note_read(what="rule", ref=panel.ref, by=person)
    said = _said(member, listed, test, objection)
    build = partial(Rule, item=listed, appointment=member, test=test, said=said, objection=objection)
    given = {"caption": "Conflicts of interest", "of": "conflicts of interest"}
    return act(request, build, template="panels/guardian_form.jinja", context=given, then=reverse("conflicts"))


def _said(member: Appointment, item: Item, test: str, objection: Objection | None) -> list[tuple[str, str]]:
    """What is suggested, and what was ruled on it before."""
    said = [("Test", f"{test}, {RULES[test].title.lower()}: {RULES[test].text}")]
    if objection:
        said = [
            ("Objection", f"{objection.get_kind_display()}. {objection.statement}"),
            ("Raised by", f"{objection.raised_by.display_name}, {timezone.localtime(objection.raised_at):%-d %B %Y}"),
        ]
    elif sentence := latest_sentence(member, item, test):
        said.append(("What it says", sentence))
    earlier = Ruling.objects.filter(
        panel=item.panel_id, person=member.person, organisation=item.organisation, rule=test, objection=objection
    )
    for each in earlier.select_related("ruled_by").order_by("pk"):
        day = f"{timezone.localtime(each.ruled_at):%-d %B %Y}"
        what = presenter.LABELS[Effect(each.effect)].lower()
        said.append((f"Ruled on {day}", f"{each.get_verdict_display()}, {what}, by {each.ruled_by}: {each.reason}"))
    return said


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def object_to(request: HttpRequest, ref: str, appointment: int, case: str) -> HttpResponse:
    """An applicant objects to one member for its own case."""
    person = cast("Person", request.user)
    panel = find(person, ref)
    item = _item(panel, case_ref=case)
    build = partial(Object, item=item, appointment=_member(panel, appointment, ASKED))
    given = {"caption": item.case_ref, "of": "conflicts of interest"}
    return act(request, build, template="panels/guardian_form.jinja", context=given, then=reverse("conflicts"))


def _member(panel: Panel, pk: int, states: Sequence[str] = LIVE) -> Appointment:
    rows = panel.appointments.filter(state__in=states).select_related("seat", "person", "appointed_by")
    return get_object_or_404(rows, pk=pk)


def _item(panel: Panel, **which: object) -> Item:
    rows = panel.items.filter(**which).select_related("panel", "sitting", "organisation").order_by("-pk")
    found = rows.first()
    if found is None:
        raise Http404
    return found
