"""Decisions, conditions, windows, letters and publication against raw SQL (I2, I4-I9), and the checks behind them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from audit import clock, fence
from audit.actions import record, settle
from authorisation.actions import rulesets
from authorisation.enums import ReviewResult, Stage
from authorisation.errors import DecisionRefused
from authorisation.invariants import CHECKS
from authorisation.models import (
    Application,
    Condition,
    ConditionChange,
    Decision,
    Direction,
    Finding,
    Letter,
    Publication,
    Recommendation,
    Report,
    RuleSet,
    Submission,
    WaveMove,
    Window,
    WindowAnswer,
)
from authorisation.queries import open_conditions
from authorisation.rules import Reviewed
from panels.actions import seats
from panels.models import Outcome
from tests.factories import Walk, convened, days, decide
from tests.factories.raw import insert, last_event, refused, run, unfenced, update
from tests.factories.world import START, small_ruleset
from workflows import queue
from workflows.actions import cases

pytestmark = pytest.mark.django_db


def broken(name):
    return CHECKS[name]()


@pytest.fixture
def walk(world):
    return Walk(world, direction="Ask first.")


@pytest.fixture
def deciding(walk):
    """At the decision, the sub-committee has met; nothing is recorded yet. Gives the walk and the panel's outcome."""
    walk.to(Stage.DECISION)
    walk.now = max(walk.now, walk.window.closes_at + days(1))
    with clock.at(walk.now):
        walk.sit("decision", walk.verdict)
    return walk, Outcome.objects.latest("pk")


def decision(case, reached, **changes):
    row = Decision(
        event_id=last_event(case),
        application=case,
        panel_outcome=reached,
        outcome="conditional",
        has_directions=False,
        reasons="So.",
        decided_at=reached.reached_at,
    )
    return insert(row, **changes)


def unmet_at_decision(case, *codes):
    """Findings at the decision by raw SQL, as the action writes them before it."""
    for code in codes:
        row = case.findings.filter(criterion__code=code).latest("pk")
        run(*insert(row, tier="decision", event_id=last_event(case), line_of_enquiry=""))


def test_decision_taken_by_raw_sql_when_everything_is_there(deciding):
    """The control: what is refused below is refused for its own reason."""
    walk, outcome = deciding
    unmet_at_decision(walk.case, *walk.unmet)
    run(*decision(walk.case, outcome))


def test_decision_refused_on_outcome_of_another_kind_of_panel(deciding):
    walk, _ = deciding
    unmet_at_decision(walk.case, *walk.unmet)
    moderated = Outcome.objects.get(item__panel__kind="moderation")
    refused("competent panel|before the comment window", *decision(walk.case, moderated))
    with unfenced():
        run(*decision(walk.case, moderated))
        (sentence,) = broken("I2 every decision, recommendation and review rests on a panel")
        assert sentence.startswith(f"{walk.case.ref}: its decision does not rest on the outcome of a panel of the")


def test_decision_refused_on_outcome_about_another_case(world, deciding):
    _, outcome = deciding
    other = Walk(world, ccg="03A").to(Stage.DESK_TOP).case
    refused("competent panel|fully authorised means", *decision(other, outcome))
    with unfenced():
        run(*decision(other, outcome))
        assert len(broken("I2 every decision, recommendation and review rests on a panel")) == 1


def test_decision_refused_with_another_result_than_the_panels(deciding):
    walk, outcome = deciding
    refused("competent panel|criterion stands unmet", *decision(walk.case, outcome, outcome="full"))


def test_decision_refused_that_forgets_an_unmet_criterion(deciding):
    """I5: some or all of the unmet criteria have no finding at the decision."""
    walk, outcome = deciding
    refused("fully authorised means|stands unmet", *decision(walk.case, outcome))
    unmet_at_decision(walk.case, walk.unmet[0])
    refused("stands unmet", *decision(walk.case, outcome))
    with unfenced():
        run(*decision(walk.case, outcome))
        assert f"{walk.case.ref}: {walk.unmet[1]} stood unmet and the decision says nothing of it." in broken(
            "I5 conditions are the unmet criteria"
        )


def test_decision_refused_while_a_window_runs(walk):
    """I6: the sub-committee met before the window had ended, whenever it is recorded."""
    walk.to(Stage.DECISION)
    walk.now = walk.window.closes_at - timedelta(minutes=1)
    with clock.at(walk.now):
        walk.sit("decision", walk.verdict)
    outcome = Outcome.objects.latest("pk")
    unmet_at_decision(walk.case, *walk.unmet)
    late = walk.now + days(30)
    refused("before the comment window has ended", *decision(walk.case, outcome, decided_at=late))
    with unfenced():
        run(*decision(walk.case, outcome, decided_at=late))
        assert broken("I6 no decision while a window runs") == [
            f"{walk.case.ref} was decided while its window conditions_response ran."
        ]


def test_decision_stands_when_its_coalition_member_has_left_since(deciding):
    walk, _ = deciding
    with clock.at(walk.now):
        meeting = walk.meetings["decision"]
        voice = meeting.of("voice")
        seats.stand_down(appointment=voice, by=voice.person, reason="Retires")
    with queue.held(), clock.at(walk.now):
        cases.record_decision(walk.case, item=meeting.item(walk.case), reasons="So.", by=walk.world.secretary)
    assert walk.case.outcome == "conditional"


@pytest.mark.parametrize("column", ["opens_at", "closes_at", "attempt"])
def test_window_keeps_its_days(walk, column):
    walk.to(Stage.CONDITIONS_RESPONSE)
    window = walk.window
    value = 2 if column == "attempt" else getattr(window, column) - days(1)
    walk.to(Stage.DECISION)
    refused("never shortened|is never", *update(window, **{column: value}, event_id=last_event(walk.case)))


def test_window_is_not_answered_waived_lapsed_or_stopped_without_cause(walk):
    walk.to(Stage.CONDITIONS_RESPONSE)
    window, now = walk.window, walk.now
    event = last_event(walk.case) + 1
    later = Walk(walk.world, ccg="03A").case  # an event after the window's own, of another stream
    assert last_event(later) >= event
    for changes in ({"answered_at": now}, {"waived_at": now}, {"lapsed_at": now}, {"stopped_at": now}):
        refused("window is answered|not of this application", *update(window, **changes, event_id=last_event(later)))
    with unfenced():
        run(*update(window, answered_at=now, waived_at=now))
        assert broken("I6 windows and answers agree") == [
            f"{walk.case.ref}: the window conditions_response and its answer disagree."
        ]


def test_condition_rests_on_an_unmet_criterion(walk):
    walk.to(Stage.PUBLICATION)
    row = Condition.objects.first()
    met = Finding.objects.filter(application=walk.case, tier="desk_top", met=True).first()
    refused("rests on one criterion", *insert(row, finding_id=met.pk, criterion_id=met.criterion_id))
    with unfenced():
        run(*insert(row, finding_id=met.pk, criterion_id=met.criterion_id))
        assert len(broken("I5 conditions are the unmet criteria")) == 1
        assert len(broken("I7 decisions are those that were recorded")) == 1


def test_condition_has_a_level_of_its_rule_set(walk):
    walk.to(Stage.PUBLICATION)
    with unfenced():
        run(*update(Condition.objects.first(), level="IX"))
        assert len(broken("I5 every condition has a level of its rule set")) == 1


def test_discharged_condition_does_not_change(walk):
    walk.to(Stage.CLOSED)
    row = Condition.objects.first()
    refused("discharged condition|not of this", *update(row, level="I", event_id=last_event(walk.case) + 1))


@pytest.mark.parametrize("changes", [{"state": "discharged", "discharged_at": START}, {"level": "III"}])
def test_condition_changes_by_a_review_of_it_alone(walk, changes):
    walk.to(Stage.REVIEW)
    row, event = Condition.objects.first(), last_event(walk.case)
    refused("by a recorded review of it", *update(row, **changes, event_id=event))
    refused("keeps its criterion and its test", *update(row, discharge_test="Less.", event_id=event))
    walk.review(all_kept(walk))
    change = ConditionChange.objects.get(condition=row)
    refused("by a recorded review of it", *update(row, **changes, event_id=change.event_id))
    later = Walk(walk.world, ccg="03A", start=walk.now).to(Stage.CLOSED).case.reviews.get()
    refused("own application", *insert(change, review_id=later.pk, event_id=later.event_id))


def test_direction_keeps_its_words_and_is_lifted_once(walk):
    walk.to(Stage.REVIEW)
    row, event = Direction.objects.first(), last_event(walk.case)
    refused("keeps its words", *update(row, text="Do as you like.", event_id=event))
    walk.review(all_kept(walk))
    walk.wait(days(1)).review(all_kept(walk))
    refused("one that was lifted does not change", *update(row, ended_on=None, event_id=last_event(walk.case)))


def all_kept(walk):
    """Nothing changes at a review, and every direction is lifted."""
    return {code: Reviewed(code, ReviewResult.KEEP, "Not yet.") for code in open_conditions(walk.case)}


def test_letter_waits_for_every_condition(world, walk):
    walk.to(Stage.LETTER)
    row = Condition.objects.first()
    with unfenced():
        run("DELETE FROM authorisation_direction")
        run("DELETE FROM authorisation_condition WHERE id = %s", row.pk)
        assert broken("I5 conditions are the unmet criteria") == [
            f"{walk.case.ref}: {row.criterion.code} was unmet at the decision and has no condition."
        ]
        assert len(broken("I5 outcomes follow from conditions")) == 1


def test_publication_waits_for_the_letter(walk):
    walk.to(Stage.PUBLICATION)
    letter = Letter.objects.get()
    row = Publication(
        event_id=last_event(walk.case),
        application=walk.case,
        letter=letter,
        published_at=letter.issued_at - timedelta(seconds=1),
    )
    refused("publication comes after the letter", *insert(row))
    with unfenced():
        run(*insert(row))
        assert broken("I6 publication follows the letter") == [f"{walk.case.ref} was published before its own letter."]
        assert "names event" in broken("I8 every event has its change")[0]


def test_letter_and_findings_are_what_was_recorded(walk):
    """I7: editing needs the triggers gone, and is found all the same."""
    walk.to(Stage.CLOSED)
    with unfenced():
        run("UPDATE authorisation_letter SET pdf = %s", b"%PDF-other")
        assert broken("I7 letters are those that were sent") == [
            f"The letter on {walk.case.ref} is not the one that was sent."
        ]
        finding = Finding.objects.filter(tier="desk_top", met=False).first()
        run("UPDATE authorisation_finding SET met = %s WHERE id = %s", True, finding.pk)
        assert len(broken("I7 findings are those that were recorded")) == 1
        run("UPDATE authorisation_decision SET outcome = 'full', has_directions = %s", False)
        assert len(broken("I7 decisions are those that were recorded")) == 1
        # The outcome against its conditions, the flag against the directions, the application against the decision.
        assert len(broken("I5 outcomes follow from conditions")) == 3


FACTS = [Submission, Finding, Report, Recommendation, Decision, Letter, Publication]


@pytest.mark.parametrize("model", FACTS)
def test_fact_is_neither_edited_nor_deleted(walk, model):
    walk.to(Stage.REVIEW)
    row, table = model.objects.first(), model._meta.db_table
    refused("append-only", f"UPDATE {table} SET event_id = event_id WHERE id = %s", row.pk)
    refused("never deleted", f"DELETE FROM {table} WHERE id = %s", row.pk)


@pytest.mark.parametrize("model", [Condition, Direction, Window])
def test_register_row_changes_only_with_a_later_event(walk, model):
    walk.to(Stage.REVIEW)
    row, table = model.objects.first(), model._meta.db_table
    refused("later event", f"UPDATE {table} SET event_id = event_id WHERE id = %s", row.pk)
    refused("never deleted", f"DELETE FROM {table} WHERE id = %s", row.pk)


def test_change_without_its_event_is_refused_and_found(walk):
    """I8, both ways round."""
    walk.to(Stage.DESK_TOP)
    case = walk.case
    refused("together with its event", *update(case, stage="decision"))
    refused("never deleted", "DELETE FROM authorisation_application WHERE id = %s", case.pk)
    refused("append-only", "UPDATE audit_event SET event_type = 'other' WHERE stream = %s", case.stream)
    with unfenced():
        run("DELETE FROM authorisation_submission")
        assert "has no row in authorisation_submission" in broken("I8 every event has its change")[0]


def test_row_refused_on_event_of_another_application(world, walk):
    walk.to(Stage.DESK_TOP)
    other = Walk(world, ccg="03A").to(Stage.SECOND_READING)
    row = Finding.objects.filter(application=other.case).first()
    refused("not of this application", *insert(row, application_id=walk.pk))
    with unfenced():
        run(*insert(row, application_id=walk.pk))
        assert broken("I8 every row of a case is of its own stream") == [
            "1 rows of authorisation_finding name an event that is not of their application."
        ]


def test_letter_and_answer_refused_on_event_of_another_application(world, walk):
    """Both belong to the case through another row."""
    event = last_event(Walk(world, ccg="03A", start=walk.now).case)
    walk.to(Stage.CONDITIONS_RESPONSE)
    row = WindowAnswer(window=walk.window, text="Yes.", sent_by=world.officer_1, received_at=walk.now)
    refused("not of this application", *insert(row, event_id=event))
    walk.to(Stage.LETTER)
    row = Letter(decision=walk.case.decision, pdf=b"%PDF", sha256="0" * 64, issued_at=walk.now)
    refused("not of this application", *insert(row, event_id=event))


def test_finding_after_the_decision_is_refused(walk):
    walk.to(Stage.PUBLICATION)
    row = Finding.objects.filter(tier="site_visit").first()
    refused("the application is decided", *insert(row, tier="response", event_id=last_event(walk.case)))


def test_second_reading_by_the_assessor_is_refused_and_found(walk):
    """I4."""
    walk.to(Stage.SECOND_READING)
    row = Finding.objects.filter(tier="desk_top").first()
    refused(
        "nobody reads again",
        *insert(row, tier="second_reading", event_id=last_event(walk.case)),
    )
    walk.to(Stage.SITE_VISIT_PLANNING)
    with unfenced():
        run("UPDATE authorisation_finding SET author_id = %s", walk.world.reader.pk)
        assert broken("I4 nobody reads again what they assessed") == [
            f"{walk.case.ref} was read again by {walk.world.reader.stream}, who assessed it."
        ]


def test_assessor_on_a_panel_is_refused_and_found(walk):
    """I4: one person at the desk and on the site visit, written past the panels, which refuse it themselves."""
    walk.to(Stage.SITE_VISIT)
    with clock.at(walk.now):
        meeting = convened(walk.meetings["site_visit"])
        outcome = decide(meeting, walk.case, "report")
    row = Recommendation(
        event_id=last_event(walk.case),
        application=walk.case,
        attempt=1,
        kind="site_visit",
        panel_outcome=outcome,
        made_at=walk.now,
    )
    with unfenced():
        run("UPDATE panels_appointment SET person_id = %s WHERE id = %s", walk.world.assessor.pk, meeting.of("lay").pk)
        sentence = "Assessor assessed CCG-01A-2012 at the desk and took a position"
        with clock.at(walk.now), pytest.raises(DecisionRefused, match=sentence):
            cases.record_site_visit(
                walk.case, item=meeting.item(walk.case), found=walk.visited(), by=walk.world.secretary
            )
        connection.check_constraints()
        fence.install(connection)
        refused("assessed the application at the desk", *insert(row))
        fence.remove(connection)
        run(*insert(row))
        assert len(broken("I4 nobody judges on a panel what they assessed")) == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [("ref", "CCG-X"), ("cycle", 2013), ("ccg_id", "ccg"), ("ruleset_id", "rules"), ("process_id", None)],
)
def test_application_keeps_what_it_was_opened_with(world, walk, column, value):
    """I9, with a perfectly good event of its own."""
    case = Application.objects.get(pk=walk.pk)
    if column == "ruleset_id":
        value = rulesets.load_ruleset(source=small_ruleset("other"), by="system").pk
    setattr(case, column, world.organisations["03A"].pk if value == "ccg" else value)
    record(case, "application.tampered", by="system")
    with pytest.raises(Exception, match="an application keeps"):
        settle(case)


def test_application_in_two_waves_or_under_other_rules_is_found(world, walk):
    walk.to(Stage.DESK_TOP)
    with unfenced():
        run("UPDATE authorisation_application SET cycle = 2013")
        assert broken("I9 one wave each") == [f"{walk.case.ref} is in a wave of another cycle."]
        run("UPDATE authorisation_ruleset SET source = 'none'")
        assert broken("I9 one rule set each") == ["Rule set small is not the file whose hash was recorded."]


def test_wave_changes_only_by_a_recorded_move(world, walk):
    case = Application.objects.get(pk=walk.pk)
    before = transaction.savepoint()
    case.wave = world.waves[2]
    record(case, "application.tampered", by="system")
    with pytest.raises(IntegrityError, match="recorded move"), transaction.atomic():
        settle(case)
    transaction.savepoint_rollback(before)
    walk.to(Stage.DESK_TOP).defer(2)
    assert WaveMove.objects.count() == 1
    with unfenced():
        run("UPDATE authorisation_application SET wave_id = %s", world.waves[1].pk)
        assert broken("I9 one wave each") == [f"{walk.case.ref} stands in another wave than its last move."]


def test_second_application_of_a_ccg_is_refused_and_found(world, walk):
    case = Application.objects.get(pk=walk.pk)
    twin = Application(
        ref="CCG-01A-2012-2", ccg=case.ccg, cycle=2012, wave=case.wave, ruleset=case.ruleset, opened_at=walk.now
    )
    record(twin, "application.opened", by="system", public={"ruleset_sha256": case.ruleset.sha256})
    with pytest.raises(Exception, match="authorisation_one_application|UNIQUE"):
        twin.save()


def test_ruleset_is_never_edited(world):
    row = RuleSet.objects.get()
    refused("append-only", "UPDATE authorisation_ruleset SET title = 'Other' WHERE id = %s", row.pk)


def test_checks_find_nothing_in_what_the_actions_wrote(world):
    first = Walk(world, ccg="03A", unmet=()).to(Stage.CLOSED)
    Walk(world, unmet=("1.1B",), direction="Do.", start=first.now).to(Stage.CLOSED)
    assert {name: check() for name, check in CHECKS.items() if check()} == {}
