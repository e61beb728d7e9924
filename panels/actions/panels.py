"""Proposing a panel, and nominating for its Coalition seat."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from directory.models import Organisation, OrganisationKind, Person
from directory.queries import today
from panels.errors import SeatRefused
from panels.models import Appointment, Nomination, Panel, Seat
from panels.permissions import check_administers, check_nominates
from panels.policies import check_nomination_day, check_plan
from panels.queries import last_day_sat

if TYPE_CHECKING:
    from panels.permissions import Actor
    from panels.rules import SeatPlan


@transaction.atomic
def propose_panel(*, plan: SeatPlan, title: str, ruleset: str, by: Actor) -> Panel:
    """A new panel with the seats of its plan, all empty.

    Raises PlanRefused when the plan has no required Coalition seat: such a panel cannot exist (I1).
    """
    check_administers(by)
    check_plan(plan)
    panel = Panel(kind=plan.kind, title=title, ruleset=ruleset, plan=plan.as_json(), created_at=clock.now())
    event = record(panel, "panel.proposed", by=by, ruleset=ruleset, public={"kind": plan.kind, "title": title})
    settle(panel)
    seats = [(rule, place) for rule in plan.seats for place in range(rule.maximum)]
    Seat.objects.bulk_create(
        Seat(
            event=event,
            panel=panel,
            kind=rule.type,
            title=rule.title,
            number=number,
            required=rule.required_to_sit and place < rule.minimum,
        )
        for number, (rule, place) in enumerate(seats, start=1)
    )
    return panel


@transaction.atomic
def nominate(*, body: Organisation, person: Person, starts: date, ends: date | None = None, by: Actor) -> Nomination:
    """A Coalition body offers a person for the Coalition seat.

    Raises SeatRefused for any other kind of body, and for a day more than ten years ahead.
    """
    check_nominates(by, body)
    if body.kind != OrganisationKind.COALITION_BODY:
        raise SeatRefused(f"{body.name} is not a Coalition body: only a Coalition body may nominate.")
    person = Person.objects.select_for_update().get(pk=person.pk)
    if not person.is_active:
        raise SeatRefused(f"{person} is no longer active and cannot be nominated.")
    if ends and ends < starts:
        raise SeatRefused(f"The nomination would end on {ends:%-d %B %Y}, before it starts: correct the dates.")
    check_nomination_day(ends or starts, today())
    if Nomination.objects.filter(body=body, person=person, ends__isnull=True).exists():
        raise SeatRefused(f"{person} is already nominated by {body.name}.")
    event = record(person, "person.nominated", by=by, public={"body": body.code, "starts": starts.isoformat()})
    settle(person)
    return Nomination.objects.create(event=event, body=body, person=person, starts=starts, ends=ends)


@transaction.atomic
def end_nomination(*, nomination: Nomination, ends: date, by: Actor) -> Nomination:
    """A Coalition body takes its nomination back; `ends` is the last day it stands. What was judged stays judged.

    Raises SeatRefused for a day before the last sitting that took a case on it, or more than ten years ahead.
    """
    nomination = Nomination.objects.select_related("body").get(pk=nomination.pk)
    check_nominates(by, nomination.body)
    # The panels first, as in every act on a seat, so that no item opens on the nomination meanwhile.
    seated = Appointment.objects.filter(nomination=nomination)
    list(Panel.objects.select_for_update().filter(pk__in=seated.values("panel")).order_by("pk"))
    person = Person.objects.select_for_update().get(pk=nomination.person_id)
    nomination = Nomination.objects.select_related("body").get(pk=nomination.pk)
    if nomination.ends is not None:
        raise SeatRefused(f"The nomination of {person} ends on {nomination.ends:%-d %B %Y} already.")
    if ends < nomination.starts:
        raise SeatRefused(f"The nomination starts on {nomination.starts:%-d %B %Y}: it cannot end before.")
    check_nomination_day(ends, today())
    if (last := last_day_sat(nomination)) and ends < last:
        raise SeatRefused(f"{person} sat on {last:%-d %B %Y} on this nomination: it cannot end before that day.")
    event = record(
        person, "person.nomination_ended", by=by, public={"body": nomination.body.code, "ends": ends.isoformat()}
    )
    settle(person)
    nomination.event, nomination.ends = event, ends
    nomination.save(update_fields=["event", "ends"])
    return nomination
