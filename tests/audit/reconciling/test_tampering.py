"""Whatever is changed with the fence away, the events still say what was done: the row and the column are named."""

import hashlib
import re
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.db import DEFAULT_DB_ALIAS, connection

from audit.canonical import canonical
from audit.leaf import hash_of
from audit.models import Event, Private
from authorisation.models import (
    Application,
    Condition,
    ConditionChange,
    Criterion,
    Decision,
    Direction,
    Finding,
    Letter,
    Publication,
    RuleSet,
    Submission,
    Wave,
    Window,
)
from directory.models import Organisation, Person, Post, Tie
from panels.models import (
    Accreditation,
    Appointment,
    Attendance,
    Composition,
    Declaration,
    DisinterestCheck,
    Item,
    MinuteNote,
    Nomination,
    Outcome,
    Panel,
    Position,
    Recusal,
    Ruling,
    Seat,
)
from tests.factories.raw import insert, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _unfenced(lived, unfenced):
    unfenced()


def gone(rows):
    """Delete rows as a database shell would, with nothing that hangs on them asked."""
    return rows._raw_delete(DEFAULT_DB_ALIAS)


def changed(model, where=None, **values):
    """Change the first row that there is, and give it."""
    row = model.objects.filter(**(where or {})).order_by("pk").first()
    assert row is not None
    assert model.objects.filter(pk=row.pk).update(**values) == 1
    return row


def composition_with_its_hash():
    row = Composition.objects.order_by("pk").last()
    body = row.body
    body["members"][0]["stance"] = "dissent"
    sha256 = hashlib.sha256(canonical(body)).hexdigest()
    Composition.objects.filter(pk=row.pk).update(body=body, sha256=sha256)


def letter_with_its_hash():
    forged = b"%PDF forged"
    changed(Letter, pdf=forged, sha256=hashlib.sha256(forged).hexdigest())


def rules_with_their_hash():
    row = RuleSet.objects.get()
    source = row.source + "# milder\n"
    changed(RuleSet, source=source, sha256=hashlib.sha256(source.encode()).hexdigest())


def attendance_added():
    here = Attendance.objects.filter(present=True).order_by("pk").last()
    run(*insert(here))


def finding_added():
    """On a criterion nobody found anything on at that tier."""
    row = Finding.objects.filter(tier="site_visit").first()
    taken = Finding.objects.filter(application=row.application, tier="site_visit").values("criterion")
    run(*insert(row, criterion_id=Criterion.objects.exclude(pk__in=taken).first().pk, met=True))


def plan_of_another_quorum():
    row = Panel.objects.first()
    changed(Panel, {"pk": row.pk}, plan=row.plan | {"quorum_to_decide": 1})


def private_rewritten():
    """The copy in the table and the body of the event, both; the commitment in the leaf stands."""
    row = Position.objects.filter(stance="dissent").get()
    Position.objects.filter(pk=row.pk).update(reasons="All was shown.")
    body = Private.objects.get(event=row.event, grp="free_text").document
    body = {"reasons": ["All was shown." for _ in body["reasons"]]}
    Private.objects.filter(event=row.event, grp="free_text").update(body=canonical(body))


def private_removed():
    row = Position.objects.filter(stance="dissent").get()
    gone(Private.objects.filter(event=row.event))


def last_event_removed():
    """The tail of a stream: nothing in the stream itself is missing."""
    last = Event.objects.filter(event_type="panel.closed").get()
    for table in ("audit_leaf", "audit_pending", "audit_private"):
        run(f"DELETE FROM {table} WHERE event_id = %s", last.pk)
    gone(Event.objects.filter(pk=last.pk))


def event_rewritten():
    # One whose place in its body's order was not changed by a later event.
    events = Event.objects.filter(event_type="person.nominated").order_by("pk")
    event = next(each for each in events if each.document["public"]["body"] == "NAPC")
    leaf = re.sub(rb'"rank":\d+', b'"rank":77', bytes(event.leaf))
    Event.objects.filter(pk=event.pk).update(leaf=leaf, leaf_hash=hash_of(leaf))


def stray_panel():
    """A panel nobody proposed, with the head of an event that is another's."""
    run(*insert(Panel.objects.first(), stream="panel:00000000-0000-4000-8000-000000000009"))


def person_gone():
    person = Person.objects.get(email="outsider@example.test")
    run("DELETE FROM directory_message WHERE to_id = %s", person.pk)
    gone(Post.objects.filter(person=person))
    gone(Person.objects.filter(pk=person.pk))


DAY = timedelta(days=1)
# What is done, and what of it must be told: the table, the column (or what of it is missing), and what the record says.
TAMPERING = {
    "changed stance": (lambda: changed(Position, stance="abstain"), ["panels.Position", "stance is 'concur'"]),
    "changed reasons": (
        lambda: changed(Position, {"stance": "dissent"}, reasons="Enough."),
        ["panels.Position", "reasons is what the event keeps in private"],
    ),
    "changed hand": (
        lambda: changed(Position, entered_by=Person.objects.get(email="secretary@example.test")),
        ["panels.Position", "entered_by is"],
    ),
    "changed outcome of a panel": (lambda: changed(Outcome, outcome="full"), ["panels.Outcome", "outcome is 'report'"]),
    "changed decision": (
        lambda: changed(Decision, outcome="full", has_directions=False),
        ["authorisation.Decision", "outcome is 'conditional'", "has_directions is True"],
    ),
    "changed outcome of the case": (
        lambda: changed(Application, {"outcome": "conditional"}, outcome="full"),
        ["authorisation.Application", "outcome is 'conditional'"],
    ),
    "changed stage": (
        lambda: changed(Application, {"stage": "closed"}, stage="review"),
        ["authorisation.Application", "stage is 'closed'", "'review' in the table"],
    ),
    "changed wave": (
        lambda: changed(Application, wave=Wave.objects.get(number=4)),
        ["authorisation.Application", "wave is 1"],
    ),
    "deleted recusal": (
        lambda: gone(Recusal.objects.all()),
        ["panels.Recusal", "member.recused", "there is none"],
    ),
    "added attendance": (attendance_added, ["panels.Attendance", "no event wrote this row"]),
    "changed attendance": (lambda: changed(Attendance, present=False), ["panels.Attendance", "present is True"]),
    "letter": (lambda: changed(Letter, pdf=b"%PDF forged"), ["authorisation.Letter", "pdf is"]),
    "letter with its hash": (letter_with_its_hash, ["authorisation.Letter", "pdf is", "sha256 is"]),
    "moved nomination": (
        lambda: changed(Nomination, {"ends": None}, starts=date(2013, 1, 1)),
        ["panels.Nomination", "starts is '2012-05-01'"],
    ),
    "lengthened nomination": (
        lambda: changed(Nomination, {"ends__isnull": False}, ends=None),
        ["panels.Nomination", "ends is"],
    ),
    "lengthened post": (
        lambda: changed(Post, {"title": "Clerk"}, ends=date(2030, 1, 1)),
        ["directory.Post", "ends is '2012-", "'2030-01-01' in the table"],
    ),
    "shortened post of an import": (
        lambda: changed(Post, ends=date(2012, 5, 2)),
        ["directory.Post", "ends is empty (event", "directory.imported"],
    ),
    "another kind of post": (lambda: changed(Post, kind="auditor"), ["directory.Post", "no event wrote this row"]),
    "person renamed": (
        lambda: changed(Person, full_name="Somebody Else"),
        ["directory.Person", "full_name is what the event keeps in private"],
    ),
    "person made superuser": (
        lambda: changed(Person, is_superuser=True),
        ["directory.Person", "is_superuser is False"],
    ),
    "person removed": (person_gone, ["directory.Person", "the stream has events", "there is no row"]),
    "composition with its hash": (composition_with_its_hash, ["panels.Composition", "body is", "sha256 is"]),
    "inserted finding": (finding_added, ["authorisation.Finding", "no event wrote this row"]),
    "turned finding": (
        lambda: changed(Finding, {"tier": "desk_top", "met": False}, met=True),
        ["authorisation.Finding", "met is False", "desk_top.assessed"],
    ),
    "deleted finding": (
        lambda: gone(Finding.objects.filter(pk=Finding.objects.filter(tier="desk_top", met=True).first().pk)),
        ["authorisation.Finding", "desk_top.assessed", "there is none"],
    ),
    "lowered condition": (
        lambda: changed(Condition, {"discharged_at__isnull": False}, level="I"),
        ["authorisation.Condition", "level is"],
    ),
    "milder review": (
        lambda: changed(ConditionChange, result="discharge", to_level=""),
        ["authorisation.ConditionChange", "result is 'raise'"],
    ),
    "direction reworded": (
        lambda: changed(Direction, text="Do as you please."),
        ["authorisation.Direction", "text is what the event keeps in private"],
    ),
    "direction of a review reworded": (
        lambda: changed(Direction, {"review__isnull": False}, text="Do as you please."),
        ["authorisation.Direction", "text is what the event keeps in private"],
    ),
    "publication removed": (
        lambda: gone(Publication.objects.all()),
        ["authorisation.Publication", "decision.published", "there is none"],
    ),
    "window shortened": (
        lambda: changed(Window, closes_at=Window.objects.order_by("pk").first().closes_at - DAY),
        ["authorisation.Window", "closes_at is"],
    ),
    "fewer practices": (
        lambda: changed(Submission, practices=200),
        ["authorisation.Submission", "practices is 12", "200 in the table"],
    ),
    "officer replaced": (
        lambda: changed(Submission, accountable_officer="Dr Evil"),
        ["authorisation.Submission", "accountable_officer is what the event keeps in private"],
    ),
    "rules": (lambda: changed(RuleSet, body={"windows": {}}), ["authorisation.RuleSet", "body is"]),
    "rules with their hash": (
        rules_with_their_hash,
        ["authorisation.RuleSet", "loaded a file with a hash", "sha256 is"],
    ),
    "criterion reworded": (
        lambda: changed(Criterion, text="Anything."),
        ["authorisation.Criterion", "those that stand have another"],
    ),
    "deadline moved": (lambda: changed(Wave, deadline=date(2012, 8, 1)), ["authorisation.Wave", "deadline is"]),
    "organisation renamed": (
        lambda: changed(Organisation, {"code": "NHSA"}, name="NHS Alliance Ltd"),
        ["directory.Organisation", "name is 'NHS Alliance'"],
    ),
    "another kind of organisation": (
        lambda: changed(Organisation, {"code": "LA1"}, kind="coalition_body"),
        ["directory.Organisation", "kind is 'local_authority'"],
    ),
    "tie ended": (lambda: changed(Tie, ends=date(2012, 5, 2)), ["directory.Tie", "ends is empty"]),
    "tie removed": (lambda: gone(Tie.objects.filter(kind="neighbour")), ["directory.Tie", "there is none"]),
    "appointment revived": (
        lambda: changed(Appointment, {"state": "stood_down"}, state="accepted"),
        ["panels.Appointment", "state is 'stood_down'"],
    ),
    "seat of another": (
        lambda: changed(Appointment, person=Person.objects.get(email="outsider@example.test")),
        ["panels.Appointment", "no event wrote this row", "there is none"],
    ),
    "appointed by another": (
        lambda: changed(
            Appointment, {"nomination__isnull": False}, appointed_by=Organisation.objects.get(code="BOARD")
        ),
        ["panels.Appointment", "by is 'NHSA'"],
    ),
    "seat no longer required": (lambda: changed(Seat, {"required": True}, required=False), ["panels.Seat", "required"]),
    "declaration of another kind": (
        lambda: changed(Declaration, {"nil": False}, kind="family"),
        ["panels.Declaration", "kind is 'other'"],
    ),
    "declaration made nil": (
        lambda: changed(Declaration, {"nil": False}, nil=True, kind="", organisation=None),
        ["panels.Declaration", "nil is False"],
    ),
    "ruling turned": (lambda: changed(Ruling, effect="barred"), ["panels.Ruling", "effect is 'clear'"]),
    "answer of a test turned": (
        lambda: changed(DisinterestCheck, {"moment": "decided"}, effect="barred"),
        ["panels.DisinterestCheck", "effect is 'clear'"],
    ),
    "answer of a test under another event": (
        lambda: changed(DisinterestCheck, {"moment": "decided"}, moment="proposed"),
        ["panels.DisinterestCheck", "no event wrote this row", "there is none"],
    ),
    "item reopened": (lambda: changed(Item, {"state": "closed"}, state="open"), ["panels.Item", "state is 'closed'"]),
    "item of another": (
        lambda: changed(Item, organisation=Organisation.objects.get(code="05A")),
        ["panels.Item", "organisation is '01A'"],
    ),
    "minutes reworded": (
        lambda: changed(MinuteNote, {"signed_sha256": ""}, text="The sun shone."),
        ["panels.MinuteNote", "text is what the event keeps in private"],
    ),
    "minutes signed anew": (
        lambda: changed(MinuteNote, {"text": ""}, signed_sha256="0" * 64),
        ["panels.MinuteNote", "signed_sha256 is"],
    ),
    "training lengthened": (
        lambda: changed(Accreditation, {"ends__isnull": False}, ends=None),
        ["panels.Accreditation", "ends is"],
    ),
    "panel reopened": (
        lambda: changed(Panel, {"closed_at__isnull": False}, closed_at=None),
        ["panels.Panel", "closed_at is"],
    ),
    "plan of another quorum": (plan_of_another_quorum, ["panels.Panel", "plan is"]),
    "row under another event": (
        lambda: changed(Outcome, event=Event.objects.order_by("pk").first()),
        ["panels.Outcome", "event is"],
    ),
    "moved moment": (
        lambda: changed(Outcome, reached_at=Outcome.objects.order_by("pk").first().reached_at - DAY),
        ["panels.Outcome", "reached_at is"],
    ),
    "text and private body": (private_rewritten, ["events", "committed to a private free_text", "another body"]),
    "private body removed": (private_removed, ["panels.Position", "reasons is gone without an order"]),
    "last event removed": (last_event_removed, ["panels.Panel", "the last event is number", "the row stands at"]),
    "event rewritten": (event_rewritten, ["events", "follows the event before", "panels.Nomination", "rank is 77"]),
    "stray panel": (stray_panel, ["panels.Panel", "no event wrote this row", "the last event is number 0"]),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_named(what, differences):
    tamper, words = TAMPERING[what]
    tamper()
    told = differences()
    assert told
    for word in words:
        assert any(word in sentence for sentence in told), (word, told)
    # Nothing else is told than what follows from it.
    assert len(told) <= 20, told


def test_sentence_names_stream_row_column_and_both_sides(lived, differences):
    row = changed(Position, stance="abstain")
    panel = row.item.panel
    [sentence] = differences(only=panel.stream)
    assert sentence == (
        f"{panel.stream}: panels.Position {row.pk} (on {row.item.sitting.on}, case {row.item.case_ref}, person "
        f"{row.appointment.person.stream}): stance is 'concur' (event {row.event_id}, positions.entered) by the record "
        "and 'abstain' in the table."
    )


@pytest.mark.parametrize("what", ["changed reasons", "person renamed", "officer replaced", "minutes reworded"])
def test_private_text_is_never_told(what, differences):
    before = [*Person.objects.values_list("full_name", flat=True), "Not enough was shown.", "It rained."]
    TAMPERING[what][0]()
    told = " ".join(differences())
    for text in [*before, "Enough.", "Somebody Else", "Dr Evil", "Dr Ann Other", "The sun shone."]:
        assert text not in told


def test_one_stream_alone_is_compared(lived, differences):
    changed(Position, stance="abstain")
    assert differences(only=lived.walk.case.stream) == []


def test_leaf_that_is_no_document_is_told_and_the_others_go_on(lived, differences):
    event = Event.objects.get(event_type="decision.recorded")
    leaf = b"no document"
    Event.objects.filter(pk=event.pk).update(leaf=leaf, leaf_hash=hash_of(leaf))
    changed(Nomination, {"ends": None}, starts=date(2013, 1, 1))
    told = differences()
    assert any(f"event {event.pk} (decision.recorded) can be replayed" in each for each in told)
    assert any("panels.Nomination" in each for each in told)


def test_row_that_leads_to_no_aggregate_is_counted(differences):
    """With foreign keys off a row can name what is not there."""
    row = MinuteNote.objects.first()
    with _dangling("panels_minutenote"):
        run("UPDATE panels_minutenote SET sitting_id = 999999 WHERE id = %s", row.pk)
        told = differences()
        run("UPDATE panels_minutenote SET sitting_id = %s WHERE id = %s", row.sitting_id, row.pk)
    assert any("panels.MinuteNote: by the record every row belongs to an aggregate" in each for each in told)


@contextmanager
def _dangling(table):
    if connection.vendor == "postgresql":
        run(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    yield
    if connection.vendor == "postgresql":
        run(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
