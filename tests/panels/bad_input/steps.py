"""What the tests of bad input share."""

from panels.actions import seats
from tests.factories import london
from tests.factories.pages import Page, Reader
from tests.panels.machine.traces import traces

NOW = london(2012, 6, 4)
LONG = "x" * 5_000


def seat(meeting, kind="lay"):
    return meeting.panel.seats.filter(kind=kind).order_by("number")[0]


def path(meeting, tail=""):
    return f"/panels/{meeting.panel.ref}/{tail}"


def offer(meeting, *offered):
    return seats.fill_seats(panel=meeting.panel, proposals=offered, by=meeting.world.secretary)


def lay(meeting, name, code="BOARD", **how):
    world = meeting.world
    return seats.Proposal(seat(meeting), world.people[name], world.organisations[code], **how)


def refused_on(reader, address, status=422, **given):
    """The page that refuses, as a browser reads it, which drops NUL characters; nothing but the refusal was written."""
    before = traces()
    response = Reader(reader).send(address, **given)
    response.content = response.content.replace(b"\x00", b"")
    assert (response.status_code, traces()) == (status, before)
    return Page(response)
