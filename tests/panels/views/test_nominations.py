"""Nominations on their pages: open to read, the body's own to change."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, resolve

from audit import clock
from panels.models import Nomination
from tests.factories.pages import Reader

NOW = datetime(2012, 6, 4, 9, tzinfo=UTC)


@pytest.fixture
def at_work(world):
    with clock.at(NOW):
        yield world


def test_nominations_shows_each_body_and_what_its_people_took(at_work):
    page = Reader(at_work.outsider).get("/nominations/")
    assert page.heading == "Nominations for the Coalition seat"
    assert "NHS Alliance" in page.words
    assert "National Association of Primary Care" in page.words
    assert "End" not in {text.split()[0] for text in page.links}


def test_nominate_by_the_bodys_secretary(at_work):
    reader = Reader(at_work.nominator)
    sent = reader.send("/nominations/NHSA/new/", email=at_work.officer_3.email.upper())
    assert (sent.status_code, sent.url) == (302, "/nominations/")
    assert Nomination.objects.filter(person=at_work.officer_3, body__code="NHSA", ends=None).exists()


def test_nominate_an_unknown_address_says_so_and_keeps_what_was_typed(at_work):
    page = Reader(at_work.nominator).refused("/nominations/NHSA/new/", email="nobody@example.org")
    assert page.status == 422
    assert "Nobody in the directory has the address nobody@example.org" in page.words
    assert page.fields["email"] == ["nobody@example.org"]


@pytest.mark.parametrize("who", ["other_nominator", "secretary", "outsider"])
def test_nominate_by_somebody_else_is_refused(at_work, who):
    before = Nomination.objects.count()
    assert Reader(getattr(at_work, who)).get("/nominations/NHSA/new/").status == 403
    assert Nomination.objects.count() == before


def test_end_a_nomination(at_work):
    row = Nomination.objects.get(person=at_work.voice)
    Reader(at_work.nominator).send(f"/nominations/{row.pk}/end/")
    row.refresh_from_db()
    assert row.ends == date(2012, 6, 4)


@pytest.mark.parametrize("year", ["0", "10000", "9" * 20, "9" * 5000])
def test_end_a_nomination_on_no_day_is_refused(at_work, year):
    row = Nomination.objects.get(person=at_work.voice)
    page = Reader(at_work.nominator).refused(f"/nominations/{row.pk}/end/", ends_0="1", ends_1="1", ends_2=year)
    assert page.status == 422
    assert "Enter a real day, such as 5 12 2012" in page.links


def test_nominate_by_a_body_with_a_zero_byte_in_its_code_has_no_page():
    """PostgreSQL refuses to look one up, which would be an error of ours."""
    with pytest.raises(Resolver404):
        resolve("/nominations/NH\x00SA/new/")


def test_nominations_cost_the_same_however_many_there_are(at_work):
    reader = Reader(at_work.nominator)

    def cost():
        reader.get("/nominations/")
        with CaptureQueriesContext(connection) as asked:
            reader.get("/nominations/")
        return len(asked)

    once = cost()
    for officer in (at_work.officer_3, at_work.officer_4):
        reader.send("/nominations/NHSA/new/", email=officer.email)
    assert cost() == once
