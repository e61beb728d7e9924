"""Erasing by order: the text goes, the log stays as it was, and nothing goes without an order."""

from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from audit import actions, clock, erasing
from audit.erasable import MARK, is_erased
from audit.erasing import Ground, Order
from audit.errors import ErasureRefused, NotCurrent
from audit.invariants import CHECKS
from audit.leaf import commitment, hash_of
from audit.models import Erasure, Event, Private
from tests.audit.conftest import Clerk
from tests.audit.erasing.conftest import GUARDIAN, SECRETARY, order
from tests.audit.ledger.models import Case, Holding, Leave, Notice, Remark

pytestmark = pytest.mark.django_db
BOTH = ["free_text", "person"]
JUNE = datetime(2012, 6, 1, 12, tzinfo=UTC)


def sound():
    """Every check of the record, and every leaf against its hash."""
    assert list(chain.from_iterable(check() for check in CHECKS.values())) == []
    for event in Event.objects.all():
        assert hash_of(bytes(event.leaf)) == bytes(event.leaf_hash)
    for row in Private.objects.select_related("event"):
        assert row.event.document["private"][row.grp] == commitment(bytes(row.salt), bytes(row.body))


def run(statement, *parameters):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)


def test_order_erases_body_and_copy_and_says_so_in_both_places(remark):
    row = remark()
    before = bytes(row.event.leaf)
    with clock.at(JUNE):
        done = erasing.erase(erasing.of_events([row.event_id], BOTH), order())
    assert (done.bodies, done.copies, done.kept, len(done.events)) == (2, 2, 0, 2)
    row.refresh_from_db()
    said = "[Erased on 1 June 2012: consent withdrawn, Article 17(1)(b). Ref IG/2012/001.]"
    assert (row.text, row.author, row.weight) == (said, said, 0)
    assert is_erased(row.text)
    assert not Private.objects.filter(event=row.event).exists()
    assert bytes(Event.objects.get(pk=row.event_id).leaf) == before
    assert {each.ground for each in Erasure.objects.all()} == {said}
    sound()


def test_order_stands_in_the_log_without_personal_data(remark):
    row = remark(author="Zebedee")
    events = erasing.erase(erasing.of_events([row.event_id], BOTH), order(Ground.UNLAWFUL)).events
    assert [each.document["public"] for each in events] == [
        {
            "events": [bytes(row.event.leaf_hash).hex()],
            "groups": [group],
            "ground": "unlawful",
            "reference": "IG/2012/001",
            "authorised_by": GUARDIAN.stream,
        }
        for group in BOTH
    ]
    assert {(each.stream, each.document["actor"]) for each in events} == {("system", SECRETARY.stream)}
    assert b"Zebedee" not in b"".join(bytes(each.leaf) for each in Event.objects.all())


def test_one_group_of_two_leaves_the_other(remark):
    row = remark()
    erasing.erase(erasing.of_events([row.event_id], ["person"]), order())
    row.refresh_from_db()
    assert (row.text, is_erased(row.author)) == ("Leeds was late", True)
    assert [each.grp for each in Private.objects.filter(event=row.event)] == ["free_text"]
    sound()
    erasing.erase(erasing.of_events([row.event_id], BOTH), order(reference="IG/2012/002"))
    row.refresh_from_db()
    assert "IG/2012/002" in row.text
    assert "IG/2012/001" in row.author
    sound()


def test_same_order_twice_does_nothing_more(remark):
    row = remark()
    erasing.erase(erasing.of_events([row.event_id], BOTH), order())
    events = Event.objects.count()
    done = erasing.erase(erasing.of_events([row.event_id], BOTH), order(reference="IG/2012/002"))
    assert (done.bodies, done.copies, done.events) == (0, 0, ())
    assert Event.objects.count() == events


def test_nothing_to_erase_records_nothing(case):
    done = erasing.erase(erasing.of_events([10**9], BOTH), order())
    assert (done.bodies, done.copies, done.kept, done.events) == (0, 0, 0, ())
    assert Event.objects.count() == 1


def test_dry_run_counts_and_changes_nothing(remark):
    row = remark()
    done = erasing.erase(erasing.of_events([row.event_id], BOTH), order(), dry_run=True)
    assert (done.bodies, done.copies, done.events) == (2, 2, ())
    assert (Private.objects.count(), Erasure.objects.count(), Remark.objects.get().text) == (2, 0, "Leeds was late")


def test_crash_in_the_middle_leaves_everything(remark, monkeypatch):
    row = remark()
    events = Event.objects.count()

    def broken(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(erasing, "_empty", broken)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        erasing.erase(erasing.of_events([row.event_id], BOTH), order())
    assert (Private.objects.count(), Erasure.objects.count(), Event.objects.count()) == (2, 0, events)
    assert Remark.objects.get().text == "Leeds was late"
    sound()


def test_somebody_else_was_faster(remark):
    row = remark()
    late = erasing.of_events([row.event_id], BOTH)
    erasing.erase(erasing.of_events([row.event_id], BOTH), order())
    with pytest.raises(NotCurrent, match="repeat it"), transaction.atomic():
        erasing.erase(late, order(reference="IG/2012/002"))
    sound()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ground": "dislike"}, "no ground for erasing: use one of not_needed"),
        ({"reference": ""}, "The reference is a code"),
        ({"reference": "about Ada Lovelace"}, "The reference is a code"),
        ({"reference": "A" * 25}, "at most 24"),
        ({"by": GUARDIAN}, "Two people erase together"),
    ],
)
def test_order_that_is_none_is_refused(change, says):
    with pytest.raises(ErasureRefused, match=says):
        Order(**{"ground": Ground.CONSENT, "reference": "A/1", "by": SECRETARY, "authorised_by": GUARDIAN} | change)


def test_longest_sentence_fits_the_shortest_column():
    longest = max(len(order(ground, "A" * 24).sentence(datetime(2012, 9, 30, tzinfo=UTC))) for ground in Ground)
    assert longest <= 120


ATTEMPTS = {
    "blank the text": "UPDATE ledger_remark SET text = ''",
    "say it was erased": f"UPDATE ledger_remark SET text = '{MARK}1 June 2012: x]'",
    "change another column": "UPDATE ledger_remark SET weight = 2",
    "change nothing": "UPDATE ledger_remark SET text = text",
    "point to another event": "UPDATE ledger_remark SET event_id = event_id - 1",
    "blank a register row": "UPDATE ledger_leave SET reason = ''",
    "change a register row": "UPDATE ledger_leave SET days = 2",
    "delete the body": "DELETE FROM audit_private",
    "delete the row": "DELETE FROM ledger_remark",
    "empty what is published": "UPDATE ledger_notice SET text = ''",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_nothing_goes_without_an_order(remark, written, attempt):
    remark()
    written(Leave, days=1, reason="unwell")
    written(Notice, text="To all")
    with pytest.raises(IntegrityError):
        run(ATTEMPTS[attempt])
    sound()


def test_order_lets_pass_its_own_sentence_in_its_own_row_and_column_only(remark):
    first, second = remark(), remark("York was early", "Bea")
    event = actions.record_system("erasure.performed", by=SECRETARY)
    Erasure.objects.create(event=first.event, grp="free_text", erasure_event=event, ground="gone", at=clock.now())
    for refused in (
        "UPDATE ledger_remark SET text = 'other' WHERE id = %s",
        "UPDATE ledger_remark SET author = 'gone' WHERE id = %s",
        "UPDATE ledger_remark SET text = 'gone', author = 'gone' WHERE id = %s",
        "UPDATE ledger_remark SET text = 'gone', weight = 1 WHERE id = %s",
        "DELETE FROM ledger_remark WHERE id = %s",
        (
            "DELETE FROM audit_private WHERE grp = 'person' AND event_id IN "
            "(SELECT event_id FROM ledger_remark WHERE id = %s)"
        ),
    ):
        with pytest.raises(IntegrityError):
            run(refused, first.pk)
    with pytest.raises(IntegrityError):
        run("UPDATE ledger_remark SET text = 'gone' WHERE id = %s", second.pk)
    run("UPDATE ledger_remark SET text = 'gone' WHERE id = %s", first.pk)
    assert {each.text for each in Remark.objects.all()} == {"gone", "York was early"}


def test_order_names_an_entry_that_orders(remark):
    row = remark()
    with pytest.raises(IntegrityError, match="record erasure.performed"), transaction.atomic():
        Erasure.objects.create(event=row.event, grp="person", erasure_event=row.event, ground="x", at=clock.now())


def test_public_task_keeps_its_text_unless_the_ground_prevails(written):
    row = written(Holding, reasons="Because of Ada")
    scope = erasing.of_events([row.event_id], BOTH)
    for ground in sorted(set(Ground) - erasing.PREVAILING):
        done = erasing.erase(erasing.of_events([row.event_id], BOTH), order(ground))
        assert (done.bodies, done.copies, done.kept) == (0, 0, 1)
    assert Holding.objects.get().reasons == "Because of Ada"
    assert erasing.erase(scope, order(Ground.UNLAWFUL)).copies == 1
    assert is_erased(Holding.objects.get().reasons)
    sound()


@pytest.mark.parametrize("ground", Ground)
def test_what_was_published_stays(written, ground):
    row = written(Notice, text="To all")
    done = erasing.erase(erasing.of_events([row.event_id], BOTH), order(ground))
    assert (done.bodies, done.copies, done.kept) == (0, 0, 1)
    assert (Private.objects.count(), Notice.objects.get().text) == (1, "To all")


def test_register_row_is_found_by_the_event_it_was_written_with(written, case, clerk):
    row = written(Leave, days=1, reason="unwell")
    first = row.event_id
    row.event, row.days = actions.record(case, "leave.shortened", by=clerk), 0
    row.save()
    actions.settle(case)
    erasing.erase(erasing.of_events([first], ["free_text"]), order())
    row.refresh_from_db()
    assert is_erased(row.reason)
    assert not Private.objects.exists()
    sound()


def test_retention_takes_what_is_older_and_no_more(case, clerk, remark, written):
    with clock.at(JUNE):
        old = remark("Old", "Ada")
    with clock.at(JUNE + timedelta(days=10)):
        new = remark("New", "Bea")
    scope = erasing.before(JUNE + timedelta(days=5), ["person"])
    done = erasing.erase(scope, order(Ground.RETENTION))
    assert (done.bodies, done.copies) == (1, 1)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (is_erased(old.author), old.text, new.author) == (True, "Old", "Bea")
    kept = erasing.before(JUNE + timedelta(days=50), ["person"], except_streams=Case.objects.values("stream"))
    assert erasing.erase(kept, order(Ground.RETENTION)).bodies == 0
    sound()


def test_person_named_by_an_entry_of_another_stream_is_found(case, clerk):
    about, other = "person:11111111-1111-4111-8111-111111111111", "person:22222222-2222-4222-8222-222222222222"
    for stream in (about, other):
        actions.record(case, "case.said", by=clerk, public={"person": stream}, private={"interest": {"x": stream}})
    actions.record(case, "case.told", by=clerk, public={"to": about}, private={"interest": {"x": "of another"}})
    actions.settle(case)
    assert erasing.erase(erasing.about(about), order()).bodies == 1
    assert [row.document["x"] for row in Private.objects.order_by("event_id")] == [other, "of another"]


def test_check_finds_a_body_that_is_there_again(remark):
    row = remark()
    body = Private.objects.get(event=row.event, grp="person")
    erasing.erase(erasing.of_events([row.event_id], BOTH), order())
    Private.objects.create(event=row.event, grp="person", salt=body.salt, body=body.body)
    [sentence] = CHECKS["audit: what was erased by order is gone, and stays gone"]()
    assert sentence == f"Event {row.event_id}: its private person was erased by order and is there again."


def test_check_finds_an_order_that_is_not_in_the_log_and_text_that_stands(remark):
    row = remark()
    event = actions.record_system(
        "erasure.performed", by=SECRETARY, public={"events": ["ab" * 32], "groups": ["person"]}
    )
    Erasure.objects.create(event=row.event, grp="person", erasure_event=event, ground="gone", at=clock.now())
    Private.objects.filter(event=row.event, grp="person").delete()
    found = CHECKS["audit: what was erased by order is gone, and stays gone"]()
    assert found == [
        f"Event {row.event_id}: the order to erase its person is not in entry {event.id} it names.",
        f"Event {event.id} orders 1 erasures of person, and 0 stand.",
        f"ledger.Remark {row.pk}: its author stands though person of event {row.event_id} was erased.",
    ]


class AnySeries(HypothesisTestCase):
    """After any series of erasures every chain, every remaining disclosure and every order verifies."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_everything_verifies(self, data):
        case, clerk = Case(name="Leeds"), Clerk()
        actions.record(case, "case.opened", by=clerk)
        actions.settle(case)
        rows = []
        for number in range(data.draw(st.integers(1, 5))):
            text, author = f"text {number}", data.draw(st.sampled_from(["", "Ada"]))
            private = {"free_text": {"text": text}} | ({"person": {"author": author}} if author else {})
            event = actions.record(case, "remark.made", by=clerk, private=private)
            rows.append(Remark.objects.create(case=case, text=text, author=author, event=event))
            actions.settle(case)
        ordered = set()
        for number in range(data.draw(st.integers(1, 4))):
            ids = data.draw(st.sets(st.sampled_from([row.event_id for row in rows])))
            groups = data.draw(st.sets(st.sampled_from(["free_text", "person", "interest"])))
            erasing.erase(erasing.of_events(ids, groups), order(data.draw(st.sampled_from(Ground)), f"A/{number}"))
            ordered |= {(event, group) for event in ids for group in groups}
            sound()
        for row in Remark.objects.all():
            assert is_erased(row.text) == ((row.event_id, "free_text") in ordered)
            assert is_erased(row.author) == (bool(row.author) and (row.event_id, "person") in ordered)
