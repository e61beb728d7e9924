"""Two browsers open on one sitting show the same state within two seconds, and take nothing from whoever is typing."""

from urllib.parse import urlsplit

import pytest
from django.test import Client

from panels.actions import items
from panels.actions.positions import enter_positions
from panels.models import Stance
from tests.factories import Walk, build_world, convened, opened, sitting_on
from tests.factories.panels import coalition, seated

pytestmark = pytest.mark.django_db(transaction=True)
SOON = 2_000
# The texts of a page the other browser must show as well.
STATE = "#live"


@pytest.fixture
def world(transactional_db):
    return build_world()


@pytest.fixture
def meeting(world):
    """A panel of today with an alternate for the Coalition's seat, its one item open."""
    case = Walk(world).case
    made = sitting_on(world, "moderation", [case])
    seat = made.members["voice"].seat
    (made.members["other_voice"],) = seated(made, coalition(world, seat, "other_voice", rank=1))
    opened(convened(made), case)
    return made


@pytest.fixture
def path(meeting):
    return f"/panels/{meeting.panel.ref}/sitting/{meeting.sitting.pk}/"


@pytest.fixture
def another(browser, browser_context_args, live_server):
    """A second browser, of somebody else."""
    contexts = []

    def open_as(person, path):
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        context = browser.new_context(**browser_context_args)
        contexts.append(context)
        cookie = {"name": "session", "value": client.cookies["session"].value, "url": live_server.url}
        context.add_cookies([cookie])
        page = context.new_page()
        page.goto(live_server.url + path)
        return page

    yield open_as
    for context in contexts:
        context.close()


def item_of(meeting):
    return meeting.panel.items.select_related("panel", "sitting", "organisation").get()


def quorum(meeting, number):
    plan = meeting.panel.plan
    return f"{number} sit, {plan['quorum_to_sit']} needed; {number} vote, {plan['quorum_to_decide']} needed."


def test_recusal_in_one_browser_is_seen_in_the_other(page, visit, sign_in, another, world, meeting, path):
    sign_in(world.secretary)
    visit(path)
    other = another(world.voice, path)
    assert quorum(meeting, 6) in page.inner_text(STATE)
    other.click("text=Leave the room")
    other.fill("textarea[name=reason]", "A late interest")
    other.click("button:has-text('Leave the room')")
    page.wait_for_selector("text=The item has stopped", timeout=SOON)
    said = page.inner_text(STATE)
    assert quorum(meeting, 5) in said
    assert "Other Voice, Coalition representative, alternate 1" in said
    assert "is stopped" in page.inner_text("#told")
    assert "What happens to this case is not open to you" in other.inner_text(STATE)
    assert "A late interest" not in page.content() + other.content()
    visit(path)
    page.click("text=Other Voice takes the seat")
    assert quorum(meeting, 6) in page.inner_text(STATE)


def test_what_is_half_typed_and_the_focus_stay(page, sign_in, live_server, world, meeting, path):
    sign_in(world.lay)
    page.goto(live_server.url + path)
    page.check("input[name=stance][value=dissent]")
    page.fill("#act textarea", "Because the plan")
    page.focus("#act textarea")
    by, item = world.chair, item_of(meeting)
    enter_positions(item=item, positions={meeting.members["chair"].pk: items.Said(Stance.CONCUR)}, by=by)
    page.wait_for_selector("#live >> text=1 of 6 positions are in", timeout=SOON)
    assert page.input_value("#act textarea") == "Because the plan"
    assert page.is_checked("input[name=stance][value=dissent]")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.type(" is late")
    page.click("button:has-text('Enter your position')")
    assert "Because the plan is late" in page.inner_text(STATE)
    page.focus(f"#agenda-{item.pk}")
    items.note_departure(item=item, appointment=meeting.of("clinician"), by=world.secretary)
    page.wait_for_selector("#live >> text=5 sit, 4 needed", timeout=SOON)
    assert page.evaluate("document.activeElement.id") == f"agenda-{item.pk}"


def test_what_is_half_typed_outlives_a_stop_and_stays_with_its_item(page, sign_in, live_server, world, meeting, path):
    sign_in(world.lay)
    page.goto(live_server.url + path)
    page.check("input[name=stance][value=dissent]")
    page.fill("#act textarea", "Because the plan")
    item, voice = item_of(meeting), meeting.of("voice")
    items.note_departure(item=item, appointment=voice, by=world.secretary)
    page.wait_for_selector("#act >> text=has stopped. What you typed stays here", timeout=SOON)
    assert page.is_disabled(f"#act-button-{item.pk}")
    assert page.input_value("#act textarea") == "Because the plan"
    items.note_arrival(item=item, appointment=voice, by=world.secretary)
    page.wait_for_selector(f"#act-button-{item.pk}:enabled", timeout=SOON)
    assert page.input_value("#act textarea") == "Because the plan"
    assert page.is_checked("input[name=stance][value=dissent]")
    page.click("button:has-text('Enter your position on CCG-01A-2012')")
    assert "Because the plan" in page.inner_text(STATE)


def test_whoever_is_sent_out_loses_the_item_and_its_form_at_once(page, sign_in, live_server, world, meeting, path):
    sign_in(world.lay)
    page.goto(live_server.url + path)
    page.wait_for_selector("#act textarea")
    items.recuse(item=item_of(meeting), appointment=meeting.of("lay"), reason="Friend", by=world.secretary)
    page.wait_for_selector("#act textarea", state="detached", timeout=SOON)
    assert "is not open to you" in page.inner_text(STATE)
    assert "CCG-01A-2012" not in page.inner_text("main")


def test_page_asks_for_nothing_but_its_own_state_and_draws_only_what_changed(
    page, sign_in, live_server, world, meeting, path
):
    sign_in(world.auditor)
    asked = []
    page.on("response", lambda answer: asked.append((urlsplit(answer.url).path, answer.status)))
    page.goto(live_server.url + path)
    asked.clear()
    page.wait_for_timeout(2_500)
    assert set(asked) == {(path, 204)}


def test_whoever_is_signed_out_meanwhile_is_asked_to_sign_in(page, client, sign_in, live_server, world, path):
    sign_in(world.lay)
    page.goto(live_server.url + path)
    client.logout()
    page.wait_for_selector("h1:has-text('Sign in')", timeout=2 * SOON)


def test_pages_of_a_sitting_are_accessible(visit, sign_in, world, meeting, path):
    item, panel = item_of(meeting), meeting.panel.ref
    sign_in(world.secretary)
    visit(path)
    for deed in ("recuse", "depart", "arrive", "positions", "decide"):
        visit(f"/panels/{panel}/do/{deed}/{item.pk}/")
    visit(f"/panels/{panel}/do/close/{meeting.sitting.pk}/")
    visit(f"/panels/{panel}/minutes/{meeting.sitting.pk}/")
    visit(f"/panels/{panel}/do/note/{meeting.sitting.pk}/")
    items.recuse(item=item, appointment=meeting.of("voice"), reason="Late", by=meeting.of("voice").person)
    visit(path)
    sign_in(world.lay)
    visit(path)
    visit(f"/panels/{panel}/do/declare/{item.pk}/")


def test_without_scripts_the_page_is_a_page(browser, browser_context_args, client, live_server, world, meeting, path):
    client.force_login(world.lay, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    cookie = {"name": "session", "value": client.cookies["session"].value, "url": live_server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(live_server.url + path)
    page.check("input[name=stance][value=concur]")
    page.click("button:has-text('Enter your position')")
    assert "1 of 6 positions are in" in page.inner_text("main")
    context.close()
