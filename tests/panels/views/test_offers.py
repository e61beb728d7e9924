"""What the pages say of a seat that is offered and not answered yet."""

from audit import clock
from authorisation.enums import Stage
from panels.actions import seats
from tests.factories import Walk, sitting_on
from tests.factories.pages import Page, Reader


def offered(world, cases, voice="other_voice"):
    """A moderation panel before which these cases are, and the page after offering its Coalition seat."""
    walks = [Walk(world, ccg=ccg).to(Stage.MODERATION) for ccg in cases]
    now = max((walk.now for walk in walks), default=None)
    with clock.at(now):
        meeting = sitting_on(world, "moderation", [walk.case for walk in walks], voices=())
        seat = meeting.panel.seats.get(kind="coalition_representative", required=True)
        address, given = f"/panels/{meeting.panel.ref}/", {"nomination": str(world.nominations[voice].pk)}
        client = Reader(world.secretary).client
        page = Page(client.post(f"{address}seat/{seat.number}/", given, follow=True))
    return meeting, seat, page


def test_offer_says_how_the_tests_went(world):
    _, _, page = offered(world, ["01A"])
    assert "tested against 1 case, barred from none." in page.words


def test_offer_says_from_how_many_cases_the_person_is_barred(world):
    _, _, page = offered(world, ["01A", "04A"], voice="near_voice")
    assert "tested against 2 cases, barred from 1." in page.words


def test_panels_names_who_was_offered_the_coalition_seat(world):
    offered(world, ["01A"])
    words = Reader(world.secretary).get("/panels/", kind="moderation").words
    assert "Offered to" in words
    assert "None yet" not in words


def test_answering_an_offer_shows_the_first_interest_and_folds_the_others(world):
    meeting, seat, _ = offered(world, ["01A"])
    offer = seat.appointments.get()
    seats.invite(panel=meeting.panel, by=world.secretary)
    page = Reader(offer.person).get(f"/panels/{meeting.panel.ref}/answer/{offer.pk}/")
    assert "Interest 1" in page.text("h2")
    assert [each for each in page.text("summary") if each.startswith("Interest")] == [
        f"Interest {number}" for number in range(2, 6)
    ]
    assert "Dates of interest 1" in page.text("summary")
