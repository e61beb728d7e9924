"""Nobody without a right to a case sees a word of its papers, on any address there is (I3, I10)."""

import logging

import pytest
from django.db import transaction
from django.test import Client

from audit import clock
from authorisation.models import Application
from tests.access.crawl import APART, addresses, routes
from tests.access.papers import CANARY, SHUT_OUT
from tests.factories.pages import Reader

pytestmark = [pytest.mark.django_db, pytest.mark.once]
BROKEN = 500
# A page, or an address to post to: each is asked everything.
ANSWERS = {200, 405}
FRAGMENT = {"HTTP_HX_REQUEST": "true"}


def told(response) -> str:
    """Everything an answer says: its line, headers and whole body."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return f"{response.reason_phrase}\n{response.headers}\n{body.decode('utf-8', 'replace')}"


def ask(client, method, path, **extra):
    """An answer whose traces are undone."""
    with transaction.atomic():
        response = getattr(client, method)(path, **extra)
        said = told(response)
        transaction.set_rollback(True)
    return response, said


def visitor(person):
    return Reader(person).client if person is not None else Client()


def test_the_papers_are_there_to_be_seen(sealed):
    """The walk finds the canaries when somebody with the right makes it: it can fail."""
    with clock.at(sealed.walk.now):
        found = told(visitor(sealed.world.auditor).get(f"/applications/{sealed.ref}/"))
        panel = told(visitor(sealed.world.auditor).get(f"/panels/{sealed.meetings[0].panel.ref}/"))
    papers = {"constitution", "desk-reason", "visit-reason", "report", "comment", "outcome", "dissent", "note"}
    papers |= {"test", "direction", "answer", "decision", "leaving"}
    assert {paper for paper in papers if f"{CANARY}-{paper}" not in found} == set()
    assert f"{CANARY}-outcome" in panel


def test_every_address_is_walked(sealed):
    """Each route has at least one address on the walk, but for those that sign somebody in or out."""
    walked = "\n".join(addresses(sealed))
    for name, route in routes():
        assert name in APART or f"/{route.partition('<')[0]}" in walked


def test_everybody_shut_out_is_in_the_world(sealed):
    assert set(sealed.shut_out) == set(SHUT_OUT)


@pytest.fixture(autouse=True)
def _minutes_to_be_read(monkeypatch):
    """What the minutes as a PDF would say, not packed."""
    monkeypatch.setattr("panels.views.sittings.pdf", lambda _name, document: repr(document).encode())


@pytest.fixture
def _quiet():
    """Thousands of refusals, each with its traces, are written down nowhere."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize("who", SHUT_OUT)
def test_no_address_shows_a_paper_to(sealed, who):
    """Every address is read. Each route, and each act on it, is asked to act and for a fragment at least once.

    So is every address that shows a page, or takes what is posted only.
    """
    client, leaks, asked = visitor(sealed.shut_out[who]), [], set()
    client.raise_request_exception = False

    def leaking(method, path, **extra):
        response, said = ask(client, method, path, **extra)
        if CANARY in said or "%PDF" in said or response.status_code >= BROKEN:
            leaks.append(f"{method} {path}: {response.status_code}")
        return response.status_code

    with clock.at(sealed.walk.now):
        for path, route in addresses(sealed, sealed.shut_out[who]).items():
            if leaking("get", path) in ANSWERS or route not in asked:
                leaking("post", path)
                leaking("get", path, **FRAGMENT)
            asked.add(route)
    assert leaks == []


@pytest.mark.parametrize("who", SHUT_OUT)
def test_case_is_not_found_listed_or_counted_for(sealed, who):
    person, ref = sealed.shut_out[who], sealed.ref
    client = visitor(person)
    with clock.at(sealed.walk.now):
        if person is None or not person.is_active:
            assert client.get(f"/applications/{ref}/").status_code == 302
            return
        assert not Application.objects.visible_to(person).filter(ref=ref).exists()
        reader = Reader(person)
        missing = reader.get("/applications/CCG-99Z-2012/").words
        for path in ("", "letter.pdf", "do/publication/", "do/withdraw/"):
            answer = reader.get(f"/applications/{ref}/{path}")
            assert (answer.status, answer.words) == (404, missing)
        listed = reader.get("/applications/", q=ref)
    assert "No application fits." in listed.words
    assert ref not in listed.html.replace(f'value="{ref}"', "")
