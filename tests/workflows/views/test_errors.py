"""What people see when something is refused, missing or broken."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client, RequestFactory

from config import pages
from directory.actions.people import add_person
from directory.forms.fields import AreaField
from tests.factories import Walk
from tests.factories.pages import Page, Reader


def test_failure_page_needs_nothing_that_may_be_broken():
    page = Page(pages.failed(RequestFactory().get("/")))
    assert (page.status, page.heading) == (500, "Something went wrong")
    assert "Sign out" not in page.text("button")


def test_form_without_its_token_is_told_to_be_too_old(db):
    page = Page(Client(enforce_csrf_checks=True).post("/sign-in/", {}))
    assert (page.status, page.heading) == (403, "You may not do this")
    assert "This form is too old to be sent." in page.words


def test_refusal_outside_a_form_is_a_page_with_the_sentence(db):
    person = add_person(full_name="Early Bird", email="early@example.test", by="system")
    page = Reader(person).get("/applications/")
    assert (page.status, page.heading) == (422, "This was refused")
    assert "The Board is not in the directory" in page.words


def test_conflict_leads_back_to_the_case(world):
    case = Walk(world).case
    page = Reader(world.secretary).get(f"/applications/{case.ref}/do/decision/")
    assert page.status == 409
    assert page.links[f"Open {case.ref} again"] == f"/applications/{case.ref}/"


def test_text_too_long_is_told_with_the_name_of_its_field():
    with pytest.raises(ValidationError, match="“Why so 100%” takes at most 5 characters, and there are 6"):
        AreaField(label="Why so 100%", max_length=5).clean("123456")


@pytest.mark.parametrize("path", ["/", "/register/", "/calendar/", "/sign-in/", "/about/"])
def test_public_pages_work_in_an_empty_database(db, path):
    assert Reader().get(path).status == 200
