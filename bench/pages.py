"""Statements and time of a transition and of each page, at growing numbers of applications."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.urls import Resolver404, resolve

from authorisation.models import Application, Wave
from bench import transition
from bench.figures import Figure
from bench.path import Stage
from bench.timing import counted, quiet, seconds
from bench.volume import carry_to_second_reading, open_wave
from directory.models import Person
from panels.models import Item

REPEATS = 5
FLAT = 1.5
WORKLIST_MS = 20
OK = 200


@dataclass
class Sample:
    """One page or transition at one size."""

    queries: int
    milliseconds: float
    in_database: float


def measure(stage: Stage, *, sizes: Sequence[int]) -> list[Figure]:
    """A whole published case for the pages about one thing, the volume at the second reading behind it.

    Work is that of the second reader, for whom every case of the volume waits; the other pages are the secretariat's.
    """
    with stage.watched():
        transition.follow(stage, 0)
    case = Application.objects.get(pk=stage.deeds.keys[stage.code])
    addresses = _addresses(case)
    taken: dict[str, list[Sample]] = {}
    missing: dict[str, str] = {}
    for size in sorted(sizes):
        _fill(stage, size)
        for name, sample in _transitions(stage):
            taken.setdefault(name, []).append(sample)
        reader = _signed_in(stage.deeds.cast.parts["reader"][0])
        secretary = _signed_in(stage.user)
        for name, address in addresses.items():
            client = reader if address == "/" else secretary
            told = _served(client, address)
            if told:
                missing[name] = told
            else:
                taken.setdefault(name, []).append(_page(client, address))
    return [
        *_figures(taken, sorted(sizes)),
        *(Figure("queries", name, None, "", note=told) for name, told in missing.items()),
    ]


def _signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _addresses(case: Application) -> dict[str, str]:
    panel = Item.objects.filter(case_ref=case.ref).select_related("panel").latest("pk").panel
    return {
        "page: my work": "/",
        "page: applications": "/applications/",
        "page: one application": f"/applications/{case.ref}/",
        "page: one panel": f"/panels/{panel.ref}/",
        "page: register": "/register/",
        "page: register entry": f"/register/{case.ccg.code}/",
    }


def _fill(stage: Stage, size: int) -> None:
    """Waves of cycles of their own until there are so many applications; the numbers in use are the first few."""
    while (have := Application.objects.count()) < size:
        cases = open_wave(stage, 10 + Wave.objects.count(), min(len(stage.ccgs), size - have))
        carry_to_second_reading(stage, cases, findings=False)
        if connection.vendor == "sqlite":
            _analyse()
    _analyse()


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _transitions(stage: Stage) -> Iterator[tuple[str, Sample]]:
    """The second reading of cases in the volume, one by one."""
    from workflows.actions import cases

    waiting = Application.objects.filter(stage="second_reading").select_related("ccg", "wave", "ruleset")
    reader = stage.deeds.cast.parts["reader"][0]
    samples = []
    with stage.noon(), quiet():
        for case in waiting.order_by("-pk")[:REPEATS]:
            with counted() as counter:
                took = seconds(lambda case=case: cases.read_again(case, by=reader))
            samples.append(Sample(counter.queries, 1000 * took, 1000 * counter.seconds))
    yield "transition: second reading", _best(samples)


def _served(client: Client, address: str) -> str:
    """Why a page cannot be measured; empty when it can."""
    try:
        resolve(address)
    except Resolver404:
        return f"{address} is not served yet; skipped"
    answer = client.get(address)
    return "" if answer.status_code == OK else f"{address} answers {answer.status_code}; skipped"


def _page(client: Client, address: str) -> Sample:
    samples = []
    with quiet():
        for _ in range(REPEATS):
            with counted() as counter:
                took = seconds(lambda: client.get(address))
            samples.append(Sample(counter.queries, 1000 * took, 1000 * counter.seconds))
    return _best(samples)


def _best(samples: Sequence[Sample]) -> Sample:
    """The quickest of several: sizes cannot be interleaved, so other work must be kept out of the comparison."""
    return Sample(
        max(each.queries for each in samples),
        min(each.milliseconds for each in samples),
        min(each.in_database for each in samples),
    )


def _figures(taken: dict[str, list[Sample]], sizes: Sequence[int]) -> Iterator[Figure]:
    for name, samples in taken.items():
        counts = [each.queries for each in samples]
        note = "; ".join(
            f"{size:,}: {each.queries} queries, {each.milliseconds:.0f} ms ({each.in_database:.1f} in the database)"
            for size, each in zip(sizes, samples, strict=False)
        )
        yield Figure("queries", f"{name}: queries", counts[-1], "", "constant", len(set(counts)) == 1, note=note)
        if len(samples) > 1:
            growth = round(samples[-1].milliseconds / samples[0].milliseconds, 2)
            yield Figure("queries", f"{name}: time, largest / smallest", growth, "x", f"<= {FLAT}", growth <= FLAT)
        if name == "page: my work":
            spent = round(samples[-1].in_database, 1)
            yield Figure(
                "queries",
                f"{name}: query time at {sizes[-1]:,}",
                spent,
                "ms",
                f"<= {WORKLIST_MS} ms",
                spent <= WORKLIST_MS,
            )
