"""What every test has: its own database and broker, no network, and a fence that opens for clean-up only."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test import SimpleTestCase, TransactionTestCase

from audit import fence
from config import assets
from config.celery import app
from config.processes import Processes, start_valkey
from directory import queries

REQUIRED = os.environ.get("CI", "").lower() in {"1", "true"}
HOME = {"127.0.0.1", "::1", "localhost", "0.0.0.0"}


def cannot_run(reason: str, cure: str) -> None:
    """Skip a test that this machine cannot run; where everything must run (CI=true), fail it."""
    message = f"{reason} Cure: {cure}"
    if REQUIRED:
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def _no_network(event: str, arguments: tuple) -> None:
    if event not in {"socket.connect", "socket.sendto"}:
        return
    sock, address = arguments[0], arguments[1]
    if getattr(sock, "family", None) in {socket.AF_INET, socket.AF_INET6} and address[0] not in HOME:
        raise AssertionError(f"A test asked the network for {address}; tests stay on this machine.")


sys.addaudithook(_no_network)


def _flush_past_the_fence(self: TransactionTestCase, flush=TransactionTestCase._fixture_teardown) -> None:
    """Empty the tables after a test with real transactions: the fence refuses that, so it steps aside."""
    wanted = [connections[alias] for alias in self._databases_names(include_mirrors=False)]
    for connection in wanted:
        fence.remove(connection, on={"DELETE", "TRUNCATE"})
    flush(self)
    for connection in wanted:
        fence.install(connection)


TransactionTestCase._fixture_teardown = _flush_past_the_fence


# What a test asks for that brings a database with it.
WITH_DATABASE = {"db", "transactional_db", "live_server", "worker"}


# What both databases answer alike: pages, what is worked out from rows once they are read, and what actions refuse in
# Python. On PostgreSQL the same actions run in the races, the state machines, the story and the triggers' tests.
ALIKE = {"views", "explorer", "doctor", "actions", "guardian"}
ALIKE |= {"test_letters.py", "test_stamping.py", "test_permissions.py", "test_import.py"}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark what touches a database: the rest says the same on PostgreSQL as on SQLite and runs once. The slow first."""
    for item in items:
        of_django = issubclass(getattr(item, "cls", None) or object, SimpleTestCase)
        asks = WITH_DATABASE & set(getattr(item, "fixturenames", ()))
        if of_django or asks or item.get_closest_marker("django_db"):
            item.add_marker("database")
        if ALIKE & set(item.path.parts):
            item.add_marker("once")
    yield
    # A long one that begins last keeps all the others waiting.
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session", autouse=True)
def _assets():
    """The stylesheet and the script that pages link to."""
    assets.build(settings.VAR_DIR / "assets")


@pytest.fixture(scope="session", autouse=True)
def _broker(tmp_path_factory):
    """A real broker of this process's own (or REDIS_URL's), so that messages sent on commit go somewhere."""
    if os.environ.get("REDIS_URL"):
        yield os.environ["REDIS_URL"]
        return
    with Processes() as processes:
        try:
            app.conf.broker_url = start_valkey(processes, tmp_path_factory.mktemp("valkey"))
        except Exception as error:  # noqa: BLE001 - no wheel for this system, or no permission to run it
            yield error
        else:
            yield app.conf.broker_url


@pytest.fixture
def broker_url(_broker):
    """The address of the real broker."""
    if isinstance(_broker, Exception):
        cannot_run(f"No broker could be started ({_broker}).", "set REDIS_URL to a Redis or Valkey to test with.")
    return _broker


@pytest.fixture
def worker(broker_url, transactional_db):
    """A real Celery worker in a thread of this process, on an empty queue."""
    from celery.contrib.testing.worker import start_worker

    app.control.purge()
    with start_worker(app, perform_ping_check=False, pool="solo", shutdown_timeout=10) as started:
        yield started
    connections.close_all()


@pytest.fixture(autouse=True)
def _no_board():
    """Every test has a Board of its own, or none; the key of the last one's is forgotten."""
    queries.forget_board()


@pytest.fixture
def root() -> Path:
    """The folder of the project."""
    return settings.BASE_DIR
