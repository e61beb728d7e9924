from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from authorisation.enums import Stage
from directory.actions.posts import appoint
from directory.models import PostKind
from tests.factories import Walk
from tests.factories.pages import Reader

REF = "/applications/CCG-01A-2012/"


def test_application_says_what_happens_next_and_who_does_it(world):
    Walk(world).to(Stage.REPORT_COMMENTS)
    page = Reader(world.officer_1).get(REF)
    assert page.heading == "CCG-01A-2012: NHS Group 1 CCG"
    assert "Comment on the report: the CCG, by " in page.words
    assert page.links["Do this now: Comment on the report"] == f"{REF}do/report_comments/"


def test_application_offers_no_step_to_those_who_may_not_do_it(world):
    Walk(world).to(Stage.REPORT_COMMENTS)
    assert "Do this now" not in Reader(world.secretary).get(REF).words


def test_application_of_another_ccg_is_not_found(world):
    Walk(world)
    assert Reader(world.officer_2).get(REF).status == 404
    assert Reader(world.outsider).get(REF).status == 404


def test_application_closed_shows_everything_behind_it(world):
    Walk(world, direction="Do this.").to(Stage.CLOSED)
    page = Reader(world.secretary).get(REF)
    assert "Nothing: the process of this application has ended." in page.words
    for said in ("Discharged", "Lifted", "Coalition representative: Voice, nominated by NHS Alliance. Concurred."):
        assert said in page.words
    assert page.links["Decision letter (PDF)"] == f"{REF}letter.pdf"
    assert "Decision published in the register" in page.words


def test_application_marks_each_step_by_more_than_colour(world):
    Walk(world).to(Stage.SITE_VISIT)
    page = Reader(world.secretary).get(REF)
    listed = [line for line in page.text("li") if ": " in line]
    assert "Second reading: done" in listed
    assert "Record the site visit: now" in listed
    assert "Publish the decision: to come" in listed
    [picture] = [each for each in page.tree.iter("{http://www.w3.org/2000/svg}svg") if each.get("role") == "img"]
    described = "".join(picture.find("{http://www.w3.org/2000/svg}desc").itertext())
    assert "Record the site visit: now; Issue the site-visit report: to come" in described


def test_application_hides_findings_from_the_applicant_until_the_report(world):
    walk = Walk(world).to(Stage.REPORT)
    before = Reader(world.officer_1).get(REF)
    assert "You see the findings when the site-visit report is issued." in before.words
    assert "Not shown by the papers" not in before.html
    assert "not met" not in before.words
    walk.to(Stage.REPORT_COMMENTS)
    assert "Not shown by the papers" in Reader(world.officer_1).get(REF).html


def test_application_hides_a_later_attempt_from_the_applicant_until_its_report(world):
    walk = Walk(world).to(Stage.MODERATION).defer(2).resume(Stage.PREPARATION)
    walk.red = ["2.1A"]
    walk.unmet = ["2.1A"]
    first = Reader(world.officer_1).get(REF)
    assert first.words.count("reviewed at the desk") == 6
    assert first.words.count("Site visit recorded") == first.words.count("site_visit panel") == 1
    walk.to(Stage.REPORT)
    before = Reader(world.officer_1).get(REF)
    assert before.words.count("reviewed at the desk") == 6
    assert before.words.count("Site visit recorded") == before.words.count("site_visit panel") == 1
    assert Reader(world.secretary).get(REF).words.count("reviewed at the desk") == 12
    walk.to(Stage.REPORT_COMMENTS)
    after = Reader(world.officer_1).get(REF)
    assert after.words.count("reviewed at the desk") == 12
    assert after.words.count("Site visit recorded") == after.words.count("site_visit panel") == 2


def test_application_hides_the_decision_from_the_applicant_until_the_letter(world):
    walk = Walk(world, unmet=()).to(Stage.LETTER)
    before = Reader(world.officer_1).get(REF)
    assert "Fully authorised" not in before.html
    assert "Decided by" not in before.words
    assert Reader(world.secretary).get(REF).words.count("Fully authorised") > 0
    walk.to(Stage.PUBLICATION)
    assert "Fully authorised" in Reader(world.officer_1).get(REF).words


def test_application_hides_moderation_and_assessment_from_the_applicant_until_the_letter(world):
    Walk(world).to(Stage.DECISION)
    page = Reader(world.officer_1).get(REF)
    assert "Conditions panel" in page.words
    for hidden in ("Moderation by", "moderation panel,", "Signed off", "answer assessed", "Regional sign-off"):
        assert hidden not in page.words


def test_placeholders_are_marked(world):
    Walk(world).to(Stage.SECOND_READING)
    assert "(placeholder: the text of this criterion is not held)" in Reader(world.reader).get(REF).words


def test_letter_is_the_document_as_sent(world):
    walk = Walk(world, unmet=()).to(Stage.PUBLICATION)
    response = Reader(world.officer_1).client.get(f"{REF}letter.pdf")
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.content == bytes(walk.case.decision.letter.pdf)
    assert Reader(world.officer_2).client.get(f"{REF}letter.pdf").status_code == 404


def test_letter_not_sent_yet_is_not_found(world):
    Walk(world)
    assert Reader(world.secretary).client.get(f"{REF}letter.pdf").status_code == 404


def test_application_costs_the_same_however_long_its_story(world):
    """More findings, conditions and events on the same panels: not one query more."""

    def cost(ref):
        reader = Reader(world.auditor)
        reader.get(f"/applications/{ref}/")
        with CaptureQueriesContext(connection) as asked:
            reader.get(f"/applications/{ref}/")
        return len(asked)

    Walk(world, ccg="02A", unmet=("1.1B",)).to(Stage.CLOSED)
    Walk(world, ccg="03A", unmet=("1.1B", "2.1A", "3.1.1B")).to(Stage.CLOSED)
    assert cost("CCG-02A-2012") == cost("CCG-03A-2012")


@pytest.mark.parametrize("path", ["/applications/CCG-99Z-2012/", "/nowhere/"])
def test_unknown_address_is_a_page_of_ours(world, path):
    page = Reader(world.secretary).get(path)
    assert (page.status, page.heading) == (404, "Page not found")


@pytest.mark.parametrize(
    ("place", "post"), [("NHSA", PostKind.CONFLICTS_GUARDIAN), ("RS1", PostKind.REGIONAL_DIRECTOR)]
)
def test_application_is_the_applicants_whatever_post_they_hold_elsewhere(world, place, post):
    appoint(
        person=world.officer_1, organisation=world.organisations[place], kind=post, starts=date(2012, 5, 2), by="system"
    )
    walk = Walk(world, unmet=()).to(Stage.LETTER)
    assert "Fully authorised" not in Reader(world.officer_1).get(REF).html
    assert "Fully authorised" not in rows_of(Reader(world.officer_1).get("/applications/"))
    walk.to(Stage.PUBLICATION)
    assert "Fully authorised" in Reader(world.officer_1).get(REF).words


def rows_of(page):
    """The rows of the page's table, without the filters above it."""
    return " ".join(page.text("td"))


def test_application_hides_nothing_from_its_own_region(world):
    appoint(
        person=world.officer_1,
        organisation=world.organisations["RN1"],
        kind=PostKind.REGIONAL_DIRECTOR,
        starts=date(2012, 5, 2),
        by="system",
    )
    Walk(world, unmet=()).to(Stage.LETTER)
    assert "Fully authorised" in Reader(world.officer_1).get(REF).words


def test_conditions_to_answer_are_in_the_words_of_criterion_and_level(world):
    walk = Walk(world).to(Stage.CONDITIONS_RESPONSE)
    proposed = walk.case.proposed_conditions.select_related("criterion").first()
    meaning = world.ruleset.body["levels"][proposed.level]["text"]
    for path in (REF, f"{REF}do/conditions_response/"):
        words = Reader(world.officer_1).get(path).words
        assert f"{proposed.criterion.code} {proposed.criterion.text}" in words
        assert meaning in words
