"""A sitting while it goes on, and its minutes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from audit.reading import note_read, note_taken
from directory.models import Person
from panels.documents import pdf
from panels.forms.sittings import Speak
from panels.minutes import Minutes, draft
from panels.models import Item, Panel, Sitting
from panels.permissions import administers, audits, holds_panel
from panels.presenters import minutes as minutes_presenter
from panels.presenters.seating import Outcomes
from panels.presenters.sitting import STOPS, live
from panels.views.panels import find

Guard = Callable[[Person, Iterable[str]], set[str]]
NO_CONTENT = 204
PART = re.compile(rf"[0-9]{{1,9}}{STOPS}?", re.ASCII)


@never_cache
@require_safe
def sitting(request: HttpRequest, ref: str, pk: int, *, readable: Guard, outcomes: Outcomes) -> HttpResponseBase:
    """The sitting as it stands; asked by a page that shows it already, only what changed, or nothing.

    ?seq= is the version of the record the page shows, ?form= the items whose position forms it holds.
    """
    polls = bool(cast("HtmxDetails", request.htmx))  # type: ignore[attr-defined]
    if not request.user.is_authenticated:
        return HttpResponseClientRefresh() if polls else redirect_to_login(request.get_full_path())
    person = request.user
    panel = find(person, ref)
    if polls and request.GET.get("seq") == str(panel.audit_seq):
        return HttpResponse(status=NO_CONTENT)
    row = _sitting(panel, pk)
    runs = administers(person) or holds_panel(person, "chair", panel)
    sits = holds_panel(person, "sit", panel)
    may_read = readable(person, row.items.values_list("case_ref", flat=True))
    audited = audits(person)
    if audited and not polls:
        note_read(what="panel-sitting", ref=panel.ref, by=person)
    shown = live(row, person, may_read, outcomes, inside=runs or sits or audited, private=audited)
    held = _held(request.GET.get("form", "") if polls else "")
    given = {
        "live": shown,
        "runs": runs,
        "sits": sits,
        "administers": administers(person),
        # A form that is in the page stays as it is, with what is half typed in it.
        "forms": [_form(panel, key, person) for key in shown.forms if key not in held],
        "gone": [key for key in held if key not in shown.forms],
        "moved": [key for key, stopped in shown.forms.items() if held.get(key, stopped) != stopped],
    }
    return render(request, "panels/sitting_state.jinja" if polls else "panels/sitting.jinja", given)


def _sitting(panel: Panel, pk: int) -> Sitting:
    row = get_object_or_404(panel.sittings, pk=pk)
    row.panel = panel
    return row


def _held(given: str) -> dict[int, bool]:
    """Which forms a page holds, by item, and whether it shows each as stopped; see `Live.form`."""
    parts = [each for each in given.split(".") if PART.fullmatch(each)]
    return {int(each.removesuffix(STOPS)): each.endswith(STOPS) for each in parts}


def _form(panel: Panel, key: int, person: Person) -> Speak:
    """The reader's own form for an item being taken, with what they said before."""
    item = Item.objects.select_related("sitting", "organisation").get(pk=key)
    item.panel = panel
    form = Speak(item=item, auto_id=f"id-{key}-%s")
    form.check(person)
    return form


@login_required
@require_safe
def minutes(request: HttpRequest, ref: str, pk: int, *, readable: Guard, outcomes: Outcomes) -> HttpResponse:
    """The minutes as drafted from the record, for this reader."""
    person = cast("Person", request.user)
    panel = find(person, ref)
    row = _sitting(panel, pk)
    whole, shown = _read(row, person, readable, outcomes)
    given = {
        "minutes": shown,
        "sitting": row,
        "fingerprint": whole.sha256,
        "covers": minutes_presenter.covers(shown),
        "erased": whole.erased,
        "stands": whole.signature is None or whole.signature.sha256 == whole.sha256,
        "runs": administers(person) or holds_panel(person, "chair", panel),
        "chairs": holds_panel(person, "chair", panel),
    }
    return render(request, "panels/minutes.jinja", given)


@login_required
@require_safe
def minutes_pdf(request: HttpRequest, ref: str, pk: int, *, readable: Guard, outcomes: Outcomes) -> HttpResponse:
    """The same as a tagged PDF."""
    person = cast("Person", request.user)
    row = _sitting(find(person, ref), pk)
    whole, shown = _read(row, person, readable, outcomes)
    note_taken(what="minutes", form="pdf", ref=row.panel.ref, by=person)
    body = pdf("minutes", minutes_presenter.document(shown, fingerprint=whole.sha256, erased=whole.erased))
    answer = HttpResponse(body, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="minutes-{ref}-{row.on.isoformat()}.pdf"'
    return answer


def _read(row: Sitting, person: Person, readable: Guard, outcomes: Outcomes) -> tuple[Minutes, Minutes]:
    whole = draft(row)
    may_read = readable(person, [each.ref for each in whole.items])
    return whole, minutes_presenter.for_reader(whole, row.panel.kind, may_read, outcomes)
