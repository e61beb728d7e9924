"""What a person is refused is an entry of the log, whatever becomes of the entry the answer is the same."""

import logging

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import RequestFactory
from django.urls import resolve

from audit import clock
from audit.models import Event
from config import pages
from tests.factories import build_world
from tests.factories.cases import Walk
from tests.factories.pages import Reader
from tests.factories.world import START

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def world(db):
    with clock.at(START):
        yield build_world()


def refusals():
    found = Event.objects.filter(event_type="access.refused").order_by("id")
    return [(each.document["actor"], each.document["public"]) for each in found]


def test_page_refused_to_somebody_signed_in_is_recorded_once_a_minute(world):
    reader = Reader(world.outsider)
    for _ in range(3):
        assert reader.client.get("/audit/panels/PAN-0001/?on=Ann").status_code == 403
    assert refusals() == [(world.outsider.stream, {"what": "audit-panel", "ref": "PAN-0001"})]


def test_what_was_typed_into_an_address_is_not_recorded(world):
    assert Reader(world.outsider).client.get("/audit/panels/Ann Other/").status_code == 403
    assert refusals() == [(world.outsider.stream, {"what": "audit-panel", "ref": ""})]


def test_nobody_signed_in_is_not_recorded(world):
    assert Reader().client.get("/audit/panels/").status_code == 302
    assert refusals() == []


def test_case_that_is_hidden_is_recorded_and_one_that_is_not_there_is_not(world):
    case = Walk(world).case
    reader = Reader(world.outsider)
    hidden = reader.get(f"/applications/{case.ref}/")
    missing = reader.get("/applications/CCG-99Z-2012/")
    assert (hidden.status, hidden.words) == (missing.status, missing.words)
    assert refusals() == [(world.outsider.stream, {"what": "application", "ref": case.ref})]
    Reader(world.auditor).get(f"/applications/{case.ref}/letter.pdf")
    assert len(refusals()) == 1


def asked(person, path="/audit/panels/"):
    request = RequestFactory().get(path)
    request.user, request.resolver_match = person, resolve(path)
    return request


def test_answer_is_the_same_when_the_database_fails(world, monkeypatch, caplog):
    def broken(**_given):
        raise DatabaseError("down")

    monkeypatch.setattr(pages, "note_refused", broken)
    with caplog.at_level(logging.ERROR, logger="config.pages"):
        answer = pages.forbidden(asked(world.outsider), PermissionDenied("Not you."))
    assert (answer.status_code, "Not you." in answer.content.decode()) == (403, True)
    assert "A refusal of /audit/panels/ was not recorded." in caplog.text


def test_transaction_that_is_lost_is_left_alone(world):
    with pytest.raises(IntegrityError), transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.execute("DELETE FROM audit_event")
        assert connection.needs_rollback
        assert pages.forbidden(asked(None), PermissionDenied("Not you.")).status_code == 403
        pages._note_refused(asked(world.outsider))
        raise IntegrityError
    assert refusals() == []


def test_page_with_no_address_or_person_is_still_answered(world):
    request = RequestFactory().get("/")
    assert pages.forbidden(request, PermissionDenied("No.")).status_code == 403
    assert pages.missing(request, ValueError()).status_code == 404
    assert refusals() == []
