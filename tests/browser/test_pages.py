"""Our pages in a real browser: accessible, quiet, and no wider than the screen."""

import pytest

from audit import clock
from authorisation.enums import Stage
from tests.factories import Walk, build_world, convened, opened, sitting_on

pytestmark = pytest.mark.django_db(transaction=True)
REF = "CCG-01A-2012"


@pytest.fixture
def world(transactional_db):
    return build_world()


@pytest.fixture
def reviewed(world):
    """A case with conditions, directions and a plan, on the public register."""
    return Walk(world, direction="Do this.\nAnd that.").to(Stage.REVIEW)


def test_public_pages(visit, reviewed):
    for path in ("/", "/register/", "/register/01A/", "/calendar/", "/sign-in/", "/about/"):
        visit(path)
    visit("/nowhere/", status=404)


def test_pages_of_the_secretariat(visit, sign_in, reviewed):
    panel = reviewed.meetings["decision"].panel.ref
    sign_in(reviewed.world.secretary)
    for path in ("/", "/applications/", f"/applications/{REF}/", "/panels/", f"/panels/{panel}/", "/people/"):
        visit(path)
    visit("/panels/new/")
    visit(f"/applications/{REF}/do/publication/", status=409)
    visit(f"/applications/{REF}/do/plan/", status=409)


def test_everything_folded_out_is_accessible_too(page, visit, sign_in, reviewed):
    sign_in(reviewed.world.secretary)
    from axe_playwright_python.sync_playwright import Axe

    visit(f"/applications/{REF}/")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
        assert (
            Axe().run(page, options={"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa"]}}).violations_count == 0
        )


def test_forms_of_the_desk(page, visit, sign_in, world):
    walk = Walk(world).to(Stage.DESK_TOP)
    sign_in(world.assessor)
    path = f"/applications/{REF}/do/desk_top_review/"
    visit(f"{path}?item=1")
    walk.to(Stage.SECOND_READING)
    sign_in(world.reader)
    visit(f"/applications/{REF}/do/second_reading/")


def test_forms_of_the_panels(visit, sign_in, world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        meeting = sitting_on(world, "moderation", [walk.case], voices=())
        offered = sitting_on(world, "conditions", [walk.case], accept=False)
        taken = convened(sitting_on(world, "moderation", [walk.case]))
        item = opened(taken, walk.case)
    sign_in(world.secretary)
    empty = meeting.panel.seats.get(kind="coalition_representative", required=True)
    visit(f"/panels/{meeting.panel.ref}/")
    visit(f"/panels/{meeting.panel.ref}/seat/{empty.number}/")
    visit(f"/panels/{meeting.panel.ref}/do/convene/{meeting.sitting.pk}/")
    for deed in ("decide", "recuse", "arrive"):
        visit(f"/panels/{taken.panel.ref}/do/{deed}/{item.pk}/")
    asked = offered.of("voice")
    sign_in(asked.person)
    visit("/")
    visit(f"/panels/{offered.panel.ref}/answer/{asked.pk}/")


def test_error_summary_takes_the_focus_and_leads_to_the_field(page, visit, sign_in, world, expected):
    expected.add(422)
    Walk(world)
    sign_in(world.officer_1)
    visit(f"/applications/{REF}/do/submit/")
    page.get_by_role("button", name="Submit the application").click()
    page.wait_for_selector(".nhsuk-error-summary")
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.className").startswith("nhsuk-error-summary")
    page.get_by_role("link", name="Enter how many practices have signed").click()
    assert page.evaluate("document.activeElement.id") == "id_practices"


def test_keyboard_reaches_everything_in_order(page, visit, sign_in, world):
    Walk(world)
    sign_in(world.officer_1)
    visit("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    page.wait_for_url("**/#maincontent")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_pages_work_without_scripts(browser, live_server, client, world):
    Walk(world)
    client.force_login(world.officer_1, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/applications/{REF}/do/submit/")
    page.get_by_label("Proposed constitution").fill("One")
    page.get_by_label("Proposed accountable officer").fill("Dr A")
    page.get_by_label("How many practices have signed?").fill("9")
    page.get_by_label("What is stated here is true").check()
    page.get_by_role("button", name="Submit the application").click()
    assert "must have signed" not in page.content()
    context.close()
