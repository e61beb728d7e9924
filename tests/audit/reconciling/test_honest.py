"""What the real actions did is told alike by events and tables, before and after an order to erase."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.models.constants import LOOKUP_SEP

from audit import clock
from audit.erasing import Ground
from audit.models import AuditedAggregate, Erasure, Event, RecordedFact, RegisteredRow
from audit.triggers import own_models
from directory.actions import posts
from directory.actions.erasing import erase_events, erase_person
from directory.models import Message, Person
from panels.models import Attendance, Position, Recusal, Refusal
from tests.factories import days
from workflows.management.commands import audit_reconcile
from workflows.reconciliation import UNTOLD, all_replays

pytestmark = pytest.mark.django_db
BASES = ((AuditedAggregate, "audit_seq"), (RecordedFact, "event"), (RegisteredRow, "event"))
OF_TESTS = ("ledger", "probe", "rivals")
# Columns no event says anything of, and why.
UNCOMPARED = {
    "directory.Person": {
        "password": "a secret: the log says that it was set, never what",
    },
    "panels.Item": {"cycle": "a hint to the tests; the year stands in the reference of the case"},
    "panels.Sitting": {
        "place": "where a panel meets decides nothing",
        "round": "a label by which seats are shared out before the day",
    },
    "panels.DisinterestCheck": {"sentence": "the words of the answer that is compared"},
    "authorisation.Application": {
        "process": "the engine's own row; the stage is compared instead",
        "synthetic": "a remark about the demonstration",
    },
    "authorisation.ReviewRound": {"title": "a label"},
    "authorisation.Condition": {"decision": "there is one decision of an application"},
    "authorisation.Direction": {"decision": "there is one decision of an application"},
    "panels.Objection": {"organisation": "that of the case, which is compared"},
}


def reconciled(*options):
    out = StringIO()
    code = 0
    try:
        call_command("audit_reconcile", *options, stdout=out)
    except SystemExit as stopped:
        code = stopped.code
    return code, out.getvalue()


def models():
    return {
        model for base, field in BASES for model in own_models(base, field) if model._meta.app_label not in OF_TESTS
    }


def test_honest_world_differs_in_nothing(lived, differences):
    # It is the world it is meant to be: people came, left, were refused and spoke.
    assert Recusal.objects.count() == 1
    assert Refusal.objects.count() >= 1
    assert Attendance.objects.filter(present=False).exists()
    assert Position.objects.filter(stance="dissent").exists()
    assert differences() == []


def test_every_stream_alone_differs_in_nothing(lived, differences):
    streams = Event.objects.order_by("stream").values_list("stream", flat=True).distinct()
    assert [each for stream in streams for each in differences(only=stream)] == []


def test_every_table_of_the_record_has_its_replay():
    told = {table.model for kind in all_replays() for table in kind.TABLES.values()}
    assert models() - told == set(UNTOLD)
    assert set(UNTOLD) == {Message}


def test_every_column_of_the_record_is_compared():
    """A new column is compared with what events say of it, or stands in the list above with the reason."""
    seen: dict[str, set[str]] = {}
    for table in (table for kind in all_replays() for table in kind.TABLES.values()):
        lookups = (*table.columns.values(), table.stream)
        seen.setdefault(table.name, set()).update(each.split(LOOKUP_SEP)[0].removesuffix("_id") for each in lookups)
    left = {}
    for model in models() - set(UNTOLD):
        own = {field.name for field in model._meta.concrete_fields} - {"id", "audit_seq", "audit_head"}
        if uncompared := own - seen[model._meta.label]:
            left[model._meta.label] = uncompared
    assert left == {label: set(columns) for label, columns in UNCOMPARED.items()}


def test_command_counts_what_it_compared(lived):
    code, told = reconciled()
    assert code == 0
    assert "0 differences" in told
    assert f"{Event.objects.exclude(stream='system').values('stream').distinct().count()} aggregates" in told


def test_command_names_differences_and_counts_them(lived, unfenced):
    unfenced()
    row = Position.objects.first()
    Position.objects.filter(pk=row.pk).update(stance="abstain")
    code, told = reconciled()
    assert code == 1
    assert f"panels.Position {row.pk}" in told
    assert "1 difference," in told
    code, told = reconciled("--json", "--stream", row.item.panel.stream)
    document = json.loads(told)
    assert (code, document["streams"], document["rows"]["panels.Panel"]) == (1, 1, 1)
    [difference] = document["differences"]
    assert (difference["table"], difference["field"], difference["standing"]) == (
        "panels.Position",
        "stance",
        "'abstain'",
    )


def test_command_refuses_a_stream_nobody_knows(db):
    with pytest.raises(CommandError, match="No event is of the stream panel:none") as refused:
        call_command("audit_reconcile", "--stream", "panel:none")
    assert refused.value.returncode == 2


def test_command_says_in_a_sentence_that_the_database_is_away(db, monkeypatch):
    def away(*_args, **_options):
        raise DatabaseError("connection refused\nTraceback")

    monkeypatch.setattr(audit_reconcile, "differences", away)
    with pytest.raises(CommandError, match="The database cannot be read") as refused:
        call_command("audit_reconcile")
    assert refused.value.returncode == 2


def test_empty_database_differs_in_nothing(db, differences):
    assert differences() == []


def by_two(lived):
    return {"reference": "IG/2013/001", "by": lived.world.secretary, "authorised_by": lived.world.guardian}


def test_person_erased_by_order_is_no_difference(lived, differences):
    person = Person.objects.get(email="outsider@example.test")
    with clock.at(lived.other.now + days(60)):
        posts.expire(clock.now())
        erase_person(person=person, ground=Ground.CONSENT, **by_two(lived))
    person.refresh_from_db()
    assert person.erased
    assert differences() == []


def test_all_private_text_erased_by_order_is_no_difference(lived, differences):
    events = list(Event.objects.filter(private_rows__isnull=False).values_list("pk", flat=True).distinct())
    groups = ["free_text", "interest"]
    erase_events(events=events, groups=groups, ground=Ground.UNLAWFUL, **by_two(lived))
    assert Position.objects.filter(reasons__startswith="[Erased on").exists()
    assert differences() == []


def test_erased_by_another_sentence_than_the_order_is_a_difference(lived, differences, unfenced):
    row = Position.objects.get(stance="dissent")
    erase_events(events=[row.event_id], groups=["free_text"], ground=Ground.UNLAWFUL, **by_two(lived))
    order = Erasure.objects.get(event=row.event_id).ground
    unfenced()
    Position.objects.filter(pk=row.pk).update(reasons=order.replace("unlawfully processed", "consent withdrawn"))
    [told] = differences()
    assert "reasons is what the event keeps in private" in told
    connection.check_constraints()


def test_text_that_says_it_was_erased_without_an_order_is_a_difference(lived, differences, unfenced):
    unfenced()
    Position.objects.filter(stance="dissent").update(reasons="[Erased on 1 June 2013: consent withdrawn. Ref A.]")
    [told] = differences()
    assert "panels.Position" in told
