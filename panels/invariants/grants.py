"""Grants, streams and rulings, recomputed (I3, I8, I12)."""

from __future__ import annotations

from django.db import connection
from django.db.models import Exists, OuterRef

from panels.grants import of_seat
from panels.invariants.common import CHUNK, told
from panels.models import Appointment, AppointmentState, Panel, PanelGrant, Ruling, Verdict

NEVER_LIFTED = ("D1", "D9", "D13", "D14")


def grants_follow_seats() -> list[str]:
    """I12: every grant on a panel follows from an accepted seat, and every accepted seat has its grants."""
    holds = set(PanelGrant.objects.values_list("user_id", "permission__codename", "content_object_id").iterator(CHUNK))
    seated = Appointment.objects.filter(state=AppointmentState.ACCEPTED, panel__closed_at__isnull=True)
    wanted = set()
    for person, panel, kind in seated.values_list("person_id", "panel_id", "seat__kind").iterator(CHUNK):
        wanted |= {(person, code, panel) for code in of_seat(kind)}
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


def rulings_out_of_order() -> list[str]:
    """I3: nobody lifted a test that is never lifted, or ruled on a panel they sit on."""
    sits = Appointment.objects.filter(
        panel=OuterRef("panel"), person=OuterRef("ruled_by"), state=AppointmentState.ACCEPTED
    )
    lifted = Ruling.objects.filter(verdict=Verdict.DISMISSED, rule__in=NEVER_LIFTED)
    own = Ruling.objects.filter(Exists(sits))
    return told(
        [f"{Panel(pk=row.panel_id).ref}: a ruling lifts {row.rule}, which nobody may." for row in lifted]
        + [f"{Panel(pk=row.panel_id).ref}: a member of the panel ruled on its interests." for row in own]
    )


# Table, and how its rows come to their panel.
_ROWS = {
    "panels_seat": "t.panel_id",
    "panels_appointment": "t.panel_id",
    "panels_declaration": "t.panel_id",
    "panels_sitting": "t.panel_id",
    "panels_item": "t.panel_id",
    "panels_objection": "t.panel_id",
    "panels_ruling": "t.panel_id",
    "panels_refusal": "t.panel_id",
    **{
        f"panels_{name}": "(SELECT i.panel_id FROM panels_item i WHERE i.id = t.item_id)"
        for name in ("attendance", "recusal", "position", "composition", "outcome")
    },
    **{
        f"panels_{name}": "(SELECT g.panel_id FROM panels_sitting g WHERE g.id = t.sitting_id)"
        for name in ("agendaorder", "minutenote")
    },
    "panels_absence": "(SELECT a.panel_id FROM panels_appointment a WHERE a.id = t.appointment_id)",
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
