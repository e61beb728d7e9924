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
from panels.actions.refusals import noting
from panels.errors import SittingRefused
from panels.models import LIVE, Item, ItemState, Panel, Sitting
from panels.permissions import check_administers, check_runs
from panels.policies import check_capacity, check_convening
from panels.policies.seats import check_day_free, seating_faults
from panels.policies.sittings import check_agenda
from panels.queries import accepted, examine, plan_of
from panels.seating import (
    absences_of,
    accreditations_of,
    held_elsewhere,
    hold_still,
    holders,
    load_of,
    rounds_of,
)
from panels.states import SITTING

if TYPE_CHECKING:
    from panels.models import Appointment
    from panels.permissions import Actor


@dataclass(frozen=True)
class Case:
    """What is put before a panel: an organisation, the reference of its case, the year its cycle began (0 unknown)."""

    organisation: Organisation
    ref: str
    cycle: int = 0


@transaction.atomic
def list_sitting(
    *,
    panel: Panel,
    on: date,
    cases: Sequence[Case],
    by: Actor,
    place: str = "",
    round: str = "",  # noqa: A002  the word people use for a group of cases
) -> Sitting:
    """Put a day in the panel's diary with its agenda; members who have seats are tested against every case on it.

    round: the group of cases the sitting is for, by which a nominating body counts how often its people sit.
    Raises SittingRefused for an empty or doubled agenda, a day that is past, or one more than two years ahead, and
    SeatRefused for a member who sits elsewhere that day, or more often in the round than their body offered.
    """
    check_administers(by)
    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    refs = [case.ref for case in cases]
    check_agenda(panel, on, refs, today())
    seated = list(panel.appointments.filter(state__in=LIVE).select_related("seat", "person", "nomination__body"))
    _check_members(panel, on, round, seated)
    event = record(
        panel,
        "sitting.listed",
        by=by,
        ruleset=panel.ruleset,
        public={"on": on.isoformat(), "cases": refs, "organisations": [case.organisation.code for case in cases]},
    )
    settle(panel)
    sitting = Sitting.objects.create(event=event, panel=panel, on=on, place=place, round=round)
    items = Item.objects.bulk_create(
        Item(
            event=event,
            panel=panel,
            sitting=sitting,
            organisation=case.organisation,
            case_ref=case.ref,
            cycle=case.cycle,
            number=number,
        )
        for number, case in enumerate(cases, start=1)
    )
    examine(event, panel, seated, items, moment="listed")
    return sitting


def _check_members(panel: Panel, on: date, label: str, seated: Sequence[Appointment]) -> None:
    """Raise SeatRefused when a day more is one too many for somebody who holds a seat; alternates are not counted."""
    holding = [each for each in seated if each.rank == 0]
    hold_still(each.person_id for each in holding)
    elsewhere = held_elsewhere(panel, [each.person_id for each in holding])
    check_day_free(panel, [each.person for each in holding], [on], elsewhere)
    asked = rounds_of(panel)
    asked[label] = asked.get(label, 0) + 1
    for each in holding:
        if each.nomination and each.nomination.capacity is not None:
            check_capacity(each.nomination, asked, load_of(each.nomination, without=panel))


@noting("convene")
@transaction.atomic
def convene(*, sitting: Sitting, by: Actor) -> Sitting:
    """The panel sits, on its day or later; everybody is tested again.

    Raises NotCompetent while a required seat, the Coalition's first of all, has no accepted holder who is trained and
    not away that day (I1), and SittingRefused before the panel is confirmed and before the day.
    """
    panel, sitting = _lock(sitting)
    check_runs(by, panel)
    live = list(panel.appointments.filter(state__in=LIVE).select_related("seat", "person", "nomination__body"))
    absences, trainings = absences_of(live), accreditations_of(each.person_id for each in live)
    faults = seating_faults(plan_of(panel), live, sitting.on, absences, trainings)
    check_convening(sitting, faults, today())
    held = holders(live, sitting.on, absences, trainings)
    event = record(
        panel,
        "sitting.convened",
        by=by,
        ruleset=panel.ruleset,
        public={"on": sitting.on.isoformat(), "members": [each.person.stream for each in held.values()]},
    )
    settle(panel)
    sitting.event, sitting.convened_at = event, clock.now()
    sitting.save()
    agenda = sitting.items.exclude(state=ItemState.CLOSED).select_related("organisation", "sitting")
    examine(event, panel, accepted(panel), list(agenda), moment="convened")
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
