"""Who reads what, recomputed from the facts by another way than the guard's (I3, I10), and grants on panels (I12).

The guard asks one statement of SQL; here every seat, its latest tests and its recusals are read row by row and judged
in Python. What an office of the Board or the applicant reads is no matter of seats: `directory.invariants` recomputes
those grants.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from guardian.models import GroupObjectPermission, UserObjectPermission

from authorisation.invariants.asking import CHUNK, told
from authorisation.models import Application
from authorisation.reasons import open_seats
from directory.models import Person
from directory.queries import today
from panels.models import Appointment, AppointmentState, DisinterestCheck, Item, Panel, PanelGrant, Recusal
from panels.rules import Effect


@dataclass(frozen=True)
class _Seat:
    """An accepted seat: whose, on which panel, and whether it stands today."""

    person: int
    panel: int
    standing: bool


def barred_readers() -> list[str]:
    """I3, I10: what seats open is what tests and recusals leave open: no barred member reads, no clear one is shut out.

    Read in both directions, for every accepted seat and every case before its panel.
    """
    opened = set(open_seats().order_by().values_list("person_id", "panel_id", "case_ref").iterator(CHUNK))
    wanted, why = _wanted()
    names = dict(Person.objects.filter(pk__in={each[0] for each in opened ^ wanted}).values_list("pk", "stream"))
    return told(
        [
            f"{names[person]} reads {ref} by {Panel(pk=panel).ref}, {why.get((person, panel, ref), 'without a seat')}."
            for person, panel, ref in sorted(opened - wanted)
        ]
        + [
            f"{names[person]} is clear of every test on {Panel(pk=panel).ref} and does not read {ref}."
            for person, panel, ref in sorted(wanted - opened)
        ]
    )


_Reading = tuple[int, int, str]


def _wanted() -> tuple[set[_Reading], Mapping[_Reading, str]]:
    """Who should read which case by which panel; and why the others of its members should not."""
    seats, latest, left = _seats(), _latest_effects(), _last_left()
    granted = set(
        PanelGrant.objects.filter(permission__codename="sit").values_list("user_id", "content_object_id").iterator()
    )
    before: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for key, panel, ref in Item.objects.values_list("pk", "panel_id", "case_ref").iterator(CHUNK):
        before[panel].append((key, ref))
    wanted: set[_Reading] = set()
    why: dict[_Reading, str] = {}
    for appointment, seat in seats.items():
        for item, ref in before[seat.panel]:
            reading = (seat.person, seat.panel, ref)
            effect = latest.get((appointment, item))
            if effect is None:
                why[reading] = "never tested against it"
            elif effect == Effect.BARRED:
                why[reading] = "barred from it"
            elif left.get((seat.person, ref), 0) >= item:
                why[reading] = "having left the room for it"
            elif not seat.standing:
                why[reading] = "on a panel that is closed or a nomination that does not stand"
            elif (seat.person, seat.panel) not in granted:
                why[reading] = "without a grant"
            else:
                wanted.add(reading)
    return wanted, why


def _seats() -> dict[int, _Seat]:
    """Every accepted seat by its key."""
    accepted: QuerySet[Any] = Appointment.objects.filter(state=AppointmentState.ACCEPTED)
    rows = accepted.values_list(
        "pk", "person_id", "panel_id", "panel__closed_at", "nomination_id", "nomination__starts", "nomination__ends"
    )
    day = today()
    return {
        pk: _Seat(person, panel, closed is None and (nomination is None or _stands(starts, ends, day)))
        for pk, person, panel, closed, nomination, starts, ends in rows.iterator(CHUNK)
    }


def _stands(starts: date, ends: date | None, on: date) -> bool:
    """Whether a nomination stands on a day; `ends` is its last."""
    return starts <= on and (ends is None or on <= ends)


def _latest_effects() -> dict[tuple[int, int], str]:
    """What the tests said last of each accepted seat and item."""
    rows = DisinterestCheck.objects.filter(item__isnull=False, appointment__state=AppointmentState.ACCEPTED)
    columns = rows.order_by("pk").values_list("appointment_id", "item_id", "effect")
    return {(appointment, item): effect for appointment, item, effect in columns.iterator(CHUNK) if item}


def _last_left() -> dict[tuple[int, str], int]:
    """The last item for which each person left the room, by person and case."""
    rows = Recusal.objects.order_by("item_id").values_list("appointment__person_id", "item__case_ref", "item_id")
    return {(person, ref): item for person, ref, item in rows.iterator(CHUNK)}


def cases_of_others() -> list[str]:
    """I10: every case before a panel exists, under its own organisation: a seat opens no other by a stray reference."""
    organisations = dict(Application.objects.values_list("ref", "ccg_id"))
    rows = Item.objects.exclude(panel__kind="appraisal").order_by("pk")
    return told(
        [
            f"{Panel(pk=panel).ref}: {ref} stands on the agenda under another organisation than its own."
            for panel, ref, organisation in rows.values_list("panel_id", "case_ref", "organisation_id").iterator(CHUNK)
            if organisations.get(ref, organisation) != organisation
        ]
    )


def panel_grants_by_another_way() -> list[str]:
    """I12: permissions on panels are given in no other way than by the actions on seats."""
    ours = Permission.objects.filter(
        content_type__app_label="panels", content_type__model="panel", codename__in=PanelGrant.ALLOWED
    )
    ways = {
        "model-wide to a person": Person.user_permissions.through.objects,
        "model-wide to a group": Permission.group_set.through.objects,
        "to a person in guardian's own table": UserObjectPermission.objects,
        "to a group in guardian's own table": GroupObjectPermission.objects,
    }
    counts = {way: manager.filter(permission__in=ours).count() for way, manager in ways.items()}
    return [f"Permissions on panels are given {way} ({count})." for way, count in counts.items() if count]


CHECKS: dict[str, Callable[[], list[str]]] = {
    "I3 nobody barred reads": barred_readers,
    "I10 every case before a panel is its own organisation's": cases_of_others,
    "I12 grants on panels are given in no other way": panel_grants_by_another_way,
}
