"""One transition: ours, bare Viewflow's documented API, and the same rows by bare SQL."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from statistics import median

from bench import bare
from bench.figures import Figure, ratio, spread
from bench.floor import Floor
from bench.path import PLAIN, Act, Stage
from bench.recording import Recorded, Recorder
from bench.timing import Counter, quiet, seconds
from workflows.engine.tasks import Process

OURS, BARE, FLOOR = "ours", "bare", "floor"
UNTIMED = "letter"  # Typst makes it, and a worker waits for it
Times = dict[str, dict[str, list[float]]]


def measure(stage: Stage, *, rounds: int) -> list[Figure]:
    """Cases of ours in turn; each is written again by the others while the next one runs, in random order."""
    order = random.Random(0)
    times: Times = {name: defaultdict(list) for name in (OURS, BARE, FLOOR)}
    with stage.watched():
        follow(stage, 0)
        counted = follow(stage, 1, count=True)
        before = counted
        for number in range(2, rounds + 2):
            with quiet():
                before = follow(stage, number, times, others=_Others(stage, before, order))
    return [*_figures(times), *_counts(counted)]


class _Others:
    """Bare Viewflow and the floor, writing the case that was recorded before, step by step."""

    def __init__(self, stage: Stage, recorded: list[Recorded], order: random.Random) -> None:
        self.stage, self.recorded, self.order = stage, recorded, order
        process = Process.objects.filter(application=recorded[0].case["id"]).values()[0]
        self.floor = Floor(process)

    def round(self, index: int, times: Times, ours: Callable[[], None]) -> None:
        """One step of all three, in random order."""
        step = self.recorded[index]
        turns: list[Callable[[], None]] = [ours, lambda: self._bare(step, times), lambda: self._floor(step, times)]
        self.order.shuffle(turns)
        for turn in turns:
            turn()

    def _bare(self, step: Recorded, times: Times) -> None:
        if step.node == "prepare":
            times[BARE][step.name].append(seconds(lambda: bare.start(step)))
            return
        case = bare.Case.objects.select_related("ccg", "wave", "ruleset").get(pk=step.case["id"])
        times[BARE][step.name].append(seconds(lambda: bare.complete(step, case, self.stage.user)))

    def _floor(self, step: Recorded, times: Times) -> None:
        prepared = self.floor.prepare(step)
        times[FLOOR][step.name].append(seconds(lambda: self.floor.write(step, prepared)))


def follow(
    stage: Stage, number: int, times: Times | None = None, *, others: _Others | None = None, count: bool = False
) -> list[Recorded]:
    """One case of ours to its end, every step recorded; with `others`, theirs between."""
    recorder: Recorder | None = None
    recorded: list[Recorded] = []
    for act in stage.acts(number):
        with stage.at(number, act):
            if not act.name:
                act.do()
                continue
            stage.watch.counter = counter = Counter() if count else None
            if others is None:
                act.do()
            else:
                others.round(len(recorded), times or {}, lambda act=act: _ours(stage, act, times or {}))
            recorder = recorder or Recorder(stage.deeds.keys[stage.code])
            step = recorder.step(act.name, act.node)
            if counter is not None:
                step.queries, step.savepoints = counter.queries, counter.savepoints
            recorded.append(step)
    stage.watch.counter = None
    return recorded


def _ours(stage: Stage, act: Act, times: Times) -> None:
    act.do()
    times[OURS][act.name].append(stage.watch.seconds)


def _figures(times: Times) -> Iterable[Figure]:
    every = [name for name in times[OURS] if name != UNTIMED]
    plain = [name for name in every if name in PLAIN]
    for title, names in (
        (f"plain steps ({_steps(times, plain)} a case)", plain),
        (f"whole case ({_steps(times, every)})", every),
    ):
        ours, other, floor = (_by_round(times[engine], names) for engine in (OURS, BARE, FLOOR))
        yield ratio("transition", f"ours / bare Viewflow, {title}", ours, other, at_most=1.0)
        yield ratio("transition", f"ours / floor, {title}", ours, floor)
        yield ratio("transition", f"bare Viewflow / floor, {title}", other, floor)
        for engine, each in ((OURS, ours), (BARE, other), (FLOOR, floor)):
            yield spread("transition", f"{engine}: one of the {title}", each, per=_steps(times, names))
    for name in every:
        rounds = (_by_round(times[OURS], [name]), _by_round(times[BARE], [name]))
        milliseconds = " against ".join(f"{1000 * median(each) / _steps(times, [name]):.1f} ms" for each in rounds)
        yield ratio("transition", f"ours / bare Viewflow: {name} ({milliseconds})", *rounds)


def _steps(times: Times, names: Iterable[str]) -> int:
    rounds = len(times[OURS]["open"])
    return sum(len(times[OURS][name]) // rounds for name in names)


def _by_round(times: dict[str, list[float]], names: Iterable[str]) -> list[float]:
    """The sum of these steps in each round; a step done six times a round counts six times."""
    rounds = len(times["open"])
    sums = [0.0] * rounds
    for name in names:
        each = len(times[name]) // rounds
        for index, one in enumerate(times[name]):
            sums[index // each] += one
    return sums


def _counts(recorded: list[Recorded]) -> Iterable[Figure]:
    """Statements of each step; of a step done several times, those of the last, which goes furthest."""
    last = {step.name: step for step in recorded if step.name != UNTIMED}
    for step in last.values():
        note = f"{step.savepoints} savepoints; {step.rows} rows written"
        yield Figure("transition", f"statements: {step.name}", step.queries, "", note=note)
