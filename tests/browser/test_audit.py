"""The panels explorer in a real browser: accessible, quiet, no wider than the screen, and usable without scripts."""

from datetime import timedelta

import pytest

from audit import clock
from authorisation.enums import Stage
from panels.actions import items
from tests.factories import Walk, build_world, convened, opened, sitting_on

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def walk(transactional_db):
    """A clear sitting, one that was never convened and lacks its Coalition seat, and one with a stopped item."""
    walk = Walk(build_world()).to(Stage.MODERATION)
    with clock.at(walk.now):
        sitting_on(walk.world, "conditions", [walk.case], voices=())
        walk.meeting = convened(sitting_on(walk.world, "moderation", [walk.case]))
        item = opened(walk.meeting, walk.case)
        voice = walk.meeting.of("voice")
        items.recuse(item=item, appointment=voice, reason="Kin.", by=voice.person)
    return walk


def test_list_of_sittings(visit, sign_in, walk):
    sign_in(walk.world.auditor)
    page = visit("/audit/panels/")
    assert page.locator("tbody tr").count() == 3
    visit("/audit/panels/?from=x&to=y&result=exceptions&q=nothing")


def test_panel_as_it_stood_folded_and_unfolded(page, visit, sign_in, walk):
    from axe_playwright_python.sync_playwright import Axe

    sign_in(walk.world.guardian)
    path = f"/audit/panels/{walk.meeting.panel.ref}/"
    voice = walk.meeting.members["voice"].pk
    yesterday = (walk.now - timedelta(days=1)).date().isoformat()
    for query in ("", f"?facts={voice}", "?on=x", f"?on={yesterday}", "?after=3"):
        visit(path + query)
    page.goto(page.url.split("?")[0])
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        options = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}
        found = Axe().run(page, options=options)
        assert found.violations_count == 0, found.generate_report()


def test_list_is_narrowed_and_a_panel_opened_without_scripts(browser, live_server, client, walk):
    client.force_login(walk.world.auditor, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/audit/panels/")
    page.get_by_label("Result").select_option(label="Item stopped")
    page.get_by_label("From").fill("2012-01-01")
    page.get_by_role("button", name="Show").click()
    assert page.locator("tbody tr").count() == 1
    page.get_by_role("link", name="moderation panel").click()
    page.get_by_label("As it stood at the end of").fill("2011-12-31")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_text("did not exist yet").count() == 1
    context.close()
