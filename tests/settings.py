"""Settings of the test suite: those of production, with cheap passwords, plain static files and its own databases."""

import atexit
import os
import shutil
import tempfile

SCRATCH = tempfile.mkdtemp(prefix="panel-authority-tests-")
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
os.environ.update(
    {
        "DEMONSTRATION": "0",
        "DEBUG": "0",
        "SECRET_KEY": "tests-only",
        "ALLOWED_HOSTS": "testserver,localhost",
        "VAR_DIR": SCRATCH,
    }
)

from config.settings import *
from config.settings import DATABASES, INSTALLED_APPS, STATIC_ROOT, STORAGES

_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # A file, not memory: threads of one test must share it. Its own directory, so that runs side by side do not meet.
    _database["NAME"] = f"{SCRATCH}/unused.sqlite3"
    _database["TEST"] = {"NAME": f"{SCRATCH}/test.sqlite3"}
    _database["OPTIONS"]["init_command"] = _database["OPTIONS"]["init_command"].replace("=NORMAL", "=OFF")
else:
    _database["TEST"] = {"NAME": f"test_panels_{os.getpid()}"}
    _database["CONN_MAX_AGE"] = 0

STATIC_ROOT.mkdir()
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# The live server and the test client speak plain http.
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "session", "csrf"

# Every test can sign; what the signer itself remembers and refuses is tested with signers of those tests' own.
AUDIT_SIGNER = "tests.audit.signer.signer"

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "tests.workflows.probe",  # a small case and its flows, to exercise the engine by itself
    "tests.audit.ledger",  # one small table of each kind the audit app guards
]
