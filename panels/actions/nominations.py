"""A Coalition body nominates for its seat: whom, in which order, for how many sittings, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max, Q

from audit.actions import record, record_many, settle, settle_many
from directory.models import Organisation, OrganisationKind, Person
from directory.queries import today
from panels.actions.examination import examine_again
from panels.errors import SeatRefused
from panels.models import Appointment, Nomination, Panel
from panels.permissions import check_nominates
from panels.policies import check_nomination_day, check_numbers, check_order
from panels.queries import last_day_sat

if TYPE_CHECKING:
    from panels.permissions import Actor


@transaction.atomic
def nominate(
    *,
    body: Organisation,
    person: Person,
    starts: date,
    ends: date | None = None,
    rank: int | None = None,
    capacity: int | None = None,
    by: Actor,
) -> Nomination:
    """A Coalition body offers a person for the Coalition seat.

    rank: their place in the body's order, 1 is asked first; left out, they come last. capacity: the most sittings in
    one round of cases; left out, any number. Raises SeatRefused for any other kind of body, for a day more than ten
    years ahead, for oneself, and for somebody the body nominates already.
    """
    check_nominates(by, body)
    if body.kind != OrganisationKind.COALITION_BODY:
        raise SeatRefused(f"{body.name} is not a Coalition body: only a Coalition body may nominate.")
    person = Person.objects.select_for_update().get(pk=person.pk)
    if person == by:
        raise SeatRefused("Nobody nominates themselves: another officer of the body does.")
    if not person.is_active:
        raise SeatRefused(f"{person} is no longer active and cannot be nominated.")
    if ends and ends < starts:
        raise SeatRefused(f"The nomination would end on {ends:%-d %B %Y}, before it starts: correct the dates.")
    check_nomination_day(ends or starts, today())
    check_numbers(rank, capacity)
    if Nomination.objects.filter(body=body, person=person, ends__isnull=True).exists():
        raise SeatRefused(f"{person} is already nominated by {body.name}.")
    place = rank or (standing(body).aggregate(last=Max("rank"))["last"] or 0) + 1
    public: dict[str, Any] = {
        "body": body.code,
        "body_kind": str(body.kind),
        "starts": starts.isoformat(),
        **({"ends": ends.isoformat()} if ends else {}),
        "rank": place,
        **({"capacity": capacity} if capacity else {}),
    }
    event = record(person, "person.nominated", by=by, public=public)
    settle(person)
    return Nomination.objects.create(
        event=event, body=body, person=person, starts=starts, ends=ends, rank=place, capacity=capacity
    )


def standing(body: Organisation) -> Any:
    """A body's nominations that have not ended, in its order."""
    return body.nominations.filter(Q(ends__isnull=True) | Q(ends__gte=today())).order_by("rank", "pk")


@transaction.atomic
def end_nomination(*, nomination: Nomination, ends: date, by: Actor) -> Nomination:
    """A Coalition body takes its nomination back; `ends` is the last day it stands. What was judged stays judged.

    Raises SeatRefused for a day before the last sitting that took a case on it, or more than ten years ahead.
    """
    nomination = Nomination.objects.select_related("body").get(pk=nomination.pk)
    check_nominates(by, nomination.body)
    # The panels first, as in every act on a seat, so that no item opens on the nomination meanwhile.
    seated = Appointment.objects.filter(nomination=nomination)
    panels = list(Panel.objects.select_for_update().filter(pk__in=seated.values("panel")).order_by("pk"))
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
    examine_again(panels=panels, why="nomination.ended", by=by)
    return nomination


@transaction.atomic
def reorder_nominations(*, body: Organisation, order: Sequence[int], by: Actor) -> list[Nomination]:
    """A Coalition body says whom to ask first: the keys of all its standing nominations, first to last.

    One event for each person whose place changes. Raises SeatRefused for an order that leaves somebody out.
    """
    check_nominates(by, body)
    keys = list(standing(body).values_list("person", flat=True))
    people = {each.pk: each for each in Person.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
    rows = list(standing(body).select_related("person"))
    check_order(body, rows, order)
    place = {pk: number for number, pk in enumerate(order, start=1)}
    moved = {each.person_id: each for each in rows if each.rank != place[each.pk]}
    if not moved:
        return rows
    changed = [people[pk] for pk in sorted(moved)]
    events = record_many(
        changed,
        "person.nomination_ranked",
        by=by,
        public=lambda person: {"body": body.code, "rank": place[moved[person.pk].pk]},
    )
    settle_many(changed, [])
    for person, event in zip(changed, events, strict=True):
        row = moved[person.pk]
        row.event, row.rank = event, place[row.pk]
        row.save(update_fields=["event", "rank"])
    return sorted(rows, key=lambda each: each.rank)


@transaction.atomic
def limit_nomination(*, nomination: Nomination, capacity: int | None, by: Actor) -> Nomination:
    """A Coalition body says how many sittings its nominee may be asked for in one round of cases; None for any number.

    Seats already taken stay taken. Raises SeatRefused for a number that cannot be meant.
    """
    nomination = Nomination.objects.select_related("body").get(pk=nomination.pk)
    check_nominates(by, nomination.body)
    person = Person.objects.select_for_update().get(pk=nomination.person_id)
    nomination = Nomination.objects.select_related("body", "person").get(pk=nomination.pk)
    check_numbers(None, capacity)
    if nomination.ends and nomination.ends < today():
        raise SeatRefused(f"The nomination of {person} ended on {nomination.ends:%-d %B %Y}: nominate them again.")
    public: dict[str, Any] = {"body": nomination.body.code}
    event = record(
        person, "person.nomination_limited", by=by, public=public | ({"capacity": capacity} if capacity else {})
    )
    settle(person)
    nomination.event, nomination.capacity = event, capacity
    nomination.save(update_fields=["event", "capacity"])
    return nomination
