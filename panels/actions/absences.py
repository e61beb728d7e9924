"""Days on which a member cannot come: their seat falls to its next alternate, never around a rule."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from audit import clock
from audit.actions import record, settle
from directory.actions import messages
from directory.queries import today
from directory.rows import NewMessage
from panels.actions.panels import live_of
from panels.actions.refusals import noting
from panels.models import Absence, Appointment, Panel
from panels.permissions import check_administers
from panels.policies import (
    check_absence,
    check_absence_end,
    check_absence_withdrawal,
    check_alive,
    check_not_in_room,
)
from panels.seating import absences_of, accreditations_of, days_of, holders

if TYPE_CHECKING:
    from audit.models import Event
    from panels.permissions import Actor


@noting("note_absence")
@transaction.atomic
def note_absence(*, appointment: Appointment, starts: date, ends: date, reason: str = "", by: Actor) -> Absence:
    """A member cannot come from `starts` to `ends`, the last day. The alternates who then hold the seat are told.

    By the member or the secretariat. Raises SeatRefused for days that are past, reversed or noted already.
    """
    if by == "system" or by.pk != appointment.person_id:
        check_administers(by)
    panel = Panel.objects.select_for_update().get(pk=appointment.panel_id)
    check_alive(panel)
    appointment = Appointment.objects.select_related("seat", "person", "appointed_by").get(pk=appointment.pk)
    check_absence(appointment, starts, ends, appointment.absences.all(), today(), reason)
    if starts <= today():
        check_not_in_room(appointment)
    event = record(
        panel,
        "absence.noted",
        by=by,
        ruleset=panel.ruleset,
        public=_public(appointment, starts, ends),
        private={"free_text": {"reason": reason}} if reason else None,
    )
    settle(panel)
    row = Absence.objects.create(
        event=event, appointment=appointment, starts=starts, ends=ends, reason=reason, noted_at=clock.now()
    )
    _tell_alternates(event, panel, row)
    return row


def _public(appointment: Appointment, starts: date, ends: date) -> dict[str, str | int]:
    return {
        "number": appointment.seat.number,
        "rank": appointment.rank,
        "person": appointment.person.stream,
        "starts": starts.isoformat(),
        "ends": ends.isoformat(),
    }


def _tell_alternates(event: Event, panel: Panel, row: Absence) -> None:
    """Whoever holds the seat on a listed day because of this absence learns of it; one message each."""
    live = [each for each in live_of(panel) if each.seat_id == row.appointment.seat_id]
    absences, accreditations = absences_of(live), accreditations_of(each.person_id for each in live)
    before = [each for each in absences if each.pk != row.pk]
    days: dict[int, list[date]] = {}
    for on in filter(row.covers, days_of(panel)):
        heir = holders(live, on, absences, accreditations).get(row.appointment.seat_id)
        held = holders(live, on, before, accreditations).get(row.appointment.seat_id)
        if heir is not None and heir != held:
            days.setdefault(heir.pk, []).append(on)
    named = {each.pk: each for each in live}
    messages.write_many(
        event=event,
        rows=[
            NewMessage(
                to=named[pk].person,
                kind="panel.alternate",
                subject=f"You sit on {panel.ref} as alternate",
                text=(
                    f"{row.appointment.person} cannot come. The seat of {row.appointment.seat.title} on {panel.title} "
                    f"falls to you on {', '.join(f'{on.day} {on:%B %Y}' for on in when)}."
                ),
                link=f"/panels/{panel.ref}/",
                about=panel.stream,
            )
            for pk, when in days.items()
        ],
    )


@noting("end_absence")
@transaction.atomic
def end_absence(*, absence: Absence, ends: date | None = None, by: Actor) -> Absence:
    """A member can come again; `ends` is the new last day of the absence, yesterday unless another is given.

    Without `ends`, an absence that has not begun is withdrawn for good. Raises SeatRefused for a day that does not
    shorten it, or before it starts, and for one withdrawn already.
    """
    if by == "system" or by.pk != absence.appointment.person_id:
        check_administers(by)
    panel = Panel.objects.select_for_update().get(pk=absence.appointment.panel_id)
    row = Absence.objects.select_related("appointment__seat", "appointment__person").get(pk=absence.pk)
    if ends is None and row.starts > today():
        return _withdraw(row, panel, by)
    last = ends or today() - timedelta(days=1)
    check_absence_end(row, last, today())
    event = record(
        panel, "absence.ended", by=by, ruleset=panel.ruleset, public=_public(row.appointment, row.starts, last)
    )
    settle(panel)
    row.event, row.ends = event, last
    row.save(update_fields=["event", "ends"])
    return row


def _withdraw(row: Absence, panel: Panel, by: Actor) -> Absence:
    """An absence that has not begun never will; the member holds the seat on its days as before."""
    check_absence_withdrawal(row)
    event = record(
        panel, "absence.withdrawn", by=by, ruleset=panel.ruleset, public=_public(row.appointment, row.starts, row.ends)
    )
    settle(panel)
    row.event, row.withdrawn_at = event, clock.now()
    row.save(update_fields=["event", "withdrawn_at"])
    return row
