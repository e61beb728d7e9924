import pytest

pytestmark = [pytest.mark.urls("tests.browser.specimen"), pytest.mark.django_db(transaction=True)]


def test_specimen_is_accessible_at_every_width(visit):
    visit("/")


def test_stylesheet_arrives_under_the_policy(visit):
    page = visit("/")
    button = page.get_by_role("button", name="Fetch")
    assert button.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(0, 127, 59)"


def test_components_wake_without_inline_script(visit):
    page = visit("/")
    page.get_by_label("Why is it met?").fill("Seen on site")
    page.get_by_text("You have 8 characters remaining").first.wait_for()


def test_htmx_fetches_a_part_without_eval(visit):
    page = visit("/")
    page.get_by_role("button", name="Fetch").click()
    page.get_by_text("Fetched.").wait_for()
