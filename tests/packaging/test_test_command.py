import pytest

from config.management.commands import test as command


@pytest.fixture
def run(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    return command.Everything()


def test_closing_line_adds_up_the_runs(run, capsys):
    run.counts.update({"passed": 10, "skipped": 1, "deselected": 4})
    run.counts.update({"passed": 5})
    assert run.close() == 0
    assert capsys.readouterr().out.splitlines()[-1].strip("= ").startswith("15 passed, 1 skipped in ")


def test_closing_line_of_pytest_is_read():
    line = "\x1b[31m==== 1 failed, 12 passed, 2 skipped, 3 deselected, 1 warning in 4.21s ====\x1b[0m"
    assert command.count(line) == {"failed": 1, "passed": 12, "skipped": 2, "deselected": 3, "warnings": 1}


def test_failed_phase_is_named_and_ends_in_failure(run, capsys):
    run.failed.append("Lint")
    assert run.close() == 1
    assert "Failed: Lint" in capsys.readouterr().out.splitlines()


def test_missing_postgres_is_told_with_its_cure(run, capsys):
    run.skip("Tests on PostgreSQL", command.NO_POSTGRES)
    assert run.close() == 0
    assert "Cure: install it" in capsys.readouterr().out


def test_missing_postgres_fails_where_everything_must_run(run, monkeypatch):
    monkeypatch.setenv("CI", "true")
    strict = command.Everything()
    strict.skip("Tests on PostgreSQL", command.NO_POSTGRES)
    assert strict.failed == ["Tests on PostgreSQL"]


def test_postgres_given_by_address_is_used(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://someone@db.example/panels")
    with command.postgres() as url:
        assert url == "postgres://someone@db.example/panels"


def test_tests_choose_their_own_settings():
    assert command.for_pytest({"DJANGO_SETTINGS_MODULE": "config.settings", "CI": "true"}) == {"CI": "true"}
