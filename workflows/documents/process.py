"""The process: the flow's own nodes as a state diagram, and its steps as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from viewflow.workflow.base import Node

from authorisation.enums import BEFORE_DECISION, Stage
from directory.models import OrganisationKind as Kind
from directory.models import PostKind
from directory.rules import POST_GRANTS, grants_of, post_exists_at
from workflows.documents.acts import by_node
from workflows.documents.markdown import arrow, diagram, state, table
from workflows.engine.driver import title_of
from workflows.engine.nodes import Deadline, Each, End, Function, If, Job, Join, Start, Step, Switch
from workflows.flows import CURRENT
from workflows.permissions import DIVERSIONS

# What the flow's callbacks name: the kind of organisation, and which one of it.
PLACES: Final[Mapping[str, tuple[Kind, str]]] = {
    "ccg": (Kind.CCG, "the CCG"),
    "board": (Kind.BOARD, "the Board"),
    "region": (Kind.REGION, "the CCG's region"),
    "area_team": (Kind.AREA_TEAM, "the CCG's area team"),
}
SHAPES: Final[Mapping[type[Any], str]] = {If: "choice", Switch: "choice", Each: "fork", Join: "join"}
ANY_STEP: Final = "any_step"


def nodes() -> list[Any]:
    """The nodes of the process, in the order the flow is written in."""
    own = CURRENT.instance.nodes()
    order = {name: place for place, name in enumerate(vars(CURRENT)) if isinstance(vars(CURRENT)[name], Node)}
    return sorted(own, key=lambda node: order[node.name])


def steps() -> list[Step]:
    """What people do, in the order of the stages."""
    order = list(Stage)
    return sorted(
        (node for node in nodes() if isinstance(node, Step)), key=lambda node: order.index(Stage(node.stage or ""))
    )


def place_of(step: Step) -> tuple[Kind, str]:
    """The kind of organisation on which a step's permission is held, and which one."""
    return PLACES[step._owner_permission_obj.__name__]


def codename_of(step: Step) -> str:
    """The permission a step asks for."""
    return str(step._owner_permission).partition(".")[2]


def posts_with(codename: str, kind: Kind) -> list[PostKind]:
    """The posts that give a permission at a kind of organisation."""
    return [post for post in POST_GRANTS if post_exists_at(post, kind) and codename in grants_of(post, kind)]


def chair_of(step: Step) -> str:
    """The kind of panel whose chair may do the step too, or nothing."""
    return str(step.also.kind.label) if step.also is not None else ""  # type: ignore[attr-defined]  # Chairs


def page() -> str:
    """The whole page."""
    return f"""# The process

Version `{CURRENT.__module__.rpartition(".")[2]}` of the flow, in which new cases start. How it runs:
[architecture](../architecture.md#the-flow); whose seat allows what: [permissions](permissions.md).

{diagram(_lines())}

A bar is where a case splits into parallel steps, one for each of the {_words(_each().items)}, and where it waits for
all of them. A diamond is decided by the facts of the case. A deadline moves the case on by itself when the window ends.

## Steps

{table(("Stage", "Step", "Who", "Holding", "On", "Or the chair of", "Act"), map(_step_row, steps()))}

The acts are functions of `workflows.actions`. What runs by itself:

{table(("Node", "What"), _others())}

## Off the road

{table(("To", "Act", "Who", "From the stages"), _diversions())}
"""


def _each() -> Any:
    (only,) = [node for node in nodes() if isinstance(node, Each)]
    return only


def _words(callback: Any) -> str:
    return str(callback.__name__).replace("_", " ")


def _lines() -> Iterator[str]:
    yield "direction TB"
    drawn = [node for node in nodes() if not isinstance(node, (Start, Deadline))]
    for node in drawn:
        yield f"state {node.name} <<{SHAPES[type(node)]}>>" if type(node) in SHAPES else state(node.name, _title(node))
    yield state(ANY_STEP, "Any step up to the decision")
    for node in nodes():
        if not isinstance(node, Deadline):
            yield from _arrows(node)
    yield from _leaving()


def _title(node: Any) -> str:
    if isinstance(node, Job):
        return f"{title_of(node)} (a worker's job)"
    if isinstance(node, Function):
        return f"{title_of(node)} (by the system)"
    return title_of(node)


def _arrows(node: Any) -> Iterator[str]:
    begins = "[*]" if isinstance(node, Start) else node.name
    for after, text in _branches(node):
        yield arrow(begins, after.name, text)
    for deadline in node._boundary_events if isinstance(node, Step) else ():
        for edge in deadline._outgoing():
            yield arrow(node.name, edge.dst.name, f"deadline, {title_of(deadline).lower()}")
    if isinstance(node, End):
        yield arrow(node.name, "[*]")


def _branches(node: Any) -> Iterator[tuple[Any, str]]:
    """Where a node leads, each way with the name of its condition."""
    if isinstance(node, If):
        yield node._on_true, _words(node._condition)
        yield node._on_false, "otherwise"
    elif isinstance(node, Switch):
        for after, condition in node._activate_next:
            yield after, _words(condition) if condition else "otherwise"
    else:
        yield from ((edge.dst, _words(node.items) if isinstance(node, Each) else "") for edge in node._outgoing())


def _leaving() -> Iterator[str]:
    """The diversions, from any step before the decision and from whatever stage beyond that is named."""
    for name, diversion in DIVERSIONS.items():
        if not diversion.stages >= BEFORE_DECISION:
            raise ValueError(f"{name} is not for every stage before the decision: draw its stages one by one.")
        yield arrow(ANY_STEP, name, f"{diversion.verb}, by {diversion.who}")
        for node in steps():
            if node.stage in diversion.stages - BEFORE_DECISION:
                yield arrow(node.name, name, f"{diversion.verb}, by {diversion.who}")


def _step_row(step: Step) -> list[str]:
    kind, place = place_of(step)
    posts = ", ".join(post.label.lower() for post in posts_with(codename_of(step), kind))
    acts = ", ".join(f"`{name}`" for name in by_node()[step.name] if name not in _diverting())
    stage = Stage(step.stage or "").label
    return [stage, title_of(step), posts, f"`{codename_of(step)}`", place, chair_of(step), acts]


def _diverting() -> set[str]:
    return {diversion.verb for diversion in DIVERSIONS.values()}


def _others() -> Iterator[list[str]]:
    for node in nodes():
        if isinstance(node, Deadline):
            yield [title_of(node), f"Deadline of *{title_of(node._attached_to)}*, at `{node._delay.__name__}`"]
        elif isinstance(node, Function):
            yield [title_of(node), "Done by the system in passing"]
        elif isinstance(node, Job):
            kept = f"; then `{node.done.__name__}` keeps the result" if node.done else ""
            yield [title_of(node), f"A worker's job, `{node.work.__name__}`{kept}"]


def _diversions() -> Iterator[list[str]]:
    for name, diversion in DIVERSIONS.items():
        node = CURRENT.instance.node(name)
        stages = ", ".join(stage.label for stage in Stage if stage in diversion.stages)
        holding = " or ".join(f"`{codename}`" for codename in diversion.codenames)
        yield [title_of(node), f"`{diversion.verb}`", f"{diversion.who} ({holding})", stages]
