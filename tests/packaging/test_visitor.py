import pytest

from config.processes import free_port
from config.visitor import Visitor, faults

pytestmark = [pytest.mark.urls("tests.packaging.visited"), pytest.mark.django_db(transaction=True)]


def test_good_pages_have_no_faults(live_server):
    assert list(faults(live_server.url, {"public": ["/demo/", "/data/"], "chair": ["/"]})) == []


def test_every_fault_is_told_with_its_page_and_visitor(live_server):
    pages = {"public": ["/short/", "/error/", "/empty/", "/"], "stranger": ["/"]}
    assert list(faults(live_server.url, pages)) == [
        "/short/ as public: the page is cut short",
        "/error/ as public: status 500",
        "/empty/ as public: the answer is empty",
        "/ as public: sent back to sign in",
        "stranger cannot sign in: status 404",
    ]


def test_visitors_do_not_share_cookies(live_server):
    first, second = Visitor(live_server.url), Visitor(live_server.url)
    assert first.sign_in("chair") == ""
    assert first.fetch("/").fault == ""
    assert second.fetch("/").fault == "sent back to sign in"


def test_nobody_there_is_a_fault():
    assert Visitor(f"http://127.0.0.1:{free_port()}").fetch("/").fault == "status 0"
