"""What each place runs with, read in a fresh process."""

import json
import os
import re
import stat
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import DEMONSTRATION_PREFIX, USUAL_BROKER, local_key, refuse_demonstration_key

NAMES = ["DEMONSTRATION", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "DEBUG", "EMAIL_BACKEND"]
PROGRAM = f"""
import json
from config import settings
found = {{name: getattr(settings, name) for name in {NAMES}}}
found["database"] = str(settings.DATABASES["default"]["NAME"]).split("/")[-1]
print(json.dumps(found))
"""


def read(root, program=PROGRAM, **environment):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=root, env=kept | environment, capture_output=True, text=True, check=False)


def test_production_is_closed_unless_opened(root):
    found = json.loads(read(root, SECRET_KEY="x" * 60, ALLOWED_HOSTS="panels.example", DATABASE_URL="").stdout)
    assert found == {
        "DEMONSTRATION": False,
        "ALLOWED_HOSTS": ["panels.example"],
        "SESSION_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "DEBUG": False,
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "database": "deployed.sqlite3",
    }


def test_demonstration_never_uses_the_deployed_database(root):
    found = json.loads(read(root, DEMONSTRATION="1", DATABASE_URL="sqlite:////srv/real.sqlite3").stdout)
    assert found["database"] == "demo.sqlite3"
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert found["SESSION_COOKIE_SECURE"] is False


def test_production_refuses_the_demonstration_key(root):
    told = read(root, SECRET_KEY=DEMONSTRATION_PREFIX + "x" * 60)
    assert told.returncode != 0
    assert "SECRET_KEY was made for the demonstration" in told.stderr


def test_web_server_refuses_to_start_without_a_key(root):
    told = read(root, "import config.wsgi")
    assert told.returncode != 0
    assert "SECRET_KEY was made for the demonstration or is missing" in told.stderr


def test_local_key_is_made_once_and_is_private(tmp_path):
    key = local_key(tmp_path / "var")
    assert local_key(tmp_path / "var") == key
    assert len(key) > 60
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600
    with pytest.raises(ImproperlyConfigured):
        refuse_demonstration_key(key)


def test_example_names_every_variable(root):
    source = (root / "config" / "settings.py").read_text()
    read_here = set(re.findall(r'env\.[a-z_]+\(\s*"([A-Z_]+)"', source)) | {
        "DATABASE_URL",
        "DEMONSTRATION_DATABASE_URL",
    }
    named = set(re.findall(r"^([A-Z_]+)=", (root / ".env.example").read_text(), re.MULTILINE))
    assert named == read_here


def test_commands_beside_a_demonstration_find_its_broker(root, tmp_path):
    program = "from config import settings; print(settings.CELERY_BROKER_URL)"
    (tmp_path / "demo.broker").write_text("redis://127.0.0.1:40001/0")

    def broker(**environment):
        return read(root, program, VAR_DIR=str(tmp_path), **environment).stdout.strip()

    assert broker() == "redis://127.0.0.1:40001/0"
    assert broker(REDIS_URL="redis://broker.example/1") == "redis://broker.example/1"
    for other in ({"LOCAL_DATABASE": "replay"}, {"SECRET_KEY": "x" * 60, "ALLOWED_HOSTS": "panels.example"}):
        assert broker(**other) == USUAL_BROKER
