"""What the actions say of themselves, read from their source: which step they complete and whom they let in."""

from __future__ import annotations

import ast
import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import FunctionType, ModuleType
from typing import Any

from directory import permissions as of_people
from panels import permissions as of_panels
from panels.actions import (
    absences,
    accreditations,
    agenda,
    examination,
    exports,
    items,
    minutes,
    nominations,
    objections,
    panels,
    positions,
    rulings,
    seats,
    sittings,
)
from workflows import permissions as of_cases
from workflows.actions import cases, waves

PANEL_ACTS = (
    nominations,
    accreditations,
    panels,
    seats,
    absences,
    objections,
    rulings,
    examination,
    sittings,
    agenda,
    items,
    positions,
    minutes,
    exports,
)
CASE_ACTS = (cases, waves)


class Way(StrEnum):
    """By what a person is let in."""

    SECRETARIAT = "secretariat"
    CHAIR = "chair"
    SELF = "self"
    BODY = "body"
    GUARDIAN = "guardian"
    AUDITOR = "auditor"
    APPLICANT = "applicant"


# What each check of panels.permissions, or of the directory's, lets in; one that is not named stops the generator.
WAYS: Mapping[str, frozenset[Way]] = {
    "check_administers": frozenset({Way.SECRETARIAT}),
    "check_runs": frozenset({Way.SECRETARIAT, Way.CHAIR}),
    "check_runs_item": frozenset({Way.SECRETARIAT, Way.CHAIR}),
    "check_nominates": frozenset({Way.BODY}),
    "check_own_seat": frozenset({Way.SELF}),
    "check_chairs": frozenset({Way.CHAIR}),
    "check_rules": frozenset({Way.GUARDIAN}),
    "check_objects": frozenset({Way.APPLICANT}),
    "check_audits": frozenset({Way.SECRETARIAT, Way.GUARDIAN, Way.AUDITOR}),
    "check_may_administer": frozenset({Way.SECRETARIAT}),
    "check_may_appoint": frozenset({Way.SECRETARIAT, Way.BODY}),
}


@dataclass(frozen=True)
class Act:
    """One public function of a module of actions."""

    name: str
    does: str
    ways: frozenset[Way]


def public(module: ModuleType) -> Iterator[tuple[str, Any, ast.FunctionDef]]:
    """The actions a module defines, each done `by` somebody, in the order of its source."""
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.FunctionDef) and any(each.arg == "by" for each in node.args.kwonlyargs):
            yield node.name, inspect.unwrap(getattr(module, node.name)), node


def panel_acts() -> list[Act]:
    """Everything done on panels, and who may."""
    return [
        Act(name, function.__doc__ or "", _ways(node))
        for module in PANEL_ACTS
        for name, function, node in public(module)
    ]


def openings() -> list[Act]:
    """What is done to cases outside the steps, and diversions, behind a check of panels."""
    acts = [
        Act(name, function.__doc__ or "", _ways(node))
        for module in CASE_ACTS
        for name, function, node in public(module)
    ]
    return [act for act in acts if act.ways]


def by_node() -> dict[str, list[str]]:
    """The names of the actions that start, complete or divert to each node of the flow."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for module in CASE_ACTS:
        for name, _, node in public(module):
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and call.args and _is_node(call.args[0]):
                    found[call.args[0].attr].append(name)  # type: ignore[attr-defined]  # _is_node says so
    return dict(found)


def _is_node(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Attribute) and isinstance(argument.value, ast.Name) and argument.value.id == "Flow"


def _ways(function: ast.FunctionDef) -> frozenset[Way]:
    """Whom the checks of an action let in.

    A check behind `by.pk != ….person_id` lets the person in too; one behind another condition may only narrow what
    the others let in.
    """
    checks = list(_checks(function, ()))
    always = frozenset[Way]().union(*(WAYS[check] for check, behind in checks if not behind))
    found = set(always)
    for check, behind in checks:
        if any("person_id" in test for test in behind):
            found |= WAYS[check] | {Way.SELF}
        elif behind and not WAYS[check] <= always:
            raise ValueError(f"{function.name}: {check} is asked only if {behind[0]}; say here whom that lets in.")
    return frozenset(found)


def _checks(node: ast.AST, behind: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each call of a check of permissions, with the conditions it stands behind."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _is_permission(node.func.id):
        yield node.func.id, behind
    for child in ast.iter_child_nodes(node):
        inside = (*behind, ast.unparse(node.test)) if isinstance(node, ast.If) and child is not node.test else behind
        yield from _checks(child, inside)


def _is_permission(name: str) -> bool:
    found = getattr(of_panels, name, None) or getattr(of_people, name, None)
    return name.startswith("check_") and isinstance(found, FunctionType) and not hasattr(of_cases, name)
