"""What a record of its changes costs a business write, ours beside what others install, with one writer and with many.

A business write is one transaction: the row is locked and read, three of its columns change, it is saved, and what
changed is recorded. Every writer is a process with a row of its own. Each round runs all designs one after the other in
random order, so that a busy moment of the machine falls on all of them alike.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from django.db import connection, connections, models, transaction

from audit import clock
from audit.actions import record, settle
from bench.figures import Figure, ratio
from bench.rivals.models import RIVALS, Kept, KeptEvent, Ours, Plain

NONE, ORM, OURS, PRIVATE = "no record", "a plain ORM event row", "ours", "ours with a private group"
WRITES = 40
PAUSED_WRITES = 12
PAUSE = 0.020
BARS = {"postgresql": {OURS: 1.40, PRIVATE: 1.50}, "sqlite": {OURS: 1.75, PRIVATE: 1.90}}
Write = Callable[[int, int, float], None]


def measure(*, rounds: int, writers: Sequence[int]) -> list[Figure]:
    """Ratios to the same write without a record; with 1, 4 and 8 writers, and with 20 ms more work in each."""
    keys = _rows(max(writers))
    figures: list[Figure] = []
    for count in writers:
        with _pool(keys[:count]) as pool:
            _run(pool, list(_designs()), WRITES // 4, 0.0)
            figures += _figures(_rounds(pool, list(_designs()), rounds, WRITES, 0.0), f"{count} writers")
    with _pool(keys) as pool:
        slow = _rounds(pool, [NONE, OURS], max(3, rounds // 2), PAUSED_WRITES, PAUSE)
    name = f"ours / no record, {len(keys)} writers, 20 ms more in each transaction"
    figures.append(ratio("audit", name, slow[OURS], slow[NONE], at_most=1.40))
    return figures


def _figures(took: Mapping[str, Sequence[float]], who: str) -> Iterator[Figure]:
    bars = BARS[connection.vendor]
    for name in took:
        if name != NONE:
            figure = f"{name} / {NONE}, {who}".replace("1 writers", "1 writer")
            yield ratio("audit", figure, took[name], took[NONE], at_most=bars.get(name, 0))
    yield ratio("audit", f"{OURS} / {ORM}, {who}".replace("1 writers", "1 writer"), took[OURS], took[ORM])


def _designs() -> dict[str, Write]:
    known: dict[str, Write] = {NONE: _plain, ORM: _kept, OURS: _ours, PRIVATE: _private}
    return known | {name: _watched(model) for name, model in RIVALS.items()}


def _rows(count: int) -> list[dict[str, int]]:
    """One row of every design for each writer."""
    values = {"title": "A case like any other", "stage": "open", "note": "", "due": clock.real_now()}
    made: list[dict[str, int]] = []
    for number in range(count):
        ref = f"CASE-{number:04}"
        ours = Ours(ref=ref, **values)
        with transaction.atomic():
            record(ours, "rival.opened", by="system")
            settle(ours)
        keys = {NONE: Plain.objects.create(ref=ref, **values).pk, ORM: Kept.objects.create(ref=ref, **values).pk}
        keys |= {OURS: ours.pk, PRIVATE: ours.pk}
        keys |= {name: model._default_manager.create(ref=ref, **values).pk for name, model in RIVALS.items()}
        made.append(keys)
    return made


def _work_on(seconds: float) -> None:
    if seconds:
        time.sleep(seconds)


def _changed(model: type[models.Model], key: int, turn: int) -> Any:
    row: Any = model._default_manager.select_for_update().get(pk=key)
    row.stage, row.amount, row.note = f"stage {turn % 9}", turn, f"Changed for the {turn}th time."
    return row


def _plain(key: int, turn: int, pause: float) -> None:
    with transaction.atomic():
        _changed(Plain, key, turn).save()
        _work_on(pause)


def _watched(model: type[models.Model]) -> Write:
    def write(key: int, turn: int, pause: float) -> None:
        with transaction.atomic():
            _changed(model, key, turn).save()
            _work_on(pause)

    return write


def _kept(key: int, turn: int, pause: float) -> None:
    with transaction.atomic():
        row = _changed(Kept, key, turn)
        row.save()
        body = {"stage": row.stage, "amount": row.amount, "note": row.note}
        KeptEvent.objects.create(kept=row, event_type="rival.changed", at=clock.now(), actor="system", body=body)
        _work_on(pause)


def _ours(key: int, turn: int, pause: float) -> None:
    with transaction.atomic():
        row = _changed(Ours, key, turn)
        public = {"stage": row.stage, "amount": row.amount, "note": row.note}
        record(row, "rival.changed", by="system", public=public)
        settle(row)
        _work_on(pause)


def _private(key: int, turn: int, pause: float) -> None:
    with transaction.atomic():
        row = _changed(Ours, key, turn)
        public = {"stage": row.stage, "amount": row.amount}
        record(row, "rival.changed", by="system", public=public, private={"free_text": {"note": row.note}})
        settle(row)
        _work_on(pause)


@contextmanager
def _pool(keys: Sequence[Mapping[str, int]]) -> Iterator[list[Connection]]:
    """One process a writer, each with a connection of its own, waiting to be told what to write."""
    connections.close_all()
    fork = get_context("fork")
    ends, processes = [], []
    for mine in keys:
        here, there = fork.Pipe()
        process = fork.Process(target=_writer, args=(there, mine), daemon=True)
        process.start()
        ends.append(here)
        processes.append(process)
    try:
        yield ends
    finally:
        for end in ends:
            end.send(None)
        for process in processes:
            process.join()


def _writer(told: Connection, keys: Mapping[str, int]) -> None:
    designs, turn = _designs(), os.getpid()
    connection.ensure_connection()
    while order := told.recv():
        name, count, pause = order
        for _ in range(count):
            turn += 1
            designs[name](keys[name], turn, pause)
        told.send(name)
    connections.close_all()


def _rounds(
    pool: Sequence[Connection], names: list[str], rounds: int, count: int, pause: float
) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, seconds in _run(pool, random.sample(names, len(names)), count, pause):
            took[name].append(seconds)
    return took


def _run(pool: Sequence[Connection], names: Sequence[str], count: int, pause: float) -> list[tuple[str, float]]:
    """Every design once: how long until the last writer had done its share."""
    took = []
    for name in names:
        start = time.perf_counter()
        for end in pool:
            end.send((name, count, pause))
        for end in pool:
            end.recv()
        took.append((name, time.perf_counter() - start))
    return took
