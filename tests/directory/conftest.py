from datetime import UTC, date, datetime

import pytest

from audit import clock
from directory.actions import organisations, people, posts
from directory.models import OrganisationKind, PostKind

SPRING = date(2012, 4, 1)


@pytest.fixture(autouse=True)
def noon_of_2012():
    with clock.at(datetime(2012, 6, 1, 11, tzinfo=UTC)):
        yield


@pytest.fixture
def board(db):
    return organisations.add_organisation(kind=OrganisationKind.BOARD, code="BOARD", name="The Board", by="system")


@pytest.fixture
def make_organisation(db):
    def make(code, kind=OrganisationKind.CCG, **values):
        return organisations.add_organisation(kind=kind, code=code, name=f"Organisation {code}", by="system", **values)

    return make


@pytest.fixture
def make_person(db):
    def make(name="Ann Other", **values):
        email = values.pop("email", f"{name.lower().replace(' ', '.')}@example.org")
        return people.add_person(full_name=name, email=email, by="system", **values)

    return make


@pytest.fixture
def ccg(make_organisation):
    return make_organisation("02Q")


@pytest.fixture
def ann(make_person):
    return make_person()


@pytest.fixture
def administrator(board, make_person):
    person = make_person("Sec Retary")
    posts.appoint(person=person, organisation=board, kind=PostKind.SECRETARIAT, starts=SPRING, by="system")
    person.refresh_from_db()
    return person
