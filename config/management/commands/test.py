"""Every check of the project, in the order of what is quickest to read."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management.base import BaseCommand

from config import assets, throwaway_postgres

# What a deployment would set, for `check --deploy`.
PRODUCTION = {
    "DEMONSTRATION": "0",
    "DEBUG": "0",
    "SECRET_KEY": "".join(chr(33 + (7 * n) % 90) for n in range(64)),
    "ALLOWED_HOSTS": "panels.example",
    "DATABASE_URL": "sqlite://:memory:",
}
CHECKS = {
    "Lint": ["ruff", "check", "."],
    "Format": ["ruff", "format", "--check", "."],
    "Types": ["mypy"],
    "Layers": ["lint-imports"],
    "Migrations complete": ["manage.py", "makemigrations", "--check", "--dry-run"],
    "Generated documents": ["manage.py", "generate_docs", "--check"],
    "Deployment settings": ["manage.py", "check", "--deploy", "--fail-level", "WARNING"],
}
NO_POSTGRES = "PostgreSQL was not found. Cure: install it (Debian, Ubuntu: apt install postgresql) or set DATABASE_URL."
NOTHING_COLLECTED = 5
CLOSING = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed|warnings?|deselected)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Command(BaseCommand):
    help = "Run lint, types, contracts and every test; with arguments, pytest alone (--postgres: on PostgreSQL)."
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        """Leave every argument to pytest."""
        arguments = argv[2:]
        os.chdir(settings.BASE_DIR)
        sys.exit(run_pytest_only(arguments) if arguments else Everything().run())


def run_pytest_only(arguments: list[str]) -> int:
    """Run pytest as told, on SQLite, or on PostgreSQL with `--postgres`; give its exit code."""
    rest = [argument for argument in arguments if argument != "--postgres"]
    if rest == arguments:
        return pytest(rest, {})
    with postgres() as url:
        if not url:
            say(NO_POSTGRES)
            return 1
        return pytest(rest, {"DATABASE_URL": url})


def pytest(arguments: list[str], environment: dict[str, str]) -> int:
    """Run pytest with a changed environment and give its exit code."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, env=for_pytest({**os.environ, **environment}), check=False).returncode  # noqa: S603


def for_pytest(environment: dict[str, str]) -> dict[str, str]:
    """Leave out the settings that manage.py chose: the tests have their own."""
    return {name: value for name, value in environment.items() if name != "DJANGO_SETTINGS_MODULE"}


class Everything:
    """One run of all phases: each is named, timed and run whatever the others said."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.skipped: list[str] = []
        self.counts: Counter[str] = Counter()
        self.began = time.monotonic()
        self.required = os.environ.get("CI", "").lower() in {"1", "true"}

    def run(self) -> int:
        """Give 0 when everything held."""
        assets.build(settings.VAR_DIR / "assets")
        for name, command in CHECKS.items():
            with self.phase(name):
                environment = PRODUCTION if name == "Deployment settings" else {}
                done = subprocess.run(program(command), env={**os.environ, **environment}, check=False)  # noqa: S603
                if done.returncode != 0:
                    self.failed.append(name)
        sqlite = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
        # One more than there are cores: some wait for a database or a child. Whoever is done takes work from the rest,
        # so that a module, and the world it shares, stays with one of them as long as it can.
        several = ["-n", str((os.cpu_count() or 2) + 1), "--dist", "worksteal", "-m", "not browser"]
        with self.phase("Tests on SQLite"):
            self.pytest("Tests on SQLite", several, sqlite)
        with self.phase("Tests on PostgreSQL"), postgres() as url:
            if url:
                again = [*several[:-1], "database and not browser and not once"]
                self.pytest("Tests on PostgreSQL", again, {**os.environ, "DATABASE_URL": url})
            else:
                self.skip("Tests on PostgreSQL", NO_POSTGRES)
        with self.phase("Tests in a browser"):
            self.pytest("Tests in a browser", ["-n", "0", "-m", "browser"], sqlite)
        return self.close()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Print a heading before and the seconds after."""
        say(f"\n--- {name}")
        began = time.monotonic()
        yield
        say(f"--- {name}: {'failed' if name in self.failed else 'done'}, {time.monotonic() - began:.1f} s")

    def skip(self, name: str, reason: str) -> None:
        """Say what cannot run here; where everything must run, that is a failure."""
        say(reason)
        (self.failed if self.required else self.skipped).append(name)

    def pytest(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        """Run pytest, showing what it says, and add up its closing line."""
        colour = ["--color=yes"] if sys.stdout.isatty() else []
        closing = ""
        with subprocess.Popen(  # noqa: S603 - our own test run
            [sys.executable, "-m", "pytest", *arguments, *colour],
            env=for_pytest(environment),
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            for line in process.stdout or ():
                sys.stdout.write(line)
                sys.stdout.flush()
                closing = line if line.strip() else closing
        self.counts.update(count(closing))
        if process.returncode not in {0, NOTHING_COLLECTED}:
            self.failed.append(name)

    def close(self) -> int:
        """Say what failed and what could not run, and end as pytest ends, with the sum of its runs."""
        say("")
        for name in self.skipped:
            say(f"Not run here: {name}; the reason and the cure are above.")
        for name in self.failed:
            say(f"Failed: {name}")
        kinds = [kind for kind in self.counts if kind != "deselected"]
        seconds = time.monotonic() - self.began
        told = ", ".join(f"{self.counts[kind]} {kind}" for kind in kinds) or "no tests ran"
        say(f" {told} in {seconds:.2f}s ".center(shutil.get_terminal_size().columns, "="))
        return 1 if self.failed else 0


def count(closing: str) -> dict[str, int]:
    """Read pytest's closing line; one error and two errors are the same kind."""
    plural = {"error": "errors", "warning": "warnings"}
    return {plural.get(kind, kind): int(number) for number, kind in CLOSING.findall(COLOUR.sub("", closing))}


@contextmanager
def postgres() -> Iterator[str]:
    """Give the address of a PostgreSQL to test on: DATABASE_URL's, or our own; empty when there is none."""
    given = os.environ.get("DATABASE_URL", "")
    programs = throwaway_postgres.find_programs()
    if given.startswith("postgres"):
        yield given
    elif programs is None:
        yield ""
    else:
        with throwaway_postgres.cluster(programs) as url:
            yield url


def program(command: list[str]) -> list[str]:
    """Give the whole command: a script of ours, or a tool from beside the running Python."""
    if command[0] == "manage.py":
        return [sys.executable, *command]
    return [os.path.join(os.path.dirname(sys.executable), command[0]), *command[1:]]  # noqa: PTH118, PTH120


def say(line: str) -> None:
    """Print at once, in order with what the tools print."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
