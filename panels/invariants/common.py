"""What the checks share: who counted for an item, and how a fault is told."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from panels.models import (
    Appointment,
    AppointmentState,
    Attendance,
    DisinterestCheck,
    Item,
    Panel,
    Position,
    Recusal,
)
from panels.rules import COALITION_BODY, COALITION_SEAT, MAY_DECIDE

MOST_SENTENCES = 50
CHUNK = 2000
SAT = (AppointmentState.ACCEPTED, AppointmentState.STOOD_DOWN)
NOMINATED = Q(nomination__person=F("person"), nomination__body__kind=COALITION_BODY)


def told(sentences: list[str]) -> list[str]:
    """The first sentences, and a count of the others."""
    more = len(sentences) - MOST_SENTENCES
    return [*sentences[:MOST_SENTENCES], f"... and {more} more."] if more > 0 else sentences


def coalition_of(item: str = "item") -> QuerySet[Appointment]:
    """The Coalition's appointments that count for the item of the outer row, as its facts stand."""
    return (
        counted(item)
        .filter(
            NOMINATED,
            seat__kind=COALITION_SEAT,
            nomination__starts__lte=OuterRef("sitting__on"),
        )
        .filter(Q(nomination__ends__isnull=True) | Q(nomination__ends__gte=OuterRef("sitting__on")))
    )


def counted(item: str) -> QuerySet[Appointment]:
    """The members who are present, not recused and clear for the item of the outer row."""
    here = Attendance.objects.filter(item=OuterRef(OuterRef(item)), appointment=OuterRef("pk")).order_by("-pk")
    tested = DisinterestCheck.objects.filter(item=OuterRef(OuterRef(item)), appointment=OuterRef("pk")).order_by("-pk")
    gone = Recusal.objects.filter(item=OuterRef(OuterRef(item)), appointment=OuterRef("pk"))
    # Whoever stood down after the outcome was there for it; whoever stood down before is not asked.
    sat = Q(state=AppointmentState.ACCEPTED) | Q(
        state=AppointmentState.STOOD_DOWN, answered_at__gte=OuterRef("outcome__reached_at")
    )
    return (
        Appointment.objects.filter(sat, panel=OuterRef("panel"))
        .annotate(here=Subquery(here.values("present")[:1]), effect=Subquery(tested.values("effect")[:1]))
        .filter(~Exists(gone), here=True, effect__in=list(MAY_DECIDE))
    )


def name_cases(items: QuerySet[Item], sentence: str) -> list[str]:
    """One sentence for each item, with its panel and its case."""
    rows = items.order_by("pk").values_list("panel_id", "case_ref")
    return told([sentence.format(panel=Panel(pk=panel).ref, case=case) for panel, case in rows.iterator(CHUNK)])


def latest_positions() -> QuerySet[Position]:
    """The positions that count: the last one each member took on an item."""
    later = Position.objects.filter(item=OuterRef("item"), appointment=OuterRef("appointment"), pk__gt=OuterRef("pk"))
    return Position.objects.filter(~Exists(later))
