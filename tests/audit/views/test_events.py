"""Searching the events and taking them away: what is found, in what order, and what never shows."""

import csv
import io
import re
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit import actions, queries
from audit.models import Event, Private
from authorisation.models import Application
from directory.models import Person
from panels.models import Panel
from tests.access.papers import CANARY
from tests.factories.pages import Page

LIST, CSV = "/audit/events/", "/audit/events.csv"


def entries(page):
    """The hashes of a list, in its order."""
    return re.findall(r"/audit/entries/([0-9a-f]{64})/", page.html)


def hashes(**condition):
    rows = Event.objects.filter(**condition).order_by("-pk").values_list("leaf_hash", flat=True)
    return [bytes(each).hex() for each in rows]


def every_page(read, **query):
    """The lists of every page, by the links between them."""
    page = read(LIST, **query)
    yield page
    while older := page.links.get("Older events"):
        page = read(LIST, **dict(each.split("=") for each in older.removeprefix("?").split("&")))
        yield page


def found(read, **query):
    return [each for page in every_page(read, **query) for each in entries(page)]


def by(actors):
    """The hashes of what some actors did, read from every leaf."""
    rows = [bytes(each.leaf_hash).hex() for each in Event.objects.order_by("-pk") if each.document["actor"] in actors]
    assert rows
    return rows


def lines(client, **query):
    answer = client.get(CSV, query)
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(body)))


def test_every_event_is_listed_once_newest_first(read):
    known = hashes()
    assert len(known) > queries.PER_PAGE * 2
    assert found(read) == known


def test_newer_leads_back_to_where_one_came_from(read):
    first, second = (page for page, _ in zip(every_page(read), range(2), strict=False))
    after = second.links["Newer events"].rpartition("=")[2]
    assert entries(read(LIST, after=after)) == entries(first)
    third = next(page for number, page in enumerate(every_page(read)) if number == 2)
    back = third.links["Newer events"].rpartition("=")[2]
    assert entries(read(LIST, after=back)) == entries(second)


@pytest.mark.parametrize("key", ["x", "-1", "9" * 30, "1e3", "٣"])
@pytest.mark.parametrize("name", ["before", "after"])
def test_page_that_cannot_be_is_not_found(auditor, name, key):
    assert auditor.get(LIST, {name: key}).status_code == 404


def test_case_panel_and_person_are_found_by_what_people_call_them(read, walk):
    case, panel = walk.case, walk.meetings["decision"].panel
    for typed, stream in (
        (case.ref, case.stream),
        (case.ref.lower(), case.stream),
        (case.ccg.code, case.stream),
        (panel.ref, panel.stream),
        (panel.stream, panel.stream),
        (walk.world.auditor.full_name, walk.world.auditor.stream),
        ("system", "system"),
    ):
        assert found(read, about=typed) == hashes(stream=stream), typed


def test_actor_is_found_by_name_office_and_as_the_system(read, walk):
    secretary = walk.world.secretary
    namesakes = set(Person.objects.filter(full_name__icontains=secretary.full_name).values_list("stream", flat=True))
    assert found(read, by=secretary.full_name) == by(namesakes)
    assert secretary.stream in namesakes
    assert found(read, by=secretary.stream) == by({secretary.stream})
    assert found(read, by="system") == by({"system"})
    assert found(read, office="desk_top_assessor") == by({walk.world.assessor.stream})
    assert found(read, office="desk_top_assessor", by=walk.world.assessor.full_name) == by({walk.world.assessor.stream})
    assert not found(read, office="desk_top_assessor", by=secretary.stream)


def test_type_kind_days_and_range_narrow(read, walk):
    assert entries(read(LIST, type="item.decided")) == hashes(event_type="item.decided")
    for kind, prefix in (("application", "application:"), ("person", "person:"), ("system", "system")):
        assert found(read, kind=kind) == hashes(stream__startswith=prefix)
    day = Event.objects.get(event_type="decision.recorded").occurred_at.date()
    on = {"from": day.isoformat(), "to": day.isoformat()}
    assert entries(read(LIST, type="decision.recorded", **on)) == hashes(event_type="decision.recorded")
    assert not entries(read(LIST, type="decision.recorded", to="2012-01-01"))
    assert entries(read(LIST, first="10", last="14")) == hashes(log_leaf__leaf_index__range=(10, 14))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"from": "yesterday"}, "is not a day"),
        ({"from": "2012-13-01"}, "is not a day"),
        ({"from": "foo"}, "is not a day"),
        ({"from": "2013-01-02", "to": "2013-01-01"}, "before the one in From"),
        ({"first": "-1"}, "is no entry of the log"),
        ({"last": "9" * 40}, "is no entry of the log"),
        ({"first": "abc"}, "is no entry of the log"),
        ({"first": "12345678901234567890"}, "is no entry of the log"),
        ({"first": "9", "last": "3"}, "before the one in From entry"),
        ({"type": "x.y"}, "is none of those there are"),
        ({"kind": "nothing"}, "is none of those there are"),
        ({"office": "king"}, "is none of those there are"),
        ({"about": "CCG-99Z-2012"}, "nothing here is called"),
        ({"by": "Nobody Atall"}, "nothing here is called"),
        ({"about": "PAN-99999999999999999999"}, "nothing here is called"),
    ],
)
def test_what_cannot_be_searched_for_is_said(read, asked, said):
    page = read(LIST, **asked)
    assert page.status == 200
    assert page.words.count(said) == 2  # above the page, and at the field
    assert page.heading == "Events of the log"
    assert page.title.startswith("Error: ")
    assert not entries(page)
    [summary] = [href for href in page.links.values() if href.startswith("#filter-")]
    assert f'id="{summary[1:]}"' in page.html
    for name, value in asked.items():
        if name in {"from", "to", "first", "last"}:
            assert f'value="{value}"' in page.html  # to be put right where it stands
    assert "CSV file" not in page.links


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x>', "%s%d{}", "\x00", "'; DROP TABLE--"])
def test_what_is_typed_is_shown_as_text(read, text):
    page = read(LIST, about=text, by=text, type=text, kind=text, office=text)
    assert page.status == 200
    assert not [each for each in page.all("script") if each.get("src") is None]
    assert not page.all("img")


def test_no_file_is_made_of_what_cannot_be_read(auditor):
    before = Event.objects.count()
    answer = auditor.get(CSV, {"first": "abc"})
    assert answer.headers["Location"] == f"{LIST}?first=abc"
    assert Event.objects.count() == before


def test_what_the_list_shows_of_a_record_finds_it(read, walk):
    case, panel = walk.case, walk.meetings["decision"].panel
    ours = set(Application.objects.filter(ccg__name__icontains=case.ccg.name).values_list("stream", flat=True))
    titled = set(Panel.objects.filter(title__icontains=panel.title).values_list("stream", flat=True))
    assert {case.stream} <= ours
    assert found(read, about=f"{case.ref}, {case.ccg.name}") == hashes(stream=case.stream)
    assert found(read, about=f"{panel.ref} {panel.title}") == hashes(stream=panel.stream)
    for name, streams in ((case.ccg.name, ours), (panel.title, titled), (panel.title.upper(), titled)):
        assert set(hashes(stream__in=streams)) <= set(found(read, about=name))


def test_moments_of_the_file_say_how_far_they_are_from_utc(auditor, walk):
    rows = lines(auditor, about=walk.case.ref)
    head = next(number for number, row in enumerate(rows) if row and row[0] == "Entry")
    known = {bytes(each.leaf_hash).hex(): each for each in Event.objects.filter(stream=walk.case.stream)}
    for row in rows[head + 1 :]:
        assert datetime.fromisoformat(row[2]) == known[row[1]].occurred_at.replace(microsecond=0)


def test_as_many_queries_for_any_number_of_events(auditor, walk):
    def asked(**query):
        with CaptureQueriesContext(connection) as counted:
            auditor.get(LIST, query)
        return len(counted)

    # Names are looked up by kind of record, each kind that a page shows by one query.
    most = asked(), asked(about=walk.case.ref)
    case = walk.case
    for _ in range(60):
        actions.record(case, "case.looked_at", by=walk.world.chair, public={})
        actions.settle(case)
    assert asked() <= most[0] + 1
    assert asked(about=walk.case.ref) == most[1]


def test_no_list_and_no_file_shows_private_content(read, auditor, walk):
    assert CANARY.encode() in b"".join(bytes(each) for each in Private.objects.values_list("body", flat=True))
    shown = "".join(page.html for page in every_page(read))
    taken = str(lines(auditor))
    for secret in (CANARY, walk.world.chair.email):
        assert secret not in shown
        assert secret not in taken
    assert not entries(read(LIST, about=CANARY))


def test_nothing_is_found_by_what_is_private(read):
    for typed in (CANARY, "Qanary-decision"):
        for name in ("about", "by"):
            assert "nothing here is called" in read(LIST, **{name: typed}).words


def test_file_holds_what_the_list_holds_and_is_recorded_first(auditor, walk):
    expected = hashes(stream=walk.case.stream)
    rows = lines(auditor, about=walk.case.ref, kind="application")
    taken = Event.objects.filter(event_type="export.made").latest("pk")
    head = next(number for number, row in enumerate(rows) if row and row[0] == "Entry")
    assert [row[1] for row in rows[head + 1 :]] == expected
    about = dict(row for row in rows[:head] if len(row) == 2)
    assert about["Rows"] == str(len(expected))
    assert about["Entry of the log (SHA-256)"] == bytes(taken.leaf_hash).hex()
    assert taken.document["public"]["filter"] == {"kind": "application"}
    assert taken.document["public"]["rows"] == len(expected)
    # What was typed may be somebody's name.
    assert walk.case.ref.encode() not in bytes(taken.leaf)
    assert walk.case.ref in Private.objects.get(event=taken).document["filter"]["about"]


def test_file_is_recorded_before_its_first_row_leaves(auditor):
    before = Event.objects.count()
    answer = auditor.get(CSV)
    assert Event.objects.count() == before + 1
    rows = b"".join(answer.streaming_content).decode().count("\r\n")
    assert rows > before
    assert auditor.head(CSV).status_code == 405


def test_file_never_starts_a_formula(auditor, walk):
    case = walk.case
    actions.record(case, "=cmd", by=walk.world.chair, public={}, role="+1", reason_code="@SUM(A1)")
    actions.settle(case)
    cells = [cell for row in lines(auditor, about=case.ref) for cell in row]
    assert "'=cmd" in cells
    assert "'+1" in cells
    assert "'@SUM(A1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "-"))]


def test_names_of_files_are_ours(auditor):
    answer = auditor.get(CSV, {"before": 'x"; filename="evil.exe'})
    assert re.fullmatch(r'attachment; filename="events-\d{4}-\d\d-\d\d\.csv"', answer.headers["Content-Disposition"])
    assert b"".join(answer.streaming_content)


def test_types_offered_are_those_there_are(read, walk):
    assert queries.event_types() == sorted(set(Event.objects.values_list("event_type", flat=True)))
    assert isinstance(read(LIST), Page)
