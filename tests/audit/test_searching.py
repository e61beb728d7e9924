"""Searching by actor and type: SQL of our own over the leaf's bytes, the same on both databases."""

from dataclasses import dataclass

import pytest
from django.db import connection
from django.db.models import Q

from audit import actions, queries
from audit.models import Event

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Somebody:
    stream: str


ONE, OTHER = (Somebody(f"person:00000000-0000-4000-8000-00000000000{n}") for n in (1, 2))
SHORT = Somebody("robot:7")


@pytest.fixture
def recorded(db):
    for by in (ONE, OTHER, "system", SHORT, ONE):
        actions.record_system("thing.done", by=by, public={"actor": OTHER.stream, "name": "system"})
    return Event.objects.order_by("pk")


@pytest.mark.parametrize("actor", [ONE.stream, OTHER.stream, "system", SHORT.stream, "robot", "person:", "systems"])
def test_actor_is_the_one_in_the_leaf_and_no_other(recorded, actor):
    found = set(queries.events(queries.done_by([actor])).values_list("pk", flat=True))
    assert found == {each.pk for each in recorded if each.document["actor"] == actor}


def test_nobody_did_nothing(recorded):
    assert not queries.events(queries.done_by([])).exists()


def test_several_actors_at_once(recorded):
    found = queries.events(queries.done_by([ONE.stream, "system"]))
    assert found.count() == 3


def test_types_are_found_by_steps_on_the_index(recorded):
    actions.record_system("a.first", by="system")
    assert queries.event_types() == ["a.first", "thing.done"]


def test_page_by_key_goes_both_ways(recorded, monkeypatch):
    monkeypatch.setattr(queries, "PER_PAGE", 2)
    keys = [each.pk for each in recorded][::-1]
    found = queries.events(Q())
    first = queries.page_of(found)
    second = queries.page_of(found, before=first.older)
    last = queries.page_of(found, before=second.older)
    assert [[e.pk for e in page.events] for page in (first, second, last)] == [keys[:2], keys[2:4], keys[4:]]
    assert (first.newer, last.older) == (None, None)
    assert queries.page_of(found, after=last.newer) == second
    assert queries.page_of(found, after=second.newer).events == first.events


def test_actors_are_searched_by_their_index(recorded):
    plan = str(queries.events(queries.done_by([ONE.stream])).order_by("-pk").explain()).lower()
    if connection.vendor == "sqlite":
        assert "audit_event_by_actor" in plan
