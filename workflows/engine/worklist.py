"""What waits for a person: open steps by the grants they hold, over one partial index.

Viewflow's own inbox and queue load every grant into Python and compare it with every task.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from django.db.models import Count, Q, QuerySet

from directory import grants
from directory.models import Person
from workflows.engine.driver import grants_type
from workflows.engine.tasks import Task

# A permission ("panels.sit"), the key of the content type it is about, and the key of the object.
Held: TypeAlias = tuple[str, int, int | str]


def open_tasks_for(person: Person, *, also: Iterable[Held] = ()) -> "QuerySet[Task]":
    """The open steps whose permission the person holds, oldest first.

    also: further permissions the person holds, such as a seat on a panel. One query for the grants now, one when the
    tasks are read. Recusals and other reasons not to see a case are for the caller to take away.
    """
    tasks: QuerySet[Task] = Task._default_manager.filter(_held(person, also), finished__isnull=True)
    return tasks.order_by("pk")


def open_counts_for(person: Person, *, also: Iterable[Held] = ()) -> dict[str, int]:
    """How many of those there are at each node, by the node's stored name ("workflows/flows.v1.Flow.node")."""
    tasks = Task._default_manager.filter(_held(person, also), finished__isnull=True)
    counted = tasks.order_by().values("flow_task").annotate(number=Count("pk"))
    field = Task._meta.get_field("flow_task")
    return {str(field.get_prep_value(row["flow_task"])): row["number"] for row in counted}


def _held(person: Person, also: Iterable[Held]) -> Q:
    of_directory = ((f"directory.{codename}", grants_type(), pk) for codename, pk in grants.held_by(person))
    objects: dict[tuple[str, int], set[str]] = defaultdict(set)
    for permission, content_type, pk in (*of_directory, *also):
        objects[permission, content_type].add(str(pk))
    condition = Q(pk__in=())
    for (permission, content_type), pks in sorted(objects.items()):
        condition |= Q(
            owner_permission=permission,
            owner_permission_content_type=content_type,
            owner_permission_obj_pk__in=sorted(pks),
        )
    return condition
