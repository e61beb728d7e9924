"""Whatever is wrong with the log is found, said in a sentence with numbers, and has a cure."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import DEFAULT_DB_ALIAS, DatabaseError
from kombu.exceptions import OperationalError

from audit import attesting, checkpoints, clock, doctor, merkle, rechecking
from audit.doctor import Severity, examine
from audit.management import database
from audit.models import Attestation, AttestationKind, Checkpoint, Event, Leaf, Pending, Tile
from audit.nodes import Rows
from audit.notes import COSIGNATURE, Head, Note, Signature, SigningKey, cosign
from audit.sequencing import catch_up
from audit.signing import FileMemory, KeptKey, read_keys, write_keys

pytestmark = pytest.mark.django_db
OLD = timedelta(hours=1)


def aged(rows, by=OLD, column="recorded_at"):
    """As if it had been so long ago; only past the fence."""
    for row in rows:
        type(row).objects.filter(pk=row.pk).update(**{column: getattr(row, column) - by})


def gone(rows):
    rows._raw_delete(DEFAULT_DB_ALIAS)


WITNESS = SigningKey("coalition.example/witness", COSIGNATURE, bytes(32))


def cosigned(checkpoint, at=None):
    """As the witness herself would."""
    at = (at or clock.real_now()).replace(microsecond=0)
    line = cosign(Note.parse(checkpoint.note).text, WITNESS, at)
    kept = {"kind": AttestationKind.COSIGNATURE, "who": WITNESS.name, "blob": f"{line}".encode(), "at": at}
    return Attestation.objects.create(checkpoint=checkpoint, **kept)


def forged(checkpoint, kind=AttestationKind.COSIGNATURE, who=WITNESS.name, blob=b""):
    """As somebody who may write such rows, and holds no key: by default a signature of zeros in the witness's name."""
    line = f"{Signature(WITNESS.name, WITNESS.verifier.key_id, bytes(72))}".encode()
    at = clock.real_now()
    return Attestation.objects.create(checkpoint=checkpoint, kind=kind, who=who, blob=blob or line, at=at)


def test_sound_log_has_nothing_above_a_note(signed, found):
    assert found() == []
    assert examine() != examine(thorough=True)


def test_log_not_read_again_for_days_is_a_warning_on_pages(signed, found, unfenced):
    unfenced()
    aged([Event.objects.earliest("pk")], timedelta(days=3))
    assert ("warning", "The whole log was not checked again in the last two days.") in found(thorough=False)
    assert not any("not checked again" in what for _, what in found())
    rechecking.recheck()
    assert not any("not checked again" in what for _, what in found(thorough=False))


def test_empty_log_has_nothing_above_a_note(db, found):
    assert found() == []


def test_event_that_waits_is_an_alarm(happen, found, unfenced):
    events = happen(3)
    unfenced()
    gone(Leaf.objects.all())
    gone(Pending.objects.all())
    Pending.objects.bulk_create(Pending(event=event) for event in events)
    aged(events)
    assert any(
        severity == "alarm" and what.startswith("3 events wait for the log, the oldest") for severity, what in found()
    )


def test_entries_not_signed_are_an_alarm_after_a_quarter_of_an_hour(happen, found, unfenced):
    events = happen(2)
    catch_up()
    assert found(thorough=False) == []
    unfenced()
    aged(events)
    assert ("alarm", "Entries from number 0 on are in no signed checkpoint") in [
        (severity, what.partition(", the first")[0]) for severity, what in found(thorough=False)
    ]


def test_entries_not_checked_are_a_warning(happen, found, unfenced):
    events = happen(300)
    catch_up()
    unfenced()
    gone(Tile.objects.all())
    aged(events[:1])
    assert ("warning", "300 entries, from number 0 on, stand in the log and were not checked yet.") in found()


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (
            lambda: gone(Leaf.objects.filter(leaf_index=2)),
            ["Entry 2 of the log is missing", "checkpoint does not hold"],
        ),
        (
            lambda: Leaf.objects.filter(leaf_index=2).update(leaf_hash=bytes(32)),
            ["its hash is not that of event", "another root than the log"],
        ),
        (
            lambda: Event.objects.filter(log_leaf__leaf_index=2).update(event_type="other"),
            ["its columns differ from its leaf"],
        ),
        (lambda: Tile.objects.update(hash=bytes(32)), ["Tile 1/0 of the log is not the root"]),
        (
            lambda: Checkpoint.objects.update(root=bytes(32)),
            ["has another root than the log", "2 checkpoints do not hold"],
        ),
        (
            lambda: Pending.objects.create(event=Event.objects.first()),
            ["in the log and still waiting"],
        ),
    ],
    ids=["hole", "entry", "column", "tile", "root", "doubled"],
)
def test_log_that_was_changed_is_an_alarm(happen, found, unfenced, tamper, words):
    happen(300)
    checkpoints.sign_head()
    unfenced()
    tamper()
    told = [what for severity, what in found() if severity == "alarm"]
    for word in words:
        assert any(word in what for what in told), (word, told)


def test_days_without_witness_are_told_apart(happen, found, unfenced, settings, monkeypatch):
    # What a stamp must be is tried in tests/audit/witnessing, by an authority.
    monkeypatch.setattr(attesting, "stamp_fault", lambda _row, _roots: "")
    settings.AUDIT_WITNESSES = [f"{WITNESS.verifier}"]
    settings.AUDIT_TSA_URL = "https://tsa.example/"
    made = []
    for _ in range(4):
        happen()
        made.append(checkpoints.sign_head())
    unfenced()
    for number, each in enumerate(made):
        aged([each], timedelta(days=8 - number), "created_at")
    cosigned(made[1], at=clock.real_now() - timedelta(days=7))
    forged(made[3], AttestationKind.TSA, "tsa.example", b"-")
    told = found()
    day = f"{(made[2].created_at - timedelta(days=6)):%-d %B %Y}"
    assert ("warning", f"No checkpoint of 2 days was cosigned by a witness, the first of {day}.") in told
    assert any(severity == "note" and "1 earlier day was cosigned" in what for severity, what in told)
    assert any(severity == "note" and "3 earlier days was stamped" in what for severity, what in told)


def test_no_witness_at_all_is_a_warning(signed, settings):
    settings.AUDIT_WITNESSES, settings.AUDIT_WITNESSES_FILE, settings.AUDIT_TSA_URL = [], "", ""
    [finding] = [each for each in examine() if each.what.startswith("No witness and no time-stamp")]
    assert finding.severity is Severity.WARNING
    assert "AUDIT_WITNESSES" in finding.cure


def test_letter_without_its_attestation_is_an_alarm(signed, happen, found):
    from audit.actions import record_system

    record_system("letter.issued", by="system", public={"checkpoint": {"size": signed.tree_size}})
    told = found()
    assert ("alarm", "The log knows of 1 letter, and 0 are noted as printed with a head.") in told
    assert any("1 letter prints a head that is not noted as printed" in what for _, what in told)
    forged(signed, AttestationKind.LETTER, "CCG-01A-2012", checkpoints.inclusion(0, signed).encode())
    assert not any("letter" in what for _, what in found())


def test_cosignature_that_nobody_made_silences_nothing(signed, found, settings):
    settings.AUDIT_WITNESSES = [f"{WITNESS.verifier}"]
    before = found(thorough=False)
    assert ("warning", "No checkpoint has been cosigned or time-stamped by anybody outside.") in before
    forged(signed)
    for thorough in (False, True):
        told = found(thorough=thorough)
        assert set(before) < set(told)
        assert any(severity == "alarm" and "1 attestation cannot be believed" in what for severity, what in told)
    cosigned(signed)
    assert before[0] not in found(thorough=False)


@pytest.mark.parametrize(
    ("kind", "blob"),
    [
        (AttestationKind.LETTER, b"nonsense"),
        (AttestationKind.TSA, b"nonsense"),
        (AttestationKind.PUBLISHED, b"nonsense"),
        (AttestationKind.COSIGNATURE, b"\xff"),
    ],
)
def test_attestation_of_any_kind_that_proves_nothing_is_an_alarm(signed, found, kind, blob):
    forged(signed, kind, "somebody", blob)
    assert any(severity == "alarm" and "1 attestation cannot be believed" in what for severity, what in found())


def test_missing_trigger_is_an_alarm(db, found, unfenced):
    unfenced()
    assert any(severity == "alarm" and "triggers are missing" in what for severity, what in found(thorough=False))


def test_clock_behind_the_last_event_is_a_warning(signed, found, unfenced):
    unfenced()
    aged([Event.objects.latest("pk")], -OLD)
    assert any(severity == "warning" and "seconds behind the last event" in what for severity, what in found())


def test_process_without_key_says_so_in_a_note(db, settings, tmp_path):
    settings.AUDIT_SIGNER = "audit.signing.from_files"
    settings.AUDIT_SIGNING_KEY_FILE = tmp_path / "none"
    [finding] = [each for each in examine(thorough=True) if "holds no key" in each.what]
    assert finding.severity is Severity.NOTE


def test_key_that_others_may_read_is_an_alarm(signed, found, settings):
    settings.AUDIT_SIGNING_KEY_FILE.chmod(0o640)
    assert any(severity == "alarm" and "(mode 0640)" in what for severity, what in found())


def test_key_about_to_end_and_key_that_ended(signed, found, settings):
    [kept] = read_keys(settings.AUDIT_SIGNING_KEY_FILE)
    soon = clock.real_now() + timedelta(days=2)
    old = SigningKey.generate(settings.AUDIT_ORIGIN, 1)
    past = datetime(2012, 1, 1, tzinfo=UTC)
    write_keys(settings.AUDIT_SIGNING_KEY_FILE, [KeptKey(old, past), KeptKey(kept.key, soon)])
    told = found()
    assert ("note", "1 key in the file signs no more.") in told
    assert any(
        severity == "warning" and what.startswith("The last key of the log signs until") for severity, what in told
    )


def test_key_nobody_introduced_is_an_alarm(signed, found, settings):
    stranger = SigningKey.generate(settings.AUDIT_ORIGIN, 1)
    write_keys(settings.AUDIT_SIGNING_KEY_FILE, [KeptKey(stranger)])
    assert any(severity == "alarm" and stranger.verifier.key_id.hex() in what for severity, what in found())


def test_memory_lost_damaged_and_of_another_log(signed, found, settings):
    memory = settings.AUDIT_SIGNER_STATE
    kept = memory.read_text()
    memory.unlink()
    assert any(severity == "alarm" and "memory" in what and "is lost" in what for severity, what in found())
    memory.write_text("?")
    assert any(severity == "alarm" and "is damaged" in what for severity, what in found())
    memory.write_text(kept.replace("log.example/one", "log.example/two"))
    assert any(severity == "alarm" and "remembers the log log.example/two" in what for severity, what in found())


def test_memory_behind_ahead_and_otherwise(signed, happen, found, settings):
    memory = FileMemory(settings.AUDIT_SIGNER_STATE)
    origin, size = settings.AUDIT_ORIGIN, signed.tree_size
    memory.keep(Head(origin, 2, merkle.root(Rows(), 2)))
    assert ("warning", f"The signer's memory is behind: it remembers 2 entries, and {size} were signed.") in found()
    happen()
    catch_up()
    memory.keep(Head(origin, size + 1, merkle.root(Rows(), size + 1)))
    told = found()
    assert any(severity == "note" and what.startswith("The signer is ahead") for severity, what in told)
    memory.keep(Head(origin, size + 50, bytes(32)))
    assert any(severity == "alarm" and "entries are missing" in what for severity, what in found())
    memory.keep(Head(origin, size, bytes(32)))
    told = [what for severity, what in found() if severity == "alarm"]
    assert any("remembers another root" in what for what in told)
    assert any("the log was rewritten" in what for what in told)


def test_worker_that_does_not_answer_is_a_note_until_something_waits(broker_url, db, unfenced, happen):
    [finding] = [each for each in examine(thorough=True) if "for the queue 'audit'" in each.what]
    assert finding.severity is Severity.NOTE
    [event] = happen()
    unfenced()
    Pending.objects.get_or_create(event=event)
    [finding] = [each for each in examine(thorough=True) if "for the queue 'audit'" in each.what]
    assert finding.severity is Severity.WARNING


@pytest.mark.broker
@pytest.mark.django_db(transaction=True)
def test_worker_that_takes_the_queue_is_no_finding(worker):
    from config.celery import app

    app.control.add_consumer("audit", reply=True)
    assert not [each for each in examine(thorough=True) if "for the queue" in each.what]


def test_check_that_cannot_be_made_is_a_finding(db, settings):
    settings.AUDIT_WITNESSES = ["no key"]
    checkpoints.sign_head()
    told = [each.what for each in examine() if each.severity is Severity.ALARM]
    assert any(what.startswith("The check for unwitnessed stopped") for what in told)


def test_page_asks_a_fixed_number_of_queries(happen, django_assert_max_num_queries):
    happen(3)
    checkpoints.sign_head()
    with django_assert_max_num_queries(22):
        examine()
    happen(300)
    checkpoints.sign_head()
    with django_assert_max_num_queries(22):
        examine()


def test_every_finding_is_two_sentences(happen, unfenced, settings):
    happen(300)
    checkpoints.sign_head()
    unfenced()
    Checkpoint.objects.update(root=bytes(32))
    for each in examine(thorough=True):
        assert each.what[0].isupper() or each.what[0].isdigit()
        assert each.what.endswith(".")
        assert each.cure.endswith(".")


def told(*options):
    out = StringIO()
    code = 0
    try:
        call_command("audit_doctor", *options, stdout=out)
    except SystemExit as stopped:
        code = stopped.code
    return code, out.getvalue()


def test_command_ends_with_0_where_nothing_is_above_a_note(happen, settings):
    settings.AUDIT_WITNESSES = [f"{WITNESS.verifier}"]
    happen(2)
    cosigned(checkpoints.sign_head())
    code, text = told()
    assert code == 0
    assert "0 alarms, 0 warnings" in text


def test_command_ends_with_1_and_tells_the_worst_first(signed, settings):
    settings.AUDIT_SIGNING_KEY_FILE.chmod(0o644)
    settings.AUDIT_WITNESSES, settings.AUDIT_WITNESSES_FILE = [], ""
    code, text = told()
    assert code == 1
    assert text.index("ALARM: The key file") < text.index("WARNING: No witness")
    code, text = told("--json")
    document = json.loads(text)
    assert (code, document["sound"], document["entries"]) == (1, False, signed.tree_size)
    assert {"severity", "what", "cure", "at"} == set(document["findings"][0])


def test_command_says_in_a_sentence_that_the_database_is_away(db, monkeypatch):
    def away():
        raise DatabaseError("connection refused\nis the server running?")
        yield

    monkeypatch.setattr(doctor.cheap, "CHECKS", (away,))
    with pytest.raises(CommandError, match=r"The database cannot be read \(connection refused\)") as refused:
        call_command("audit_doctor")
    assert refused.value.returncode == 2


def test_broker_of_a_demonstration_that_does_not_run_is_a_note(db, settings, monkeypatch):
    def away(**_options):
        raise OperationalError

    monkeypatch.setattr(doctor.whole.current_app.control, "inspect", away)
    found = {}
    for settings.DEPLOYED in (True, False):
        (found[settings.DEPLOYED],) = [each for each in examine(thorough=True) if "broker" in each.what]
    assert (found[True].severity, found[False].severity) == (Severity.WARNING, Severity.NOTE)
    assert "manage.py demo" in found[False].cure


def test_commands_that_check_say_which_database(happen, capsys):
    happen()
    for command in ("audit_doctor", "check_invariants", "audit_reconcile"):
        with suppress(SystemExit):
            call_command(command)
        assert f" {database.name()}" in capsys.readouterr().out.splitlines()[-1]
        with pytest.raises(SystemExit):
            load_command_class(get_commands()[command], command).run_from_argv(["manage.py", command, "--help"])
        assert "LOCAL_DATABASE" in capsys.readouterr().out
