"""The list of applications, and above all what the public register does not say."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import clock
from authorisation.enums import ReviewResult, Stage
from authorisation.queries import open_conditions
from authorisation.rules import Reviewed
from directory.queries import today
from tests.factories import Walk, sitting_on
from tests.factories.pages import Reader


def cost(reader, path):
    reader.get(path)
    with CaptureQueriesContext(connection) as asked:
        reader.get(path)
    return len(asked)


def names(page):
    return [text for text in page.links if text.startswith("NHS Group")]


@pytest.fixture
def three(world):
    """One closed in wave 1, one in preparation in wave 1, one in the South in wave 2."""
    Walk(world, ccg="02A", unmet=()).to(Stage.CLOSED)
    Walk(world, ccg="01A").to(Stage.DESK_TOP)
    Walk(world, ccg="04A", wave=2)
    return world


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["NHS Group 1 CCG", "NHS Group 2 CCG", "NHS Group 4 CCG"]),
        ({"sort": "stage"}, ["NHS Group 2 CCG", "NHS Group 1 CCG", "NHS Group 4 CCG"]),
        ({"wave": "2"}, ["NHS Group 4 CCG"]),
        ({"stage": "desk_top"}, ["NHS Group 1 CCG"]),
        ({"region": "RS1"}, ["NHS Group 4 CCG"]),
        ({"outcome": "full"}, ["NHS Group 2 CCG"]),
        ({"outcome": "none"}, ["NHS Group 1 CCG", "NHS Group 4 CCG"]),
        ({"outcome": "directions"}, []),
        ({"q": "group 4"}, ["NHS Group 4 CCG"]),
        ({"q": "02a"}, ["NHS Group 2 CCG"]),
        ({"q": "CCG-01A"}, ["NHS Group 1 CCG"]),
        ({"wave": "nonsense", "sort": "'", "page": "x"}, ["NHS Group 1 CCG", "NHS Group 2 CCG", "NHS Group 4 CCG"]),
    ],
)
def test_applications_are_narrowed_and_ordered(three, query, found):
    page = Reader(three.auditor).get("/applications/", **query)
    assert (page.status, names(page)) == (200, found)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("officer_1", ["NHS Group 1 CCG"]),
        ("officer_4", ["NHS Group 4 CCG"]),
        ("director", ["NHS Group 1 CCG", "NHS Group 2 CCG"]),
        ("outsider", []),
    ],
)
def test_applications_lists_only_what_one_may_read(three, name, found):
    assert names(Reader(three.people[name]).get("/applications/")) == found


def test_applications_keeps_the_outcome_from_the_applicant_until_the_letter(world):
    walk = Walk(world, unmet=()).to(Stage.LETTER)
    reader = Reader(world.officer_1)
    assert "Fully authorised" not in reader.get("/applications/").text("td")[-1]
    assert names(reader.get("/applications/", outcome="full")) == []
    assert names(reader.get("/applications/", outcome="none")) == ["NHS Group 1 CCG"]
    assert names(Reader(world.auditor).get("/applications/", outcome="full")) == ["NHS Group 1 CCG"]
    walk.to(Stage.PUBLICATION)
    assert names(reader.get("/applications/", outcome="full")) == ["NHS Group 1 CCG"]


def test_applications_cost_the_same_for_one_and_for_three(world):
    Walk(world, ccg="01A")
    reader = Reader(world.auditor)
    once = cost(reader, "/applications/")
    Walk(world, ccg="02A")
    Walk(world, ccg="03A")
    assert cost(reader, "/applications/") == once


@pytest.mark.parametrize("stage", [Stage.DESK_TOP, Stage.CONDITIONS_RESPONSE, Stage.LETTER, Stage.PUBLICATION])
@pytest.mark.parametrize("who", [None, "secretary"])
def test_register_says_nothing_before_publication(world, stage, who):
    Walk(world, direction="A secret direction.").to(stage)
    reader = Reader(world.people[who] if who else None)
    page = reader.get("/register/")
    assert "No decision has been published yet." in page.words
    for leak in ("NHS Group 1", "01A", "secret"):
        assert leak not in page.html
    assert names(reader.get("/register/", q="01A")) == []
    assert [choice for choice in page.text("option") if choice in {"Wave 1", "North"}] == []
    assert reader.get("/register/01A/").status == 404
    assert reader.get("/register/01a/").status == 404


def test_register_entry_says_no_more_than_what_is_published(world):
    walk = Walk(world, direction="Do this.").to(Stage.PLAN)
    Walk(world, ccg="02A", unmet=("2.1A",), red=()).to(Stage.PUBLICATION)
    voice = walk.meetings["decision"].of("voice").person
    page = Reader().get("/register/01A/")
    assert page.heading.endswith("Code 01A, wave 1, North")
    assert "With directions now" in page.words
    assert f"Coalition representative: {voice}, nominated by NHS Alliance. Concurred." in page.words
    assert page.text("h3")[:2] == ["1.1B Open", "3.1.1B Open"]
    private = ("Not shown by the papers", "Thank you.", "We accept.", "Clear of every test", "example.test", "Group 2")
    for leak in private:
        assert leak not in page.html


def test_register_entry_shows_what_reviews_changed(world):
    walk = Walk(world, direction="Do this.").to(Stage.REVIEW)
    [first, *rest] = open_conditions(walk.case)
    results = {code: Reviewed(code, ReviewResult.DISCHARGE, "Shown.") for code in rest}
    walk.review({first: Reviewed(first, ReviewResult.LOWER, "Better.", level="II"), **results})
    page = Reader().get("/register/01A/")
    assert "Support level lowered from level IV to II" in page.words
    assert "2 imposed, 1 open now" in page.words
    assert "1 given, 0 in force now" in page.words
    assert names(Reader().get("/register/", outcome="conditional")) == ["NHS Group 1 CCG"]
    assert names(Reader().get("/register/", outcome="directions")) == []


def test_register_costs_the_same_for_one_and_for_three(world):
    Walk(world, ccg="01A", unmet=()).to(Stage.CLOSED)
    once = cost(Reader(), "/register/")
    Walk(world, ccg="02A", direction="Do this.").to(Stage.PLAN)
    Walk(world, ccg="03A").to(Stage.PLAN)
    assert cost(Reader(), "/register/") == once
    assert cost(Reader(), "/register/02A/") == cost(Reader(), "/register/03A/")


def test_calendar_names_days_and_no_ccg(world):
    Walk(world).to(Stage.SITE_VISIT)
    page = Reader().get("/calendar/")
    assert page.heading == "Calendar"
    assert "Wave 1 closes" in page.words
    assert "2 July 2012" in page.text("time")
    assert "1 site visit" in page.words
    assert "Group 1" not in page.html


def test_robots_may_read_what_is_public(db):
    assert "Allow: /register/" in Reader().client.get("/robots.txt").content.decode()


def test_register_without_a_decision_says_when_the_first_are_due(world):
    assert "The day on which the first are due is not fixed yet." in Reader().get("/register/").words
    walk = Walk(world, unmet=()).to(Stage.DECISION)
    with clock.at(walk.now):
        on = today() + timedelta(days=9)
        sitting_on(world, "decision", [walk.case], on=on)
        words = Reader().get("/register/").words
    assert f"sits next on {on:%-d %B %Y};" in words
    assert "0 decisions" not in words
    assert walk.case.ccg.name not in words
