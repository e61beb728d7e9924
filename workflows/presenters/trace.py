"""A case's walk through the process for auditors: who did what as what, on which papers, and its place in the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from audit.altered import differences
from audit.leaf import SYSTEM
from audit.models import Event
from audit.queries import index_of
from authorisation.enums import PANEL_OUTCOMES, Stage, WindowKind
from authorisation.models import Application
from directory.models import Person, Post
from panels.models import Appointment, Panel, PanelKind
from panels.presenters.chronicle import people_in, sentence
from workflows.presenters import timeline

# Which stage an event of a case belongs to. Each panel's belong to the stage that it sits for.
STAGES: Mapping[str, Stage] = {
    "application.opened": Stage.PREPARATION,
    "application.submitted": Stage.PREPARATION,
    "desk_top.assessed": Stage.DESK_TOP,
    "desk_top.second_read": Stage.SECOND_READING,
    "site_visit.arranged": Stage.SITE_VISIT_PLANNING,
    "site_visit.recorded": Stage.SITE_VISIT,
    "report.issued": Stage.REPORT,
    "moderation.recommended": Stage.MODERATION,
    "region.signed_off": Stage.SIGN_OFF,
    "conditions.proposed": Stage.CONDITIONS_PANEL,
    "response.assessed": Stage.RESPONSE_ASSESSMENT,
    "decision.recorded": Stage.DECISION,
    "letter.issued": Stage.LETTER,
    "decision.published": Stage.PUBLICATION,
    "plan.agreed": Stage.PLAN,
    "conditions.reviewed": Stage.REVIEW,
    "application.deferred": Stage.DEFERRED,
    "application.withdrawn": Stage.WITHDRAWN,
}
OF_PANELS: Mapping[str, Stage] = {
    PanelKind.SITE_VISIT: Stage.SITE_VISIT,
    PanelKind.MODERATION: Stage.MODERATION,
    PanelKind.CONDITIONS: Stage.CONDITIONS_PANEL,
    PanelKind.DECISION: Stage.DECISION,
    PanelKind.REVIEW: Stage.REVIEW,
}
# What a panel does on a day, and before it, for all its cases at once.
OF_THE_DAY = frozenset({"sitting.convened", "sitting.closed", "minutes.signed"})
MOST_OFFICES = 3
CHUNK = 500


@dataclass(frozen=True)
class Line:
    """One event: in the log by index and hash; when a panel acted, the panel just after it."""

    index: int | None
    hash: str
    at: datetime
    stage: str
    text: str
    by: str
    role: str
    panel: str
    number: int
    hashes: Sequence[tuple[str, str]]
    altered: Sequence[str] = ()


@dataclass(frozen=True)
class Walk:
    """The lines of one stretch of a case between two changes of stage."""

    stage: str
    lines: Sequence[Line]


def trace(case: Application) -> list[Walk]:
    """Every event of the case and of its panels on it, in the order of the log; six queries."""
    panels = {each.stream: each for each in Panel.objects.filter(items__case_ref=case.ref).distinct()}
    days = _days(case.ref)
    found = list(Event.objects.filter(stream__in=[case.stream, *panels]).select_related("log_leaf").order_by("pk"))
    # What was changed is not read: it could say that it is of another case.
    altered = {event.pk: faults for event in found if (faults := differences(event))}
    shown = [
        event
        for event in found
        if event.pk in altered or event.stream == case.stream or _concerns(event, case.ref, days[event.stream])
    ]
    events = [event for event in shown if event.pk not in altered]
    people = {each for event in events for each in (event.document["actor"], *people_in(event.document["public"]))}
    names = {each.stream: each.display_name for each in Person.objects.filter(stream__in=people - {SYSTEM})}
    seats = _seats(panels)
    offices = _offices({event.document["actor"] for event in events} - {SYSTEM})
    lines = [
        _altered(event, panels.get(event.stream), altered[event.pk])
        if event.pk in altered
        else _line(event, panels.get(event.stream), names, seats, offices)
        for event in shown
    ]
    return list(_walks(_planned(lines)))


def _planned(lines: Sequence[Line]) -> list[Line]:
    """What the panel of a visit does while the visit is still being arranged belongs to its arranging."""
    planning, visit = Stage.SITE_VISIT_PLANNING.label, Stage.SITE_VISIT.label
    until = max((place for place, line in enumerate(lines) if line.stage == planning), default=0)
    return [
        replace(line, stage=planning) if place < until and line.stage == visit else line
        for place, line in enumerate(lines)
    ]


def altered_entries(case: Application, *, panels: bool) -> list[str]:
    """The hashes of the events of a case, and of its panels, that are not what was recorded."""
    streams = [case.stream]
    if panels:
        streams += Panel.objects.filter(items__case_ref=case.ref).distinct().values_list("stream", flat=True)
    rows = Event.objects.filter(stream__in=streams).select_related("log_leaf").order_by("pk")
    return [bytes(event.leaf_hash).hex() for event in rows.iterator(CHUNK) if differences(event)]


def _days(ref: str) -> Mapping[str, set[str]]:
    """The days on which each panel had the case on its agenda, by the panel's stream."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    rows = Panel.objects.filter(items__case_ref=ref).values_list("stream", "items__sitting__on", "items__case_ref")
    for stream, on, case in rows:
        if case == ref:
            found[stream].add(on.isoformat())
    return found


def _concerns(event: Event, ref: str, days: set[str]) -> bool:
    """Whether an event of a panel is about the case, or about a day on which the panel took it."""
    public = event.document["public"]
    if event.event_type in OF_THE_DAY:
        return public["on"] in days
    return event.event_type == "panel.confirmed" or ref in _texts(public)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


Seats = Mapping[tuple[str, str], str]
Offices = Mapping[str, Sequence[Post]]


def _seats(panels: Mapping[str, Panel]) -> Seats:
    """The seat of each person on each panel, by the streams of both."""
    rows = Appointment.objects.filter(panel__in=panels.values()).order_by("-rank", "pk")
    return {
        (panel, person): title
        for panel, person, title in rows.values_list("panel__stream", "person__stream", "seat__title")
    }


def _offices(actors: set[str]) -> Offices:
    found: defaultdict[str, list[Post]] = defaultdict(list)
    for post in Post.objects.filter(person__stream__in=actors).select_related("organisation", "person").order_by("pk"):
        found[post.person.stream].append(post)
    return found


def _line(event: Event, panel: Panel | None, names: Mapping[str, str], seats: Seats, offices: Offices) -> Line:
    said = event.document
    actor, public = said["actor"], said["public"]
    text = sentence(event, panel.kind, names, PANEL_OUTCOMES) if panel else timeline.sentence(event)
    return Line(
        index=index_of(event),
        hash=bytes(event.leaf_hash).hex(),
        at=event.occurred_at,
        stage=_stage(event.event_type, public, panel),
        text=text,
        by=names.get(actor, "The system"),
        role=said["role"] or seats.get((event.stream, actor)) or _office(offices.get(actor, ()), event.occurred_at),
        panel=panel.ref if panel else "",
        number=event.stream_seq or 0,
        hashes=list(_hashes(public)),
    )


def _altered(event: Event, panel: Panel | None, faults: Sequence[str]) -> Line:
    """An event that is not what was recorded: nothing it says is told as if it were."""
    return Line(
        index=index_of(event),
        hash=bytes(event.leaf_hash).hex(),
        at=event.occurred_at,
        stage="",
        text="This entry is not what was signed",
        by="Not known",
        role="",
        panel=panel.ref if panel else "",
        number=event.stream_seq or 0,
        hashes=(),
        altered=faults,
    )


def _stage(event_type: str, public: Mapping[str, Any], panel: Panel | None) -> str:
    if panel:
        stage = OF_PANELS.get(panel.kind)
    elif event_type == "application.resumed":
        stage = Stage(public["at"])
    else:
        kind = public.get("kind")
        stage = Stage(kind) if kind in WindowKind.values else STAGES.get(event_type)
    return stage.label if stage else ""


def _office(held: Sequence[Post], at: datetime) -> str:
    """What somebody was on that day."""
    day: date = timezone.localdate(at)
    then = [each for each in held if each.starts <= day and (each.ends is None or day < each.ends)]
    told = [f"{each.title or each.get_kind_display()}, {each.organisation.name}" for each in then]
    return "; ".join(told[:MOST_OFFICES])


def _hashes(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every hash of a paper, a letter, minutes or a composition that an event names."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key.endswith("sha256") and isinstance(each, str):
                name = key.removesuffix("sha256").strip("_").replace("_", " ")
                yield name or path or "document", each
            else:
                yield from _hashes(each, key.replace("_", " "))
    elif isinstance(value, list):
        for each in value:
            yield from _hashes(each, path)


def _walks(lines: Sequence[Line]) -> Iterator[Walk]:
    """The lines under the stage they belong to; one that says none goes with the one before."""
    stage, part = "", list[Line]()
    for line in lines:
        if line.stage and line.stage != stage and part:
            yield Walk(stage, part)
            part = []
        stage = line.stage or stage
        part.append(line)
    if part:
        yield Walk(stage, part)
