"""The order of an agenda: a permutation, never worse than the one given, and the best where that can be known."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from panels.rules import agenda_order, leavings
from panels.rules.agenda import EXACT

OUT = st.frozensets(st.integers(1, 5), max_size=4)


def agendas(least, most):
    return st.lists(OUT, min_size=least, max_size=most).map(
        lambda out: {f"case {n}": each for n, each in enumerate(out)}
    )


def test_member_out_for_two_cases_leaves_once():
    barred = {"a": frozenset({1}), "b": frozenset[int](), "c": frozenset({1}), "d": frozenset({2})}
    assert leavings(barred, barred) == 2
    order = agenda_order(barred)
    assert leavings(order, barred) == 1
    assert order == ("a", "c", "b", "d")


def test_agenda_that_sends_nobody_out_keeps_its_order():
    barred = {name: frozenset[int]() for name in "edcba"}
    assert agenda_order(barred) == tuple("edcba")
    many = {number: frozenset[int]() for number in range(30, 0, -1)}
    assert agenda_order(many) == tuple(many)
    assert agenda_order({}) == ()


@given(agendas(0, 6))
def test_short_agenda_is_as_good_as_any(barred):
    order = agenda_order(barred)
    assert sorted(order) == sorted(barred)
    assert leavings(order, barred) == min(leavings(each, barred) for each in permutations(barred))


@settings(max_examples=60)
@given(agendas(7, 30))
def test_any_agenda_is_a_permutation_and_never_worse_than_the_one_given(barred):
    order = agenda_order(barred)
    assert sorted(order) == sorted(barred)
    assert leavings(order, barred) <= leavings(barred, barred)
    assert agenda_order(dict(barred)) == order


def test_long_agenda_brings_together_who_is_out():
    barred = {n: frozenset({n % 3}) for n in range(EXACT + 10)}
    assert leavings(barred, barred) == EXACT + 9
    assert leavings(agenda_order(barred), barred) == 2
