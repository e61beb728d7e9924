"""The log itself: how fast it takes events, what a proof costs in a long one, how fast a stranger checks an export."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction

from audit import clock, fence, verify_log
from audit.actions import record_many, settle_many
from audit.leaf import Draft, Place, draft
from audit.merkle import TILE, Frontier, consistency_proof, inclusion_proof, root, root_of_full
from audit.nodes import Rows
from audit.notes import ED25519, Head, Note, SigningKey, sign
from audit.sequencing import catch_up
from bench.figures import Figure, spread
from bench.rivals.models import Ours
from bench.timing import counted, quiet, seconds

STREAMS, EVENTS_EACH = 200, 100
PROOFS = 300
MOST_QUERIES, MOST_HASHES, MOST_MILLISECONDS, MOST_MEGABYTES = 8, 20, 25, 100
LEAST_RATE, LEAST_SHARE, LEAST_QUICK = 10_000, 1 / 20, 1 / 3
_POSITIONS = [{"person": f"person:{UUID(int=7)}", "seat": "coalition_representative", "stance": "concur"}]
_BARE = """
import sys
from hashlib import sha256
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        sha256(b"\\0" + line[:-1]).digest()
"""


def measure(*, leaves: int, entries: int, rounds: int) -> list[Figure]:
    """Sequencing, proofs in a log of so many leaves, and the verifier over an export of so many entries."""
    return [*_sequencing(), *_proofs(leaves), *_verifying(entries, rounds)]


def _sequencing() -> Iterator[Figure]:
    """Events written beforehand, in streams; timed is their taking into the log, with every check of each."""
    values = {"title": "A case", "stage": "open", "note": "", "due": "2012-10-04T00:00:00Z"}
    rows = [Ours(ref=f"SEQ-{number}", **values) for number in range(STREAMS)]
    for turn in range(EVENTS_EACH):
        with transaction.atomic():
            record_many(
                rows, "rival.changed", by="system", public=lambda row, turn=turn: {"ref": row.ref, "turn": turn}
            )
            settle_many(rows, ["amount"])
    count = STREAMS * EVENTS_EACH
    with quiet():
        took = seconds(catch_up)
    rate = round(count / took)
    yield Figure("log", "events taken into the log", rate, "events/s", f">= {LEAST_RATE}", rate >= LEAST_RATE)


def _proofs(size: int) -> Iterator[Figure]:
    """Proofs at random places of a long log; counted and timed with nothing kept from one to the next."""
    _fill(size)
    rows, places = Rows(), random.sample(range(size), PROOFS)
    asked: list[int] = []
    hashes: list[int] = []
    took: list[float] = []
    for place in places:
        with counted() as counter:
            took.append(seconds(lambda place=place: hashes.append(len(inclusion_proof(rows, place, size)))))
        asked.append(counter.queries)
    name = f"at {size:,} leaves"
    yield _most(f"queries of a proof {name}", asked, MOST_QUERIES)
    yield _most(f"hashes of a proof {name}", hashes, MOST_HASHES)
    timed = spread("log", f"a proof {name}", took)
    middle = timed.measured or 0
    yield Figure(**{**timed.__dict__, "bar": f"<= {MOST_MILLISECONDS}", "met": middle <= MOST_MILLISECONDS})
    with counted() as counter:
        for place in places[:50]:
            consistency_proof(rows, place + 1, size)
    yield _most(f"queries of a proof of consistency {name}, mean", [round(counter.queries / 50)], MOST_QUERIES)
    yield spread("log", f"the root {name}", [seconds(lambda: root(rows, size)) for _ in range(20)])


def _most(name: str, found: list[int], bar: int) -> Figure:
    return Figure("log", f"{name}, at most", max(found), "", f"<= {bar}", max(found) <= bar)


def _fill(size: int) -> None:
    """So many leaf rows and their tiles; no events stand behind them, so the database is not asked to look for them."""
    fence.remove(connection)
    with connection.cursor() as cursor:
        for table in ("audit_leaf", "audit_tile"):
            cursor.execute(f"DELETE FROM {table}")
        for name, each in connection.introspection.get_constraints(cursor, "audit_leaf").items():
            if each["foreign_key"] and connection.vendor == "postgresql":
                cursor.execute(f'ALTER TABLE audit_leaf DROP CONSTRAINT "{name}"')
    with connection.constraint_checks_disabled(), transaction.atomic():
        row = [sha256(index.to_bytes(8, "big")).digest() for index in range(size)]
        _insert("audit_leaf (leaf_index, event_id, leaf_hash)", ((n, n + 1, each) for n, each in enumerate(row)))
        level = 1
        while len(row) >= TILE:
            row = [root_of_full(row[at : at + TILE]) for at in range(0, len(row) - TILE + 1, TILE)]
            _insert("audit_tile (level, idx, hash)", ((level, n, each) for n, each in enumerate(row)))
            level += 1


def _insert(into: str, rows: Iterator[tuple[int, int, bytes]]) -> None:
    with connection.cursor() as cursor:
        while some := list(islice(rows, 5_000)):
            cursor.executemany(f"INSERT INTO {into} VALUES (%s, %s, %s)", some)


def _verifying(entries: int, rounds: int) -> Iterator[Figure]:
    """The stand-alone file as an auditor runs it, beside nothing but SHA-256 over the same lines."""
    with tempfile.TemporaryDirectory(prefix="panel-authority-bench-") as folder:
        files = _export(Path(folder), entries)
        checks = {"full check": [], "quick check": ["--quick"]}
        took: dict[str, list[float]] = {name: [] for name in ("bare", *checks)}
        most: dict[str, float] = {}
        for _ in range(max(1, rounds // 3)):
            took["bare"].append(_process([sys.executable, "-c", _BARE, files[0]])[0])
            for name, extra in checks.items():
                spent, most[name] = _process([sys.executable, "-I", verify_log.__file__, *files, *extra])
                took[name].append(spent)
    for name in checks:
        share = sorted(bare / ours for bare, ours in zip(took["bare"], took[name], strict=True))
        least = LEAST_QUICK if name == "quick check" else LEAST_SHARE
        middle = share[len(share) // 2]
        figure = f"{name} of {entries:,} entries / bare SHA-256, rate"
        yield Figure("log", figure, round(middle, 3), "x", f">= {least:.2f}", middle >= least, *_ends(share))
        rate = round(entries / sorted(took[name])[len(share) // 2])
        yield Figure("log", f"{name}: entries a second", rate, "events/s")
        megabytes = round(most[name])
        yield Figure("log", f"{name}: memory", megabytes, "MB", f"<= {MOST_MEGABYTES}", megabytes <= MOST_MEGABYTES)


def _ends(share: list[float]) -> tuple[float, float]:
    return round(share[0], 3), round(share[-1], 3)


def _process(command: list[str]) -> tuple[float, float]:
    """Seconds and megabytes of one process; its own, for each is the only child of a shell of its own."""
    measure = (
        "import resource, subprocess, sys, time\n"
        "start = time.perf_counter()\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
        "print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, done.returncode)\n"
    )
    ours = [sys.executable, "-c", measure, *command]
    told = subprocess.run(ours, capture_output=True, text=True, check=True)  # noqa: S603  nothing of a stranger's
    spent, kilobytes, code = told.stdout.split()
    if code != "0":
        raise RuntimeError(f"{command} ended with {code}: {told.stderr}")
    return float(spent), int(kilobytes) / 1024


def _export(folder: Path, entries: int) -> list[str]:
    """An export of a log like ours: streams of fifty events, half of them with something private."""
    key = SigningKey.generate("bench.example/log", ED25519)
    frontier = Frontier()
    with (folder / "export.jsonl").open("wb") as lines:
        for its in _drafts(entries):
            frontier.append(its.leaf_hash)
            lines.write(its.leaf + b"\n")
    body = Head("bench.example/log", entries, frontier.root()).body()
    (folder / "checkpoint.txt").write_text(str(Note(body, (sign(body, key),))))
    (folder / "vkeys.txt").write_text(f"{key.verifier}\n")
    return [str(folder / "export.jsonl"), str(folder / "checkpoint.txt"), "--keys", str(folder / "vkeys.txt")]


def _drafts(entries: int) -> Iterator[Draft]:
    """One event after the other, a thousand streams at a time."""
    when = clock.real_now()
    heads: dict[int, tuple[int, str | None]] = {}
    for number in range(entries):
        stream = number % 1_000 + number // 50_000 * 1_000
        seq, prev = heads.get(stream, (0, None))
        its = draft(
            Place(f"panel:{UUID(int=stream)}", seq + 1, prev),
            "positions.entered",
            by="system",
            role="secretary",
            public={"case": f"CCG-{stream:05}-2012", "positions": _POSITIONS},
            private={"free_text": {"reasons": "Nothing to add."}} if number % 2 else None,
            reason_code="",
            ruleset="2012.2",
            at=when,
        )
        heads[stream] = (seq + 1, its.leaf_hash.hex())
        yield its
