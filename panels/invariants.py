"""Who decided, recomputed: the Coalition's voice (I1-I3), the streams (I8) and the grants that follow seats (I12).

Each check is a statement or two, whatever the number of cases, and answers in sentences that name panels and cases.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from audit.canonical import canonical
from panels.models import (
    Appointment,
    AppointmentState,
    Attendance,
    Composition,
    Declaration,
    DisinterestCheck,
    Item,
    ItemState,
    Outcome,
    Panel,
    PanelGrant,
    Position,
    Recusal,
    Seat,
    Sitting,
)
from panels.queries import plan_of
from panels.rules import COALITION_BODY, COALITION_SEAT, MAY_DECIDE, plan_faults

MOST_SENTENCES = 50
_CHUNK = 2000
SAT = (AppointmentState.ACCEPTED, AppointmentState.STOOD_DOWN)
NOMINATED = Q(nomination__person=F("person"), nomination__body__kind=COALITION_BODY)


def told(sentences: list[str]) -> list[str]:
    """The first sentences, and a count of the others."""
    more = len(sentences) - MOST_SENTENCES
    return [*sentences[:MOST_SENTENCES], f"... and {more} more."] if more > 0 else sentences


def _of_item(item: str = "item") -> QuerySet[Appointment]:
    """The Coalition's appointments that count for the item of the outer row, as its facts stand."""
    return (
        _counted(item)
        .filter(
            NOMINATED,
            seat__kind=COALITION_SEAT,
            nomination__starts__lte=OuterRef("sitting__on"),
        )
        .filter(Q(nomination__ends__isnull=True) | Q(nomination__ends__gte=OuterRef("sitting__on")))
    )


def _counted(item: str) -> QuerySet[Appointment]:
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


def _name(items: QuerySet[Item], sentence: str) -> list[str]:
    rows = items.order_by("pk").values_list("panel_id", "case_ref")
    return told([sentence.format(panel=Panel(pk=panel).ref, case=case) for panel, case in rows.iterator(_CHUNK)])


def convened_without_coalition() -> list[str]:
    """I1: every panel that was convened has had a Coalition representative in its seat."""
    held = Appointment.objects.filter(panel=OuterRef("panel"), state__in=SAT, seat__kind=COALITION_SEAT)
    held = held.filter(NOMINATED)
    rows = Sitting.objects.filter(convened_at__isnull=False).exclude(Exists(held)).select_related("panel")
    rows = rows.order_by("pk")
    return told([f"{row.panel.ref} was convened for {row.on} without a Coalition representative." for row in rows])


def plans_without_coalition() -> list[str]:
    """I1: every panel's plan requires the Coalition seat, and the panel has it."""
    required = Seat.objects.filter(panel=OuterRef("pk"), kind=COALITION_SEAT, required=True)
    unseated = [f"{panel.ref} has no required Coalition seat." for panel in Panel.objects.exclude(Exists(required))]
    seen: set[str] = set()
    faulty = []
    for panel in Panel.objects.order_by("pk").only("pk", "plan").iterator(_CHUNK):
        body = json.dumps(panel.plan, sort_keys=True)
        if body in seen:
            continue
        if faults := plan_faults(plan_of(panel)):
            faulty.append(f"{panel.ref}: {'; '.join(faults)}.")
        else:
            seen.add(body)
    return told(unseated + faulty)


def coalition_seats_without_nomination() -> list[str]:
    """I1: nobody holds the Coalition seat but on a Coalition body's nomination of that person."""
    rows = Appointment.objects.filter(seat__kind=COALITION_SEAT).exclude(NOMINATED).select_related("panel", "person")
    return told(
        [f"{row.panel.ref}: {row.person.stream} has a Coalition seat without a nomination for it." for row in rows]
    )


def open_without_coalition() -> list[str]:
    """I1, I3: no item stays open when its Coalition representative has gone."""
    items = Item.objects.filter(state=ItemState.OPEN).exclude(Exists(_of_item("pk").filter(state="accepted")))
    return _name(items, "{panel}: {case} is open and no Coalition representative counts for it.")


def taken_unconvened() -> list[str]:
    """I1: no item is taken before its sitting is convened."""
    items = Item.objects.filter(state__in=(ItemState.OPEN, ItemState.CLOSED), sitting__convened_at__isnull=True)
    return _name(items, "{panel}: {case} was taken at a sitting that was never convened.")


def decided_without_coalition() -> list[str]:
    """I2: every outcome has the position of a Coalition representative who counted for the item."""
    said = Position.objects.filter(item=OuterRef(OuterRef("pk")), appointment=OuterRef("pk"))
    heard = _of_item("pk").filter(Exists(said))
    items = Item.objects.filter(Exists(Outcome.objects.filter(item=OuterRef("pk")))).exclude(Exists(heard))
    return _name(items, "{panel}: {case} has an outcome without the position of a Coalition representative.")


def unheard_members() -> list[str]:
    """I2: everybody who counted for a decided item has taken a position on it."""
    said = Position.objects.filter(item=OuterRef(OuterRef("pk")), appointment=OuterRef("pk"))
    silent = _counted("pk").exclude(Exists(said))
    items = Item.objects.filter(Exists(Outcome.objects.filter(item=OuterRef("pk")))).filter(Exists(silent))
    return _name(items, "{panel}: {case} has an outcome and a member who counted took no position.")


def outcomes_without_composition() -> list[str]:
    """I2: outcome, composition and the closed item belong together."""
    apart = Outcome.objects.exclude(composition__item=F("item")).values("item")
    found = _name(Item.objects.filter(pk__in=apart), "{panel}: the outcome on {case} rests on another composition.")
    has = Exists(Outcome.objects.filter(item=OuterRef("pk")))
    closed = Item.objects.filter(state=ItemState.CLOSED).exclude(has)
    left = Item.objects.filter(has).exclude(state=ItemState.CLOSED)
    return (
        found
        + _name(closed, "{panel}: {case} is closed without an outcome.")
        + _name(left, "{panel}: {case} has an outcome and is not closed.")
    )


def compositions_altered() -> list[str]:
    """I2: every composition hashes to what was stored, and names a Coalition member with a position."""
    faults = []
    rows = Composition.objects.select_related("item").order_by("pk").iterator(_CHUNK)
    for row in rows:
        name = f"{Panel(pk=row.item.panel_id).ref}: the composition for {row.item.case_ref}"
        if hashlib.sha256(canonical(row.body, "composition")).hexdigest() != row.sha256:
            faults.append(f"{name} is not the one that was hashed.")
        if not any(each["coalition"] and each["stance"] for each in row.body["members"]):
            faults.append(f"{name} names no Coalition representative with a position.")
        if row.body["quorum"]["counted"] < row.body["quorum"]["needed"]:
            faults.append(f"{name} shows fewer members than the quorum.")
    return told(faults)


def positions_of_uncounted() -> list[str]:
    """I3: nobody took a position who was absent, had left the room or was barred."""
    here = Attendance.objects.filter(item=OuterRef("item"), appointment=OuterRef("appointment")).order_by("-pk")
    tested = DisinterestCheck.objects.filter(item=OuterRef("item"), appointment=OuterRef("appointment"))
    gone = Recusal.objects.filter(item=OuterRef("item"), appointment=OuterRef("appointment"))
    fair = (
        Position.objects.annotate(
            here=Subquery(here.values("present")[:1]),
            effect=Subquery(tested.order_by("-pk").values("effect")[:1]),
        )
        .filter(
            ~Exists(gone),
            here=True,
            effect__in=list(MAY_DECIDE),
            appointment__panel=F("item__panel"),
            appointment__state__in=SAT,
        )
        .values("pk")
    )
    rows = Position.objects.exclude(pk__in=fair).select_related("item", "appointment__person").order_by("pk")
    return told(
        [
            f"{Panel(pk=row.item.panel_id).ref}: {row.appointment.person.stream} took a position on "
            f"{row.item.case_ref} and does not count for it."
            for row in rows[: MOST_SENTENCES + 1]
        ]
    )


def accepted_without_declaration() -> list[str]:
    """I1: whoever accepted a seat declared their interests for that panel (D14)."""
    made = Declaration.objects.filter(panel=OuterRef("panel"), person=OuterRef("person"))
    rows = Appointment.objects.filter(state__in=SAT, answered_at__isnull=False).exclude(Exists(made))
    rows = rows.filter(state=AppointmentState.ACCEPTED).select_related("panel", "person")
    return told([f"{row.panel.ref}: {row.person.stream} accepted without a declaration." for row in rows])


def outcomes_not_carried() -> list[str]:
    """I2: every outcome had more positions for it than against."""
    counted = Outcome.objects.annotate(
        concur=Count("item__positions", filter=Q(item__positions__stance="concur")),
        dissent=Count("item__positions", filter=Q(item__positions__stance="dissent")),
    )
    items = Item.objects.filter(pk__in=counted.filter(concur__lte=F("dissent")).values("item"))
    return _name(items, "{panel}: the outcome on {case} was not carried.")


def grants_follow_seats() -> list[str]:
    """I12: every grant on a panel follows from an accepted seat, and every accepted seat has its grants."""
    holds = set(PanelGrant.objects.values_list("user_id", "permission__codename", "content_object_id").iterator(_CHUNK))
    seated = Appointment.objects.filter(state=AppointmentState.ACCEPTED)
    wanted = set()
    for person, panel, kind in seated.values_list("person_id", "panel_id", "seat__kind").iterator(_CHUNK):
        wanted |= {(person, code, panel) for code in (("sit", "chair") if kind == "chair" else ("sit",))}
    return told(
        [
            f"Person {person} holds '{code}' on {Panel(pk=panel).ref} without a seat that gives it."
            for person, code, panel in sorted(holds - wanted)
        ]
        + [
            f"Person {person} holds a seat on {Panel(pk=panel).ref} that gives '{code}', but not the grant."
            for person, code, panel in sorted(wanted - holds)
        ]
    )


# Table, and how its rows come to their panel.
_ROWS = {
    "panels_seat": "t.panel_id",
    "panels_appointment": "t.panel_id",
    "panels_declaration": "t.panel_id",
    "panels_sitting": "t.panel_id",
    "panels_item": "t.panel_id",
    **{
        f"panels_{name}": "(SELECT i.panel_id FROM panels_item i WHERE i.id = t.item_id)"
        for name in ("attendance", "recusal", "position", "composition", "outcome")
    },
    "panels_disinterestcheck": "(SELECT a.panel_id FROM panels_appointment a WHERE a.id = t.appointment_id)",
}


def rows_of_other_streams() -> list[str]:
    """I8: every row of a panel names an event of that panel's own stream."""
    faults = []
    with connection.cursor() as cursor:
        for table, panel in _ROWS.items():
            cursor.execute(
                f"SELECT COUNT(*) FROM {table} t JOIN audit_event e ON e.id = t.event_id "  # noqa: S608  our own names
                f"LEFT JOIN panels_panel p ON p.id = {panel} WHERE p.stream IS NULL OR p.stream <> e.stream"
            )
            if number := cursor.fetchone()[0]:
                faults.append(f"{number} rows of {table} name an event that is not of their panel.")
    return faults


CHECKS: dict[str, Callable[[], list[str]]] = {
    "I1 every plan requires the Coalition seat": plans_without_coalition,
    "I1 every Coalition seat rests on a nomination": coalition_seats_without_nomination,
    "I1 every convened panel has its Coalition representative": convened_without_coalition,
    "I1 every item is taken at a convened sitting": taken_unconvened,
    "I1 every open item has its Coalition representative": open_without_coalition,
    "I1 every accepted seat has its declaration": accepted_without_declaration,
    "I2 every outcome has the Coalition's position": decided_without_coalition,
    "I2 every outcome has every position": unheard_members,
    "I2 every outcome has its composition": outcomes_without_composition,
    "I2 every composition is the one hashed": compositions_altered,
    "I2 every outcome was carried": outcomes_not_carried,
    "I3 every position is of a member who counts": positions_of_uncounted,
    "I8 every row of a panel is of its own stream": rows_of_other_streams,
    "I12 grants follow seats": grants_follow_seats,
}
