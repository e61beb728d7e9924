"""The pages of the log in a real browser: accessible, quiet, no wider than the screen."""

import pytest

from audit import checkpoints, rechecking
from audit.models import Event
from authorisation.enums import Stage
from tests.factories import Walk, build_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def walk(transactional_db):
    walk = Walk(build_world()).to(Stage.SITE_VISIT_PLANNING)
    rechecking.recheck()
    checkpoints.sign_head()
    return walk


def test_pages_of_the_log(visit, sign_in, walk):
    sign_in(walk.world.auditor)
    event = Event.objects.filter(event_type="application.submitted").latest("pk")
    for path in (
        "/audit/",
        "/audit/events/",
        "/audit/events/?from=x&about=nobody",
        f"/audit/entries/{bytes(event.leaf_hash).hex()}/",
        "/audit/cosignatures/",
        f"/applications/{walk.case.ref}/trace/",
    ):
        visit(path)


def test_anybody_checks_a_record_and_sees_each_step(page, visit, live_server, walk):
    visit("/audit/verify/")
    page.get_by_label("Or paste its text").fill(checkpoints.latest().note)
    page.get_by_role("button", name="Check").click()
    assert page.get_by_role("heading", name="Verified").is_visible()
    assert page.locator(".app-checks__one").count() > 1
