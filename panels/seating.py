"""Who holds each seat on a day: the first in rank who has accepted, is trained for it, active and not away.

Plain functions over rows already read, and the two reads that feed them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q

from directory.models import Person
from panels.models import LIVE, Absence, Accreditation, Appointment, AppointmentState, Attendance, Sitting

if TYPE_CHECKING:
    from panels.models import Item, Nomination, Panel


def absences_of(appointments: Iterable[Appointment]) -> list[Absence]:
    """Every absence noted for these appointments; one query."""
    return list(Absence.objects.filter(appointment__in=[each.pk for each in appointments]))


def accreditations_of(people: Iterable[int]) -> list[Accreditation]:
    """Every training on record of these people, by their keys; one query."""
    return list(Accreditation.objects.filter(person__in=list(people)))


def is_away(appointment: Appointment, absences: Iterable[Absence], on: date) -> bool:
    """Whether the member has said they cannot come on a day."""
    return any(each.appointment_id == appointment.pk and each.covers(on) for each in absences)


def is_accredited(appointment: Appointment, accreditations: Iterable[Accreditation], on: date) -> bool:
    """Whether the member has, on a day, the training their seat asks for; a seat that asks for none takes anybody."""
    kind = appointment.seat.accreditation
    return not kind or any(
        each.person_id == appointment.person_id and each.kind == kind and each.covers(on) for each in accreditations
    )


def ready(
    appointment: Appointment, on: date, absences: Iterable[Absence], accreditations: Iterable[Accreditation]
) -> bool:
    """Whether this member or alternate could sit on a day."""
    return (
        appointment.state == AppointmentState.ACCEPTED
        and appointment.person.is_active
        and (appointment.nomination is None or appointment.nomination.covers(on))
        and is_accredited(appointment, accreditations, on)
        and not is_away(appointment, absences, on)
    )


def in_rank(appointments: Iterable[Appointment]) -> dict[int, list[Appointment]]:
    """The appointments of each seat, by its key, first in rank first."""
    found: dict[int, list[Appointment]] = {}
    for each in sorted(appointments, key=lambda row: (row.seat.number, row.rank, row.pk)):
        found.setdefault(each.seat_id, []).append(each)
    return found


def holders(
    appointments: Iterable[Appointment],
    on: date,
    absences: Sequence[Absence],
    accreditations: Sequence[Accreditation],
    *,
    out: Collection[int] = (),
) -> dict[int, Appointment]:
    """Who holds each seat on a day, by the seat's key; a seat nobody can hold is left out.

    out: keys of appointments that may not hold a seat for the case in question: barred from it, or gone from the room.
    """
    return first_in_rank(appointments, lambda each: each.pk not in out and ready(each, on, absences, accreditations))


def first_in_rank(appointments: Iterable[Appointment], fit: Callable[[Appointment], bool]) -> dict[int, Appointment]:
    """The first fit appointment of each seat."""
    ranked = in_rank(appointments)
    return {seat: held for seat, rows in ranked.items() if (held := next(filter(fit, rows), None)) is not None}


def holders_on(panel: Panel, on: date, *, out: Collection[int] = ()) -> dict[int, Appointment]:
    """The holders of a panel's seats on a day; three queries."""
    rows = panel.appointments.filter(state=AppointmentState.ACCEPTED)
    found = list(rows.select_related("seat", "person", "nomination__body", "appointed_by"))
    return holders(found, on, absences_of(found), accreditations_of(each.person_id for each in found), out=out)


def lacking(
    held: Mapping[int, Sequence[Appointment]],
    seat: int,
    on: date,
    absences: Sequence[Absence],
    accreditations: Sequence[Accreditation],
) -> list[str]:
    """Why nobody can hold a seat on a day, one sentence for each of those named for it."""
    return [_why_not(each, on, absences, accreditations) for each in held.get(seat, ())]


def _why_not(each: Appointment, on: date, absences: Sequence[Absence], accreditations: Sequence[Accreditation]) -> str:
    day = f"{on.day} {on:%B %Y}"
    if not each.person.is_active:
        return f"{each.person} is no longer active: stand them down."
    if each.state != AppointmentState.ACCEPTED:
        return {
            AppointmentState.PROPOSED: f"{each.person} is proposed: invite them.",
            AppointmentState.INVITED: f"{each.person} is invited and has not answered.",
        }.get(AppointmentState(each.state), f"{each.person} has left the seat.")
    if each.nomination and not each.nomination.covers(on):
        return f"{each.person} is not nominated on {day}: ask {each.nomination.body} to nominate them, or another."
    if not is_accredited(each, accreditations, on):
        kind = each.seat.accreditation.replace("_", " ")
        return f"{each.person} has no {kind} on record for {day}: record it."
    if is_away(each, absences, on):
        return f"{each.person} is away on {day}: name an alternate."
    return f"{each.person} can sit."


def held_elsewhere(panel: Panel, people: Iterable[int]) -> list[Appointment]:
    """What these people hold on other panels, as members, once for each day (`sits_on`); one query.

    A sitting that is over counts for its day, and so does one of a panel closed since when it was held.
    """
    rows = Appointment.objects.filter(person__in=list(people), state__in=LIVE, rank=0)
    kept = Q(panel__closed_at__isnull=True) | Q(panel__sittings__convened_at__isnull=False)
    rows = rows.filter(kept, panel__sittings__isnull=False)
    return list(
        rows.exclude(panel=panel)
        .select_related("panel")
        .annotate(sits_on=F("panel__sittings__on"))
        .order_by("sits_on", "pk")
    )


def hold_still(people: Iterable[int]) -> None:
    """Lock these people until the transaction ends, after the panel: two panels may want one person for one day."""
    list(Person.objects.select_for_update().filter(pk__in=set(people)).order_by("pk").values_list("pk", flat=True))


def in_another_room(each: Appointment, item: Item) -> Attendance | None:
    """Where else this member was in the room on the day of an item; None when nowhere."""
    elsewhere = Attendance.objects.filter(
        appointment__person=each.person_id, present=True, item__sitting__on=item.sitting.on
    )
    return elsewhere.exclude(item__sitting=item.sitting_id).select_related("item__panel").first()


def days_of(panel: Panel) -> list[date]:
    """The days on which a panel is still to sit, or sits now."""
    return list(panel.sittings.filter(closed_at__isnull=True).order_by("on").values_list("on", flat=True))


def rounds_of(panel: Panel) -> dict[str, int]:
    """How many sittings of a panel fall in each round of cases."""
    rows = panel.sittings.exclude(round="").order_by().values_list("round").annotate(number=Count("pk"))
    return dict(rows.values_list("round", "number"))


def load_of(nomination: Nomination, *, without: Panel) -> dict[str, int]:
    """How many sittings of other panels a nominee sits at as a member on their nomination, by round."""
    held = Appointment.objects.filter(nomination=nomination, state__in=LIVE, rank=0).exclude(panel=without)
    rows = Sitting.objects.filter(panel__in=held.values("panel")).exclude(round="")
    return dict(rows.order_by().values("round").annotate(number=Count("pk")).values_list("round", "number"))
