"""Every step of the process done on its page, as a person would."""

import pytest

from audit import clock
from authorisation.enums import ReviewResult, Stage
from authorisation.models import Finding
from authorisation.queries import open_conditions, unmet
from tests.factories import Walk, convened, days, sitting_on
from tests.factories.pages import Page, Reader
from tests.factories.panels import decide
from workflows import queue
from workflows.flows import CURRENT
from workflows.forms import STEPS


def path(walk, step, item=None):
    return f"/applications/{walk.case.ref}/do/{step}/" + (f"?item={item}" if item else "")


def do(walk, person, step, item=None, **given):
    """Fill in a step on its page at the walk's time; it must be accepted."""
    with queue.held(), clock.at(walk.now):
        response = Reader(person).send(path(walk, step, item), **given)
    assert response.status_code == 302, Page(response).words
    assert response.headers["Location"] == f"/applications/{walk.case.ref}/"


def test_every_step_of_the_process_has_its_form():
    from workflows.engine.nodes import Step

    assert {node.name for node in CURRENT.instance.nodes() if isinstance(node, Step)} == set(STEPS)


def test_submit(world):
    walk = Walk(world)
    do(walk, world.officer_1, "submit", constitution="One", accountable_officer="Dr A", practices="9", sure="on")
    assert walk.stage == Stage.DESK_TOP


def test_desk_top_review_of_a_domain(world):
    walk = Walk(world).to(Stage.DESK_TOP)
    fields = Reader(world.assessor).get(path(walk, "desk_top_review", 1)).fields
    asked = [name.removeprefix("reason-") for name in fields if name.startswith("reason-")]
    given = {f"met-{code}": "met" for code in asked} | {f"reason-{code}": "Shown." for code in asked}
    given |= {"met-1.1B": "not_met", "enquiry-1.1B": "How?"}
    do(walk, world.assessor, "desk_top_review", 1, **given)
    found = dict(Finding.objects.filter(application=walk.pk).values_list("criterion__code", "met"))
    assert found == dict.fromkeys(asked, True) | {"1.1B": False}


def test_second_reading_with_a_change(world):
    walk = Walk(world).to(Stage.SECOND_READING)
    code = unmet(walk.case)[0]
    changed = {"code-1": code, "met-1": "met", "reason-1": "Shown after all."}
    do(walk, world.reader, "second_reading", **changed)
    assert code not in unmet(walk.case)


def test_site_visit_arranged_and_recorded(world):
    walk = Walk(world).to(Stage.SITE_VISIT_PLANNING)
    with clock.at(walk.now):
        walk.meetings["site_visit"] = sitting_on(world, "site_visit", [walk.case])
    do(walk, world.secretary, "convene_site_visit")
    with clock.at(walk.now):
        decide(convened(walk.meetings["site_visit"]), walk.case, "report")
        left = unmet(walk.case)
    given = {f"met-{code}": "not_met" for code in left} | {f"reason-{code}": "Seen." for code in left}
    do(walk, world.chair, "site_visit", **given)
    assert walk.stage == Stage.REPORT
    do(walk, world.chair, "report", summary="Strengths.")
    do(walk, world.officer_1, "report_comments", text="Thank you.", waive="on")
    assert walk.stage == Stage.MODERATION


def test_moderation_to_publication(world):
    walk = Walk(world).to(Stage.MODERATION)
    with clock.at(walk.now):
        walk.sit("moderation", "conditional")
    do(walk, world.secretary, "moderation")
    do(walk, world.director, "regional_sign_off", note="")
    with clock.at(walk.now):
        walk.sit("conditions", "conditional")
        left = unmet(walk.case)
    given = {}
    for code in left:
        given |= {f"level-{code}": "IV", f"test-{code}": "Show it.", f"direction-{code}": "Do this.\r\nAnd that."}
    do(walk, world.secretary, "conditions_panel", **given)
    do(walk, world.officer_1, "conditions_response", text="We accept.", waive="on")
    do(walk, world.secretary, "response_assessed", **{f"met-{left[0]}": "met", f"reason-{left[0]}": "Sent since."})
    walk.wait(days(30))
    with clock.at(walk.now):
        walk.sit("decision", "conditional")
    do(walk, world.secretary, "decision")
    walk.to(Stage.PUBLICATION)
    do(walk, world.secretary, "publication")
    assert walk.case.decision.reasons == "What the evidence shows."
    assert list(open_conditions(walk.case)) == left[1:]
    assert [row.text for row in walk.case.directions.order_by("pk")] == ["Do this.", "And that."] * len(left[1:])


def test_plan_and_review(world):
    walk = Walk(world, direction="Do this.").to(Stage.PLAN)
    do(walk, world.contact, "plan", text="Do better.")
    with clock.at(walk.now):
        held = walk.round()
        walk.sit("review", "reviewed")
    [first, *rest] = open_conditions(walk.case)
    given = {"held": str(held.pk), f"result-{first}": "lower", f"level-{first}": "I", f"reason-{first}": "Better."}
    for code in rest:
        given |= {f"result-{code}": ReviewResult.DISCHARGE.value, f"reason-{code}": "Shown."}
    given["lifted"] = [str(row.pk) for row in walk.case.directions.all()]
    do(walk, world.secretary, "review", **given)
    assert {code: row.level for code, row in open_conditions(walk.case).items()} == {first: "I"}
    assert not walk.case.directions.filter(ended_on=None).exists()


def test_defer_resume_and_withdraw(world):
    walk = Walk(world).to(Stage.DESK_TOP)
    do(walk, world.secretary, "defer", wave=str(world.waves[4].pk), reason="By agreement.")
    assert walk.stage == Stage.DEFERRED
    do(walk, world.secretary, "deferred", at="preparation")
    assert walk.stage == Stage.PREPARATION
    do(walk, world.officer_1, "withdraw", reason="We wait.")
    assert walk.stage == Stage.WITHDRAWN


def test_step_refused_keeps_what_was_entered(world):
    walk = Walk(world)
    given = {"constitution": "One <b>", "accountable_officer": "Dr A", "practices": "1", "sure": "on"}
    page = Reader(world.officer_1).refused(path(walk, "submit"), **given)
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert "There is a problem" in page.words
    assert page.fields["constitution"] == ["One <b>"]
    assert "<b>" not in page.html
    assert walk.stage == Stage.PREPARATION


def test_step_incomplete_links_each_field(world):
    page = Reader(world.officer_1).refused(path(Walk(world), "submit"))
    assert page.status == 422
    assert page.links["Enter how many practices have signed"] == "#id_practices"


def test_step_not_open_is_a_conflict_with_the_sentence(world):
    walk = Walk(world)
    page = Reader(world.secretary).get(path(walk, "publication"))
    assert page.status == 409
    assert "'Publish the decision' is not open for CCG-01A-2012: it stands at 'Submit the application'." in page.words


def test_step_of_somebody_else_is_forbidden_with_the_reason(world):
    walk = Walk(world)
    reader = Reader(world.secretary)
    assert reader.get(path(walk, "submit")).status == 403
    page = Page(reader.client.post(path(walk, "submit"), {}))
    assert page.status == 403
    assert "'Submit the application' for" in page.words


def test_step_of_a_case_one_may_not_read_is_not_found(world):
    assert Reader(world.officer_2).get(path(Walk(world), "submit")).status == 404


def test_step_without_what_it_needs_says_so(world):
    walk = Walk(world).to(Stage.MODERATION)
    page = Reader(world.secretary).get(path(walk, "moderation"))
    assert "No moderation panel has reached an outcome on this case yet." in page.words
    assert page.text("button") == ["Sign out"]


def test_step_unknown_is_not_found(world):
    assert Reader(world.secretary).get(path(Walk(world), "nothing")).status == 404


@pytest.mark.parametrize("deed", ["defer", "withdraw"])
def test_leaving_the_road_is_forbidden_to_others(world, deed):
    walk = Walk(world).to(Stage.DESK_TOP)
    assert Reader(world.assessor).get(path(walk, deed)).status == 403


def test_withdrawn_case_cannot_be_deferred(world):
    walk = Walk(world).withdraw()
    assert Reader(world.secretary).get(path(walk, "defer")).status == 403
