"""What the code itself must be like: no table outside the record, no act without its event."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from audit.models import AuditedAggregate, RecordedFact, RegisteredRow
from audit.triggers import declared

OURS = ("directory", "panels", "authorisation", "workflows", "audit", "appraisal")
# Outside the record, each with its reason.
FREE = {
    "directory.OrganisationGrant": "follows from posts; the database refuses any other",
    "directory.Delivery": "how far the mail of a message has come; triggers of its own, see its docstring",
    "panels.PanelGrant": "follows from accepted seats; the database refuses any other",
    "workflows.Process": "a proxy of viewflow's own table",
    "workflows.Task": "a proxy of viewflow's own table",
}
ACTIONS = sorted(
    path for app in OURS for path in (settings.BASE_DIR / app / "actions").glob("*.py") if path.stem != "__init__"
)
RECORDS = {"record", "record_many", "record_system"}
# What the log's own application records on behalf of actions.
RECORDERS = [settings.BASE_DIR / "audit" / f"{name}.py" for name in ("erasing", "reading")]
# Public functions of actions that change nothing themselves.
READS = {
    "authorisation.actions.applications.new_application",
    "authorisation.actions.applications.new_applications",
    "authorisation.actions.applications.opening",
    "authorisation.actions.decisions.texts",
    "authorisation.actions.findings.check_second_readers",
    "authorisation.actions.windows.window_of",
    # Writes its row on the event of the act that opens it.
    "authorisation.actions.windows.open_window",
    # Write their rows on the event of the act that people are told about.
    "directory.actions.messages.write",
    "directory.actions.messages.write_many",
    "directory.actions.organisations.build",
    "directory.actions.organisations.ids_by_code",
    "directory.actions.people.lock",
    "panels.actions.agenda.agendas_ordered",
    "panels.actions.agenda.ordered",
    "panels.actions.items.lock_item",
    "panels.actions.nominations.standing",
    "panels.actions.panels.faults_by_day",
    "panels.actions.panels.faults_of",
    "panels.actions.panels.live_of",
    # Write their rows on the event of the act that calls for them.
    "panels.actions.agenda.keep_orders",
    "panels.actions.declarations.keep_declaration",
    "panels.actions.items.settle_items",
    # Around an act: what it refuses is kept.
    "panels.actions.refusals.keeping",
    "panels.actions.refusals.noting",
}


def own_models():
    return [model for label in OURS if apps.is_installed(label) for model in apps.get_app_config(label).get_models()]


@pytest.mark.parametrize("model", own_models(), ids=lambda model: model._meta.label)
def test_model_is_part_of_the_record_or_says_why_not(model):
    if model._meta.label in FREE or model._meta.app_label == "audit" or model._meta.auto_created:
        return
    bases = [base for base in (AuditedAggregate, RecordedFact, RegisteredRow) if issubclass(model, base)]
    assert len(bases) == 1, (
        f"{model._meta.label} belongs to {bases}: make it part of the record, or list it with a reason"
    )


def test_every_model_of_the_record_has_its_triggers():
    guarded = {(trigger.table, trigger.on) for trigger in declared().values()}
    for model in own_models():
        if issubclass(model, AuditedAggregate | RecordedFact | RegisteredRow) and not model._meta.proxy:
            assert {(model._meta.db_table, on) for on in ("UPDATE", "DELETE")} <= guarded


def calls(function):
    """The names a function calls, however it names them; and what it hands on, as `_act(module.function)`."""
    names = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
    return names


def functions_of(path: Path):
    tree = ast.parse(path.read_text())
    return {node.name: calls(node) for node in tree.body if isinstance(node, ast.FunctionDef)}


def public_actions():
    for path in ACTIONS:
        module = ".".join(path.relative_to(settings.BASE_DIR).with_suffix("").parts)
        for name in functions_of(path):
            if not name.startswith("_") and f"{module}.{name}" not in READS:
                yield module, name


@pytest.mark.parametrize(("module", "name"), list(public_actions()))
def test_action_records_an_event(module, name):
    """Itself, or by a function of the actions, or of the log, that it calls."""
    known = {}
    for path in (*ACTIONS, *RECORDERS):
        for function, called in functions_of(path).items():
            known.setdefault(function, set()).update(called)
    reached, waiting = set(), [name]
    while waiting:
        for called in known.get(waiting.pop(), set()) - reached:
            reached.add(called)
            waiting.append(called)
    assert reached & RECORDS, f"{module}.{name} changes something without recording an event"


@pytest.mark.parametrize(("module", "name"), list(public_actions()))
def test_action_takes_its_actor_and_the_rest_by_name(module, name):
    function = inspect.unwrap(getattr(importlib.import_module(module), name))
    parameters = list(inspect.signature(function).parameters.values())
    positional = [each for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    # An act on a case has the case in front; sweeps have their moment.
    assert len(positional) <= 1
    assert "by" in {each.name for each in parameters}, f"{module}.{name} does not say who acts"


def test_only_actions_write_rows():
    """No view, form, task or command saves or deletes a row itself."""
    writes = {"save", "bulk_create", "bulk_update", "delete", "settle", "settle_many"}
    found = []
    for app in ("panels", "authorisation", "workflows"):
        for folder in ("views", "forms", "presenters"):
            for path in (settings.BASE_DIR / app / folder).rglob("*.py"):
                names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
                found += [f"{path.relative_to(settings.BASE_DIR)}: {name}" for name in sorted(names & writes)]
    assert found == []
