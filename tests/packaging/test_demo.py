"""The demonstration as people meet it: one command, one process to stop."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from config.processes import free_port
from tests.packaging.test_processes import alive, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def demo(root, tmp_path):
    """Start `manage.py demo` on a database of its own."""
    database = f"sqlite:///{tmp_path / 'demo.sqlite3'}"
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    environment |= {
        "BOOTSTRAP": "0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEMONSTRATION_DATABASE_URL": database,
    }
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", *arguments],
            cwd=root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_demonstration_checks_itself_and_stops_everything_it_started(demo):
    """One test, as loading it takes a minute: the second and third start find it loaded."""
    process = demo("--check")
    told, _ = process.communicate(timeout=300)
    assert process.returncode == 0, told
    assert told.splitlines()[-1] == "The demonstration works: every page answered, and the worker too."
    for number in (signal.SIGINT, signal.SIGTERM):
        process = demo("--port", str(free_port()))
        for line in process.stdout:
            if "Press Ctrl-C to stop." in line:
                break
        family = children(process.pid)
        assert len(family) >= 4
        process.send_signal(number)
        assert process.wait(30) == 0
        wait_until(lambda: not any(alive(pid) for pid in family))  # noqa: B023


def test_port_in_use_is_told_in_a_sentence(demo):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        process = demo("--port", str(port))
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert told == f"CommandError: Port {port} is in use. Choose another: python3 manage.py demo --port {port + 1}\n"


def children(parent):
    """List the processes below one, at any depth."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = [pid for pid, of in pairs if of == parent]
    return found + [deeper for pid in found for deeper in children(pid)]
