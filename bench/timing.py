"""Stopwatches and counters."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection

T = TypeVar("T")


@contextmanager
def quiet() -> Iterator[None]:
    """No collection of garbage while something is timed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seconds(do: Callable[[], object]) -> float:
    """How long one call took."""
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


class Counter:
    """Counts statements, and the time spent in the database for them."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., T], sql: str, params: Any, many: bool, context: Any) -> T:
        """Django's execute_wrapper."""
        self.statements.append(sql)
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - start

    @property
    def queries(self) -> int:
        """Statements that are not about transactions."""
        return sum(not each.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")) for each in self.statements)

    @property
    def savepoints(self) -> int:
        """How many savepoints were set."""
        return sum(each.startswith("SAVEPOINT") for each in self.statements)


@contextmanager
def counted() -> Iterator[Counter]:
    """Count what is asked of the database inside."""
    counter = Counter()
    with connection.execute_wrapper(counter):
        yield counter
