"""Settings of a measurement: those of production, on a database of its own that is thrown away."""

import atexit
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

os.environ.update(
    {"DEMONSTRATION": "0", "DEBUG": "0", "SECRET_KEY": "bench-only", "ALLOWED_HOSTS": "testserver,localhost"}
)

from config.settings import *  # noqa: F403
from config.settings import DATABASES, INSTALLED_APPS, STORAGES

SCRATCH = tempfile.mkdtemp(prefix="panel-authority-bench-")
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)

_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["NAME"] = f"{SCRATCH}/unused.sqlite3"
    _database["TEST"] = {"NAME": f"{SCRATCH}/bench.sqlite3"}
else:
    _database["TEST"] = {"NAME": f"bench_panels_{os.getpid()}"}
    _database["CONN_MAX_AGE"] = 0

INSTALLED_APPS = [*INSTALLED_APPS, "bench"]
if os.environ.get("BENCH_RIVALS"):
    # What others install for this; those that are not there are left out of the table.
    PEERS = ["auditlog", "simple_history"]
    if _database["ENGINE"] != "django.db.backends.sqlite3":
        PEERS += ["pgtrigger", "pghistory"]
    INSTALLED_APPS += [each for each in PEERS if importlib.util.find_spec(each)]
    INSTALLED_APPS += ["bench.rivals"]
STATIC_ROOT = Path(SCRATCH) / "static"
STATIC_ROOT.mkdir()
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
MEDIA_ROOT = Path(SCRATCH) / "media"
# A key and a memory of this run's own; each database of it begins with new ones.
AUDIT_SIGNING_KEY_FILE, AUDIT_SIGNER_STATE = Path(SCRATCH) / "log.key", Path(SCRATCH) / "log.signed"
# The client of the pages speaks plain http.
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "session", "csrf"
