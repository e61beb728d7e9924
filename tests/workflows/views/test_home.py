import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import clock
from authorisation.enums import ReviewResult, Stage
from authorisation.queries import open_conditions
from authorisation.rules import Reviewed
from tests.factories import Walk, sitting_on
from tests.factories.pages import Reader


def test_home_for_strangers_says_what_this_is(world):
    page = Reader().get("/")
    assert page.heading == "Authorisation by panel, with both sides at the table"
    assert page.links["Register of decisions"] == "/register/"


def test_home_lists_only_what_waits_for_this_person(world):
    Walk(world).to(Stage.REPORT_COMMENTS)
    Walk(world, ccg="02A")
    assert "1 step waits for you." in Reader(world.officer_1).get("/").words
    assert "Nothing waits for you." in Reader(world.secretary).get("/").words


def test_home_sorts_by_deadline(world):
    walk = Walk(world).to(Stage.REPORT_COMMENTS)
    reader = Reader(world.officer_1)
    with clock.at(walk.now):
        assert "Due later" in reader.get("/").words
    with clock.at(walk.window.closes_at):
        page = reader.get("/")
    assert "Due within a week" in page.words
    assert page.links["Comment on the report, NHS Group 1 CCG"] == "/applications/CCG-01A-2012/do/report_comments/"


def test_home_with_nothing_to_do_leads_to_panels_and_their_audit(world):
    for name in ("auditor", "guardian"):
        links = Reader(world.people[name]).get("/").links
        assert (links["who sits on which panel"], links["audit the panels"]) == ("/panels/", "/audit/panels/")
    links = Reader(world.lay).get("/").links
    assert links["who sits on which panel"] == "/panels/"
    assert "audit the panels" not in links


def test_audit_leads_to_the_audit_of_panels(world):
    assert Reader(world.auditor).get("/audit/").links["Panels"] == "/audit/panels/"


def test_home_of_a_chair_lists_what_the_chair_may_record(world):
    Walk(world).to(Stage.REPORT)
    assert "Issue the site-visit report: 1" in Reader(world.chair).get("/").words
    assert "Nothing waits for you." in Reader(world.lay).get("/").words


def test_home_keeps_a_step_without_its_panel_outcome_apart(world):
    walk = Walk(world).to(Stage.MODERATION)
    reader = Reader(world.secretary)
    words = reader.get("/").words
    assert "Nothing waits for you." in words
    assert "Waiting for a panel 1 step cannot be done yet" in words
    assert "Record the moderation panel: 1" in words
    with clock.at(walk.now):
        walk.sit("moderation", "conditional")
    words = reader.get("/").words
    assert "1 step waits for you." in words
    assert "Waiting for a panel" not in words


def test_home_does_not_count_an_outcome_recorded_before(world):
    walk = Walk(world).to(Stage.REVIEW)
    waits = "Record a conditions review: 1"
    page = Reader(world.secretary).get("/").words
    assert page.index("Waiting for a panel") < page.index(waits)
    walk.review({code: Reviewed(code, ReviewResult.KEEP, "Not yet.") for code in open_conditions(walk.case)}, lifted=[])
    page = Reader(world.secretary).get("/").words
    assert page.index("Waiting for a panel") < page.index(waits)


def test_home_keeps_a_site_visit_on_no_agenda_apart(world):
    walk = Walk(world).to(Stage.SITE_VISIT_PLANNING)
    reader = Reader(world.secretary)
    words = reader.get("/").words
    assert "Nothing waits for you." in words
    assert words.index("Waiting for a panel") < words.index("Arrange the site visit: 1")
    with clock.at(walk.now):
        sitting_on(world, "site_visit", [walk.case])
    assert "1 step waits for you." in reader.get("/").words


def test_home_costs_the_same_for_one_case_without_its_panel_and_for_three(world):
    def cost():
        reader = Reader(world.secretary)
        reader.get("/")
        with CaptureQueriesContext(connection) as asked:
            reader.get("/")
        return len(asked)

    Walk(world, ccg="01A").to(Stage.SITE_VISIT_PLANNING)
    once = cost()
    for ccg in ("02A", "03A"):
        Walk(world, ccg=ccg).to(Stage.SITE_VISIT_PLANNING)
    assert cost() == once


def test_home_offers_the_seat_to_the_person_asked(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        meeting = sitting_on(world, "moderation", [walk.case], accept=False)
        asked = meeting.of("voice")
        page = Reader(asked.person).get("/")
    assert "Coalition representative on" in page.words
    answer = f"/panels/{meeting.panel.ref}/answer/{asked.pk}/"
    assert page.links[f"Answer the offer of {meeting.panel.ref}"] == answer


def test_home_lists_the_sittings_of_members(world):
    Walk(world).to(Stage.SITE_VISIT)
    assert "site_visit panel" in Reader(world.lay).get("/").words
    assert "Sittings to come" in Reader(world.secretary).get("/").words


@pytest.mark.parametrize("name", ["assessor", "secretary"])
def test_home_costs_the_same_for_one_case_and_for_three(world, name):
    def cost():
        reader = Reader(world.people[name])
        reader.get("/")
        with CaptureQueriesContext(connection) as asked:
            reader.get("/")
        return len(asked)

    Walk(world, ccg="01A").to(Stage.DESK_TOP)
    once = cost()
    for ccg in ("02A", "03A"):
        Walk(world, ccg=ccg).to(Stage.DESK_TOP)
    assert cost() == once


def test_about_names_the_licence_and_where_the_source_is(db, settings):
    assert "ask them for it" in Reader().get("/about/").words
    settings.SOURCE_URL = "https://example.test/source"
    page = Reader().get("/about/")
    assert "GNU Affero General Public License" in page.words
    assert page.links["The source of this service"] == "https://example.test/source"


def test_pages_of_somebody_signed_in_are_not_stored(world):
    assert Reader(world.voice).client.get("/").headers["Cache-Control"] == "private, no-store"
    assert "Cache-Control" not in Reader().client.get("/register/").headers
