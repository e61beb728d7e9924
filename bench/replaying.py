"""Seconds a case takes in the replay of 2012-13, everybody's part played, panels and letters included."""

from __future__ import annotations

import io
import time
from hashlib import sha256

from audit import checkpoints, verify_log
from audit.models import Event, Leaf
from bench.figures import Figure
from bench.timing import seconds
from workflows.replay.run import Replay

WHOLE = 211
REACH = 60
LEAST_SHARE = 1 / 20


def measure(*, wave: int | None) -> list[Figure]:
    """One replay; the bar is on all 211."""
    replay = Replay(wave=wave)
    busy = time.process_time()
    stage = seconds(replay.set_stage)
    play = seconds(replay.play)
    busy = time.process_time() - busy
    cases = len(replay.facts)
    whole = stage + play * WHOLE / cases
    title = "all waves" if wave is None else f"wave {wave}"
    note = "" if wave is None else f"reckoned from wave {wave} ({cases} cases); --wave 0 replays them all"
    return [
        Figure("replay", f"a case, {title}", round(play / cases, 3), "s"),
        Figure(
            "replay",
            "processor time a case",
            round(busy / cases, 3),
            "s",
        ),
        Figure("replay", "events a second", round(Event.objects.count() / (stage + play)), ""),
        Figure("replay", "all 211 cases", round(whole, 1), "s", f"<= {REACH} s", whole <= REACH, note=note),
        _rules(),
    ]


def _rules() -> Figure:
    """Every rule of the process recomputed from the replayed events, beside nothing but SHA-256 over them."""
    newest = checkpoints.sign_head(force=True)
    assert newest is not None
    leaves = Leaf.objects.filter(leaf_index__lt=newest.tree_size).order_by("leaf_index")
    lines = [bytes(leaf) for leaf in leaves.values_list("event__leaf", flat=True)]
    export, keys = io.BytesIO(b"".join(line + b"\n" for line in lines)), checkpoints.vkeys_text()
    bare = min(seconds(lambda: [sha256(b"\0" + line).digest() for line in lines]) for _ in range(5))
    start = time.perf_counter()
    report = verify_log.check_export(export, newest.note, keys, rules=verify_log.Rules())
    share = bare / (time.perf_counter() - start)
    if report.verdict != "verified":
        raise RuntimeError(f"The replayed log does not verify: {report.steps[-1]}")
    name = f"check with the rules of {len(lines):,} events / bare SHA-256, rate"
    return Figure("replay", name, round(share, 3), "x", f">= {LEAST_SHARE:.2f}", share >= LEAST_SHARE)
