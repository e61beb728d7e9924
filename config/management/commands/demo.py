"""The demonstration: everything on this machine, started together and stopped together."""

import fcntl
import hashlib
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from audit.signing import forget_key
from config import assets
from config.celery import app
from config.demonstration import CHECKED_PAGES, personas
from config.processes import ChildDied, Processes, free_port, port_in_use, start_valkey
from config.visitor import Visitor, faults
from workflows import coalition, demonstration

LOGS = settings.VAR_DIR / "log"
READY_SECONDS = 60
HIGHEST_PORT = 65_535
WORKER_SECONDS = 20
# Files of other packages that no page of ours asks for; compressing them takes a second of every start.
UNUSED_FILES = ["guardian/*", "htmx-4*", "htmax-4*", "ext"]


class Stopped(Exception):
    """Somebody asked us to end."""


class Command(BaseCommand):
    help = "Load the demonstration and serve it on this machine, with a worker."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="Port to serve on (8000 unless told).")
        parser.add_argument("--reset", action="store_true", help="Begin again with a fresh demonstration.")
        parser.add_argument(
            "--check", action="store_true", help="Start everything on a free port, fetch the main pages, stop again."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError("The demonstration runs only by `python3 manage.py demo` (or with DEMONSTRATION=1).")
        port = free_port() if options["check"] else options["port"]
        if port not in range(1, HIGHEST_PORT + 1):
            raise CommandError(f"Port {port} does not exist: choose one from 1 to {HIGHEST_PORT}.")
        if port_in_use(port):
            raise CommandError(f"Port {port} is in use. Choose another: python3 manage.py demo --port {port + 1}")
        with hold_folder():
            if options["reset"]:
                _forget_database()
            self._serve(port, check=options["check"])

    def _serve(self, port: int, *, check: bool) -> None:
        """Run every part until somebody stops it."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _stop)
        try:
            with tempfile.TemporaryDirectory(prefix="panel-authority-") as scratch, Processes() as processes:
                try:
                    self._run(processes, Path(scratch), port, check=check)
                finally:
                    _ignore_signals()
                    settings.BROKER_FILE.unlink(missing_ok=True)
        except Stopped:
            self.stdout.write("\nStopped.")
        except ChildDied as died:
            raise CommandError(f"{died} Everything else was stopped too; the reason is in {LOGS}.") from died

    def _run(self, processes: Processes, scratch: Path, port: int, *, check: bool) -> None:
        address = f"http://127.0.0.1:{port}" if check else f"http://localhost:{port}"
        broker = self._prepare(processes, scratch)
        env = {"REDIS_URL": broker, "SITE_URL": address}
        LOGS.mkdir(exist_ok=True)
        # The web server first: people wait for it, and three starts at once would make each slow.
        for name, command in _commands(scratch, port).items():
            with (LOGS / f"{name}.log").open("wb") as log:
                processes.start(name, [sys.executable, "-m", *command], env=env, log=log)
            if name == "web":
                self._wait_until_ready(processes, address)
        if check:
            self._check(address)
            return
        # Nothing waits for it: the beat would ask for it in a quarter of an hour.
        app.send_task("workflows.tasks.reconcile")
        self._welcome(address)
        while True:
            processes.check()
            time.sleep(0.5)

    def _prepare(self, processes: Processes, scratch: Path) -> str:
        """Make what the processes need, and give the broker's address; what a start before made is kept."""
        if not settings.SQLITE_FILE.is_file() and _own_file():
            _forget_database()
        stamp, state = settings.VAR_DIR / "prepared", fingerprint()
        if not stamp.is_file() or stamp.read_text() != state or not settings.SQLITE_FILE.is_file():
            assets.build(settings.VAR_DIR / "assets")
            call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=UNUSED_FILES)
            call_command("migrate", interactive=False, verbosity=0)
            stamp.write_text(state)
        broker = start_valkey(processes, scratch)
        if _own_file():
            settings.BROKER_FILE.write_text(broker, encoding="ascii")
        # This process sends messages too while it loads the demonstration.
        app.conf.broker_url = broker
        if demonstration.cut_short() and _own_file():
            self.stdout.write("The last loading of the demonstration was cut short: it begins again.")
            connection.close()
            _forget_database()
            call_command("migrate", interactive=False, verbosity=0)
        call_command("load_demonstration", stdout=self.stdout)
        return broker

    def _wait_until_ready(self, processes: Processes, address: str) -> None:
        visitor = Visitor(address)
        deadline = time.monotonic() + READY_SECONDS
        while visitor.fetch("/health/ready").fault:
            processes.check()
            if time.monotonic() > deadline:
                raise CommandError(f"Not everything was ready after {READY_SECONDS} seconds; the reason is in {LOGS}.")
            time.sleep(0.1)

    def _check(self, address: str) -> None:
        found = list(faults(address, CHECKED_PAGES))
        if not _worker_answers():
            found.append(f"The worker does not answer; see {LOGS}/worker.log.")
        for fault in found:
            self.stderr.write(fault)
        if found:
            raise CommandError(f"The demonstration does not work: {len(found)} faults, listed above.")
        self.stdout.write("The demonstration works: every page answered, and the worker too.")

    def _welcome(self, address: str) -> None:
        self.stdout.write(f"\nOpen {address}/demo/ and sign in as\n")
        for person in personas():
            self.stdout.write(f"  {person.name}, {person.role}: {person.what_to_try}")
        self.stdout.write(f"\nWhat the parts have to say goes to {LOGS}. Press Ctrl-C to stop.")


def hold_folder() -> IO[str]:
    """Keep the folder of the demonstration for this process; two would share one database without knowing."""
    settings.VAR_DIR.mkdir(exist_ok=True)
    held = (settings.VAR_DIR / "demo.lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise CommandError("A demonstration of this folder is running already: stop it first (Ctrl-C).") from None
    return held


def _own_file() -> bool:
    return str(settings.DATABASES["default"]["NAME"]) == str(settings.SQLITE_FILE)


def _forget_database() -> None:
    """Remove the demonstration's own file and what signed and saw its log, never a database that somebody named."""
    if not _own_file():
        raise CommandError(
            "--reset removes only the demonstration's own file: empty the named database yourself, and remove "
            f"{settings.AUDIT_SIGNING_KEY_FILE} and {settings.AUDIT_SIGNER_STATE}, which signed its log, and what the "
            f"Coalition of the demonstration remembers of it in {coalition.FOLDER}."
        )
    for suffix in ("", "-wal", "-shm"):
        settings.SQLITE_FILE.with_name(settings.SQLITE_FILE.name + suffix).unlink(missing_ok=True)
    forget_key()
    coalition.forget()


def fingerprint() -> str:
    """What assets, tables and triggers are made from: a start finds them made unless one of these files has changed."""
    base = settings.BASE_DIR
    sources = [base / "requirements" / "app.txt", base / "bootstrap.py"]
    triggers = ("*/triggers.py", "*/triggers/*.py", "*/fence.py", "*/models/*.py", "*/erasable.py")
    for pattern in ("assets/**/*", "*/migrations/*.py", *triggers, "config/*.py"):
        sources += sorted(path for path in base.glob(pattern) if path.is_file())
    digest = hashlib.sha256(str(settings.DATABASES["default"]["NAME"]).encode())
    for path in sources:
        digest.update(path.relative_to(base).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _commands(scratch: Path, port: int) -> dict[str, list[str]]:
    """Give the Python modules to run, by name: the web server, the worker and its clock."""
    celery = ["celery", "--app", "config"]
    worker = ["worker", "--pool", "threads", "--concurrency", "2", "--without-mingle", "--without-gossip"]
    worker += ["--queues", "celery,audit"]
    server = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    return {
        "web": [*server, "--workers", "1", "--blocking-threads", "4", "config.wsgi:application"],
        "worker": [*celery, *worker, "--loglevel", "info"],
        "beat": [*celery, "beat", "--schedule", str(scratch / "beat"), "--loglevel", "info"],
    }


def _worker_answers() -> bool:
    # A worker still starting does not hear the question, so it is asked again.
    deadline = time.monotonic() + WORKER_SECONDS
    while time.monotonic() < deadline:
        if app.control.ping(timeout=1, limit=1):
            return True
    return False


def _stop(_number: int, _frame: object) -> NoReturn:
    _ignore_signals()
    raise Stopped


def _ignore_signals() -> None:
    # Stopping takes a moment; a second Ctrl-C must not leave half of it behind.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
