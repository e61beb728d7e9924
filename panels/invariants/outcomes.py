"""Outcomes, positions and compositions, recomputed (I2, I3, I4)."""

from __future__ import annotations

import hashlib

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery

from audit.canonical import canonical
from panels.invariants.common import (
    CHUNK,
    MOST_SENTENCES,
    SAT,
    coalition_of,
    counted,
    latest_positions,
    name_cases,
    told,
)
from panels.models import (
    Attendance,
    Composition,
    DisinterestCheck,
    Item,
    ItemState,
    Outcome,
    Panel,
    PanelKind,
    Position,
    Recusal,
)
from panels.rules import COALITION_SEAT, MAY_DECIDE

TIERS = (PanelKind.SITE_VISIT, PanelKind.MODERATION, PanelKind.CONDITIONS, PanelKind.DECISION)


def decided_without_coalition() -> list[str]:
    """I2: every outcome has the position of a Coalition representative who counted for the item."""
    said = Position.objects.filter(item=OuterRef(OuterRef("pk")), appointment=OuterRef("pk"))
    heard = coalition_of("pk").filter(Exists(said))
    items = Item.objects.filter(Exists(Outcome.objects.filter(item=OuterRef("pk")))).exclude(Exists(heard))
    return name_cases(items, "{panel}: {case} has an outcome without the position of a Coalition representative.")


def unheard_members() -> list[str]:
    """I2: everybody who counted for a decided item has taken a position on it."""
    said = Position.objects.filter(item=OuterRef(OuterRef("pk")), appointment=OuterRef("pk"))
    silent = counted("pk").exclude(Exists(said))
    items = Item.objects.filter(Exists(Outcome.objects.filter(item=OuterRef("pk")))).filter(Exists(silent))
    return name_cases(items, "{panel}: {case} has an outcome and a member who counted took no position.")


def outcomes_without_composition() -> list[str]:
    """I2: outcome, composition and the closed item belong together."""
    apart = Outcome.objects.exclude(composition__item=F("item")).values("item")
    found = name_cases(
        Item.objects.filter(pk__in=apart), "{panel}: the outcome on {case} rests on another composition."
    )
    has = Exists(Outcome.objects.filter(item=OuterRef("pk")))
    closed = Item.objects.filter(state=ItemState.CLOSED).exclude(has)
    left = Item.objects.filter(has).exclude(state=ItemState.CLOSED)
    return (
        found
        + name_cases(closed, "{panel}: {case} is closed without an outcome.")
        + name_cases(left, "{panel}: {case} has an outcome and is not closed.")
    )


def compositions_altered() -> list[str]:
    """I2: every composition hashes to what was stored, and names a Coalition member with a position."""
    faults = []
    rows = Composition.objects.select_related("item").order_by("pk").iterator(CHUNK)
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
    """I3: nobody took a position who was absent, had left the room or was barred by then; they may leave afterwards."""
    by_then = {"item": OuterRef("item"), "appointment": OuterRef("appointment"), "event__lt": OuterRef("event")}
    here = Attendance.objects.filter(**by_then).order_by("-pk")
    tested = DisinterestCheck.objects.filter(**by_then)
    gone = Recusal.objects.filter(**by_then)
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


def outcomes_not_carried() -> list[str]:
    """I2: every outcome had more positions for it than against."""
    who = {"item": OuterRef("item"), "appointment": OuterRef("appointment")}
    here = Attendance.objects.filter(**who).order_by("-pk")
    stayed = latest_positions().annotate(here=Subquery(here.values("present")[:1])).filter(here=True)
    stayed = stayed.filter(~Exists(Recusal.objects.filter(**who)))
    said = stayed.filter(item=OuterRef("item")).order_by().values("item")
    counted_as = {
        stance: Subquery(said.filter(stance=stance).annotate(number=Count("pk")).values("number"))
        for stance in ("concur", "dissent")
    }
    counts = Outcome.objects.annotate(**counted_as).filter(
        Q(concur__isnull=True) | Q(concur__lte=F("dissent")),
    )
    items = Item.objects.filter(pk__in=counts.values("item"))
    return name_cases(items, "{panel}: the outcome on {case} was not carried.")


def coalition_spoken_for() -> list[str]:
    """I2: the Coalition's position on a decided item was entered by the member themself.

    Positions of before the record said who entered them name nobody.
    """
    others = latest_positions().filter(
        appointment__seat__kind=COALITION_SEAT, entered_by__isnull=False, item__outcome__isnull=False
    )
    rows = others.exclude(entered_by=F("appointment__person")).values("item")
    return name_cases(
        Item.objects.filter(pk__in=rows), "{panel}: somebody else entered the Coalition's position on {case}."
    )


def seats_held_twice() -> list[str]:
    """I3: no seat had two people in the room for one item."""
    here = Attendance.objects.filter(item=OuterRef("item"), appointment=OuterRef("appointment")).order_by("-pk")
    gone = Recusal.objects.filter(item=OuterRef("item"), appointment=OuterRef("appointment"))
    present = Attendance.objects.filter(~Exists(gone), pk=Subquery(here.values("pk")[:1]), present=True)
    twice = (
        present.order_by()
        .values("item", "appointment__seat")
        .annotate(number=Count("appointment", distinct=True))
        .filter(number__gt=1)
        .values("item")
    )
    return name_cases(Item.objects.filter(pk__in=twice), "{panel}: two people held one seat for {case}.")


def positions_at_two_tiers() -> list[str]:
    """I4: nobody took a position on one case before panels of two kinds that come after one another."""
    tiers = Position.objects.filter(item__panel__kind__in=TIERS).order_by()
    judged = tiers.values("appointment__person__stream", "item__case_ref")
    twice = judged.annotate(kinds=Count("item__panel__kind", distinct=True)).filter(kinds__gt=1)
    return told(
        [
            f"{row['appointment__person__stream']} took positions on {row['item__case_ref']} at two tiers."
            for row in twice.iterator(CHUNK)
        ]
    )
