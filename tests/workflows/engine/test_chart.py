from xml.etree import ElementTree

from tests.workflows.probe.flows import ProbeFlow
from workflows.engine.chart import bpmn, layout

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


def test_the_layout_holds_every_node_and_is_kept():
    grid = layout(ProbeFlow)
    assert {cell.node.name for cell in grid.cells} == {node.name for node in ProbeFlow.instance.nodes()}
    assert layout(ProbeFlow) is grid


def test_the_bpmn_holds_every_node_and_edge():
    process = ElementTree.fromstring(bpmn(ProbeFlow)).find(f"{BPMN}process")
    assert process.get("name") == "A miniature of the authorisation."
    nodes = {element.get("id") for element in process if element.tag != f"{BPMN}sequenceFlow"}
    assert nodes == {f"id_node_{node.name}" for node in ProbeFlow.instance.nodes()}
    steps = [element.get("id") for element in process.findall(f"{BPMN}userTask")]
    assert sorted(steps) == [
        f"id_node_{name}" for name in ("comment", "decide", "deferred", "plan", "review", "second")
    ]
    boundary = process.find(f"{BPMN}boundaryEvent[@id='id_node_comment_reminder']")
    assert (boundary.get("attachedToRef"), boundary.get("cancelActivity")) == ("id_node_comment", "false")
    ends = {(flow.get("sourceRef"), flow.get("targetRef")) for flow in process.findall(f"{BPMN}sequenceFlow")}
    assert ("id_node_review", "id_node_second") in ends
