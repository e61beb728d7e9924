"""May these people be in the room for an item now, and may it be decided on what they said? `check_x` raises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from panels.errors import NotCompetent, SittingRefused
from panels.models import Item, ItemState, Position, Stance
from panels.room import Room, is_coalition, positions, unruled
from panels.seating import in_another_room

if TYPE_CHECKING:
    from panels.models import Appointment
    from panels.permissions import Actor


def check_alone(item: Item, then: str) -> None:
    """Raise SittingRefused while another item is open at the same sitting; one that stopped may wait.

    then: what waits for it, as the sentence ends.
    """
    others = Item.objects.filter(sitting=item.sitting_id, state=ItemState.OPEN).exclude(pk=item.pk)
    if other := others.first():
        raise SittingRefused(f"{other.case_ref} is open: decide it, or let it stop, before {then}.")


def check_presence(now: Room) -> None:
    """Raise SittingRefused or NotCompetent when somebody in the room may not be there, or two hold one seat."""
    item, objections = now.item, unruled(now.item)
    here = [each for each in now.appointments if now.here(each)]
    for each in here:
        check_fit(now, each)
        check_one_room(now, each)
        if first := next((other for other in here if other.seat_id == each.seat_id and other.rank < each.rank), None):
            raise SittingRefused(
                f"{first.person} and {each.person} cannot both sit in the seat of {each.seat.title} for "
                f"{item.case_ref}: {each.person} is the alternate, and takes it when {first.person} is out of the room."
            )
        if each.person_id in objections:
            raise NotCompetent(_waits(now, each))


def check_one_room(now: Room, each: Appointment) -> None:
    """Raise SittingRefused for an alternate who was in the room of another panel that day; members are asked before."""
    if each.rank and (other := in_another_room(each, now.item)):
        raise SittingRefused(
            f"{each.person} was in the room of {other.item.panel.ref} on {now.item.sitting.on:%-d %B %Y}: nobody sits "
            f"on two panels on one day. Ask the next alternate for {now.item.case_ref}."
        )


def check_fit(now: Room, each: Appointment) -> None:
    """Raise NotCompetent for a member shut out since, away that day, or without the training their seat asks for."""
    case, on = now.item.case_ref, now.item.sitting.on
    if not each.person.is_active:
        raise NotCompetent(
            f"{each.person} is no longer active and does not sit on {case}: note that they are not in the room."
        )
    if each.pk in now.away:
        raise NotCompetent(
            f"{each.person} is noted as away on {on:%-d %B %Y}: their seat falls to its alternate for {case}."
        )
    if each.pk not in now.trained:
        training = each.seat.accreditation.replace("_", " ")
        raise NotCompetent(
            f"{each.person} has no {training} on record for {on:%-d %B %Y}: record it before they sit on {case}."
        )


def _waits(now: Room, each: Appointment) -> str:
    return (
        f"{now.item.organisation.name} objects to {each.person} sitting on {now.item.case_ref} and nobody has ruled on "
        "it: ask the conflicts guardian to rule first."
    )


def check_arrival(now: Room, each: Appointment) -> None:
    """Raise SittingRefused or NotCompetent unless this member may come into the room, and is next for their seat."""
    case = now.item.case_ref
    if each.pk in now.out:
        raise SittingRefused(f"{each.person} left the room for {case} and stays out of it.")
    if now.here(each):
        raise SittingRefused(f"{each.person} is in the room for {case} already.")
    check_fit(now, each)
    check_one_room(now, each)
    if now.barred(each):
        raise NotCompetent(f"{each.person} may not join {case}. {now.verdict(each).sentence}")
    if each.person_id in unruled(now.item):
        raise NotCompetent(_waits(now, each))
    if fault := turn_fault(now, each):
        raise SittingRefused(fault)


def turn_fault(now: Room, each: Appointment) -> str:
    """Why it is not this member's turn to hold their seat for the item; nothing when it is.

    Somebody before them in rank is out of the way when they were noted as not in the room, or may not hold it.
    """
    for other in now.of_seat(each):
        if other.pk == each.pk:
            continue
        if now.here(other) and not now.barred(other):
            return f"{other.person} holds the seat of {each.seat.title} for {now.item.case_ref}: note that they leave."
        if other.rank < each.rank and now.may_hold(other) and other.pk not in now.noted:
            return f"{other.person} is before them: note that they are away, or out of the room."
    return ""


def check_speaks(now: Room, each: Appointment, said: Mapping[int, Position], by: Actor) -> None:
    """Raise NotCompetent for a position of somebody who does not count, or over one they entered themself."""
    case = now.item.case_ref
    if not now.votes(each):
        raise NotCompetent(f"{each.person} does not count for {case} and may not take a position.")
    own = each.pk in said and said[each.pk].entered_by_id == each.person_id
    if own and (by == "system" or by.pk != each.person_id):
        raise SittingRefused(f"{each.person} entered their own position on {case}: only they change it.")


def position_fault(now: Room, each: Appointment, said: Mapping[int, Position], by: Actor) -> str:
    """Why the outcome cannot be recorded by this person on the position of this counted member; nothing when it can."""
    case = now.item.case_ref
    if each.pk not in said:
        return f"The position of {each.person}, {each.seat.title}, on {case} is missing."
    entered = said[each.pk].entered_by_id
    if entered == each.person_id:
        return ""
    if is_coalition(each):
        return f"The position of {each.person}, {each.seat.title}, on {case} waits for their own hand."
    if entered == (None if by == "system" else by.pk):
        return (
            f"You entered the position of {each.person} on {case}: they confirm it by entering their own, or somebody "
            "else records the outcome."
        )
    return ""


def faults_of(now: Room, said: Mapping[int, Position], by: Actor) -> list[str]:
    """Everything that stands between the positions as they are and an outcome recorded by this person."""
    return [fault for each in now.appointments if now.votes(each) and (fault := position_fault(now, each, said, by))]


def check_positions(now: Room, said: Mapping[int, Position], by: Actor) -> None:
    """Raise NotCompetent unless every counted member has a position that is theirs, or was entered by somebody else.

    Whoever records the outcome confirms what others entered: four eyes on every position (I2).
    """
    objections = unruled(now.item)
    for each in now.appointments:
        if now.here(each):
            check_fit(now, each)
            if each.person_id in objections:
                raise NotCompetent(_waits(now, each))
    if faults := faults_of(now, said, by):
        raise NotCompetent(faults[0])


def check_carried(item: Item, said: Iterable[Position]) -> None:
    """Raise NotCompetent unless more concur than dissent; an abstention is never a vote against."""
    stances = [each.stance for each in said]
    concur, dissent = stances.count(Stance.CONCUR), stances.count(Stance.DISSENT)
    if concur <= dissent:
        raise NotCompetent(
            f"The outcome on {item.case_ref} is not carried: {concur} concur and {dissent} dissent. Record the outcome "
            "the panel did reach."
        )


def check_not_put_out(now: Room, member: Appointment, by: Actor) -> None:
    """Raise SittingRefused when somebody else sends out a member whom no test bars, and who speaks for the Coalition.

    An interest is the member's own to declare; so is leaving once they have given a position.
    """
    check_position_stands(now, member, by)
    others = by == "system" or by.pk != member.person_id
    if others and is_coalition(member) and now.here(member) and not now.barred(member):
        raise SittingRefused(
            f"No test bars {member.person} from {now.item.case_ref}: only they themselves may leave the Coalition's "
            "seat for an interest, by declaring it. If they have gone, note that they go."
        )


def check_position_stands(now: Room, member: Appointment, by: Actor) -> None:
    """Raise SittingRefused when somebody else takes out a member who has given their own position on the item.

    Whoever is no longer active cannot leave by their own hand: the item would never be decided.
    """
    if (by != "system" and by.pk == member.person_id) or not member.person.is_active:
        return
    said = positions(now.item).get(member.pk)
    if said and said.entered_by_id == member.person_id and now.here(member):
        raise SittingRefused(
            f"{member.person} has given a position on {now.item.case_ref}: it stands and is counted. Only they "
            "themselves may leave now."
        )
