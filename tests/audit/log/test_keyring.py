"""Only a key of the log brings in another: whoever may write events has no key by writing that she has."""

import io
from base64 import b64encode
from datetime import timedelta

import pytest
from django.core.management import call_command

from audit import actions, checkpoints, clock, doctor, invariants, keyring, signing, verify_log
from audit.errors import SignerRefused
from audit.keyring import INTRODUCED, RETIRED, PublishedKey, Statement
from audit.leaf import hash_of, written
from audit.models import Checkpoint, Event
from audit.notes import ED25519, Head, Note, SigningKey, sign

CHECK = "audit: every key the log names was introduced by a key of the log"
PAST = "2012-01-01T00:00:00.000000Z"


@pytest.fixture
def evil(settings, key_files):
    """A key of somebody who can write events, under the log's own name."""
    return SigningKey(settings.AUDIT_ORIGIN, ED25519, b"evil" * 8)


@pytest.fixture
def own(key_files, settings):
    """The log's own key, which the worker alone holds."""
    [kept] = signing.read_keys(settings.AUDIT_SIGNING_KEY_FILE)
    return kept.key


def vouched(by):
    return lambda statement: [sign(statement.body(), by)]


def write(what, public):
    return actions.record_system(what, by="system", public=public)


def claims(evil, own):
    """Ways to claim that a key is the log's, or that the log's key has ended, without holding it."""
    vkey = f"{evil.verifier}"
    old = Statement(INTRODUCED, own.verifier, PAST, "")
    signature = f"{sign(Statement(INTRODUCED, evil.verifier, PAST, '').body(), evil)}"
    borrowed = f"{sign(old.body(), own)}"
    return {
        "bare": (INTRODUCED, {"vkey": vkey, "from": PAST, "until": None}),
        "by itself": (INTRODUCED, {"vkey": vkey, "from": PAST, "until": None, "signatures": [signature]}),
        "of another": (INTRODUCED, {"vkey": vkey, "from": PAST, "until": None, "signatures": [borrowed]}),
        "ended": (RETIRED, {"vkey": f"{own.verifier}", "from": None, "until": PAST}),
        "ended by a stranger": (
            RETIRED,
            {
                "vkey": f"{own.verifier}",
                "until": PAST,
                "signatures": [f"{sign(Statement(RETIRED, own.verifier, '', PAST).body(), evil)}"],
            },
        ),
    }


@pytest.mark.parametrize("how", ["bare", "by itself", "of another", "ended", "ended by a stranger"])
def test_claim_that_no_key_of_the_log_signed_counts_for_nothing(happen, evil, own, how):
    happen(2)
    checkpoints.sign_head()
    before = checkpoints.vkeys_text()
    write(*claims(evil, own)[how])
    signed = checkpoints.sign_head()
    assert checkpoints.vkeys_text() == before
    assert {each.key_id for each in Note.parse(signed.note).signatures} == {own.verifier.key_id}
    [said] = invariants.CHECKS[CHECK]()
    assert "no key of the log signed that" in said
    for thorough in (False, True):
        [found] = [each for each in doctor.examine(thorough=thorough) if "about the log's keys" in each.what]
        assert found.severity is doctor.Severity.ALARM


def test_log_forged_with_such_a_key_does_not_verify_by_the_published_keys(happen, evil, own, open_case):
    open_case("Leeds")
    checkpoints.sign_head()
    write(*claims(evil, own)["by itself"])
    checkpoints.sign_head()
    leaf = bytes(Event.objects.earliest("pk").leaf)
    text = Head(evil.name, 1, hash_of(leaf)).body()
    note = f"{Note(text, (sign(text, evil),))}"
    assert verify_log.check_export(io.BytesIO(leaf + b"\n"), note, checkpoints.vkeys_text()).verdict == "unusable"


@pytest.mark.parametrize(
    "public",
    [
        {"vkey": "x", "from": None, "until": None},
        {},
        {"vkey": 7},
        {"vkey": None, "signatures": "x"},
        {"vkey": "KEY", "from": "yesterday"},
        {"vkey": "KEY", "from": "2012-01-01"},
        {"vkey": "KEY", "until": 7},
        {"vkey": "KEY", "signatures": ["x"]},
        {"vkey": "KEY", "signatures": 7},
        {"vkey": "KEY", "signatures": [7]},
    ],
)
@pytest.mark.parametrize("what", [INTRODUCED, RETIRED])
def test_claim_that_cannot_be_read_stops_nothing(happen, evil, what, public):
    happen(2)
    checkpoints.sign_head()
    write(what, {name: f"{evil.verifier}" if value == "KEY" else value for name, value in public.items()})
    assert checkpoints.sign_head()
    assert evil.name in checkpoints.vkeys_text()
    assert f"{evil.verifier}" not in checkpoints.vkeys_text()
    assert len(invariants.CHECKS[CHECK]()) == 1


def test_claim_before_the_log_is_signed_for_the_first_time_is_none_either(happen, evil, own):
    """It stands in the first head, but another key signed that."""
    happen(2)
    keyring.introduce(evil.verifier, vouch=vouched(evil))
    checkpoints.sign_head()
    assert keyring.known() == {own.verifier}
    assert len(invariants.CHECKS[CHECK]()) == 1


def test_first_introduction_cut_short_before_the_first_head_is_taken_up(happen, own):
    keyring.introduce(own.verifier, vouch=vouched(own))
    assert keyring.known() == set()
    assert list(keyring.strays()) == []
    checkpoints.sign_head()
    assert keyring.known() == {own.verifier}
    assert Event.objects.filter(event_type=INTRODUCED).count() == 1


def test_first_head_of_another_key_makes_it_no_key_of_a_log_of_another_name(happen, own, settings):
    happen()
    checkpoints.sign_head()
    other = SigningKey("log.example/other", ED25519, b"o" * 32)
    keyring.introduce(other.verifier, vouch=vouched(own))
    assert keyring.known() == {own.verifier}
    assert len(list(keyring.strays())) == 1


def test_key_that_is_known_is_not_made_anew_or_longer_by_saying_it_again(happen, own):
    """Neither the same entry copied nor a bare one brings an ended key back."""
    happen()
    checkpoints.sign_head()
    call_command("audit_rotate_key", stdout=io.StringIO(), stderr=io.StringIO())
    before = keyring.vkeys()
    first = Event.objects.filter(event_type=INTRODUCED).earliest("pk").document["public"]
    write(INTRODUCED, first)
    write(INTRODUCED, {"vkey": f"{own.verifier}", "from": PAST, "until": None})
    assert keyring.vkeys() == before
    assert list(keyring.strays()) == []


def test_key_whose_end_is_in_the_log_brings_in_no_other(happen, own, evil):
    """It is changed because somebody may have stolen it."""
    happen()
    checkpoints.sign_head()
    call_command("audit_rotate_key", "--days=0", stdout=io.StringIO(), stderr=io.StringIO())
    known = keyring.known()
    assert len(known) == 2
    keyring.introduce(evil.verifier, vouch=vouched(own))
    for key in known - {own.verifier}:
        keyring.retire(key, until=clock.real_now() - timedelta(days=9), vouch=vouched(own))
    assert keyring.known() == known
    assert [each.until for each in keyring.vkeys() if each.key != own.verifier] == [None]
    assert len(list(keyring.strays())) == 2


def test_keys_follow_from_those_somebody_trusts(happen, own, evil):
    happen()
    checkpoints.sign_head()
    call_command("audit_rotate_key", stdout=io.StringIO(), stderr=io.StringIO())
    assert {each.key for each in keyring.reachable([own.verifier])} == keyring.known()
    assert [each.key for each in keyring.reachable([evil.verifier])] == [evil.verifier]


def test_log_of_an_earlier_release_goes_on_once_its_key_is_named(happen, own, settings, unfenced):
    """Its introduction has no signature; what the installation itself names needs none."""
    happen()
    checkpoints.sign_head()
    unfenced()
    told = Event.objects.get(event_type=INTRODUCED)
    leaf = bytes(told.leaf).replace(b'"signatures"', b'"signatureZ"')
    Event.objects.filter(pk=told.pk).update(leaf=leaf, leaf_hash=hash_of(leaf))
    assert keyring.known() == set()
    with pytest.raises(SignerRefused, match="name this one in AUDIT_VKEYS"):
        checkpoints.sign_head()
    settings.AUDIT_VKEYS = [f"{own.verifier} from={PAST}"]
    assert keyring.vkeys() == [PublishedKey.parse(settings.AUDIT_VKEYS[0])]
    assert list(keyring.strays()) == []


@pytest.mark.parametrize("line", ["", "nonsense", "a+00000000+AQ==", "KEY from", "KEY from=yesterday"])
def test_damaged_line_of_the_settings_is_passed_over_and_reported(happen, own, settings, line):
    settings.AUDIT_VKEYS = [line.replace("KEY", f"{own.verifier}")]
    happen()
    checkpoints.sign_head()
    assert f"{own.verifier}" in checkpoints.vkeys_text()
    [said] = keyring.strays()
    assert "AUDIT_VKEYS" in said


def test_what_is_signed_of_a_key_is_no_head(own):
    body = Statement(INTRODUCED, own.verifier, written(clock.real_now()), "").body()
    with pytest.raises(Exception, match="digits"):
        Head.parse(body)


def test_head_changed_in_the_database_does_not_hang_the_keys(happen, own, unfenced):
    happen()
    checkpoints.sign_head()
    unfenced()
    Checkpoint.objects.update(note="nonsense")
    assert keyring.known() == set()
    assert b64encode(own.verifier.public).decode() not in checkpoints.vkeys_text()
