"""One thing out of the ordinary each, done by the actions themselves."""

from datetime import timedelta

import pytest

from audit import clock
from panels.actions import items, seats
from panels.actions.objections import object_to
from panels.actions.panels import confirm_panel
from panels.actions.rulings import rule
from panels.errors import SeatRefused
from panels.models import Stance
from tests.factories import convened, decide, opened
from tests.factories.panels import coalition, seated, spoken
from tests.panels.explorer.steps import SECRET, meeting


def late(walk):
    made = meeting(walk)
    walk.now += timedelta(days=1)
    return made


def recused(walk, name):
    made = meeting(walk)
    with clock.at(walk.now):
        item = opened(convened(made), walk.case)
        items.recuse(item=item, appointment=made.of(name), reason="A cousin works there.", by=made.of(name).person)
    return made


def departed(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        item = opened(convened(made), walk.case)
        items.note_departure(item=item, appointment=made.of("lay"), by=walk.world.secretary)
    return made


def stood_down(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        seats.stand_down(appointment=made.of("lay"), by=walk.world.secretary, reason="Unwell.")
    return made


def dissent(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        decide(convened(made), walk.case, "full", lay=items.Said(Stance.DISSENT, "Too soon."))
    return made


def nobody_to_spare(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        item = spoken(opened(convened(made), walk.case, absent=["lay", "second_board_member"]))
        items.decide_item(item=item, outcome="full", reasons="Yes.", by=walk.world.secretary)
    return made


def declared(walk):
    made = meeting(walk, accept=False)
    interest = seats.Interest("statement", walk.case.ccg, "I praised it once.")
    with clock.at(walk.now):
        for each in made.members.values():
            lay = each == made.members["lay"]
            seats.accept_seat(appointment=each, by=each.person, interests=[interest] if lay else [])
        confirm_panel(panel=made.panel, by=walk.world.secretary)
    return made


def refused(walk):
    made = meeting(walk)
    seat = made.members["lay"].seat
    with clock.at(walk.now), pytest.raises(SeatRefused):
        offer = seats.Proposal(seat, walk.world.spare, walk.world.organisations["BOARD"])
        seats.fill_seats(panel=made.panel, proposals=[offer], by=walk.world.secretary)
    return made


def objection(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        object_to(
            panel=made.panel,
            person=made.members["lay"].person,
            case_ref=walk.case.ref,
            kind="other",
            statement=SECRET,
            by=walk.world.officer("01A"),
        )
    return made


def overridden(walk):
    made = meeting(walk)
    lay = made.members["lay"]
    interest = seats.Interest("statement", walk.case.ccg, "I praised it once.")
    with clock.at(walk.now):
        seats.declare_again(appointment=lay, by=lay.person, interests=[interest])
        rule(
            panel=made.panel,
            person=lay.person,
            organisation=walk.case.ccg,
            rule="D12",
            verdict="dismissed",
            effect="clear",
            reason=SECRET,
            by=walk.world.guardian,
        )
    return made


def alternate(walk):
    made = meeting(walk, confirm=False)
    with clock.at(walk.now):
        offer = coalition(walk.world, made.members["voice"].seat, "other_voice", rank=1)
        [other] = seated(made, offer)
        confirm_panel(panel=made.panel, by=walk.world.secretary)
        item = opened(convened(made), walk.case)
        items.recuse(item=item, appointment=made.of("voice"), reason="A cousin.", by=made.of("voice").person)
        items.note_arrival(item=made.item(walk.case), appointment=other, by=walk.world.secretary)
    return made


def declared_late(walk):
    made = meeting(walk)
    lay = made.members["lay"]
    with clock.at(walk.now):
        opened(convened(made), walk.case)
        said = seats.Interest("statement", walk.case.ccg, SECRET)
        seats.declare_again(appointment=lay, by=lay.person, interests=[said])
    return made


SCENES = {
    "late": (late, "Not convened, though the day has passed."),
    "unconfirmed": (lambda walk: meeting(walk, confirm=False), "Not confirmed, though the day has come."),
    "refused": (refused, "Refused: Offering a seat (Spare)."),
    "objection": (objection, "The objection to {lay} is not ruled on: CCG-01A-2012."),
    "overridden": (overridden, "The conflicts guardian dismissed D12 of {lay} for 01A."),
    "alternate": (alternate, "Other Voice (Coalition representative) sat as alternate for CCG-01A-2012."),
    "declared-late": (declared_late, "{lay} (Lay member) declared an interest after CCG-01A-2012 had opened."),
    "empty": (lambda walk: meeting(walk, voices=()), "The Coalition seat is empty."),
    "offered": (
        lambda walk: meeting(walk, accept=False),
        "The Coalition seat is only offered: {voice} has not answered.",
    ),
    "stopped": (lambda walk: recused(walk, "voice"), "Stopped: CCG-01A-2012."),
    "coalition-left": (
        lambda walk: recused(walk, "voice"),
        "{voice} (Coalition representative) left the Coalition seat for CCG-01A-2012.",
    ),
    "left": (lambda walk: recused(walk, "lay"), "{lay} (Lay member) left the room for CCG-01A-2012."),
    "departed": (departed, "{lay} (Lay member) went before the end of CCG-01A-2012."),
    "stood-down": (stood_down, "{lay} (Lay member) stood down on"),
    "dissent": (dissent, "{lay} (Lay member) dissented on CCG-01A-2012."),
    "spare": (nobody_to_spare, "Quorum of 4 to sit reached with nobody to spare for CCG-01A-2012."),
    "declared": (declared, "{lay} (Lay member): interest declared under D12 for CCG-01A-2012."),
}
