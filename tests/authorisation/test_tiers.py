"""Nobody acts at two tiers of one case (I4), at each depth: the policy, the database, the check.

Panels refuse such a position themselves; it is written here as somebody with a database shell would write it.
"""

from contextlib import contextmanager

import pytest
from django.db import connection

from audit import clock, fence
from authorisation.actions import decisions, findings, recommendations
from authorisation.enums import Stage
from authorisation.errors import ApplicationRefused, DecisionRefused
from authorisation.invariants import CHECKS
from authorisation.models import Finding, Recommendation
from panels.models import Outcome, Position
from tests.factories import Walk, days
from tests.factories.raw import insert, last_event, refused, run, unfenced

pytestmark = pytest.mark.django_db

CHECK = "I4 nobody acted at two tiers on one application"
RECORD = {
    "moderation": lambda case, item, by: recommendations.moderate(case, item=item, by=by),
    "decision": lambda case, item, by: decisions.decide(case, item=item, reasons="So.", by=by),
}


@pytest.fixture
def walk(world):
    return Walk(world)


def sat(walk, kind):
    """The case where that panel has met and nothing of it is recorded; the panel's outcome."""
    walk.to(Stage[kind.upper()])
    if kind == "decision":
        walk.now = max(walk.now, walk.window.closes_at + days(1))
    with clock.at(walk.now):
        walk.sit(kind, walk.verdict)
    return Outcome.objects.select_related("item__panel").latest("pk")


@contextmanager
def twice(walk, outcome, *, by="site_visit"):
    """Somebody who judged the case in the panel of kind `by` took a position on this outcome too."""
    voice = Position.objects.filter(item__panel__kind=by, appointment__seat__kind="lay").latest("pk")
    with unfenced():
        run(*insert(outcome.item.positions.first(), appointment_id=voice.appointment_id))
        yield voice


@contextmanager
def fenced():
    """The triggers back, over what was written without them."""
    connection.check_constraints()
    fence.install(connection)
    yield


def found(walk, position, one, other):
    return f"{walk.case.ref} was judged by {position.appointment.person.stream} in its {one} and in its {other}."


@pytest.mark.parametrize("kind", ["moderation", "decision"])
def test_position_at_two_tiers_stops_what_rests_on_it(walk, kind):
    outcome = sat(walk, kind)
    with twice(walk, outcome) as voice, clock.at(walk.now), pytest.raises(DecisionRefused) as refusal:
        RECORD[kind](walk.case, walk.meetings[kind].item(walk.case), walk.world.secretary)
    visit = walk.meetings["site_visit"].panel.ref
    assert str(refusal.value) == (
        f"{voice.appointment.person} judged {walk.case.ref} in {visit}, a site visit, and took a position on it "
        f"in {outcome.item.panel.ref}: put it on a new agenda, without them."
    )


def recommendation(walk, outcome):
    row = Recommendation(
        event_id=last_event(walk.case),
        application_id=walk.pk,
        attempt=1,
        kind="moderation",
        panel_outcome=outcome,
        outcome=outcome.outcome,
        made_at=walk.now,
    )
    return insert(row)


def test_recommendation_taken_by_raw_sql_when_nobody_acted_twice(walk):
    """The control: what is refused below is refused for its own reason."""
    outcome = sat(walk, "moderation")
    with unfenced(), fenced():
        run(*recommendation(walk, outcome))
        assert CHECKS[CHECK]() == []


def test_recommendation_on_positions_at_two_tiers_is_refused_by_the_database_and_found(walk):
    outcome = sat(walk, "moderation")
    with twice(walk, outcome) as voice:
        with fenced():
            refused("judged the application at another tier", *recommendation(walk, outcome))
        fence.remove(connection)
        run(*recommendation(walk, outcome))
        assert CHECKS[CHECK]() == [found(walk, voice, "moderation panel", "site visit")]


def test_decision_on_positions_at_two_tiers_is_found(walk):
    walk.to(Stage.LETTER)
    outcome = Outcome.objects.select_related("item__panel").get(item__panel__kind="decision")
    with twice(walk, outcome, by="moderation") as voice:
        assert CHECKS[CHECK]() == [found(walk, voice, "sub-committee", "moderation panel")]


@contextmanager
def reader_sits(walk, kind):
    """The second reader, who changed nothing and left no finding, sits in the lay member's place."""
    with unfenced():
        appointment = Position.objects.filter(item__panel__kind=kind, appointment__seat__kind="lay").get().appointment
        run("UPDATE panels_appointment SET person_id = %s WHERE id = %s", walk.world.reader.pk, appointment.pk)
        yield


def test_reader_who_changed_nothing_may_not_judge(walk):
    outcome = sat(walk, "moderation")
    assert not Finding.objects.filter(author=walk.world.reader).exists()
    with reader_sits(walk, "moderation"):
        assert CHECKS[CHECK]() == [
            f"{walk.case.ref} was read again, and judged in a panel, by {walk.world.reader.stream}."
        ]
        with clock.at(walk.now), pytest.raises(DecisionRefused) as refusal:
            RECORD["moderation"](walk.case, walk.meetings["moderation"].item(walk.case), walk.world.secretary)
    assert str(refusal.value).startswith(
        f"Reader gave {walk.case.ref} its second reading and took a position on it in "
    )
    assert str(refusal.value).endswith(f"in {outcome.item.panel.ref}: put it on a new agenda, without them.")


@pytest.mark.parametrize("act", ["assess", "read again"])
def test_whoever_judged_a_case_takes_no_part_at_the_desk(walk, act):
    """A deferred case may come back to the desk after its panels."""
    walk.to(Stage.MODERATION)
    case, lay, visit = walk.case, walk.world.lay, walk.meetings["site_visit"].panel.ref
    with pytest.raises(ApplicationRefused) as refusal:
        if act == "assess":
            findings.assess_domain(case, domain=1, findings=walk.desk_top(1), by=lay)
        else:
            findings.second_reading(case, changes=[], by=lay)
    assert str(refusal.value) == (
        f"Lay judged {case.ref} in {visit} and takes no other part in it: ask another assessor."
    )


@pytest.mark.parametrize("tier", ["desk_top", "second_reading"])
def test_finding_at_the_desk_by_whoever_judged_the_case_is_refused_by_the_database(walk, tier):
    walk.to(Stage.MODERATION)
    row = Finding.objects.filter(application=walk.pk, tier="desk_top", met=True).first()
    changes = {"attempt": 2, "tier": tier, "event_id": last_event(walk.case)}
    refused("in a panel takes no part in it at the desk", *insert(row, author_id=walk.world.lay.pk, **changes))
    run(*insert(row, author_id=walk.world.spare.pk, **changes))
