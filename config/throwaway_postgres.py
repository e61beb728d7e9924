"""A PostgreSQL of our own for one test run: found on this machine, started in a temporary folder, gone afterwards."""

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.processes import Processes

PLACES = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
]
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=60"]
START_SECONDS = 20


def find_programs() -> Path | None:
    """Give the folder of PostgreSQL's programs, the newest version first, or None."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = [folder for place in PLACES for folder in Path("/").glob(place.lstrip("/")) if (folder / "initdb").exists()]
    return max(found, key=_version, default=None)


@contextmanager
def cluster(programs: Path) -> Iterator[str]:
    """Run a server on a Unix socket that only this account can reach, and give its DATABASE_URL."""
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp" if os.path.isdir("/tmp") else None))  # noqa: S108, PTH112
    try:
        if account:
            shutil.chown(folder, account, account)
        _initialise(programs, folder, account)
        with Processes() as processes, (folder / "log").open("wb") as log:
            settings = [part for setting in FAST for part in ("-c", setting)]
            command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *settings]
            processes.start("PostgreSQL", command, user=account, log=log)
            _wait(processes, programs, folder)
            yield f"postgres://postgres@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> str | None:
    """PostgreSQL refuses to run as root; as anybody else it runs as we are."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return getpass.getuser()


def _initialise(programs: Path, folder: Path, account: str | None) -> None:
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [str(programs / "initdb"), "-D", str(folder / "data"), *options],
        user=account,
        group=account,
        extra_groups=[] if account else None,
        check=True,
        capture_output=True,
        cwd=folder,
    )


def _wait(processes: Processes, programs: Path, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    ask = [str(programs / "pg_isready"), "-q", "-h", str(folder)]
    while subprocess.run(ask, check=False).returncode != 0:  # noqa: S603 - PostgreSQL's own program
        processes.check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"PostgreSQL did not start within {START_SECONDS} seconds.")
        time.sleep(0.1)


def _version(folder: Path) -> float:
    numbers = [part for part in folder.parts if part.replace(".", "").isdigit()]
    return float(numbers[0]) if numbers else 0
