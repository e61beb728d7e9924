"""Who would take over functions under a direction, named on the page of the conditions panel (D5)."""

import pytest

from audit import clock
from authorisation.enums import Stage
from authorisation.models import ProposedCondition
from authorisation.queries import unmet
from panels.roles import named
from tests.factories import Walk
from tests.factories.pages import Page, Reader
from tests.factories.raw import insert, last_event, refused
from workflows import queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk(world):
    """The conditions panel has met on the case; nothing of it is recorded."""
    walk = Walk(world).to(Stage.CONDITIONS_PANEL)
    with clock.at(walk.now):
        walk.sit("conditions", "conditional")
    return walk


def record(walk, *, direction="Let another do it.", **others):
    given = {}
    for code in unmet(walk.case):
        given |= {f"level-{code}": "IV", f"test-{code}": "Show it.", f"direction-{code}": direction}
    given |= {f"other-{code}": other for code, other in others.items()}
    with queue.held(), clock.at(walk.now):
        path = f"/applications/{walk.case.ref}/do/conditions_panel/"
        return Reader(walk.world.secretary).send(path, **given)


def test_other_ccg_is_recorded_told_to_the_tests_and_shown(walk):
    [first, *_] = unmet(walk.case)
    assert record(walk, **{first: "02a"}).status_code == 302
    rows = ProposedCondition.objects.order_by("criterion__position").values_list("criterion__code", "other__code")
    assert dict(rows) == dict.fromkeys(unmet(walk.case)) | {first: "02A"}
    assert list(named([walk.case.ref])) == [(walk.case.ref, "02A")]
    with clock.at(walk.now):
        page = Reader(walk.world.secretary).get(f"/applications/{walk.case.ref}/")
    assert "Functions would pass to NHS Group 2 CCG (02A)" in page.words


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ("99Z", "No organisation has the code 99Z: enter the code of another CCG, such as 02Q."),
        (
            "01A",
            "NHS Group 1 CCG (01A) is the CCG under review: a direction that takes functions from it names another",
        ),
        ("H01", "The hospital of group 1 (H01) is a provider: only another CCG may exercise a CCG's functions."),
    ],
)
def test_other_organisation_that_cannot_be_is_refused_beside_its_field(walk, other, sentence):
    [first, *_] = unmet(walk.case)
    page = Page(record(walk, **{first: other}))
    assert sentence in page.words
    assert not ProposedCondition.objects.exists()


def test_other_organisation_without_a_direction_is_refused(walk):
    [first, *_] = unmet(walk.case)
    page = Page(record(walk, direction="", **{first: "02A"}))
    assert f"{first} names 02A to take over functions and has no direction: write it, or name nobody" in page.words
    assert not ProposedCondition.objects.exists()


def test_other_organisation_without_a_direction_is_refused_by_the_database(walk):
    record(walk)
    row = ProposedCondition.objects.first()
    changes = {"attempt": 2, "direction": "", "event_id": last_event(walk.case)}
    refused(
        "authorisation_other_with_direction",
        *insert(row, other_id=walk.world.organisations["02A"].pk, **changes),
    )
