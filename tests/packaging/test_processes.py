import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.processes import ChildDied, Processes, free_port, port_in_use

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def test_leaving_stops_what_was_started():
    with Processes() as processes:
        processes.start("sleeper", SLEEP)
        [(_, process)] = processes._running
    assert process.returncode == -signal.SIGTERM


def test_leaving_stops_what_its_children_started():
    parent = f"import subprocess; subprocess.Popen({SLEEP}); import time; time.sleep(60)"
    with Processes() as processes:
        processes.start("family", [sys.executable, "-c", parent])
        [(_, process)] = processes._running
        wait_until(lambda: len(members(process.pid)) == 2)
        family = members(process.pid)
    wait_until(lambda: not any(alive(pid) for pid in family))


def members(group):
    listed = subprocess.run(["ps", "-eo", "pid=,pgid="], capture_output=True, text=True, check=True).stdout
    return [int(pid) for pid, pgid in map(str.split, listed.splitlines()) if int(pgid) == group]


def test_one_that_ends_by_itself_is_named():
    with Processes() as processes:
        processes.start("quitter", [sys.executable, "-c", "raise SystemExit(3)"])
        [(_, process)] = processes._running
        process.wait()
        with pytest.raises(ChildDied, match=r"One part, quitter, has stopped by itself \(exit 3\)"):
            processes.check()


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux tells a child that its parent died.")
def test_children_end_when_the_parent_is_killed(root):
    program = (
        "import time, sys; from config.processes import Processes; p = Processes(); "
        f"p.start('sleeper', {SLEEP}); print(p._running[0][1].pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        assert alive(child)
        os.kill(parent.pid, signal.SIGKILL)
        wait_until(lambda: not alive(child))


def test_one_that_will_not_end_is_killed(monkeypatch, tmp_path):
    monkeypatch.setattr("config.processes.PATIENCE_SECONDS", 0.2)
    with (tmp_path / "log").open("wb") as log, Processes() as processes:
        processes.start("stubborn", [sys.executable, "-c", STUBBORN], log=log)
        [(_, process)] = processes._running
        wait_until(lambda: (tmp_path / "log").read_text() == "up\n")
    assert process.returncode == -signal.SIGKILL


def test_port_is_free_until_somebody_listens():
    port = free_port()
    assert not port_in_use(port)
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))
        server.listen()
        assert port_in_use(port)
