"""Is the process alive, and can it do its work? For the operator's proxy and for `manage.py demo`."""

import logging
from collections.abc import Callable
from functools import lru_cache

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit import clock
from config.celery import app

BROKER_SECONDS = 3
logger = logging.getLogger(__name__)


@never_cache
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """Answer as long as the process can answer at all; touches nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part can do its work, else 503, with one word a part; the reasons stay in the log."""
    parts = {name: _works(check) for name, check in CHECKS.items()}
    good = all(parts.values())
    named = {name: "ok" if works else "failing" for name, works in parts.items()}
    return JsonResponse({"status": "ok" if good else "failing", **named}, status=200 if good else 503)


def _works(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # whatever is wrong with a part, the answer is that it does not work
        logger.exception("Health check %s failed", check.__name__)
        return False
    return True


def check_database() -> None:
    """Write a row and take it back: a full disk and a read-only replica both fail here."""
    with transaction.atomic():
        Session.objects.create(session_key="health-check", session_data="", expire_date=clock.now())
        transaction.set_rollback(True)


def check_migrations() -> None:
    """Raise when the database is behind the code."""
    if not _migrated():
        _migrated.cache_clear()
        raise RuntimeError("Migrations are not applied; run `manage.py migrate`.")


@lru_cache(maxsize=1)
def _migrated() -> bool:
    # Reading every migration takes a tenth of a second, and a finished answer stays true for this code.
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def check_broker() -> None:
    """Raise when no message could be sent."""
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_SECONDS)


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "broker": check_broker,
}
