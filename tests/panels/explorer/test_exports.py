"""What leaves with an export, and what stays."""

import csv
import io
import json
import zipfile

import pytest

from audit import clock
from audit.models import Event, Private
from authorisation.rulesets import seat_plan
from panels.actions import items, sittings
from panels.actions.panels import propose_panel
from panels.models import Sitting
from panels.presenters.explorer import in_order
from panels.views import audit as views
from tests.factories import convened, opened, sitting_on
from tests.factories.pages import Reader
from tests.panels.explorer.scenes import (
    alternate,
    declared,
)
from tests.panels.explorer.steps import CSV, LIST, XLSX, meeting, page


def rows_of(response):
    text = b"".join(response).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    blank = lines.index([])
    about = dict(each for each in lines[1:blank])
    head, *rows = lines[blank + 1 :]
    return about, [dict(zip(head, row, strict=True)) for row in rows]


def test_csv_states_who_when_filter_and_rows_and_is_recorded(walk):
    meeting(walk, voices=())
    with clock.at(walk.now):
        response = Reader(walk.world.auditor).client.get(CSV, {"result": "exceptions", "person": "Lay"})
        about, rows = rows_of(response)
    event = Event.objects.get(event_type="export.made")
    assert (about["Exported by"], about["Rows"]) == ("Auditor", "1")
    assert about["Exported at"].startswith(f"{walk.now:%Y-%m-%d}")
    assert about["Filter"] == "Member's name: Lay; Result: With exceptions"
    assert about["Entry of the log (SHA-256)"] == bytes(event.leaf_hash).hex()
    assert [(row["Title"], row["Exceptions"]) for row in rows] == [
        ("moderation panel", "Not confirmed, though the day has come. The Coalition seat is empty.")
    ]
    assert event.document["actor"] == walk.world.auditor.stream
    assert event.document["public"] == {
        "what": "sittings",
        "form": "csv",
        "rows": 1,
        "filter": {"result": "exceptions"},
    }
    assert json.loads(bytes(Private.objects.get(event=event).body)) == {"filter": {"person": "Lay"}}
    assert b"Lay" not in bytes(event.leaf)


def test_export_has_every_page_in_the_order_of_the_list(walk, monkeypatch):
    monkeypatch.setattr(views, "CHUNK", 2)
    meeting(walk, voices=())
    for kind in ("moderation", "conditions", "decision", "review"):
        with clock.at(walk.now):
            sitting_on(walk.world, kind, [walk.case])
    with clock.at(walk.now):
        _, rows = rows_of(Reader(walk.world.auditor).client.get(CSV))
        listed = [f"PAN-{each.panel_id:04d}" for each in in_order(Sitting.objects.all())]
    assert [row["Panel"] for row in rows] == listed
    assert len(rows) == 6


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_exports_run_no_formula(walk, start):
    title = f"{start}cmd|' /C calc'!A1"
    agenda = [sittings.Case(walk.case.ccg, walk.case.ref)]
    with clock.at(walk.now):
        panel = propose_panel(
            plan=seat_plan(walk.world.ruleset.body, "moderation"),
            title="=1+1",
            ruleset="small",
            by=walk.world.secretary,
        )
        sittings.list_sitting(panel=panel, on=walk.now.date(), cases=agenda, place=title, by=walk.world.secretary)
    reader = Reader(walk.world.auditor)
    _, rows = rows_of(reader.client.get(CSV, {"kind": "moderation"}))
    assert (rows[0]["Title"], rows[0]["Place"]) == ("'=1+1", f"'{title}")
    book = zipfile.ZipFile(io.BytesIO(reader.client.get(XLSX, {"kind": "moderation"}).content))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "cmd|" in book.read("xl/sharedStrings.xml").decode()


def test_spreadsheet_states_the_same_and_is_recorded(walk):
    with clock.at(walk.now):
        response = Reader(walk.world.guardian).client.get(XLSX)
    assert response["Content-Disposition"] == f'attachment; filename="sittings-{walk.now:%Y-%m-%d}.xlsx"'
    strings = zipfile.ZipFile(io.BytesIO(response.content)).read("xl/sharedStrings.xml").decode()
    for text in ("Guardian", "None: every sitting", "site_visit panel", walk.case.ref, "Clear"):
        assert f">{text}<" in strings
    assert Event.objects.get(event_type="export.made").document["public"]["form"] == "xlsx"


def test_spreadsheet_too_long_is_refused_and_not_recorded(walk, monkeypatch):
    monkeypatch.setattr(views, "MOST_IN_A_WORKBOOK", 0)
    refused = page(walk, XLSX)
    assert refused.status == 422
    assert "A spreadsheet takes at most 0 sittings and these are 1" in refused.words
    assert not Event.objects.filter(event_type="export.made").exists()


def test_head_of_an_export_takes_and_records_nothing(walk):
    assert Reader(walk.world.auditor).client.head(CSV).status_code == 405
    assert not Event.objects.filter(event_type="export.made").exists()


def test_lists_and_exports_hold_no_reasons_addresses_or_statements(walk):
    """What people declared, and why they left, stays on the panel's own page of the audit."""
    declared(walk)
    with clock.at(walk.now):
        item = opened(convened(walk.meeting), walk.case)
        items.recuse(
            item=item, appointment=walk.meeting.of("lay"), reason="A cousin works there.", by=walk.world.secretary
        )
    with clock.at(walk.now):
        reader = Reader(walk.world.auditor)
        listed = reader.get(LIST).html + b"".join(reader.client.get(CSV)).decode()
        stood = reader.get(f"{LIST}{walk.meeting.panel.ref}/")
    for secret in ("A cousin works there.", "I praised it once."):
        assert secret not in listed
        assert secret in stood.words
        for name in ("outsider", "officer_2", "nominator"):
            assert secret not in Reader(walk.world.people[name]).get(f"/panels/{walk.meeting.panel.ref}/").words
    assert "@example.test" not in listed + stood.html


def test_csv_carries_alternates_and_counts(walk):
    made = alternate(walk)
    with clock.at(walk.now):
        _, rows = rows_of(Reader(walk.world.auditor).client.get(CSV, {"kind": "moderation"}))
    assert (rows[0]["Alternates"], rows[0]["Refusals"], rows[0]["Objections"], rows[0]["Rulings"]) == (
        "Other Voice, Coalition representative, alternate 1",
        "0",
        "0",
        "0",
    )
    assert rows[0]["Confirmed"]
    assert made.panel.ref == rows[0]["Panel"]
