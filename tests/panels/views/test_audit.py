"""The panels explorer: who may open it, what it marks, how it narrows, and what leaves with an export."""

import csv
import io
import json
import zipfile
from copy import deepcopy
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit import clock
from audit.models import Event, Private
from authorisation.enums import Stage
from authorisation.grouping import WAVES
from authorisation.permissions import READS_ALL
from authorisation.rulesets import seat_plan
from panels.actions import items, seats, sittings
from panels.actions.objections import object_to
from panels.actions.panels import confirm_panel, propose_panel
from panels.actions.rulings import rule
from panels.errors import SeatRefused
from panels.exceptional import EXCEPTIONS, any_of, sentences
from panels.models import Panel, Sitting, Stance
from panels.permissions import AUDITS
from panels.presenters.explorer import in_order
from panels.views import audit as views
from tests.factories import Walk, build_world, convened, decide, opened, sitting_on
from tests.factories.pages import Reader
from tests.factories.panels import coalition, seated, spoken
from tests.factories.raw import run, unfenced
from tests.factories.world import PEOPLE

SECRET = "Her brother runs our hospital."
LIST, CSV, XLSX = "/audit/panels/", "/audit/panels.csv", "/audit/panels.xlsx"
MAY = {"secretary", "guardian", "auditor"}
EVERYBODY = [name for name, _, _ in PEOPLE] + ["outsider", "spare"]


@pytest.fixture(scope="module")
def _walked(django_db_setup, django_db_blocker):
    """Built once for this module; every test undoes what it did, and has a copy of what is held in hand."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Walk(build_world()).to(Stage.MODERATION)
        transaction.set_rollback(True)


@pytest.fixture
def walk(_walked, db):
    """A case before moderation; its site visit, with nothing out of the ordinary, is over."""
    return deepcopy(_walked)


def meeting(walk, **how):
    with clock.at(walk.now):
        walk.meeting = sitting_on(walk.world, "moderation", [walk.case], **how)
    return walk.meeting


def page(walk, path=LIST, name="auditor", **query):
    with clock.at(walk.now):
        return Reader(walk.world.people[name]).get(path, **query)


def figures(found):
    return dict(zip(found.text("dt"), map(int, found.text("dd")), strict=True))


def said(sitting):
    return " ".join(sentences([sitting.pk]).get(sitting.pk, []))


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


def _late(walk):
    made = meeting(walk)
    walk.now += timedelta(days=1)
    return made


def _recused(walk, name):
    made = meeting(walk)
    with clock.at(walk.now):
        item = opened(convened(made), walk.case)
        items.recuse(item=item, appointment=made.of(name), reason="A cousin works there.", by=made.of(name).person)
    return made


def _departed(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        item = opened(convened(made), walk.case)
        items.note_departure(item=item, appointment=made.of("lay"), by=walk.world.secretary)
    return made


def _stood_down(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        seats.stand_down(appointment=made.of("lay"), by=walk.world.secretary, reason="Unwell.")
    return made


def _dissent(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        decide(convened(made), walk.case, "full", lay=items.Said(Stance.DISSENT, "Too soon."))
    return made


def _nobody_to_spare(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        item = spoken(opened(convened(made), walk.case, absent=["lay", "second_board_member"]))
        items.decide_item(item=item, outcome="full", reasons="Yes.", by=walk.world.secretary)
    return made


def _declared(walk):
    made = meeting(walk, accept=False)
    interest = seats.Interest("statement", walk.case.ccg, "I praised it once.")
    with clock.at(walk.now):
        for each in made.members.values():
            lay = each == made.members["lay"]
            seats.accept_seat(appointment=each, by=each.person, interests=[interest] if lay else [])
        confirm_panel(panel=made.panel, by=walk.world.secretary)
    return made


def _refused(walk):
    made = meeting(walk)
    seat = made.members["lay"].seat
    with clock.at(walk.now), pytest.raises(SeatRefused):
        offer = seats.Proposal(seat, walk.world.spare, walk.world.organisations["BOARD"])
        seats.fill_seats(panel=made.panel, proposals=[offer], by=walk.world.secretary)
    return made


def _objection(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        object_to(
            panel=made.panel,
            person=made.members["lay"].person,
            case_ref=walk.case.ref,
            kind="other",
            statement=SECRET,
            by=walk.world.officer("01A"),
        )
    return made


def _overridden(walk):
    made = meeting(walk)
    lay = made.members["lay"]
    interest = seats.Interest("statement", walk.case.ccg, "I praised it once.")
    with clock.at(walk.now):
        seats.declare_again(appointment=lay, by=lay.person, interests=[interest])
        rule(
            panel=made.panel,
            person=lay.person,
            organisation=walk.case.ccg,
            rule="D12",
            verdict="dismissed",
            effect="clear",
            reason=SECRET,
            by=walk.world.guardian,
        )
    return made


def _alternate(walk):
    made = meeting(walk, confirm=False)
    with clock.at(walk.now):
        offer = coalition(walk.world, made.members["voice"].seat, "other_voice", rank=1)
        [other] = seated(made, offer)
        confirm_panel(panel=made.panel, by=walk.world.secretary)
        item = opened(convened(made), walk.case)
        items.recuse(item=item, appointment=made.of("voice"), reason="A cousin.", by=made.of("voice").person)
        items.note_arrival(item=made.item(walk.case), appointment=other, by=walk.world.secretary)
    return made


def _declared_late(walk):
    made = meeting(walk)
    lay = made.members["lay"]
    with clock.at(walk.now):
        opened(convened(made), walk.case)
        said = seats.Interest("statement", walk.case.ccg, SECRET)
        seats.declare_again(appointment=lay, by=lay.person, interests=[said])
    return made


SCENES = {
    "late": (_late, "Not convened, though the day has passed."),
    "unconfirmed": (lambda walk: meeting(walk, confirm=False), "Not confirmed, though the day has come."),
    "refused": (_refused, "Refused: Offering a seat (Spare)."),
    "objection": (_objection, "The objection to {lay} is not ruled on: CCG-01A-2012."),
    "overridden": (_overridden, "The conflicts guardian dismissed D12 of {lay} for 01A."),
    "alternate": (_alternate, "Other Voice (Coalition representative) sat as alternate for CCG-01A-2012."),
    "declared-late": (_declared_late, "{lay} (Lay member) declared an interest after CCG-01A-2012 had opened."),
    "empty": (lambda walk: meeting(walk, voices=()), "The Coalition seat is empty."),
    "offered": (
        lambda walk: meeting(walk, accept=False),
        "The Coalition seat is only offered: {voice} has not answered.",
    ),
    "stopped": (lambda walk: _recused(walk, "voice"), "Stopped: CCG-01A-2012."),
    "coalition-left": (
        lambda walk: _recused(walk, "voice"),
        "{voice} (Coalition representative) left the Coalition seat for CCG-01A-2012.",
    ),
    "left": (lambda walk: _recused(walk, "lay"), "{lay} (Lay member) left the room for CCG-01A-2012."),
    "departed": (_departed, "{lay} (Lay member) went before the end of CCG-01A-2012."),
    "stood-down": (_stood_down, "{lay} (Lay member) stood down on"),
    "dissent": (_dissent, "{lay} (Lay member) dissented on CCG-01A-2012."),
    "spare": (_nobody_to_spare, "Quorum of 4 to sit reached with nobody to spare for CCG-01A-2012."),
    "declared": (_declared, "{lay} (Lay member): interest declared under D12 for CCG-01A-2012."),
}


@pytest.mark.parametrize("key", SCENES)
def test_exception_is_marked_said_and_comes_first(walk, key):
    scene, sentence = SCENES[key]
    made = scene(walk)
    sentence = sentence.format(**{name: each.person.display_name for name, each in made.members.items()})
    found = page(walk, result=key)
    assert sentence in found.words
    assert figures(found)["sitting found"] == 1
    with clock.at(walk.now):
        assert in_order(Sitting.objects.all())[0].pk == made.sitting.pk
        assert page(walk, result="clear").words.count("PAN-0") == Sitting.objects.exclude(any_of()).count()


def test_every_kind_of_exception_is_tried():
    assert {each.key for each in EXCEPTIONS} == {*SCENES, "without"}


def test_sitting_without_a_coalition_position_is_counted_whatever_made_it(walk):
    """Triggers refuse it; a restored or tampered database may hold it, and the auditor sees it."""
    sitting = Sitting.objects.get()
    with unfenced():
        run(
            "DELETE FROM panels_position WHERE appointment_id IN (SELECT a.id FROM panels_appointment a "
            "JOIN panels_seat s ON s.id = a.seat_id WHERE s.kind = 'coalition_representative')"
        )
        assert figures(page(walk))["without a Coalition representative"] == 1
        assert said(sitting) == "Sat, or decided, without a Coalition representative."


def test_seat_offered_to_a_member_and_an_alternate_is_one_exception(walk):
    made = meeting(walk, accept=False)
    seat = made.members["voice"].seat
    with clock.at(walk.now):
        seated(made, coalition(walk.world, seat, "other_voice", rank=1), accept=False)
    told = f"The Coalition seat is only offered: {made.members['voice'].person} has not answered."
    assert said(made.sitting).count("The Coalition seat is only offered") == 1
    assert told in said(made.sitting)


def test_member_who_stands_down_after_the_sitting_is_no_exception(walk):
    made = meeting(walk)
    with clock.at(walk.now):
        decide(convened(made), walk.case, "full")
        sittings.close_sitting(sitting=made.sitting, by=walk.world.secretary)
    with clock.at(walk.now + timedelta(days=1)):
        seats.stand_down(appointment=made.of("voice"), by=walk.world.secretary, reason="Moved.")
        assert said(made.sitting) == ""
    assert "Voice At Moderation 1, NHS Alliance" in page(walk, kind="moderation").words


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
    _declared(walk)
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


def test_panel_as_it_stood_on_a_day_and_before_there_was_one(walk):
    made = meeting(walk, accept=False)
    offered = walk.now.date()
    with clock.at(walk.now + timedelta(days=2)):
        seats.accept_seat(appointment=made.members["voice"], by=made.members["voice"].person)
    walk.now += timedelta(days=5)
    path = f"{LIST}{made.panel.ref}/"
    then = page(walk, path, on=offered.isoformat())
    assert then.heading == f"{made.panel.ref} moderation panel: As it stood at the end of {offered.day} {offered:%B %Y}"
    assert "Coalition representative: 0 of 1 accepted." in then.words
    assert "Nobody had declared anything." in then.words
    later = page(walk, path)
    assert later.heading.endswith("As it stands now")
    assert "Voice At Moderation 1: Nothing to declare." in later.words
    before = page(walk, path, on=(offered - timedelta(days=1)).isoformat())
    assert "did not exist yet" in before.words
    assert "Seats" not in before.text("h2")


def test_panel_as_it_stood_after_one_of_its_events(walk):
    made = _recused(walk, "voice")
    path = f"{LIST}{made.panel.ref}/"
    numbers = dict(Event.objects.filter(stream=made.panel.stream).values_list("event_type", "stream_seq"))
    was_open = page(walk, path, after=numbers["item.opened"])
    both = "To sit: quorum 4, 6 there: 2 to spare. To decide: quorum 3, 6 voting: 3 to spare."
    assert both in was_open.words
    assert "A cousin works there." not in was_open.words
    stopped = page(walk, path, after=numbers["member.recused"])
    assert "Voice At Moderation 1 left the room for CCG-01A-2012, and the item stopped" in stopped.words
    assert "No Coalition representative is present" in stopped.words


def test_panel_shows_every_test_of_one_member_when_asked(walk):
    made = meeting(walk)
    path = f"{LIST}{made.panel.ref}/"
    assert "D4: own organisations do not border 01A, nor" not in page(walk, path).words
    whole = page(walk, path, facts=made.members["voice"].pk)
    assert whole.words.count("D4: own organisations do not border 01A, nor") == 1


@pytest.mark.parametrize("day", ["x", "2012-13-01", "<b>"])
def test_panel_on_a_day_that_is_none_says_so(walk, day):
    found = page(walk, f"{LIST}{Panel.objects.get().ref}/", on=day)
    assert f"“{day}” is not a day." in found.words
    assert found.heading.endswith("As it stands now")


def test_panel_on_a_day_to_come_is_as_it_stands(walk):
    found = page(walk, f"{LIST}{Panel.objects.get().ref}/", on="2090-01-01")
    assert "1 January 2090 is not over" in found.words


@pytest.mark.parametrize("query", [{"after": "0"}, {"after": "x"}, {"on": date.min.isoformat()}, {"before": "1"}])
def test_panel_takes_odd_addresses_calmly(walk, query):
    assert page(walk, f"{LIST}{Panel.objects.get().ref}/", **query).status == 200


@pytest.mark.parametrize("path", ["PAN-9999/", "PAN-x/", "other/", "PAN-0001/?after=99999999999999999999"])
def test_panel_unknown_is_not_found(walk, path):
    assert Reader(walk.world.auditor).client.get(LIST + path).status_code == 404


def test_sitting_links_to_the_panel_as_it_stood_that_day(walk):
    on = Sitting.objects.get().on
    walk.now += timedelta(days=3)
    link = page(walk).links["site_visit panel"]
    assert link.endswith(f"/?on={on.isoformat()}")
    assert page(walk, link).status == 200


def test_panel_shows_who_was_refused_and_what_was_objected_to_and_ruled(walk):
    made = _refused(walk)
    path = f"{LIST}{made.panel.ref}/"
    assert "Offering a seat: Spare, Lay member (seat" in page(walk, path).words
    assert "is held by Lay At Moderation 1: stand them down first." in page(walk, path).words


def test_statements_of_objections_and_reasons_of_rulings_stay_on_the_panels_own_page(walk):
    _objection(walk)
    with clock.at(walk.now):
        reader = Reader(walk.world.auditor)
        listed = reader.get(LIST).html + b"".join(reader.client.get(CSV)).decode()
        panels = {
            name: Reader(walk.world.people[name]).get(f"/panels/{walk.meeting.panel.ref}/").words
            for name in ("outsider", "officer_2", "voice", "secretary")
        }
    assert SECRET not in listed
    assert not [name for name, words in panels.items() if SECRET in words]
    assert SECRET in page(walk, f"{LIST}{walk.meeting.panel.ref}/").words


def test_name_of_an_alternate_finds_the_panel(walk):
    _alternate(walk)
    found = page(walk, person="Other Voice", kind="moderation")
    assert figures(found)["sitting found"] == 1


def test_csv_carries_alternates_and_counts(walk):
    made = _alternate(walk)
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
