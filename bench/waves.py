"""A wave at once against one by one: opening it, and its second reading where nothing is changed."""

from __future__ import annotations

import random
from collections.abc import Callable
from statistics import median

from bench.figures import Figure, spread
from bench.path import Stage
from bench.timing import quiet, seconds
from bench.volume import carry_to_second_reading, open_wave
from workflows.actions import cases, waves

REACH = 10


def measure(stage: Stage, *, count: int, rounds: int) -> list[Figure]:
    """Each round both ways on cases of their own, in random order."""
    order = random.Random(0)
    times: dict[str, list[float]] = {}
    count = min(count, len(stage.ccgs))
    for number in range(rounds):
        turns = [*_openings(stage, 4 * number, count), *_readings(stage, 4 * number + 2, count)]
        order.shuffle(turns)
        for name, do in turns:
            with quiet(), stage.noon():
                times.setdefault(name, []).append(seconds(do))
    return [
        _figure(f"second reading of {count}: one by one / set-based", times["read one by one"], times["read at once"]),
        _figure(f"opening of {count}: one by one / set-based", times["open one by one"], times["open at once"]),
        *(spread("wave", f"{name}, for one case", each, per=count) for name, each in times.items()),
    ]


Turn = tuple[str, Callable[[], object]]


def _openings(stage: Stage, cycle: int, count: int) -> list[Turn]:
    at_once, single = stage.wave(cycle), stage.wave(cycle + 1)
    ccgs, rules, by = stage.ccgs[:count], stage.deeds.ruleset, stage.user

    def one_by_one() -> None:
        for ccg in ccgs:
            cases.open_application(ccg=ccg, wave=single, ruleset=rules, by=by)

    return [
        ("open at once", lambda: waves.open_wave(wave=at_once, ccgs=ccgs, ruleset=rules, by=by)),
        ("open one by one", one_by_one),
    ]


def _readings(stage: Stage, cycle: int, count: int) -> list[Turn]:
    reader = stage.deeds.cast.parts["reader"][0]
    groups = [open_wave(stage, cycle, count), open_wave(stage, cycle + 1, count)]
    for group in groups:
        carry_to_second_reading(stage, group, findings=True)

    def one_by_one() -> None:
        for case in groups[1]:
            cases.read_again(case, by=reader)

    return [
        ("read at once", lambda: waves.confirm_second_reading(groups[0], by=reader)),
        ("read one by one", one_by_one),
    ]


def _figure(title: str, single: list[float], at_once: list[float]) -> Figure:
    each = [one / other for one, other in zip(single, at_once, strict=True)]
    middle = median(each)
    return Figure(
        "wave", title, round(middle, 1), "x", f">= {REACH}", middle >= REACH, round(min(each), 1), round(max(each), 1)
    )
