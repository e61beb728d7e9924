"""A case's walk through the process as auditors read it, and its bundle."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit import checkpoints, clock, verify_log
from audit.models import Checkpoint, Event
from authorisation.enums import Stage
from tests.factories import Walk
from tests.factories.pages import Reader
from workflows.presenters.trace import trace


@pytest.fixture
def walk(world):
    return Walk(world).to(Stage.PUBLICATION)


def lines(case):
    return [line for walk in trace(case) for line in walk.lines]


def test_every_event_of_the_case_is_there_in_order_with_its_entry(walk):
    told = lines(walk.case)
    own = Event.objects.filter(stream=walk.case.stream).order_by("pk")
    assert [bytes(each.leaf_hash).hex() for each in own] == [each.hash for each in told if not each.panel]
    assert [each.index for each in told] == sorted(each.index for each in told)


def test_panels_are_there_with_what_they_did_on_this_case_alone(walk, world):
    other = Walk(world, ccg="02A").to(Stage.MODERATION)
    assert other.case.ref not in " ".join(each.text for each in lines(walk.case))
    refs = {each.panel for each in lines(walk.case)} - {""}
    assert refs == {meeting.panel.ref for meeting in walk.meetings.values()}
    kinds = Event.objects.filter(leaf_hash__in=[bytes.fromhex(each.hash) for each in lines(walk.case) if each.panel])
    assert {"panel.confirmed", "sitting.listed", "item.opened", "positions.entered", "item.decided"} <= set(
        kinds.values_list("event_type", flat=True)
    )


def test_stages_follow_the_process(walk):
    stages = [each.stage for each in trace(walk.case)]
    expected = [Stage.PREPARATION, Stage.DESK_TOP, Stage.SECOND_READING, Stage.SITE_VISIT, Stage.REPORT]
    expected += [Stage.REPORT_COMMENTS, Stage.MODERATION]
    first = [stages.index(each.label) for each in expected]
    assert first == sorted(first)
    assert stages[-1] == Stage.LETTER.label


def test_whoever_acted_is_named_with_office_or_seat_of_that_moment(walk, world):
    told = lines(walk.case)
    submitted = next(each for each in told if each.text.startswith("Application submitted"))
    assert submitted.by == world.officer(walk.case.ccg.code).display_name
    assert submitted.role == f"Accountable officer, {walk.case.ccg.name}"
    positions = [each for each in told if each.text.startswith("Positions on") and each.by == world.voice.display_name]
    assert {each.role for each in positions} <= {"Coalition representative"}


def test_hashes_of_compositions_and_letter_are_there(walk):
    hashes = dict(pair for each in lines(walk.case) for pair in each.hashes)
    letter = walk.case.decision.letter
    composition = walk.case.decision.panel_outcome.composition
    assert letter.sha256 in hashes.values()
    assert hashes["composition"] == composition.sha256


def test_page_links_entries_and_panels_as_they_stood(walk, world):
    with clock.at(walk.now):
        page = Reader(world.auditor).get(f"/applications/{walk.case.ref}/trace/")
        assert page.heading.endswith("Trace through the process")
        links = set(page.links.values())
        for line in lines(walk.case):
            assert f"/audit/entries/{line.hash}/" in links
            if line.panel:
                address = f"/audit/panels/{line.panel}/?after={line.number}"
                assert address in links
                assert Reader(world.auditor).client.get(address).status_code == 200
        case = Reader(world.auditor).get(f"/applications/{walk.case.ref}/")
        assert case.links["Trace through the process"] == f"/applications/{walk.case.ref}/trace/"


def test_as_many_queries_for_a_long_case_as_for_a_short_one(walk, world):
    short = Walk(world, ccg="04A").to(Stage.SITE_VISIT_PLANNING)

    def asked(case):
        with CaptureQueriesContext(connection) as counted:
            trace(case)
        return len(counted)

    assert asked(walk.case) <= asked(short.case) + 1


def test_bundle_is_taken_by_a_button_and_never_by_a_link(walk, world):
    path = f"/applications/{walk.case.ref}/bundle.json"
    reader = Reader(world.auditor)
    before = (Event.objects.count(), Checkpoint.objects.count())
    for _ in range(3):
        page = reader.get(path)
        assert page.heading.endswith("The record with its proofs")
    assert reader.client.head(path).status_code == 200
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(world.auditor, backend="django.contrib.auth.backends.ModelBackend")
    assert forged.post(path).status_code == 403
    assert (Event.objects.count(), Checkpoint.objects.count()) == before
    for lead in ("", "trace/"):
        links = reader.get(f"/applications/{walk.case.ref}/{lead}").links
        assert links["The record with its proofs"] == path
    assert reader.send(path).headers["Content-Disposition"].startswith("attachment")


def test_bundle_from_the_page_is_what_the_verifier_accepts(walk, world):
    answer = Reader(world.auditor).client.post(f"/applications/{walk.case.ref}/bundle.json")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{walk.case.ref}.bundle.json"'
    text = answer.content.decode()
    assert verify_log.check_bundle(text, checkpoints.vkeys_text()).verdict == "verified"
    assert json.loads(text)["disclosures"] == []
    assert Event.objects.filter(event_type="export.made").exists()


def test_visit_is_not_told_of_before_its_arranging(walk):
    stages = [each.stage for each in trace(walk.case)]
    assert stages.index(Stage.SITE_VISIT_PLANNING.label) < stages.index(Stage.SITE_VISIT.label)
    assert Stage.SITE_VISIT_PLANNING.label not in stages[stages.index(Stage.SITE_VISIT.label) :]
