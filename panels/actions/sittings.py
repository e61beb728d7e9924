"""Sittings: list a day and its agenda, convene, close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from directory.models import Organisation
from directory.queries import today
from panels.errors import SittingRefused
from panels.models import LIVE, Item, ItemState, Panel, Sitting
from panels.permissions import check_administers, check_runs
from panels.policies import check_convening, check_listing
from panels.queries import accepted, examine, plan_of
from panels.states import SITTING

if TYPE_CHECKING:
    from panels.permissions import Actor


@dataclass(frozen=True)
class Case:
    """What is put before a panel: an organisation and the reference of its case."""

    organisation: Organisation
    ref: str


@transaction.atomic
def list_sitting(*, panel: Panel, on: date, cases: Sequence[Case], by: Actor, place: str = "") -> Sitting:
    """Put a day in the panel's diary with its agenda; members who have seats are tested against every case on it.

    Raises SittingRefused for an empty or doubled agenda, a day that is past, or one more than two years ahead.
    """
    check_administers(by)
    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    if not cases:
        raise SittingRefused(f"A sitting of {panel.ref} needs at least one case on its agenda.")
    refs = [case.ref for case in cases]
    if doubled := sorted({ref for ref in refs if refs.count(ref) > 1}):
        raise SittingRefused(f"{', '.join(doubled)} is on the agenda twice: list each case once.")
    if panel.sittings.filter(on=on).exists():
        raise SittingRefused(f"{panel.ref} already sits on {on:%-d %B %Y}: add the cases to that sitting.")
    check_listing(panel, on, today())
    event = record(panel, "sitting.listed", by=by, ruleset=panel.ruleset, public={"on": on.isoformat(), "cases": refs})
    settle(panel)
    sitting = Sitting.objects.create(event=event, panel=panel, on=on, place=place)
    items = Item.objects.bulk_create(
        Item(
            event=event, panel=panel, sitting=sitting, organisation=case.organisation, case_ref=case.ref, number=number
        )
        for number, case in enumerate(cases, start=1)
    )
    seated = panel.appointments.filter(state__in=LIVE).select_related("seat", "person")
    examine(event, panel, list(seated), items, moment="listed")
    return sitting


@transaction.atomic
def convene(*, sitting: Sitting, by: Actor) -> Sitting:
    """The panel sits, on its day or later.

    Raises NotCompetent while a required seat, the Coalition's first of all, is not accepted (I1), and SittingRefused
    before the day.
    """
    panel, sitting = _lock(sitting)
    check_runs(by, panel)
    appointments = accepted(panel)
    check_convening(sitting, plan_of(panel), appointments, today())
    event = record(
        panel,
        "sitting.convened",
        by=by,
        ruleset=panel.ruleset,
        public={"on": sitting.on.isoformat(), "members": [each.person.stream for each in appointments]},
    )
    settle(panel)
    sitting.event, sitting.convened_at = event, clock.now()
    sitting.save()
    return sitting


def _lock(sitting: Sitting) -> tuple[Panel, Sitting]:
    panel = Panel.objects.select_for_update().get(pk=sitting.panel_id)
    fresh = Sitting.objects.get(pk=sitting.pk)
    fresh.panel = panel
    return panel, fresh


@transaction.atomic
def close_sitting(*, sitting: Sitting, by: Actor) -> Sitting:
    """The day is over; what was not decided is listed again. Raises SittingRefused while an item is open."""
    panel, sitting = _lock(sitting)
    check_runs(by, panel)
    if sitting.state not in SITTING.open_to("close_sitting"):
        raise SittingRefused(f"{sitting} is not in session.")
    if item := sitting.items.filter(state=ItemState.OPEN).first():
        raise SittingRefused(f"{item.case_ref} is still open: decide it, or note who left, before closing.")
    event = record(panel, "sitting.closed", by=by, ruleset=panel.ruleset, public={"on": sitting.on.isoformat()})
    settle(panel)
    sitting.event, sitting.closed_at = event, clock.now()
    sitting.save()
    return sitting
