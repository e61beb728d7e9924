"""A demonstration whose loading was cut short is known, and never added to."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.actions import record_system
from audit.models import Event
from config.management.commands import demo
from workflows import coalition, demonstration


def test_loading_that_was_cut_short_is_known(db):
    assert not demonstration.cut_short()
    record_system(demonstration.BEGUN, by="system")
    assert demonstration.cut_short()
    record_system(demonstration.LOADED, by="system", public={"personas": []})
    assert not demonstration.cut_short()


def test_nothing_is_added_to_a_loading_that_was_cut_short(db):
    record_system(demonstration.BEGUN, by="system")
    with pytest.raises(CommandError, match="empty it, then run this again"):
        call_command("load_demonstration", stdout=StringIO())
    assert Event.objects.count() == 1


def test_start_over_forgets_the_database_and_what_signed_its_log(tmp_path, settings, monkeypatch):
    settings.SQLITE_FILE = tmp_path / "demo.sqlite3"
    monkeypatch.setattr(demo, "_own_file", lambda: True)
    settings.AUDIT_SIGNING_KEY_FILE, settings.AUDIT_SIGNER_STATE = tmp_path / "demo.key", tmp_path / "demo.signed"
    monkeypatch.setattr(coalition, "FOLDER", tmp_path)
    removed = ["demo.sqlite3", "demo.sqlite3-wal", "demo.key", "demo.signed", "demo.signed.lock"]
    seen = ["demo.seen", "demo.vkeys", "demo.vkeys.new"]
    for name in (*removed, *seen, "other.key", "other.seen", "key"):
        (tmp_path / name).write_text("")
    demo._forget_database()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "other.key", "other.seen"]


def test_named_database_is_never_removed(tmp_path, settings):
    settings.SQLITE_FILE = tmp_path / "demo.sqlite3"
    settings.SQLITE_FILE.write_text("")
    with pytest.raises(CommandError, match="empty the named database yourself, and remove .*audit.key"):
        demo._forget_database()
    assert settings.SQLITE_FILE.exists()
