"""Seconds a case takes in the replay of 2012-13, everybody's part played, panels and letters included."""

from __future__ import annotations

import time

from audit.models import Event
from bench.figures import Figure
from bench.timing import seconds
from workflows.replay.run import Replay

WHOLE = 211
REACH = 60


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
    ]
