"""Every setting, read once. What differs between places comes from the environment; `.env.example` lists it all.

Three places: production (SECRET_KEY is given), the demonstration (DEMONSTRATION=1, set by `manage.py demo`), and
commands run on a machine with no settings at all, which work on the demonstration's database.
"""

import os
from pathlib import Path

import environ

from config.environment import broker_here, local_key, refuse_demonstration_key, site_of

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")
# A variable that is there but empty, as in a copy of .env.example, is not set.
env.ENVIRON = {name: value for name, value in os.environ.items() if value}

# Everything this machine makes for itself: keys, built files, databases, logs.
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

DEMONSTRATION = env.bool("DEMONSTRATION", default=False)
DEBUG = env.bool("DEBUG", default=False)
DEPLOYED = not DEMONSTRATION and "SECRET_KEY" in env.ENVIRON
SECRET_KEY = env.str("SECRET_KEY") if DEPLOYED else local_key(VAR_DIR)
if DEPLOYED:
    refuse_demonstration_key(SECRET_KEY)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"] if DEMONSTRATION else env.list("ALLOWED_HOSTS", default=[])
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "guardian",
    "viewflow.workflow",
    "django_htmx",
    "audit",
    "directory",
    "panels",
    "authorisation",
    "workflows",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.browser_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.pages.Refusals",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {"environment": "config.jinja.environment", "context_processors": ["config.pages.context"]},
    },
    {
        # Only for what other packages bring along; our pages are Jinja.
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# The demonstration never touches the database of a deployment that DATABASE_URL names.
DATABASE_VARIABLE = "DEMONSTRATION_DATABASE_URL" if DEMONSTRATION else "DATABASE_URL"
# A replay needs an empty database, so `manage.py replay` gives it a file of its own beside the demonstration's.
LOCAL_DATABASE = env.str("LOCAL_DATABASE", default="demo")
SQLITE_FILE = VAR_DIR / ("deployed.sqlite3" if DEPLOYED else f"{LOCAL_DATABASE}.sqlite3")
DATABASES = {"default": env.db_url(DATABASE_VARIABLE, default=f"sqlite:///{SQLITE_FILE}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # recursive_triggers: without it INSERT OR REPLACE would delete rows past the append-only guards.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c lock_timeout=10s"
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "directory.Person"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/demo/" if DEMONSTRATION else "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = LOGIN_URL

CSRF_FAILURE_VIEW = "config.pages.csrf_failure"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [VAR_DIR / "assets", BASE_DIR / "assets"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(VAR_DIR / "media")))

# Browsers speak https to production; the demonstration is plain http on this machine only.
SECURE = not DEMONSTRATION
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000) if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}

if DEMONSTRATION:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = VAR_DIR / "mail"
else:
    vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="panels@localhost")
# Seconds a mail server is waited for; a worker's claim on a message lasts longer.
EMAIL_TIMEOUT = 30
# Where the links in mail lead: the address people open this site at, without a slash at its end.
SITE_URL = env.str("SITE_URL", default=site_of([] if DEMONSTRATION else ALLOWED_HOSTS)).rstrip("/")
# Where people who use this service get its source, as the licence asks; shown on the page "About".
SOURCE_URL = env.str("SOURCE_URL", default="")

# While the demonstration runs, commands beside it find its broker by this file.
BROKER_FILE = SQLITE_FILE.with_suffix(".broker")
CELERY_BROKER_URL = env.str("REDIS_URL", default=broker_here(BROKER_FILE, deployed=DEPLOYED))
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# max_retries: whoever sends a message does not wait for a broker that is away (six seconds each, unless told); rows say
# what is owed. Workers and beat try again by their own rule.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 5, "socket_timeout": 30, "max_retries": 0}
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = TIME_ZONE
# A sweep that waited past its turn is dropped: the next one finds the same rows.
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "workflows.tasks.sweep", "schedule": 30.0, "options": {"expires": 25}},
    "messages": {"task": "directory.tasks.sweep_messages", "schedule": 30.0, "options": {"expires": 25}},
    "log": {"task": "audit.tasks.sequence", "schedule": 2.0, "options": {"expires": 2}},
    "checkpoint": {"task": "audit.tasks.checkpoint", "schedule": 300.0, "options": {"expires": 240}},
    # These ask their rows whether a day has passed, so neither a restart nor two of them matter.
    "tell": {"task": "workflows.tasks.tell_checkpoint", "schedule": 900.0, "options": {"expires": 600}},
    "recheck": {"task": "audit.tasks.recheck_daily", "schedule": 900.0, "options": {"expires": 600}},
    "reconcile": {"task": "workflows.tasks.reconcile", "schedule": 900.0, "options": {"expires": 600}},
    "stamp": {"task": "workflows.tasks.stamp", "schedule": 900.0, "options": {"expires": 600}},
}
if DEMONSTRATION:
    CELERY_BEAT_SCHEDULE["witness"] = {"task": "workflows.tasks.witness", "schedule": 600.0}
# The worker of this queue is the one that holds the signing key; no other needs it.
CELERY_TASK_ROUTES = {"audit.tasks.*": {"queue": "audit"}}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# The log's name in its checkpoints, and what signs them. Only the worker of the queue "audit" needs key and memory;
# without settings each database has its own beside it, or a fresh one would look like a rewritten one.
LOG_FILES = VAR_DIR / "audit" if DEPLOYED else VAR_DIR / f"{Path(DATABASES['default']['NAME']).with_suffix('')}.audit"
AUDIT_ORIGIN = env.str("AUDIT_ORIGIN", default="panel-authority.example/log")
AUDIT_SIGNER = env.str("AUDIT_SIGNER", default="audit.signing.from_files")
AUDIT_SIGNING_KEY_FILE = Path(env.str("AUDIT_SIGNING_KEY_FILE", default=f"{LOG_FILES}.key"))
AUDIT_SIGNER_STATE = Path(env.str("AUDIT_SIGNER_STATE", default=f"{LOG_FILES}.signed"))
# Public keys besides those the log itself introduces, and those of witnesses.
AUDIT_VKEYS = env.list("AUDIT_VKEYS", default=[])
# Whose cosignatures count; the demonstration's Coalition writes its key where its own machine would be.
AUDIT_WITNESSES = env.list("AUDIT_WITNESSES", default=[])
AUDIT_WITNESSES_FILE = env.str("AUDIT_WITNESSES_FILE", default="" if DEPLOYED else str(VAR_DIR / "coalition" / "vkey"))
# A time-stamp authority (RFC 3161) that stamps the log's head once a day, and the certificates it is believed by.
AUDIT_TSA_URL = env.str("AUDIT_TSA_URL", default="")
AUDIT_TSA_ROOTS = env.str("AUDIT_TSA_ROOTS", default="")
# Whether the daily checkpoint also goes to one address at each applicant; the demonstration's outbox stays readable.
AUDIT_TELL_APPLICANTS = env.bool("AUDIT_TELL_APPLICANTS", default=not DEMONSTRATION)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING" if DEMONSTRATION else "INFO")},
}
