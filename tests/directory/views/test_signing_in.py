import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directory.actions.people import set_password
from tests.factories import build_world
from tests.factories.pages import Reader

PASSWORD = "a long enough pass phrase"


@pytest.fixture
def world(db):
    made = build_world()
    set_password(person=made.secretary, password=PASSWORD, by="system")
    return made


def sign_in(reader, *, path="/sign-in/", email="secretary@example.test", password=PASSWORD, **given):
    return reader.send(path, email=email, password=password, **given)


def test_sign_in_with_the_right_password_opens_my_work(world):
    reader = Reader()
    assert sign_in(reader).headers["Location"] == "/"
    assert reader.get("/").heading == "My work"


def test_sign_in_in_capitals_finds_the_same_person(world):
    assert sign_in(Reader(), email="SECRETARY@example.test").status_code == 302


@pytest.mark.parametrize("given", [{"password": "wrong"}, {"email": "nobody@example.test"}])
def test_sign_in_refused_gives_nothing_away(world, given):
    reader = Reader()
    response = sign_in(reader, **given)
    assert response.status_code == 422
    assert "The e-mail address or the password is not right" in response.content.decode()
    assert given.get("password", PASSWORD) not in response.content.decode()
    assert reader.client.session.get("_auth_user_id") is None


def test_sign_in_empty_names_each_field(world):
    page = Reader().refused("/sign-in/")
    assert page.title.startswith("Error: ")
    assert page.links["Enter your e-mail address"] == "#id_email"
    assert page.links["Enter your password"] == "#id_password"


@pytest.mark.parametrize(("wanted", "reached"), [("/register/", "/register/"), ("https://elsewhere.test/", "/")])
def test_sign_in_goes_on_to_our_own_pages_only(world, wanted, reached):
    assert sign_in(Reader(), next=wanted).headers["Location"] == reached


def test_sign_out_needs_a_post(world):
    reader = Reader(world.secretary)
    assert reader.client.get("/sign-out/").status_code == 405
    assert reader.client.post("/sign-out/").status_code == 302
    assert reader.client.session.get("_auth_user_id") is None


@pytest.mark.parametrize("path", ["/applications/", "/panels/", "/people/", "/panels/PAN-0001/"])
def test_page_for_people_signed_in_sends_others_to_sign_in(world, path):
    response = Reader().client.get(path)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in/?next=")


def test_people_lists_posts_and_finds_by_name(world):
    page = Reader(world.outsider).get("/people/", q="director")
    assert "2 people found" in page.words
    assert "Other Director" in page.words
    assert "Regional director, South" in page.words
    assert "example.test" not in page.html


def test_people_looks_nothing_up_with_a_zero_byte(world):
    """SQLite finds nothing with one; PostgreSQL refuses the question, which would be an error of ours."""
    with CaptureQueriesContext(connection) as asked:
        page = Reader(world.outsider).get("/people/", q="dir\x00ector")
    assert "2 people found" in page.words
    assert not [each["sql"] for each in asked if "\x00" in each["sql"]]
