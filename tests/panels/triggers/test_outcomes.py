"""The database alone: every way to take a decision without the Coalition's voice, by raw SQL, on both databases."""

import pytest
from django.db import connection

from audit import clock
from authorisation.models import ApplicationReview, Recommendation
from panels.actions import items, seats, sittings
from panels.actions.panels import confirm_panel
from panels.invariants import CHECKS
from panels.models import (
    Attendance,
    Composition,
    DisinterestCheck,
    Outcome,
    Position,
    Recusal,
    Seat,
)
from tests.factories import convened, days, decide, opened, positions, sitting_on, spoken
from tests.factories.panels import seated
from tests.factories.raw import insert, last_event, refused, run, unfenced, update
from tests.panels.triggers.steps import (
    NOW,
    another_event,
    broken,
    composition_of,
    outcome_of,
    position_of,
    with_positions,
)

pytestmark = pytest.mark.django_db


def test_outcome_of_competent_item_is_taken_by_raw_sql(at_now, case):
    """The control of this module: what is refused below is refused for its own reason."""
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    composition = with_positions(meeting, item)
    run(*insert(outcome_of(item, composition, meeting.panel)))
    assert Outcome.objects.count() == 1


def test_outcome_refused_without_position_of_coalition(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    voice = meeting.members["voice"].pk
    composition = with_positions(meeting, item, of=[pk for pk in positions(item) if pk != voice])
    # Two guards hold this; which speaks first is the database's choice.
    refused("Coalition representative|taken no position", *insert(outcome_of(item, composition, meeting.panel)))
    with unfenced():
        run(*insert(outcome_of(item, composition, meeting.panel)))
        run(*update(item, state="closed"))
        assert broken("I2 every outcome has the Coalition's position") == [
            f"{meeting.panel.ref}: {case.ref} has an outcome without the position of a Coalition representative."
        ]


def test_outcome_refused_while_somebody_else_speaks_for_the_coalition(at_now, case):
    """The last row counts: what she entered herself is nothing once the secretary has entered another."""
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    composition = with_positions(meeting, item)
    voice = meeting.of("voice")
    run(*insert(position_of(meeting, item, voice, entered_by_id=at_now.secretary.pk)))
    refused("entered by themself", *insert(outcome_of(item, composition, meeting.panel)))
    with unfenced():
        run(*insert(outcome_of(item, composition, meeting.panel)))
        assert broken("I2 the Coalition speaks for itself") == [
            f"{meeting.panel.ref}: somebody else entered the Coalition's position on {case.ref}."
        ]
    run(*insert(position_of(meeting, item, voice)))
    run(*insert(outcome_of(item, composition, meeting.panel)))


def test_outcome_refused_without_position_of_another_member(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    lay = meeting.members["lay"].pk
    composition = with_positions(meeting, item, of=[pk for pk in positions(item) if pk != lay])
    refused("taken no position", *insert(outcome_of(item, composition, meeting.panel)))
    with unfenced():
        run(*insert(outcome_of(item, composition, meeting.panel)))
        assert len(broken("I2 every outcome has every position")) == 1


def test_outcome_refused_when_coalition_recused_after_its_position(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    composition = with_positions(meeting, item)
    row = Recusal(
        event_id=last_event(meeting.panel),
        item=item,
        appointment=meeting.members["voice"],
        reason="Late",
        recused_at=NOW,
    )
    run(*insert(row))
    refused("present and clear", *insert(outcome_of(item, composition, meeting.panel)))
    assert broken("I1 every open item has its Coalition representative") == [
        f"{meeting.panel.ref}: {case.ref} is open and no Coalition representative counts for it."
    ]


def test_outcome_refused_when_coalition_noted_absent(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    composition = with_positions(meeting, item)
    row = Attendance(
        event_id=last_event(meeting.panel),
        item=item,
        appointment=meeting.members["voice"],
        present=False,
        noted_at=NOW,
    )
    run(*insert(row))
    refused("present and clear", *insert(outcome_of(item, composition, meeting.panel)))


def test_outcome_refused_when_coalition_fails_a_later_check(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    composition = with_positions(meeting, item)
    row = DisinterestCheck(
        event_id=last_event(meeting.panel),
        item=item,
        appointment=meeting.members["voice"],
        moment="decided",
        effect="barred",
        rule="D1",
        sentence="Barred.",
        results=[],
        checked_at=NOW,
    )
    run(*insert(row))
    refused("present and clear", *insert(outcome_of(item, composition, meeting.panel)))


def test_outcome_refused_on_composition_of_another_item(at_now, case, other_case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    beside = convened(sitting_on(at_now, "moderation", [other_case], voices=("other_voice",)))
    first, second = opened(meeting, case), opened(beside, other_case)
    with_positions(meeting, first)
    other = with_positions(beside, second)
    refused("its stored composition", *insert(outcome_of(first, other, meeting.panel)))
    with unfenced():
        run(*insert(outcome_of(first, other, meeting.panel)))
        run(*update(first, state="closed"))
        assert broken("I2 every outcome has its composition") == [
            f"{meeting.panel.ref}: the outcome on {case.ref} rests on another composition."
        ]


def test_outcome_refused_on_listed_and_on_stopped_item(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = meeting.item(case)
    refused("while its item is open", *insert(composition_of(item, meeting.panel)))
    item = opened(meeting, case)
    composition = with_positions(meeting, item)
    voice = meeting.members["voice"]
    assert items.recuse(item=item, appointment=voice, reason="Interest", by=at_now.voice).state == "stopped"
    refused("an open item", *insert(outcome_of(item, composition, meeting.panel)))


@pytest.mark.parametrize("name", ["absent", "recused", "of another panel"])
def test_position_refused_of_a_member_who_does_not_count(at_now, case, name):
    meeting = convened(sitting_on(at_now, "moderation", [case], voices=("voice", "other_voice")))
    other = sitting_on(at_now, "conditions", [case])
    item = opened(meeting, case, absent=["lay"])
    items.recuse(item=item, appointment=meeting.members["clinician"], reason="Friend", by=at_now.clinician)
    member = {
        "absent": meeting.members["lay"],
        "recused": meeting.members["clinician"],
        "of another panel": other.members["finance"],
    }[name]
    another_event(meeting)
    row = position_of(meeting, item, member)
    refused("present, not recused and clear", *insert(row))
    with unfenced():
        run(*insert(row))
        assert broken("I3 every position is of a member who counts") == [
            f"{meeting.panel.ref}: {member.person.stream} took a position on {case.ref} and does not count for it."
        ]


def test_position_refused_of_whoever_took_one_at_another_tier(at_now, case, other_case):
    """I4 past the tests of disinterest: the answer that bars him is overwritten by hand, and he is let in by hand."""
    with clock.at(NOW - days(1)):
        earlier = convened(sitting_on(at_now, "moderation", [case]))
        decide(earlier, case, "conditional")
        sittings.close_sitting(sitting=earlier.sitting, by=at_now.secretary)
    meeting = sitting_on(at_now, "decision", [case, other_case], confirm=False)
    seats.stand_down(appointment=meeting.of("lay"), by=at_now.secretary, reason="Away")
    seat = meeting.panel.seats.get(kind="lay")
    [lay] = seated(meeting, seats.Proposal(seat, at_now.lay, at_now.organisations["BOARD"]))
    confirm_panel(panel=meeting.panel, by=at_now.secretary)
    here = [each for each in convened(meeting).everybody if each.pk != lay.pk]
    item = items.open_item(item=meeting.item(case), present=here, by=at_now.secretary)
    check = lay.checks.filter(item=item).latest("pk")
    assert (check.effect, check.rule) == ("barred", "D9")
    run(*insert(check, effect="clear", event_id=another_event(meeting)))
    event = last_event(meeting.panel)
    run(*insert(Attendance(event_id=event, item=item, appointment=lay, present=True, noted_at=NOW)))
    refused("took a position on the case at another tier", *insert(position_of(meeting, item, lay)))
    with unfenced():
        run(*insert(position_of(meeting, item, lay)))
        assert broken("I4 nobody takes a position at two tiers") == [
            f"{at_now.lay.stream} took positions on {case.ref} at two tiers."
        ]


@pytest.mark.parametrize("model", [Attendance, Recusal])
def test_closed_item_takes_nothing_more(at_now, case, model):
    meeting = convened(sitting_on(at_now, "moderation", [case], voices=("voice", "other_voice")))
    decide(meeting, case, "conditional")
    given = {"present": False, "noted_at": NOW} if model is Attendance else {"reason": "Late", "recused_at": NOW}
    row = model(
        event_id=last_event(meeting.panel), item=meeting.item(case), appointment=meeting.members["voice"], **given
    )
    refused("before the item is closed", *insert(row))


FACTS = [Seat, Attendance, Recusal, Position, Composition, Outcome, DisinterestCheck]


@pytest.mark.parametrize("model", FACTS)
def test_fact_is_neither_edited_nor_deleted(at_now, case, model):
    """I7 on what a decided item leaves behind."""
    meeting = convened(sitting_on(at_now, "moderation", [case], voices=("voice", "other_voice")))
    item = opened(meeting, case)
    items.recuse(item=item, appointment=meeting.members["lay"], reason="Friend", by=at_now.lay)
    items.decide_item(item=spoken(item), outcome="full", reasons="So.", by=at_now.secretary)
    row = model.objects.first()
    refused("append-only", *update(row, event_id=row.event_id))
    refused("never deleted", f"DELETE FROM {model._meta.db_table} WHERE id = %s", row.pk)
    with unfenced():
        if model is Composition:
            run(*update(row, body={**row.body, "quorum": {"needed": 1, "counted": 1}}))
            assert "is not the one that was hashed" in broken("I2 every composition is the one hashed")[0]
        elif model is Position:
            run(f"DELETE FROM {model._meta.db_table}")
            assert broken("I2 every outcome has every position") != []


def test_authorisation_acts_refused_on_an_outcome_that_does_not_carry_them(at_now, case, other_case):
    """Recommendation and review: wrong kind of panel, and item of another case. Decisions: tests/authorisation."""
    meeting = convened(sitting_on(at_now, "moderation", [case, other_case]))
    outcome = decide(meeting, case, "conditional")
    event = last_event(case)
    for row in (
        Recommendation(
            event_id=event, application=case, attempt=1, kind="conditions", panel_outcome=outcome, made_at=NOW
        ),
        Recommendation(
            event_id=last_event(other_case),
            application=other_case,
            attempt=1,
            kind="moderation",
            panel_outcome=outcome,
            made_at=NOW,
        ),
    ):
        refused("competent panel", *insert(row))
    row = ApplicationReview(
        event_id=event,
        application=case,
        panel_outcome=outcome,
        conditions_left=0,
        directions_left=0,
        reviewed_at=NOW,
        round_id=1,
    )
    refused("competent panel", *insert(row))


def test_act_stands_when_its_member_stands_down_afterwards(at_now, case):
    """The Coalition's member leaves between the panel's outcome and its recording: the outcome was competent."""
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    outcome = decide(meeting, case, "conditional")
    seats.stand_down(appointment=meeting.of("voice"), by=at_now.voice, reason="Retires")
    row = Recommendation(
        event_id=last_event(case), application=case, attempt=1, kind="moderation", panel_outcome=outcome, made_at=NOW
    )
    run(*insert(row))
    assert connection.in_atomic_block
    assert [name for name in CHECKS if CHECKS[name]()] == []
