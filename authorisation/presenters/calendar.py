"""The dates of the process as the public reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db.models import Count

from authorisation.models import ReviewRound, Wave
from panels.models import PanelKind, Sitting


@dataclass(frozen=True)
class Entry:
    """What happens on one day."""

    on: date
    text: str
    detail: str


@dataclass(frozen=True)
class Month:
    """One month with its days in order."""

    first: date
    entries: Sequence[Entry]


def days() -> list[Entry]:
    """Closing days, sittings and reviews in order; three queries."""
    return sorted([*_closing(), *_sittings(), *_reviews()], key=lambda entry: (entry.on, entry.text))


def months(found: Iterable[Entry]) -> list[Month]:
    """Days in order, by month."""
    return [Month(first, list(entries)) for first, entries in groupby(found, key=lambda entry: entry.on.replace(day=1))]


def next_decisions(on: date) -> date | None:
    """The next day from `on` on which a sub-committee that decides sits; None when none is listed. One query."""
    sittings = Sitting.objects.filter(panel__kind=PanelKind.DECISION, on__gte=on)
    first: date | None = sittings.order_by("on").values_list("on", flat=True).first()
    return first


def _closing() -> list[Entry]:
    return [Entry(wave.deadline, f"{wave} closes", "Last day to submit an application") for wave in Wave.objects.all()]


def _sittings() -> list[Entry]:
    """One entry for each day and kind of panel: how many sit and how many cases are before them."""
    rows = (
        Sitting.objects.values("on", "panel__kind")
        .annotate(panels=Count("panel", distinct=True), cases=Count("items"))
        .order_by("on", "panel__kind")
    )
    return [_sitting(row["on"], PanelKind(row["panel__kind"]), row["panels"], row["cases"]) for row in rows]


def _sitting(on: date, kind: PanelKind, panels: int, cases: int) -> Entry:
    if kind is PanelKind.SITE_VISIT:
        return Entry(on, _several(panels, "site visit", "site visits"), "")
    sits = f"{kind.label} sits" if panels == 1 else f"{kind.label}: {panels} panels sit"
    return Entry(on, sits, _several(cases, "case", "cases"))


def _several(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _reviews() -> list[Entry]:
    found = []
    for row in ReviewRound.objects.all():
        found.append(Entry(row.evidence_due, f"{row.title}: evidence due", "Last day for CCGs to send evidence"))
        found.append(Entry(row.committee_on, f"{row.title}: committee", "Open conditions are reviewed"))
    return found
