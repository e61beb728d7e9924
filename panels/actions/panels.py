"""Proposing, confirming and closing a panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from directory.actions import messages
from directory.queries import today
from directory.rows import NewMessage
from panels import grants
from panels.actions.agenda import agendas_ordered, keep_orders
from panels.actions.refusals import noting
from panels.errors import SeatRefused
from panels.models import LIVE, Appointment, Panel, Seat
from panels.permissions import check_administers
from panels.policies import check_alive, check_confirming, check_plan, seating_faults
from panels.queries import plan_of
from panels.seating import absences_of, accreditations_of, days_of, holders

if TYPE_CHECKING:
    from datetime import date

    from audit.models import Event
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
            accreditation=rule.accreditation,
            appointed_by=rule.appointed_by,
        )
        for number, (rule, place) in enumerate(seats, start=1)
    )
    return panel


def live_of(panel: Panel) -> list[Appointment]:
    """Everybody named for a seat of a panel, members and alternates."""
    rows = panel.appointments.filter(state__in=LIVE)
    return list(rows.select_related("seat", "person", "nomination__body", "appointed_by"))


def faults_by_day(panel: Panel) -> dict[date, list[str]]:
    """Why a panel could not sit, by each day listed for it, or today when none is; six queries at most."""
    live = live_of(panel)
    absences, accreditations = absences_of(live), accreditations_of(each.person_id for each in live)
    plan = plan_of(panel)
    return {on: seating_faults(plan, live, on, absences, accreditations) for on in days_of(panel) or [today()]}


def faults_of(panel: Panel) -> list[str]:
    """Why a panel could not sit on one of those days, each sentence once."""
    return list(dict.fromkeys(sentence for said in faults_by_day(panel).values() for sentence in said))


@noting("confirm_panel")
@transaction.atomic
def confirm_panel(*, panel: Panel, by: Actor) -> Panel:
    """The composition is settled: every required seat accepted and trained for every day listed. Members are told.

    Each agenda is put in the order in which they leave the room least often.

    Raises NotCompetent, naming the seats and the cure, when the panel could not sit on one of its days.
    """
    check_administers(by)
    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    check_alive(panel)
    check_confirming(panel, faults_of(panel))
    live, days = live_of(panel), days_of(panel) or [today()]
    held = holders(live, days[0], absences_of(live), accreditations_of(each.person_id for each in live))
    members = sorted(held.values(), key=lambda each: each.seat.number)
    agendas = agendas_ordered(panel)
    event = record(
        panel,
        "panel.confirmed",
        by=by,
        ruleset=panel.ruleset,
        public={
            "members": [
                {"seat": each.seat.number, "person": each.person.stream, "by": each.appointed_by.code}
                for each in members
            ],
            "agendas": [each.public for each in agendas],
        },
    )
    panel.confirmed_at = clock.now()
    settle(panel)
    keep_orders(event, agendas)
    _tell(event, panel, members, days_of(panel))
    return panel


def _tell(event: Event, panel: Panel, members: list[Appointment], days: list[date]) -> None:
    when = ", ".join(f"{on.day} {on:%B %Y}" for on in days) or "no day yet"
    messages.write_many(
        event=event,
        rows=[
            NewMessage(
                to=each.person,
                kind="panel.confirmed",
                subject=f"{panel.ref} is confirmed",
                text=f"{panel.title} is confirmed with you in the seat of {each.place}. Days listed: {when}.",
                link=f"/panels/{panel.ref}/",
                about=panel.stream,
            )
            for each in members
        ],
    )


@noting("close_panel")
@transaction.atomic
def close_panel(*, panel: Panel, reason: str, by: Actor) -> Panel:
    """The panel's work is done, or given up. Its members keep their place in the record and lose its papers.

    Raises SeatRefused without a reason, and while a sitting is in session.
    """
    check_administers(by)
    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    check_alive(panel)
    if not reason.strip():
        raise SeatRefused(f"Say why {panel.ref} is closed: the reason is part of the record.")
    if sitting := panel.sittings.filter(convened_at__isnull=False, closed_at__isnull=True).first():
        raise SeatRefused(f"{sitting} is in session: close the sitting before the panel.")
    record(panel, "panel.closed", by=by, ruleset=panel.ruleset, private={"free_text": {"reason": reason}})
    panel.closed_at = clock.now()
    settle(panel)
    grants.take_panel(panel)
    return panel
