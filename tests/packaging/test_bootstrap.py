"""The first start: what it refuses, and that it listens to the machine's package settings."""

import ast
import importlib
import shutil
import subprocess
import sys

import pytest

import bootstrap


@pytest.fixture
def project(root, tmp_path, monkeypatch):
    """A copy of the bootstrap and its locks in an empty folder."""
    for name in ("manage.py", "bootstrap.py"):
        shutil.copy(root / name, tmp_path)
    shutil.copytree(root / "requirements", tmp_path / "requirements")
    monkeypatch.setattr(bootstrap, "ROOT", str(tmp_path))
    monkeypatch.setattr(bootstrap, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(bootstrap, "STAMP", str(tmp_path / ".venv" / "installed"))
    for name in ("BOOTSTRAP", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("name", ["manage.py", "bootstrap.py"])
def test_entrance_is_readable_by_old_python(root, name):
    ast.parse((root / name).read_text(), feature_version=(3, 6))


def test_old_python_is_refused_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit) as ended:
        bootstrap.enter(["manage.py", "demo"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "Python 3.11 or newer is needed; this is 3.9.\n"


def test_full_disk_is_refused_in_a_sentence(project, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 2**20))
    with pytest.raises(SystemExit):
        bootstrap.enter(["manage.py", "demo"])
    assert capsys.readouterr().err == "There is too little disk space: 1 MB free, 400 MB needed.\n"


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "There is no disk space left"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "A downloaded package is not the one pinned"),
        ("ERROR: No matching distribution found for uv", "No package index could be reached."),
        ("Temporary failure in name resolution", "No package index could be reached."),
        ("No module named pip", "pip is missing."),
        ("something else", "something else\nSorry, it went wrong; the reason is above."),
    ],
)
def test_failed_install_ends_in_a_sentence(output, sentence, capsys):
    with pytest.raises(SystemExit) as ended:
        bootstrap.explain(output + "\n", "it went wrong")
    assert ended.value.code == 1
    assert capsys.readouterr().err.replace("\n\n", "\n").startswith(sentence)


def test_stamp_of_another_lock_is_stale(project):
    (project / ".venv").mkdir()
    (project / ".venv" / "installed").write_text("app {}\n".format(bootstrap.lock_hash("app")))
    assert bootstrap.fresh("app")
    assert not bootstrap.fresh("dev")
    (project / "requirements" / "app.txt").write_text("changed")
    assert not bootstrap.fresh("app")


def test_finished_environment_starts_without_installing(project, monkeypatch):
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (project / ".venv" / "installed").write_text("app {}\n".format(bootstrap.lock_hash("app")))
    started = []
    monkeypatch.setattr(bootstrap, "install", lambda *_: pytest.fail("installed again"))
    monkeypatch.setattr(bootstrap, "again", lambda *command: started.append(command))
    bootstrap.enter(["manage.py", "demo"])
    assert started == [(str(python), ["manage.py", "demo"])]


@pytest.mark.parametrize(
    ("command", "database", "lock"),
    [
        ("demo", "", "app"),
        ("migrate", "postgres://db.example/panels", "postgres"),
        ("migrate", "sqlite:///panels.sqlite3", "app"),
        ("test", "", "dev"),
        ("bench", "postgres://db.example/panels", "bench"),
    ],
)
def test_command_gets_the_packages_it_needs(monkeypatch, command, database, lock):
    monkeypatch.setenv("DATABASE_URL", database)
    assert bootstrap.lock_for(["manage.py", command]) == lock


def test_ready_made_image_is_left_alone(project, monkeypatch):
    monkeypatch.setenv("BOOTSTRAP", "0")
    monkeypatch.setattr(bootstrap, "install", lambda *_: pytest.fail("installed"))
    bootstrap.enter(["manage.py", "migrate"])


def settings_of_pip(monkeypatch, **settings):
    monkeypatch.setattr(bootstrap, "pip_settings", lambda: settings)
    for name in [*bootstrap.PIP_TO_UV.values(), *bootstrap.UV_SYNONYMS.values()]:
        monkeypatch.delenv(name, raising=False)


def test_uv_gets_the_index_pip_is_told_of(monkeypatch):
    settings_of_pip(monkeypatch, **{"index-url": "https://mirror.example/simple"})
    assert bootstrap.uv_environment()["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"


def test_uv_settings_of_its_own_win(monkeypatch):
    settings_of_pip(monkeypatch, **{"index-url": "https://mirror.example/simple"})
    monkeypatch.setenv("UV_INDEX_URL", "https://other.example/simple")
    assert "UV_DEFAULT_INDEX" not in bootstrap.uv_environment()


def test_pip_settings_are_read_from_file_and_environment(tmp_path, monkeypatch):
    listed = b"global.index-url='https://a.example'\nglobal.cert='/c.pem'\n:env:.index-url='https://b.example'\n"
    done = subprocess.CompletedProcess([], 0, stdout=listed)
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *_, **__: done)
    assert bootstrap.pip_settings() == {"index-url": "https://b.example", "cert": "/c.pem"}


def test_bootstrap_imports_the_standard_library_only(root):
    tree = ast.parse((root / "bootstrap.py").read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert names - set(sys.stdlib_module_names) == set()
    assert importlib.import_module("bootstrap").OLDEST == (3, 11)
