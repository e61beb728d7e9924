"""The run: one throw-away database for each figure, since the replay and the stage both start from nothing."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection

from audit import signing
from bench import pages, replaying, transition, twins, waves
from bench.figures import Figure, machine
from bench.path import Stage


@contextmanager
def database() -> Iterator[None]:
    """A new database with every table, trigger and twin; gone afterwards."""
    named = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        twins.create_tables()
        signing.make_key(settings.AUDIT_ORIGIN)
        yield
    finally:
        settings.AUDIT_SIGNING_KEY_FILE.unlink(missing_ok=True)
        settings.AUDIT_SIGNER_STATE.unlink(missing_ok=True)
        connection.creation.destroy_test_db(named, verbosity=0)


def run(options: Namespace) -> tuple[list[Figure], dict[str, Any]]:
    """Every figure asked for, and the facts of the machine."""
    measures: dict[str, Callable[[], list[Figure]]] = {
        "audit": lambda: _audit(options),
        "log": lambda: _log(options),
        "chaos": lambda: _chaos(options),
        "transition": lambda: transition.measure(Stage(), rounds=options.rounds),
        "wave": lambda: waves.measure(Stage(wave=None), count=options.cases, rounds=max(1, options.rounds // 2)),
        "queries": lambda: pages.measure(Stage(wave=None), sizes=options.sizes),
        "replay": lambda: replaying.measure(wave=options.wave or None),
    }
    figures: list[Figure] = []
    facts: dict[str, Any] = {}
    for name in options.names:
        sys.stderr.write(f"{name} ...\n")
        with database():
            figures += measures[name]()
            facts = machine()
    return figures, facts


def _audit(options: Namespace) -> list[Figure]:
    """Its tables are there only when it is asked for, so it is imported only then; likewise the two below."""
    from bench import writing
    from bench.rivals import tables

    with tables.there():
        return writing.measure(rounds=options.rounds, writers=options.writers)


def _log(options: Namespace) -> list[Figure]:
    from bench import proving
    from bench.rivals import tables

    with tables.there():
        return proving.measure(leaves=options.leaves, entries=options.entries, rounds=options.rounds)


def _chaos(options: Namespace) -> list[Figure]:
    from bench import chaos
    from bench.rivals import tables

    with tables.there():
        return chaos.measure(kills=options.kills)
