"""What is read, taken away or refused is an entry of the log: once in a while, with no word that somebody typed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit import bounds, clock, reading
from audit.models import Event, Noted, Private

pytestmark = pytest.mark.django_db
NOON = datetime(2012, 6, 1, 12, tzinfo=UTC)
CASE = {"what": "readers", "ref": "CCG-02Q-2012"}


@dataclass(frozen=True)
class Somebody:
    stream: str


ADA, BEA = Somebody("person:ada"), Somebody("person:bea")


def said(kind):
    return [event.document for event in Event.objects.filter(event_type=kind).order_by("id")]


def at(minutes):
    return clock.at(NOON + timedelta(minutes=minutes))


def test_read_is_an_entry_of_the_system_stream():
    with at(0):
        event = reading.note_read(**CASE, by=ADA)
    [document] = said("record.read")
    assert (document["stream"], document["seq"], document["actor"]) == ("system", None, "person:ada")
    assert document["public"] == CASE
    assert bytes(event.leaf) == bytes(Event.objects.get().leaf)


def test_read_is_recorded_once_a_quarter_of_an_hour_for_each_person_and_page():
    for minute in (0, 1, 14):
        with at(minute):
            reading.note_read(**CASE, by=ADA)
    assert len(said("record.read")) == 1
    with at(14):
        reading.note_read(**CASE, by=BEA)
        reading.note_read(what="readers", ref="CCG-02A-2012", by=ADA)
        reading.note_read(what="conflicts", by=ADA)
    assert len(said("record.read")) == 4
    with at(15):
        reading.note_read(**CASE, by=ADA)
    assert [each["actor"] for each in said("record.read")][-1] == "person:ada"
    assert len(said("record.read")) == 5


def test_read_again_costs_one_query_and_writes_nothing():
    with at(0):
        reading.note_read(**CASE, by=ADA)
        with CaptureQueriesContext(connection) as asked:
            assert reading.note_read(**CASE, by=ADA) is None
    assert [each["sql"].split()[0] for each in asked] == ["SELECT"]


def test_first_read_makes_one_entry_and_one_memo():
    with at(0), CaptureQueriesContext(connection) as asked:
        reading.note_read(**CASE, by=ADA)
    inserts = [each["sql"].split()[2] for each in asked if each["sql"].startswith("INSERT")]
    assert inserts == ["audit_noted", "audit_event"]


@pytest.mark.parametrize("typed", ["ann@example.org", "Ann Other", "é", "a" * 81, "x\ny", "", "../../etc"])
def test_what_was_typed_stays_out_of_the_log(typed):
    with at(0):
        reading.note_read(what="readers", ref=typed, by=ADA)
        reading.note_refused(what="panel", ref=typed, by=ADA)
    assert [each["public"]["ref"] for each in said("record.read") + said("access.refused")] == ["", ""]


@pytest.mark.parametrize("ref", ["PAN-0042", "17", "CCG-02Q-2012", "person:3f0a", "ab" * 32])
def test_reference_is_kept(ref):
    assert reading.reference(ref) == ref


def test_refusals_are_counted_and_told_with_a_later_one():
    for second in range(5):
        with clock.at(NOON + timedelta(seconds=second)):
            reading.note_refused(what="panel-do", ref="PAN-0001", by=ADA)
    assert [each["public"] for each in said("access.refused")] == [{"what": "panel-do", "ref": "PAN-0001"}]
    with at(2):
        reading.note_refused(what="panel-do", ref="PAN-0002", by=ADA)
    assert said("access.refused")[-1]["public"] == {"what": "panel-do", "ref": "PAN-0002", "more": 4}
    with at(4):
        reading.note_refused(what="panel-do", ref="PAN-0002", by=ADA)
    assert said("access.refused")[-1]["public"] == {"what": "panel-do", "ref": "PAN-0002"}


def test_somebody_who_walks_every_address_does_not_fill_the_log():
    with at(0):
        for number in range(100):
            reading.note_refused(what="panel", ref=f"PAN-{number:04d}", by=ADA)
        reading.note_refused(what="panel", ref="PAN-0001", by=BEA)
    actors = [each["actor"] for each in said("access.refused")]
    assert actors == ["person:ada"] * reading.MOST_REFUSALS + ["person:bea"]
    with at(2):
        reading.note_refused(what="panel", ref="PAN-0001", by=ADA)
    assert said("access.refused")[-1]["public"]["more"] == 100 - reading.MOST_REFUSALS


def test_document_taken_is_an_export():
    given = {"what": "minutes", "form": "pdf", "ref": "PAN-0001"}
    with at(0):
        reading.note_taken(**given, by=ADA)
        assert reading.note_taken(**given, by=ADA) is None
    assert [each["public"] for each in said("export.made")] == [{**given, "rows": 1}]


def test_list_taken_is_recorded_each_time_and_what_was_typed_is_private():
    with at(0):
        for _ in range(2):
            reading.note_export(what="events", form="csv", rows=3, chosen={"kind": "x"}, typed={"q": "Ann"}, by=ADA)
    first, second = said("export.made")
    assert first["public"] == second["public"] == {"what": "events", "form": "csv", "rows": 3, "filter": {"kind": "x"}}
    assert {row.grp: row.document for row in Private.objects.filter(event=Event.objects.first())} == {
        "free_text": {"filter": {"q": "Ann"}}
    }


def test_memo_holds_no_name_and_is_forgotten():
    with at(0):
        reading.note_read(**CASE, by=ADA)
    assert "ada" not in str(Noted.objects.values_list())
    with at(16):
        reading.note_read(what="conflicts", by=BEA)
    assert Noted.objects.count() == 1


def test_entry_and_memo_come_and_go_together():
    with at(0):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            reading.note_read(**CASE, by=ADA)
            raise ZeroDivisionError
        assert (Noted.objects.count(), Event.objects.count()) == (0, 0)
        assert reading.note_read(**CASE, by=ADA) is not None


def test_turn_lost_to_another_transaction_is_counted_and_told_later():
    every = timedelta(minutes=1)
    with at(0):
        assert bounds.turn("x", "a", every=every) == 0
        assert bounds.turn("x", "a", every=every) is None
        bounds.count("x", "a")
    with at(2):
        assert bounds.turn("x", "b", every=every) == 2


def test_clock_set_back_does_not_silence_the_log():
    with at(60):
        reading.note_read(**CASE, by=ADA)
    with at(0):
        assert reading.note_read(**CASE, by=ADA) is not None
