"""An agenda that makes people leave the room least often."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

Case = TypeVar("Case", bound=Hashable)

# Up to so many cases every order is weighed; each case more doubles the work.
EXACT = 11


def leavings(order: Iterable[Case], barred: Mapping[Case, frozenset[int]]) -> int:
    """How often a member who is in for one case is out for the next, over the whole agenda."""
    return sum(len(barred[after] - barred[before]) for before, after in pairwise(order))


def agenda_order(barred: Mapping[Case, frozenset[int]]) -> tuple[Case, ...]:
    """The cases in an order with the fewest leavings of the room; the order given decides among equals.

    barred: for each case, in the order the agenda has them, the members who may not hear it. Exact for up to 11 cases;
    beyond that a good order which is never worse than the one given.
    """
    cases = list(barred)
    out = [barred[case] for case in cases]
    best = _exact(out) if len(cases) <= EXACT else _good(out)
    return tuple(cases[place] for place in best)


def _exact(out: Sequence[frozenset[int]]) -> Sequence[int]:
    """Held and Karp: the cheapest way through each set of cases to each last one, the sets by growing size."""
    places = range(len(out))
    cost = [[len(after - before) for after in out] for before in out]
    ways: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {(1 << last, last): (0, (last,)) for last in places}
    for _ in places[1:]:
        longer: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {}
        for (seen, last), (so_far, path) in ways.items():
            for place in places:
                if not seen >> place & 1:
                    key, way = (seen | 1 << place, place), (so_far + cost[last][place], (*path, place))
                    if key not in longer or way < longer[key]:
                        longer[key] = way
        ways = longer
    return min(ways.values())[1] if ways else ()


def _good(out: Sequence[frozenset[int]]) -> Sequence[int]:
    """The best of the order given and nearest-neighbour ones, each turned about while that helps."""
    fullest = sorted(range(len(out)), key=lambda place: (-len(out[place]), place))
    starts = [list(range(len(out))), *(_nearest(first, out) for first in fullest[:EXACT])]
    return min((_turned(start, out) for start in starts), key=lambda order: _leavings(order, out))


def _leavings(order: Sequence[int], out: Sequence[frozenset[int]]) -> int:
    return sum(len(out[after] - out[before]) for before, after in pairwise(order))


def _nearest(first: int, out: Sequence[frozenset[int]]) -> list[int]:
    """From one case ever on to the cheapest next one. Who is out for the first need not leave for it."""
    left, order = set(range(len(out))) - {first}, [first]
    while left:
        last = out[order[-1]]
        order.append(min(left, key=lambda place: (len(out[place] - last), -len(out[place]), place)))
        left.discard(order[-1])
    return order


def _turned(order: list[int], out: Sequence[frozenset[int]]) -> list[int]:
    """2-opt: turn a stretch about when that saves a leaving, until none does."""
    size, improved = len(order), True
    while improved:
        improved = False
        for first in range(size - 1):
            for last in range(first + 1, size):
                if _saving(order, first, last, out) > 0:
                    order[first : last + 1] = order[first : last + 1][::-1]
                    improved = True
    return order


def _saving(order: Sequence[int], first: int, last: int, out: Sequence[frozenset[int]]) -> int:
    """What turning a stretch saves. Within it the steps cost together what they did, but for its two ends.

    len(b - a) - len(a - b) = len(b) - len(a), so walking a stretch backwards costs len(start) - len(end) more.
    """
    head, tail = out[order[first]], out[order[last]]
    saved = len(tail) - len(head)
    if first > 0:
        before = out[order[first - 1]]
        saved += len(head - before) - len(tail - before)
    if last + 1 < len(order):
        after = out[order[last + 1]]
        saved += len(after - tail) - len(after - head)
    return saved
