"""What must hold of every flow, found by walking its nodes; also a system check."""

from collections.abc import Iterator, Sequence
from sys import modules
from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, register
from viewflow.workflow.base import Node
from viewflow.workflow.lock import SelectForUpdateLock

from directory.rules import CODENAMES
from workflows.engine.caseflow import CaseFlow
from workflows.engine.nodes import Deadline, End, Start, Step
from workflows.engine.tasks import Process

# Laying out a flow takes twice as long with every further decision; ten take a hundredth of a second.
MOST_DECISIONS = 10


def faults(flow_class: type[CaseFlow]) -> list[str]:
    """Sentences about what is wrong with a flow; none when it may be used."""
    nodes = list(flow_class.instance.nodes())
    found = [f"{node.name}: {text}" for node in nodes for text in _of_node(node, flow_class)]
    lock = flow_class.lock_impl
    if not isinstance(lock, SelectForUpdateLock) or lock.nowait:
        found.append("the flow has no row lock that waits: two branches at once would lose the join.")
    decisions = sum(len(_after(node)) > 1 for node in nodes)
    if decisions > MOST_DECISIONS:
        found.append(f"{decisions} decisions are more than {MOST_DECISIONS}: its chart takes too long to lay out.")
    if not any(isinstance(node, Start) for node in nodes):
        found.append("it has no start.")
    return [f"{flow_class.__name__}: {text}" for text in found]


def all_flows() -> list[type[CaseFlow]]:
    """Every flow that has been imported, and that a row can name by its module."""
    flows: list[type[CaseFlow]] = CaseFlow.__subclasses__()
    named = [flow for flow in flows if getattr(modules[flow.__module__], flow.__name__, None) is flow]
    return sorted(named, key=lambda flow: (flow.__module__, flow.__name__))


@register()
def check_flows(app_configs: Sequence[AppConfig] | None, **_kwargs: object) -> list[Error]:  # noqa: ARG001
    """Report the faults of every flow when the project starts."""
    return [Error(text, id="workflows.E001") for flow in all_flows() for text in faults(flow)]


def _of_node(node: Any, flow_class: type[CaseFlow]) -> Iterator[str]:
    if not isinstance(node, End) and not _after(node):
        yield "it leads nowhere; give it a next node."
    if isinstance(node, Step):
        yield from _of_step(node, flow_class)
    if isinstance(node, Deadline):
        yield from _of_deadline(node)


def _of_step(node: Step, flow_class: type[CaseFlow]) -> Iterator[str]:
    if not node.task_title:
        yield "it has no title."
    if not node.stage:
        yield "it has no stage."
    elif not _is_choice(node.stage, flow_class):
        yield f"'{node.stage}' is not a stage of its case."
    app_label, _, codename = str(node._owner_permission or "").partition(".")
    if not codename or node._owner_permission_obj is None:
        yield "it has no permission, so anybody or nobody may do it."
    elif app_label == "directory" and codename not in CODENAMES:
        yield f"nobody can hold '{codename}'; the directory knows {', '.join(sorted(CODENAMES))}."


def _of_deadline(node: Deadline) -> Iterator[str]:
    reached = _reachable(node)
    if not any(isinstance(one, (End, Step)) for one in reached):
        yield "its path neither ends nor meets a step."
    if not node._interrupting and reached & _reachable(node._attached_to):
        yield "it does not close its step, so its path needs an end of its own: the case would go on twice."


def _is_choice(stage: str, flow_class: type[CaseFlow]) -> bool:
    case = Process._meta.get_field(flow_class.case_name).related_model
    choices = case._meta.get_field("stage").choices
    return not choices or stage in {value for value, _ in choices}


def _after(node: Node) -> list[Any]:
    return [edge.dst for edge in node._outgoing() if edge.dst is not None]


def _reachable(node: Node) -> set[Any]:
    reached: set[Any] = set()
    waiting = _after(node)
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += _after(one)
    return reached
