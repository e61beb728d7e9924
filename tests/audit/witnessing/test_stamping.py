"""Time stamps of the log's head: from an authority of ours, by openssl, which says itself that they are good."""

import io
import logging
import shutil
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from audit import attesting, checkpoints, clock, stamping
from audit.errors import StampRefused
from audit.models import Attestation, Event
from tests.audit.witnessing.authority import Authority, Refusing
from tests.audit.witnessing.conftest import SEEN
from tests.conftest import cannot_run
from workflows import tasks

# A refusal by the rules: status 2 (rejection), with a word of the authority's own.
REFUSAL = bytes.fromhex("300b30090201023004" + "0c02" + b"no".hex())


@pytest.fixture
def make_authority(tmp_path, settings):
    if shutil.which("openssl") is None:
        cannot_run("There is no openssl here to stamp with.", "install openssl.")
    return lambda name="own": Authority(tmp_path / name)


@pytest.fixture
def authority(make_authority, settings):
    """An authority that this log asks and believes."""
    with make_authority().served() as served:
        settings.AUDIT_TSA_URL, settings.AUDIT_TSA_ROOTS = served.url, served.roots
        yield served


def kept():
    return list(Attestation.objects.filter(kind="tsa"))


def refused(checkpoint):
    """The sentence with which it failed; nothing is left behind."""
    before = Event.objects.count()
    with pytest.raises(StampRefused) as answer:
        stamping.stamp(checkpoint)
    assert (kept(), Event.objects.count()) == ([], before)
    return answer.value.message


def test_a_stamp_is_kept_with_its_event_and_openssl_accepts_it(signed, authority):
    checkpoint = signed(7)
    begun = clock.real_now().replace(microsecond=0)
    stamping.stamp(checkpoint)
    [row] = kept()
    assert (row.checkpoint, row.who) == (checkpoint, "127.0.0.1")
    assert begun <= row.at <= clock.real_now()
    assert authority.accepts(bytes(row.blob), checkpoint.note.encode())
    assert not authority.accepts(bytes(row.blob), signed(8).note.encode())
    [event] = Event.objects.filter(event_type="checkpoint.stamped")
    assert event.document["public"] == {"size": 7, "who": "127.0.0.1"}


def test_row_that_is_no_stamp_silences_nothing(signed, authority, settings):
    checkpoint = signed(7)
    forged = {"kind": "tsa", "who": "127.0.0.1", "at": clock.real_now()}
    Attestation.objects.create(checkpoint=checkpoint, blob=b"-", **forged)
    assert tasks.stamp() is True
    stamp, other = stamping.stamp(checkpoint), signed(8)
    assert authority.asked == 1
    # A true stamp of something else, and of another moment than its own.
    Attestation.objects.create(checkpoint=other, blob=stamp.blob, **forged | {"at": stamp.at})
    Attestation.objects.create(checkpoint=checkpoint, kind="tsa", who="x", blob=stamp.blob, at=SEEN)
    assert list(attesting.proven(Attestation.objects.all())) == [stamp]
    assert len(list(attesting.faults(Attestation.objects.all()))) == 3
    settings.AUDIT_TSA_ROOTS = ""
    assert list(attesting.proven(Attestation.objects.all())) == []


def test_a_checkpoint_is_stamped_once(signed, authority):
    checkpoint = signed(7)
    assert stamping.stamp(checkpoint) == stamping.stamp(checkpoint)
    assert (authority.asked, len(kept()), Event.objects.count()) == (1, 1, 1)


def test_an_old_stamp_given_again_is_refused(signed, authority):
    """It is over the same note and by the right authority, and answers another question."""
    checkpoint = signed(7)
    replies = []
    authority.answer = lambda query: replies.append(authority.stamp(query)) or b"lost on the way"
    assert "no stamp" in refused(checkpoint)
    authority.answer = lambda query: replies[0]
    assert "Nonce" in refused(checkpoint)


def test_a_stamp_of_something_else_is_refused(signed, authority):
    checkpoint, other = signed(7), signed(8)
    shown = []
    authority.answer = lambda query: shown.append(query) or b""
    refused(other)
    authority.answer = lambda query: authority.stamp(shown[0])
    assert "does not verify" in refused(checkpoint)


def test_a_stamp_by_an_authority_nobody_named_is_refused(signed, authority, make_authority, settings):
    settings.AUDIT_TSA_ROOTS = make_authority("stranger").roots
    assert "does not verify" in refused(signed(7))


def test_a_changed_stamp_is_refused(signed, authority):
    def spoilt(query):
        answer = bytearray(authority.stamp(query))
        answer[-10] ^= 1
        return bytes(answer)

    authority.answer = spoilt
    refused(signed(7))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda _query: b"<html>Sign in</html>", "no stamp"),
        (lambda _query: b"", "no stamp"),
        (lambda _query: b"0" * 100_000, "too long"),
        (lambda _query: REFUSAL, "refused (no)"),
    ],
)
def test_what_is_no_stamp_is_refused(signed, authority, answer, said):
    authority.answer = answer
    assert said in refused(signed(7))


def test_an_authority_that_is_down_or_slow_is_asked_again_later(signed, authority, monkeypatch, settings):
    def refuse(_query):
        raise Refusing

    checkpoint = signed(7)
    authority.answer = refuse
    assert "did not answer" in refused(checkpoint)
    monkeypatch.setattr(stamping, "SECONDS", 0.05)
    authority.answer = lambda _query: time.sleep(0.3) or b""
    assert "did not answer" in refused(checkpoint)
    monkeypatch.undo()
    authority.answer = authority.stamp
    assert stamping.stamp(checkpoint)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "tsa.example", "ftp://tsa.example/"])
def test_an_address_that_is_none_is_refused(signed, settings, url):
    settings.AUDIT_TSA_URL = url
    assert "AUDIT_TSA_URL" in refused(signed(7))


def test_without_roots_nobody_is_asked(signed, authority, settings, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    for roots in ("", str(tmp_path / "absent.pem"), str(tmp_path / "empty.pem"), str(authority.folder / "tsa.pem")):
        settings.AUDIT_TSA_ROOTS = roots
        assert "AUDIT_TSA_ROOTS" in refused(signed(7) if roots == "" else stamping.Checkpoint.objects.get())
    assert authority.asked == 0


def test_the_daily_task_stamps_once_a_day_and_only_what_grew(signed, authority, open_case, settings, monkeypatch):
    assert tasks.stamp() is False  # there is no checkpoint yet
    open_case()
    checkpoints.sign_head()
    assert [tasks.stamp(), tasks.stamp()] == [True, False]
    open_case("Hull")
    checkpoints.sign_head()
    assert tasks.stamp() is False  # it was today already
    tomorrow = clock.real_now() + timedelta(days=1)
    monkeypatch.setattr(clock, "real_now", lambda: tomorrow)
    settings.AUDIT_TSA_URL, url = "", settings.AUDIT_TSA_URL
    assert tasks.stamp() is False  # nobody is to be asked
    settings.AUDIT_TSA_URL = url
    assert tasks.stamp() is True
    checkpoints.sign_head()
    monkeypatch.setattr(clock, "real_now", lambda: tomorrow + timedelta(days=1))
    assert tasks.stamp() is False  # nothing new but the note on the last stamp
    assert len(kept()) == 2


def test_a_failed_stamp_is_said_and_tried_again(signed, authority, caplog):
    signed(7)
    authority.answer = lambda _query: b""
    with caplog.at_level(logging.WARNING):
        assert tasks.stamp() is False
    assert "no stamp" in caplog.text
    authority.answer = authority.stamp
    assert tasks.stamp() is True


def test_the_command_stamps_now(signed, authority, settings):
    with pytest.raises(CommandError, match="no checkpoint"):
        call_command("audit_stamp")
    signed(7)
    told = io.StringIO()
    call_command("audit_stamp", stdout=told)
    assert "Stamped: 7 entries" in told.getvalue()
    signed(9)
    settings.AUDIT_TSA_URL = ""
    with pytest.raises(CommandError, match="AUDIT_TSA_URL"):
        call_command("audit_stamp")


def test_stamps_are_handed_out_beside_what_they_are_over(signed, authority, tmp_path):
    checkpoint, told = signed(7), io.StringIO()
    stamping.stamp(checkpoint)
    call_command("audit_stamp", save=tmp_path, stdout=told)
    assert told.getvalue().startswith("1 stamps are in ")
    saved = (tmp_path / "checkpoint-7.127.0.0.1.tsr").read_bytes()
    assert authority.accepts(saved, (tmp_path / "checkpoint-7.txt").read_bytes())
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("audit_stamp", save=tmp_path / "absent")
