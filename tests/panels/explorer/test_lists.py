"""Who may open the explorer, and how its list narrows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import clock
from audit.models import Event
from authorisation.enums import Stage
from authorisation.grouping import WAVES
from authorisation.permissions import READS_ALL
from panels.models import Panel
from panels.permissions import AUDITS
from tests.factories import Walk, convened, decide, sitting_on
from tests.factories.pages import Reader
from tests.panels.explorer.steps import CSV, EVERYBODY, LIST, MAY, XLSX, figures, meeting, page


@pytest.mark.parametrize("name", EVERYBODY)
def test_audit_is_for_auditors_guardian_and_secretariat(walk, name):
    ref = Panel.objects.get().ref
    reader = Reader(walk.world.people[name])
    statuses = {path: reader.client.get(path).status_code for path in (LIST, f"{LIST}{ref}/", CSV, XLSX)}
    assert set(statuses.values()) == ({200} if name in MAY else {403})
    assert ("Audit" in reader.get("/panels/").links) is (name in MAY)
    assert ("As it stood on any date" in reader.get(f"/panels/{ref}/").links) is (name in MAY)


def test_audit_asks_strangers_to_sign_in(walk):
    for path in (LIST, f"{LIST}PAN-0001/", CSV, XLSX):
        assert Reader().client.get(path).status_code == 302


def test_audit_refused_says_nothing_of_what_is_there(walk):
    refused = Reader(walk.world.chair).get(LIST, q=walk.case.ref)
    assert walk.case.ref not in refused.words
    assert not Event.objects.filter(event_type="export.made").exists()


def test_whoever_audits_may_read_every_case_by_the_one_guard():
    assert AUDITS <= READS_ALL


def test_sitting_without_exceptions_is_clear(walk):
    found = page(walk)
    assert found.heading == "Audit of panels"
    assert figures(found) == {"sitting": 1, "with exceptions": 0, "without a Coalition representative": 0}
    assert "Clear" in found.words
    assert "Voice, NHS Alliance" in found.words


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"kind": "site_visit"}, True),
        ({"kind": "review"}, False),
        ({"case": "ccg-01a-2012"}, True),
        ({"case": "01A"}, True),
        ({"case": "02A"}, False),
        ({"q": "site_visit pan"}, True),
        ({"q": "Group 1"}, True),
        ({"q": "PAN-9999"}, False),
        ({"person": "voice"}, True),
        ({"person": "nobody"}, False),
        ({"person": "Voice", "seat": "coalition_representative"}, True),
        ({"person": "Voice", "seat": "lay"}, False),
        ({"seat": "key_assessor"}, True),
        ({"from": "2012-01-01", "to": "2030-01-01"}, True),
        ({"to": "2012-01-01"}, False),
        ({"from": "2030-01-01"}, False),
        ({"result": "clear"}, True),
        ({"result": "exceptions"}, False),
        ({"kind": "nonsense", "result": "nonsense", "group": "x", "seat": "nonsense"}, True),
    ],
)
def test_list_is_narrowed(walk, query, fits):
    found = page(walk, **query)
    assert ("No sitting fits." not in found.words) is fits


def test_list_is_narrowed_by_wave(walk):
    first, other = str(walk.world.waves[1].pk), str(walk.world.waves[2].pk)
    assert "No sitting fits." not in page(walk, group=first).words
    assert "No sitting fits." in page(walk, group=other).words
    assert list(WAVES.cases(first)) == [walk.case.ref]


def test_reference_of_a_panel_finds_it_alone(walk):
    made = meeting(walk)
    found = page(walk, q=made.panel.ref.lower())
    assert figures(found)["sitting found"] == 1
    assert "moderation panel" in found.words


@pytest.mark.parametrize("typed", ["x", "31/12/2012", "2012-02-30"])
def test_day_that_is_none_is_said_and_leads_to_its_field(walk, typed):
    found = page(walk, **{"from": typed})
    assert found.links[f'From: "{typed}" is not a day. Enter one such as 2012-12-05.'] == "#filter-from"


def test_days_the_wrong_way_round_are_said(walk):
    assert "The last day is before the first" in page(walk, **{"from": "2013-01-01", "to": "2012-01-01"}).words


def test_list_costs_the_same_for_one_and_for_three(walk):
    def cost(path):
        reader = Reader(walk.world.auditor)
        reader.get(LIST)
        with CaptureQueriesContext(connection) as asked:
            response = reader.client.get(path)
            b"".join(response)
        return len(asked)

    once = {path: cost(path) for path in (LIST, CSV, XLSX)}
    for ccg in ("02A", "03A"):
        Walk(walk.world, ccg=ccg).to(Stage.MODERATION)
    assert {path: cost(path) for path in once} == once


def test_panel_costs_the_same_for_one_and_for_three_cases(walk):
    others = [Walk(walk.world, ccg=ccg).to(Stage.MODERATION) for ccg in ("02A", "03A")]

    def cost(cases):
        with clock.at(walk.now):
            made = sitting_on(walk.world, "moderation", cases)
            for case in cases[:1]:
                decide(convened(made), case, "full")
            reader = Reader(walk.world.auditor)
            reader.get(LIST)
            with CaptureQueriesContext(connection) as asked:
                reader.get(f"{LIST}{made.panel.ref}/")
        return len(asked)

    assert cost([walk.case]) == cost([each.case for each in others])
