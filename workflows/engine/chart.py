"""The picture of a process: where its nodes lie, and its BPMN 2.0."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import viewflow
from django.template import Context, Engine
from viewflow.workflow import chart

from workflows.engine.caseflow import CaseFlow


@cache
def layout(flow_class: type[CaseFlow]) -> Any:
    """Viewflow's grid of the flow: `cells` with node, shape and title, `edges` with segments. Shared: do not change it.

    Kept, because laying out takes time that doubles with every decision in a row.
    """
    return chart.calc_layout_data(flow_class)


@cache
def bpmn(flow_class: type[CaseFlow]) -> str:
    """The flow as BPMN 2.0 with its diagram, by viewflow's own template, where the package keeps it."""
    grid = layout(flow_class)  # type: ignore[arg-type]  # classes hash; viewflow's metaclass is untyped
    cells = [cell for cell in grid.cells if cell.node.bpmn_element]
    context = {
        "grid": grid,
        "cells": cells,
        "edges": grid.edges,
        "process_id": "id_process_" + re.sub(r"[^A-Za-z0-9_.-]", "_", flow_class.instance.flow_label),
        "process_name": str(flow_class.process_title),
        "compensations": [],
    }
    return _engine().get_template("viewflow/workflow/graph.bpmn").render(Context(context))


@cache
def _engine() -> Engine:
    # Only viewflow.workflow is installed, so Django does not look into the templates of its parent package.
    templates = Path(str(viewflow.__file__)).parent / "templates"
    return Engine(dirs=[str(templates)], libraries={"l10n": "django.templatetags.l10n"})
