"""Events of the log, searched and taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from audit.csv_files import CSV_TYPE, Export, csv_lines
from audit.forms.search import Asked, condition, read
from audit.house import House
from audit.leaf import By
from audit.models import Event
from audit.presenters.entries import Row, rows
from audit.queries import events as found_events
from audit.queries import newest_id, page_of
from audit.reading import note_export

CHUNK = 500
LARGEST_KEY = 2**63 - 1
HEADS = (
    "Entry",
    "SHA-256",
    "Happened",
    "Recorded",
    "What happened",
    "Stream",
    "About",
    "Number in its stream",
    "Actor",
    "Done by",
    "Role",
    "Rule set",
    "Reason code",
    "Public content",
    "Altered",
)


@login_required
@require_safe
def events(request: HttpRequest, *, house: House) -> HttpResponse:
    """What was recorded, newest first; the same number of queries for any number."""
    house.check_audits(request.user)
    asked = read(request.GET, house)
    page = page_of(found_events(condition(asked)), before=_key(request, "before"), after=_key(request, "after"))
    given = {"asked": asked, "page": page, "rows": rows(page.events, house)}
    return render(request, "audit/events.jinja", given)


def _key(request: HttpRequest, name: str) -> int:
    """Where a page goes on from; 0 when the address does not say."""
    typed = request.GET.get(name, "")
    if not typed:
        return 0
    if not (typed.isascii() and typed.isdigit() and len(typed) < len(str(LARGEST_KEY))):
        raise Http404
    return int(typed)


@login_required
@require_GET  # not HEAD: an export is recorded when its rows leave
def export(request: HttpRequest, *, house: House) -> HttpResponseBase:
    """The same list as a file, with the same filter; recorded with the filter and the number of rows."""
    house.check_audits(request.user)
    asked = read(request.GET, house)
    if asked.faults:  # a file of nothing would be taken for an answer
        return redirect(f"{reverse('audit-events')}?{request.GET.urlencode()}")
    # What is recorded from now on, this export first of all, is not in it.
    until = newest_id()
    found = found_events(condition(asked)).filter(pk__lte=until)
    number = found.count()
    event = note_export(
        what="events",
        form="csv",
        rows=number,
        chosen={name: value for name, value in asked.given.items() if name not in asked.typed},
        typed={name: value for name, value in asked.typed.items() if value},
        by=cast("By", request.user),
    )
    made = Export("Events of the log", _about(asked, event, number, house), HEADS, _cells(found, house))
    response = StreamingHttpResponse(csv_lines(made), content_type=CSV_TYPE)
    day = timezone.localdate(event.recorded_at)
    response["Content-Disposition"] = f'attachment; filename="events-{day.isoformat()}.csv"'
    return response


def _about(asked: Asked, event: Event, number: int, house: House) -> list[tuple[str, str]]:
    [taken] = rows([event], house)
    return [
        ("Exported by", taken.by.text),
        ("Exported at", moment(event.occurred_at)),
        ("Filter", "; ".join(f"{label}: {value}" for label, value in asked.said) or "None: every event"),
        ("Rows", str(number)),
        ("Entry of the log (SHA-256)", taken.hash),
        ("Note", "Private content is not in this file, only the log's commitment to it."),
        ("Note", "An apostrophe stands before a cell that a spreadsheet would take for a formula."),
    ]


def _cells(found: Any, house: House) -> Iterator[Sequence[str]]:
    """Newest first, some at a time: nothing is held while somebody slow reads."""
    before = LARGEST_KEY
    while chunk := list(found.filter(pk__lt=before).order_by("-pk")[:CHUNK]):
        for row in rows(chunk, house):
            yield _line(row)
        before = chunk[-1].pk


def _line(row: Row) -> Sequence[str]:
    return (
        "" if row.index is None else str(row.index),
        row.hash,
        moment(row.at),
        moment(row.recorded_at),
        row.type,
        row.stream,
        row.of.text,
        "" if row.seq is None else str(row.seq),
        row.actor,
        row.by.text,
        row.role,
        row.ruleset,
        row.reason_code,
        row.public,
        " ".join(row.faults),
    )


def moment(at: datetime) -> str:
    """A moment by the clocks of London with how far these are from UTC: in autumn one hour comes twice."""
    return timezone.localtime(at).isoformat(sep=" ", timespec="seconds")
