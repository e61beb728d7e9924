"""Who may open the pages of the log: auditors, the conflicts guardian and the secretariat, and the public some."""

import pytest
from django.test import Client

from audit.models import Event
from tests.factories.pages import Reader
from tests.factories.world import PEOPLE

MAY = {"secretary", "guardian", "auditor"}
EVERYBODY = [name for name, _, _ in PEOPLE] + ["outsider", "spare"]
PUBLIC = ("verify/", "checkpoint", "vkeys", "consistency?old=0", "verify_log.py")


def closed(walk):
    """Every page that is not for everybody."""
    event = Event.objects.filter(event_type="decision.recorded").get()
    entry = f"/audit/entries/{bytes(event.leaf_hash).hex()}/"
    trace = f"/applications/{walk.case.ref}/trace/"
    return ["/audit/", "/audit/events/", "/audit/events.csv", entry, f"{entry}proof", trace]


@pytest.mark.parametrize("name", EVERYBODY)
def test_the_log_is_for_those_who_audit(walk, name):
    client = Reader(walk.world.people[name]).client
    found = {client.get(path).status_code for path in closed(walk)}
    if name in MAY:
        assert found == {200}
    else:
        assert found <= {403, 404}
    assert (client.post("/audit/recheck/").status_code == 302) is (name in MAY)


@pytest.mark.parametrize("name", EVERYBODY)
def test_only_those_who_audit_open_private_content(walk, name):
    event = Event.objects.get(event_type="decision.recorded")
    path = f"/audit/entries/{bytes(event.leaf_hash).hex()}/"
    answer = Reader(walk.world.people[name]).client.post(path, {"show": "free_text"})
    assert ("Qanary-decision" in answer.content.decode()) is (name in MAY)
    noted = [each.document["public"]["what"] for each in Event.objects.filter(event_type="record.read")]
    assert ("private-free_text" in noted) is (name in MAY)


def test_strangers_are_asked_to_sign_in(walk):
    client = Client()
    assert {client.get(path).status_code for path in [*closed(walk), "/audit/cosignatures/"]} == {302}
    assert client.get(f"/applications/{walk.case.ref}/bundle.json").status_code == 302


def test_what_proves_the_log_is_open_to_everybody(walk):
    for path in PUBLIC:
        assert Client().get(f"/audit/{path}").status_code == 200


@pytest.mark.parametrize("name", EVERYBODY)
def test_bundle_is_for_who_audits_and_the_ccg_itself_after_its_letter(walk, name):
    person = walk.world.people[name]
    client = Reader(person).client
    may = name in MAY or person == walk.world.officer(walk.case.ccg.code)
    for ask in (client.get, client.post):
        assert (ask(f"/applications/{walk.case.ref}/bundle.json").status_code == 200) is may
    page = client.get(f"/applications/{walk.case.ref}/")
    assert ("The record with its proofs" in page.content.decode()) is may


@pytest.mark.parametrize("name", EVERYBODY)
def test_cosignatures_are_brought_by_the_coalitions_officers_and_auditors(walk, name):
    client = Reader(walk.world.people[name]).client
    may = name in MAY | {"nominator", "other_nominator"}
    assert client.get("/audit/cosignatures/").status_code == (200 if may else 403)


def test_menu_leads_to_the_audit_and_every_page_to_the_check(walk):
    links = Reader(walk.world.auditor).get("/").links
    assert links["Audit"] == "/audit/"
    assert Reader().get("/register/").links["Check a record"] == "/audit/verify/"
    assert "Audit" not in Reader(walk.world.chair).get("/").links


def test_search_engines_may_fetch_what_is_public(client):
    told = client.get("/robots.txt").content.decode().splitlines()
    assert {"Allow: /audit/checkpoint", "Allow: /audit/verify/", "Disallow: /"} <= set(told)
    assert told.index("Allow: /audit/vkeys") < told.index("Disallow: /")
