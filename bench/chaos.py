"""Writers and sequencers killed at random, and what became of every event.

Nobody is warned: SIGKILL, at any instruction, also between signing and storing the signed head. A killed process is
started again at once. What a writer was told is committed must stand in the log; every event of the database stands
there once; every stream is in order; every signed head is a prefix of what came after.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from django.conf import settings
from django.db import Error, connections, transaction

from audit import checkpoints, clock, sequencing, signing
from audit.actions import record, record_system, settle
from audit.invariants import CHECKS
from audit.models import Checkpoint, Event, Leaf
from bench.figures import Figure
from bench.rivals.models import Ours

WRITERS, SEQUENCERS = 4, 2
BETWEEN = (0.01, 0.09)
# How often a writer adds an event of no stream, a writer changes its mind, a sequencer signs.
ADDED, UNDONE, SIGNED = 0.2, 0.1, 0.3
_fork = get_context("fork")


def measure(*, kills: int) -> list[Figure]:
    """How many events were lost, doubled or out of order after so many kills."""
    keys = [_row(number) for number in range(WRITERS)]
    with tempfile.TemporaryDirectory(prefix="panel-authority-chaos-") as folder:
        told = Path(folder) / "committed"
        told.touch()
        with _signing(Path(folder)):
            _rage(keys, told, kills)
            _settle_down()
            found = _found(told.read_text(encoding="ascii").splitlines())
    name = f"after {kills} kills, {found.pop('events'):,} events"
    return [
        Figure("chaos", f"{what}, {name}", count, "", "<= 0" if what != _SIGNED else "", _met(what, count))
        for what, count in found.items()
    ]


_SIGNED = "heads signed"


def _met(what: str, count: int) -> bool | None:
    return None if what == _SIGNED else count == 0


def _row(number: int) -> int:
    row = Ours(ref=f"C-{number}", title="Chaos", stage="open", note="", due=clock.real_now())
    with transaction.atomic():
        record(row, "rival.opened", by="system")
        settle(row)
    return row.pk


@contextmanager
def _signing(folder: Path) -> Iterator[None]:
    """A key and a memory of this run's own, in files, as in a deployment."""
    known = {name: getattr(settings, name) for name in ("AUDIT_SIGNER", "AUDIT_SIGNING_KEY_FILE", "AUDIT_SIGNER_STATE")}
    settings.AUDIT_SIGNER = "audit.signing.from_files"
    settings.AUDIT_SIGNING_KEY_FILE, settings.AUDIT_SIGNER_STATE = folder / "key", folder / "signed"
    signing.make_key(settings.AUDIT_ORIGIN)
    try:
        yield
    finally:
        for name, value in known.items():
            setattr(settings, name, value)


def _rage(keys: list[int], told: Path, kills: int) -> None:
    connections.close_all()
    jobs: list[Callable[[], None]] = [lambda key=key: _write(key, told) for key in keys]  # type: ignore[misc]
    jobs += [_sequence] * SEQUENCERS
    running = [_start(job) for job in jobs]
    try:
        for _ in range(kills):
            time.sleep(random.uniform(*BETWEEN))
            victim = random.randrange(len(jobs))
            process = running[victim]
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            running[victim] = _start(jobs[victim])
    finally:
        for process in running:
            process.kill()
            process.join()


def _start(job: Callable[[], None]) -> BaseProcess:
    process = _fork.Process(target=job, daemon=True)
    process.start()
    return process


def _write(key: int, told: Path) -> None:
    """Change one row for ever; some changes are undone, some come with an event of no stream."""
    random.seed()
    descriptor = os.open(told, os.O_WRONLY | os.O_APPEND)
    turn = 0
    while True:
        turn += 1
        with suppress(Error, _Undone):
            hashes = _one(key, turn)
            os.write(descriptor, "".join(f"{each}\n" for each in hashes).encode())


class _Undone(Exception):
    """A transaction that changes its mind."""


def _one(key: int, turn: int) -> list[str]:
    with transaction.atomic():
        row = Ours.objects.select_for_update().get(pk=key)
        events = []
        for _ in range(random.choice((1, 1, 3))):
            row.amount = turn
            events.append(record(row, "rival.changed", by="system", public={"turn": turn}))
        settle(row)
        if random.random() < ADDED:
            events.append(record_system("rival.seen", by="system", public={"turn": turn, "key": key}))
        if random.random() < UNDONE:
            raise _Undone
    return [bytes(event.leaf_hash).hex() for event in events]


def _sequence() -> None:
    """Take what waits, and now and then sign; a refusal of either would show in the end."""
    random.seed()
    while True:
        with suppress(Error):
            sequencing.sequence(random.choice((1, 10, 300)))
            if random.random() < SIGNED:
                checkpoints.sign_head()
        time.sleep(0.002)


def _settle_down() -> None:
    """What a running system does next: everything that waits is taken, and the whole is signed."""
    connections.close_all()
    checkpoints.sign_head()


def _found(committed: list[str]) -> dict[str, int]:
    places = Counter(bytes(each).hex() for each in Leaf.objects.values_list("leaf_hash", flat=True))
    events = {bytes(each).hex() for each in Event.objects.values_list("leaf_hash", flat=True)}
    order = Leaf.objects.order_by("leaf_index").values_list("event__stream", "event__stream_seq")
    last: dict[str, int] = {}
    misordered = 0
    for stream, seq in order.iterator(2000):
        if seq is not None:
            misordered += seq != last.get(stream, 0) + 1
            last[stream] = seq
    broken = sum(len(check()) for name, check in CHECKS.items() if name.startswith("audit: "))
    return {
        "events": len(events),
        "lost": len((set(committed) | events) - set(places)),
        "doubled": sum(count - 1 for count in places.values()),
        "misordered": misordered,
        "broken checks of the log": broken,
        _SIGNED: Checkpoint.objects.count(),
    }
