"""A message about a panel is sent only while what it says is still so."""

import pytest
from django.core import mail

from audit import clock
from directory.delivery import deliver
from directory.models import Delivery, DeliveryState, Message
from panels import withholding
from panels.actions import absences, seats
from panels.actions.objections import object_to
from panels.actions.panels import close_panel
from tests.factories import Walk, days, sitting_on
from tests.factories.panels import coalition, seated
from tests.panels.actions.steps import NOW

pytestmark = pytest.mark.django_db
LEFT = "The recipient no longer holds a seat on the panel."
OVER = "The invitation was answered or taken back."


@pytest.fixture(autouse=True)
def _still(db):
    with clock.at(NOW):
        yield


@pytest.fixture
def case(world):
    return Walk(world).case


@pytest.fixture
def meeting(world, case):
    return sitting_on(world, "moderation", [case])


def sent(kind, to):
    """Whether the person's last message of a kind goes out, and why not."""
    message = Message.objects.filter(kind=kind, to=to).latest("pk")
    went = deliver(message.pk)
    row = Delivery.objects.get(message=message)
    assert row.state == (DeliveryState.SENT if went else DeliveryState.WITHHELD)
    assert bool(mail.outbox) == went
    mail.outbox.clear()
    return went, row.reason


def test_invitation_is_sent_while_it_waits(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    lay, chair, clinician = (meeting.of(name) for name in ("lay", "chair", "clinician"))
    assert sent("panel.invited", meeting.of("board_member").person) == (True, "")
    seats.accept_seat(appointment=lay, by=lay.person)
    assert sent("panel.invited", lay.person) == (False, OVER)
    seats.decline_seat(appointment=chair, by=chair.person)
    assert sent("panel.invited", chair.person) == (False, OVER)
    seats.stand_down(appointment=clinician, by=world.secretary, reason="Asked in error")
    assert sent("panel.invited", clinician.person) == (False, OVER)


def test_invitation_is_not_revived_by_a_later_one(world, case):
    meeting = sitting_on(world, "moderation", [case], accept=False)
    lay = meeting.of("lay")
    first = Message.objects.get(kind="panel.invited", to=lay.person)
    seats.decline_seat(appointment=lay, by=lay.person)
    seated(meeting, seats.Proposal(lay.seat, lay.person, world.organisations["BOARD"]), accept=False)
    assert deliver(first.pk) is False
    assert sent("panel.invited", lay.person) == (True, "")


def test_members_are_told_while_they_hold_a_seat(world, meeting):
    lay, chair = meeting.of("lay"), meeting.of("chair")
    assert sent("panel.confirmed", chair.person) == (True, "")
    seats.stand_down(appointment=lay, by=lay.person, reason="Ill")
    assert sent("panel.confirmed", lay.person) == (False, LEFT)


def test_alternates_are_told_while_they_stand_behind_the_seat(world, meeting):
    voice, today = meeting.of("voice"), NOW.date()
    [spare] = seated(meeting, coalition(world, voice.seat, "spare_voice", rank=1))
    absences.note_absence(appointment=voice, starts=today, ends=today, by=world.voice)
    seats.stand_down(appointment=voice, by=voice.person, reason="Ill")
    heir = seats.substitute(seat=voice.seat, by=world.secretary)
    assert sent("panel.alternate", spare.person) == (True, "")
    seats.stand_down(appointment=heir, by=heir.person, reason="Ill as well")
    assert sent("panel.handed_on", spare.person) == (False, LEFT)


def test_nothing_is_sent_about_a_panel_that_has_closed(world, case):
    meeting = sitting_on(world, "moderation", [case], on=(NOW + days(3)).date())
    [_] = seated(meeting, coalition(world, meeting.of("voice").seat, "spare_voice", rank=1), accept=False)
    object_to(
        panel=meeting.panel,
        person=world.lay,
        case_ref=case.ref,
        kind="other",
        statement="A rival.",
        by=world.officer("01A"),
    )
    close_panel(panel=meeting.panel, reason="Given up", by=world.secretary)
    told = {message.kind: message.to for message in Message.objects.filter(about=meeting.panel.stream)}
    assert set(told) >= {"panel.invited", "panel.confirmed", "objection.raised"}
    assert {sent(kind, to) for kind, to in told.items()} == {(False, "The panel has closed.")}


def test_every_kind_of_message_of_this_app_is_judged(root):
    """A new kind is named in `withholding` before it is first written."""
    written = {
        line.split('"')[1]
        for path in (root / "panels" / "actions").glob("*.py")
        for line in path.read_text().splitlines()
        if line.strip().startswith('kind="') and "." in line
    }
    assert written == set(withholding.KINDS)
