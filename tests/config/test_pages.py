"""What people see of a race lost in the database."""

import logging

import pytest
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import RequestFactory

from config.pages import Refusals


@pytest.fixture
def refusals():
    return Refusals(lambda _request: HttpResponse())


def test_what_the_database_alone_refuses_is_a_conflict_and_is_logged(refusals, caplog, rf: RequestFactory):
    with caplog.at_level(logging.WARNING, logger="config.pages"):
        answer = refusals.process_exception(rf.post("/panels/PAN-0001/"), IntegrityError("fence: private detail"))
    assert answer.status_code == 409
    assert "at the same moment" in answer.content.decode()
    assert "private detail" not in answer.content.decode()
    assert "The database refused POST /panels/PAN-0001/" in caplog.text


def test_any_other_fault_is_left_to_fail(refusals, rf: RequestFactory):
    assert refusals.process_exception(rf.get("/"), RuntimeError()) is None
