import pytest

from tests.factories.pages import Reader
from workflows import demonstration
from workflows.demonstration import Persona
from workflows.views import demonstration as views


@pytest.fixture
def shown(world, settings, monkeypatch):
    """The demonstration with one person to be."""
    settings.DEMONSTRATION = True
    one = Persona("secretary", "Secretary", "Board's secretariat", world.secretary.email, "Fill a panel.")
    monkeypatch.setattr(views, "personas", lambda: [one])
    monkeypatch.setattr(views, "person_of", lambda key: world.secretary if key == "secretary" else None)
    return world


def test_choose_offers_each_person_with_what_to_try(shown):
    page = Reader().get("/demo/")
    assert page.heading == "Choose who to be"
    assert "Fill a panel." in page.words
    assert "Sign in as Secretary" in page.text("button")


def test_become_signs_in_as_that_person(shown):
    reader = Reader()
    assert reader.client.post("/demo/sign-in/secretary/").headers["Location"] == "/"
    assert "You are Secretary now." in reader.get("/").words


def test_become_somebody_unknown_is_not_found(shown):
    assert Reader().client.post("/demo/sign-in/nobody/").status_code == 404


def test_become_by_a_link_is_refused(shown):
    assert Reader().client.get("/demo/sign-in/secretary/").status_code == 405


@pytest.mark.parametrize("path", ["/demo/", "/demo/sign-in/secretary/"])
def test_nothing_of_it_exists_outside_the_demonstration(world, path):
    client = Reader().client
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    assert client.session.get("_auth_user_id") is None


def test_nobody_to_be_where_no_demonstration_is_loaded(db):
    assert demonstration.personas() == []
    assert demonstration.person_of("secretary") is None
