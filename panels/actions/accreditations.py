"""Training people have had, which a seat may ask for before they first sit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max

from audit.actions import record, record_many, settle, settle_many
from directory.models import Organisation, Person
from directory.queries import today
from panels.errors import SeatRefused
from panels.models import LIVE, Accreditation, Appointment, Attendance, Panel
from panels.permissions import check_administers
from panels.policies import check_accreditation, check_accreditation_end

if TYPE_CHECKING:
    from datetime import date

    from panels.permissions import Actor

BATCH = 1_000


def accredit(
    *, person: Person, kind: str, given_by: Organisation, starts: date, ends: date | None = None, by: Actor
) -> Accreditation:
    """Record training one person has had; see `accredit_many`."""
    (made,) = accredit_many(people=[person], kind=kind, given_by=given_by, starts=starts, ends=ends, by=by)
    return made


@transaction.atomic
def accredit_many(
    *,
    people: Sequence[Person],
    kind: str,
    given_by: Organisation,
    starts: date,
    ends: date | None = None,
    by: Actor,
) -> list[Accreditation]:
    """Record training several people have had, each with an event of their own and few statements for all.

    kind: as the rule set names it, such as panel_training; ends: the last day it counts, None for no end. Raises
    SeatRefused, naming the person, for somebody inactive, named twice, or with such training on record already.
    """
    check_administers(by)
    check_accreditation(kind, starts, ends, today())
    if not people:
        raise SeatRefused("Nobody is named: say who has had the training.")
    keys = [each.pk for each in people]
    locked = list(Person.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    _check_people(people, locked, kind)
    event_of = {"kind": kind, "by": given_by.code, "starts": starts.isoformat()}
    events = record_many(
        locked, "person.accredited", by=by, public=event_of | ({"ends": ends.isoformat()} if ends else {})
    )
    settle_many(locked, [])
    made = [
        Accreditation(event=event, person=person, kind=kind, given_by=given_by, starts=starts, ends=ends)
        for person, event in zip(locked, events, strict=True)
    ]
    return Accreditation.objects.bulk_create(made, batch_size=BATCH)


def _check_people(people: Sequence[Person], locked: Sequence[Person], kind: str) -> None:
    keys = [each.pk for each in people]
    if twice := next((each for each in people if keys.count(each.pk) > 1), None):
        raise SeatRefused(f"{twice} is named twice: name each person once.")
    for each in locked:
        if not each.is_active:
            raise SeatRefused(f"{each} is no longer active: no training is recorded for them.")
    open_now = Accreditation.objects.filter(person__in=keys, kind=kind, ends__isnull=True).select_related("person")
    if row := open_now.order_by("person__full_name", "pk").first():
        raise SeatRefused(
            f"{row.person} has {kind.replace('_', ' ')} on record since {row.starts:%-d %B %Y} already: leave them out."
        )


@transaction.atomic
def end_accreditation(*, accreditation: Accreditation, ends: date, by: Actor) -> Accreditation:
    """Training counts no longer; `ends` is the last day it does. Who sat on it before keeps what they did.

    Raises SeatRefused when it has an end already, or would end before it starts, or before a day they sat on it.
    """
    check_administers(by)
    # The panels first, as in every act on a seat, so that no item opens on the training meanwhile.
    seated = Appointment.objects.filter(person=accreditation.person_id, state__in=LIVE)
    list(Panel.objects.select_for_update().filter(pk__in=seated.values("panel")).order_by("pk"))
    person = Person.objects.select_for_update().get(pk=accreditation.person_id)
    row = Accreditation.objects.select_related("person", "given_by").get(pk=accreditation.pk)
    check_accreditation_end(row, ends, today())
    sat = Attendance.objects.filter(present=True, appointment__person=person, item__sitting__on__gte=row.starts)
    last = sat.filter(appointment__seat__accreditation=row.kind).aggregate(last=Max("item__sitting__on"))["last"]
    if last and ends < last:
        raise SeatRefused(f"{row.person} sat on {last:%-d %B %Y} on this training: it cannot end before that day.")
    event = record(person, "person.accreditation_ended", by=by, public={"kind": row.kind, "ends": ends.isoformat()})
    settle(person)
    row.event, row.ends = event, ends
    row.save(update_fields=["event", "ends"])
    return row
