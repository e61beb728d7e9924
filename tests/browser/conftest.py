"""The machine's own Chromium, one page at a time, and what holds for every page."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import cannot_run

NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "microsoft-edge", "msedge"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 900}


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


def find_browser() -> str | None:
    """Give the browser to drive: BROWSER_PATH, or the first one on PATH."""
    return os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session", autouse=True)
def _async_unsafe():
    # Playwright runs an event loop in this thread; Django would refuse the database beside it.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    path = find_browser()
    if path is None:
        cannot_run("No browser was found.", "install chromium-headless-shell or chromium, or set BROWSER_PATH.")
    return {**browser_type_launch_args, "executable_path": path, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "locale": "en-GB", "timezone_id": "Europe/London", "viewport": WIDE}


@pytest.fixture
def expected() -> set[int]:
    """The statuses other than 200 that a test asks for: the browser itself reports them on the console."""
    return set()


def _left(request) -> bool:
    """Whether the page asked for its own state and was left before the answer came."""
    return request.resource_type in {"xhr", "fetch"} and request.failure == "net::ERR_ABORTED"


@pytest.fixture
def page(page, live_server, expected):
    """A page that, at the end of the test, has said nothing on its console and asked no other host for anything."""
    troubles: list[str] = []
    ours = urlsplit(live_server.url).netloc
    page.on("console", lambda message: troubles.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on(
        "request",
        lambda request: (
            None
            if urlsplit(request.url).netloc == ours or request.url.startswith("data:")
            else troubles.append(f"asked another host: {request.url}")
        ),
    )
    page.on("requestfailed", lambda request: None if _left(request) else troubles.append(f"failed: {request.url}"))
    yield page
    assert [each for each in troubles if not any(f"status of {status} " in each for status in expected)] == []


@pytest.fixture
def sign_in(page, client, live_server) -> Callable:
    """Give the browser the session of a person, without a form."""

    def sign_in(person) -> None:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        cookie = client.cookies["session"]
        page.context.add_cookies([{"name": "session", "value": cookie.value, "url": live_server.url}])

    return sign_in


@pytest.fixture
def visit(page, live_server, expected) -> Callable:
    """Open one of our addresses and check what holds for every page, on a telephone and on a desk."""
    from axe_playwright_python.sync_playwright import Axe

    def visit(path: str, *, status: int = 200):
        expected.add(status)
        response = page.goto(live_server.url + path)
        assert response.status == status
        for size in (NARROW, WIDE):
            page.set_viewport_size(size)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{path} scrolls sideways by {wide} pixels at {size['width']}"
            found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
            assert found.violations_count == 0, found.generate_report()
        return page

    return visit
