"""The panels explorer: every sitting with what is exceptional about it, and any panel as it stood at any moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from audit import clock
from audit.csv_files import CSV_TYPE, Export, csv_lines
from audit.reading import note_read
from directory.models import Person
from directory.queries import today
from panels.actions.exports import note_export
from panels.errors import ExportRefused
from panels.exports import workbook
from panels.forms.explorer import Asked, Grouping, condition, day_of, read
from panels.history import Moment, Record, moment_after, moment_at
from panels.models import Panel, Sitting
from panels.permissions import check_audits
from panels.presenters import explorer
from panels.presenters.chronicle import chronicle
from panels.presenters.seating import Outcomes
from panels.presenters.standing import standing
from panels.views.panels import find

PER_PAGE = 25
CHUNK = 200
MOST_IN_A_WORKBOOK = 5_000
HEADS = (
    "Panel",
    "Title",
    "Kind",
    "Day",
    "Place",
    "Convened",
    "Closed",
    "Coalition representative",
    "Cases",
    "Case references",
    "Result",
    "Exceptions",
    "Round",
    "Confirmed",
    "Alternates",
    "Refusals",
    "Objections",
    "Rulings",
)
TYPES = {"csv": CSV_TYPE, "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def _found(asked: Asked, grouping: Grouping) -> QuerySet[Sitting]:
    return Sitting.objects.filter(condition(asked, grouping))


@login_required
@require_safe
def sittings(request: HttpRequest, *, grouping: Grouping) -> HttpResponse:
    """Every sitting, the exceptions first; the same number of queries for any number."""
    check_audits(cast("Person", request.user))
    asked = read(request.GET, grouping)
    found = _found(asked, grouping)
    page = Paginator(explorer.in_order(found.select_related("panel")), PER_PAGE).get_page(request.GET.get("page"))
    given = {
        "asked": asked,
        "page": page,
        "rows": explorer.rows(list(page)),
        "counts": explorer.counts(found),
        "most": MOST_IN_A_WORKBOOK,
    }
    return render(request, "panels/audit.jinja", given)


@login_required
@require_GET  # not HEAD: an export is recorded when its rows leave
def export(request: HttpRequest, form: str, *, grouping: Grouping) -> HttpResponseBase:
    """The same list as a file, with the same filter. Recorded with the filter and the number of rows."""
    person = cast("Person", request.user)
    check_audits(person)
    asked = read(request.GET, grouping)
    # The keys are read at once, so that the number stated and recorded is the number of rows that leave.
    keys = list(explorer.in_order(_found(asked, grouping)).values_list("pk", flat=True))
    if form == "xlsx" and len(keys) > MOST_IN_A_WORKBOOK:
        raise ExportRefused(
            f"A spreadsheet takes at most {MOST_IN_A_WORKBOOK:,} sittings and these are {len(keys):,}: "
            "narrow the list, or take the CSV file."
        )
    made = _export(person, asked, keys, form)
    name = f'attachment; filename="sittings-{today().isoformat()}.{form}"'
    response: HttpResponseBase
    if form == "xlsx":
        response = HttpResponse(workbook(made, made_at=clock.now()), content_type=TYPES[form])
    else:
        response = StreamingHttpResponse(csv_lines(made), content_type=TYPES[form])
    response["Content-Disposition"] = name
    return response


def _export(person: Person, asked: Asked, keys: Sequence[int], form: str) -> Export:
    days = {name: day.isoformat() for name, day in asked.days.items() if day}
    event = note_export(
        what="sittings",
        form=form,
        rows=len(keys),
        chosen={name: value for name, value in asked.chosen.items() if value} | days,
        typed={name: value for name, value in asked.typed.items() if value},
        by=person,
    )
    about = [
        ("Exported by", person.display_name),
        ("Exported at", _moment(event.occurred_at)),
        ("Filter", "; ".join(f"{label}: {value}" for label, value in asked.said) or "None: every sitting"),
        ("Rows", str(len(keys))),
        ("Entry of the log (SHA-256)", bytes(event.leaf_hash).hex()),
    ]
    if form == "csv":
        about.append(("Note", "An apostrophe stands before a cell that a spreadsheet would take for a formula."))
    return Export("Sittings of panels", about, HEADS, _cells(keys))


def _cells(keys: Sequence[int]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        loaded = Sitting.objects.select_related("panel").in_bulk(chunk)
        for row in explorer.rows([loaded[key] for key in chunk]):
            yield (
                row.ref,
                row.title,
                row.kind,
                row.on.isoformat(),
                row.place,
                _moment(row.convened_at),
                _moment(row.closed_at),
                "; ".join(row.coalition),
                str(len(row.cases)),
                ", ".join(row.cases),
                row.result,
                " ".join(row.exceptions),
                row.round,
                _moment(row.confirmed_at),
                "; ".join(row.alternates),
                str(row.refusals),
                str(row.objections),
                str(row.rulings),
            )


def _moment(at: datetime | None) -> str:
    """A moment by the clocks of London, as spreadsheets read it."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""


@login_required
@require_safe
def as_it_stood(request: HttpRequest, ref: str, *, outcomes: Outcomes) -> HttpResponse:
    """One panel at the end of a day (`on`), just after one of its events (`after`), or now."""
    person = cast("Person", request.user)
    check_audits(person)
    panel = find(person, ref)
    note_read(what="audit-panel", ref=panel.ref, by=person)
    typed = request.GET.get("on", "").strip()
    day, number = day_of(typed), _number(request.GET.get("after", ""))
    until = moment_after(panel, number) if number else moment_at(panel, _end_of(day))
    given = {
        "panel": panel,
        "typed": typed,
        "fault": bool(typed) and day is None,
        "day": None if number else day,
        "past": not number and day is not None and day < today(),
        "number": number,
        "until": until,
        **_standing(request, panel, until, outcomes),
    }
    return render(request, "panels/audit_panel.jinja", given)


def _standing(request: HttpRequest, panel: Panel, until: Moment | None, outcomes: Outcomes) -> dict[str, object]:
    if until is None:
        return {"standing": None, "chronicle": None, "chosen": 0}
    asked = {name: _number(request.GET.get(name, "")) for name in ("facts", "item", "before")}
    return {
        "standing": standing(Record(panel, until), outcomes, whole=asked["facts"], chosen=asked["item"]),
        "chronicle": chronicle(panel, until, outcomes, before=asked["before"]),
        "chosen": asked["item"],
    }


def _number(typed: str) -> int:
    """A positive number from an address, small enough for any database; 0 when it is not one."""
    try:
        number = int(typed)
    except ValueError:
        return 0
    if not 0 <= number <= 2**31 - 1:
        raise Http404
    return number


def _end_of(day: date | None) -> datetime:
    """The last moment of a day in London, or now when the day is not over."""
    if day is None or day >= today():
        return clock.now()
    midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=timezone.get_default_timezone())
    return midnight - timedelta(microseconds=1)
