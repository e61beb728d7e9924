"""Guardian rows of panels: written when a seat is accepted, removed when it is left."""

from __future__ import annotations

from django.contrib.auth.models import Permission

from panels.models import Appointment, Panel, PanelGrant

CHAIR = "chair"


def of_seat(kind: str) -> list[str]:
    """What an accepted seat of this type allows."""
    return ["sit", CHAIR] if kind == CHAIR else ["sit"]


def give_seat(appointment: Appointment) -> None:
    """Write the grants an accepted seat justifies."""
    permissions = Permission.objects.filter(
        content_type__app_label="panels", codename__in=of_seat(appointment.seat.kind), content_type__model="panel"
    )
    PanelGrant.objects.bulk_create(
        PanelGrant(user_id=appointment.person_id, permission=permission, content_object_id=appointment.panel_id)
        for permission in permissions
    )


def take_seat(appointment: Appointment) -> None:
    """Remove every grant the person had on the panel."""
    PanelGrant.objects.filter(user_id=appointment.person_id, content_object_id=appointment.panel_id).delete()


def take_panel(panel: Panel) -> None:
    """Remove every grant on a panel that is closed: its papers are closed to its members as well."""
    PanelGrant.objects.filter(content_object=panel).delete()
