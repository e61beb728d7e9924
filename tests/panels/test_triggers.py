"""The database alone: every way to take a decision without the Coalition's voice, by raw SQL, on both databases."""

import pytest
from django.db import connection, transaction

from audit import clock
from audit.models import Event
from authorisation.models import ApplicationReview, Recommendation
from panels.actions import items, seats, sittings
from panels.invariants import CHECKS
from panels.models import (
    Appointment,
    Attendance,
    Composition,
    DisinterestCheck,
    Item,
    Nomination,
    Outcome,
    Panel,
    PanelGrant,
    Position,
    Recusal,
    Seat,
    Sitting,
)
from tests.factories import Walk, convened, days, decide, london, opened, positions, sitting_on
from tests.factories.raw import insert, last_event, refused, run, unfenced, update

pytestmark = pytest.mark.django_db
NOW = london(2012, 6, 4)


@pytest.fixture
def at_now(world):
    with clock.at(NOW):
        yield world


@pytest.fixture
def case(world):
    return Walk(world).case


@pytest.fixture
def other_case(world):
    return Walk(world, ccg="03A").case


def outcome_of(item, composition, panel):
    return Outcome(
        event_id=last_event(panel),
        item=item,
        composition=composition,
        outcome="conditional",
        reasons="Because.",
        reached_at=clock.now(),
    )


def composition_of(item, panel):
    return Composition(event_id=last_event(panel), item=item, body={}, sha256="0" * 64, stored_at=clock.now())


def with_positions(meeting, item, *, of=None):
    """Positions by raw SQL of everybody who counts, and a stored composition."""
    said = positions(item) if of is None else of
    for pk in said:
        row = Position(
            event_id=last_event(meeting.panel), item=item, appointment_id=pk, stance="concur", taken_at=clock.now()
        )
        run(*insert(row))
    composition = composition_of(item, meeting.panel)
    run(*insert(composition))
    return Composition.objects.get(item=item)


def another_event(meeting, name="chair"):
    """A later event of the panel's own stream."""
    seats.declare_again(appointment=meeting.of(name), by=meeting.world.people[name])
    return last_event(meeting.panel)


def broken(name):
    return CHECKS[name]()


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
    assert len(broken("I3 every position is of a member who counts")) == 1


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
    meeting = convened(sitting_on(at_now, "moderation", [case, other_case]))
    first, second = opened(meeting, case), opened(meeting, other_case)
    with_positions(meeting, first)
    other = with_positions(meeting, second)
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


def test_item_refused_at_sitting_not_convened(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    item = meeting.item(case)
    event = last_event(meeting.panel)
    refused("convene the sitting|no Coalition representative", *update(item, state="open", event_id=event))
    with unfenced():
        run(*update(item, state="open", event_id=last_event(meeting.panel)))
        assert len(broken("I1 every item is taken at a convened sitting")) == 1


def test_item_refused_while_nobody_of_the_coalition_is_in_the_room(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = meeting.item(case)
    refused("no Coalition representative", *update(item, state="open", event_id=last_event(meeting.panel)))


def test_item_is_closed_only_with_its_outcome(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    event = another_event(meeting)
    refused("closes with its outcome", *update(item, state="closed", closed_at=NOW, event_id=event))


def test_sitting_refused_without_accepted_coalition(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case], voices=())
    refused(
        "cannot be convened",
        *update(meeting.sitting, convened_at=NOW, event_id=last_event(meeting.panel)),
    )
    with unfenced():
        run(*update(meeting.sitting, convened_at=NOW, event_id=last_event(meeting.panel)))
        assert broken("I1 every convened panel has its Coalition representative") == [
            f"{meeting.panel.ref} was convened for 2012-06-04 without a Coalition representative."
        ]


def test_sitting_refused_while_coalition_has_only_been_proposed(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case], accept=False)
    refused("cannot be convened", *update(meeting.sitting, convened_at=NOW, event_id=last_event(meeting.panel)))


def test_sitting_inserted_convened_is_refused(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    row = Sitting.objects.get(pk=meeting.sitting.pk)
    refused("listed first", *insert(row, on=NOW.date().replace(day=9), convened_at=NOW))


def test_sitting_stays_convened_and_with_its_panel(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    other = sitting_on(at_now, "conditions", [case])
    later = another_event(meeting)
    sitting = Sitting.objects.get(pk=meeting.sitting.pk)
    refused("stays with its panel", *update(sitting, convened_at=None, event_id=later))
    refused("stays with its panel|not of this panel", *update(sitting, panel_id=other.panel.pk, event_id=later))
    for change in ({"on": NOW.date() - days(1)}, {"convened_at": NOW - days(1)}, {"place": "Elsewhere"}):
        refused("stays convened on its day", *update(sitting, **change, event_id=later))
    sittings.close_sitting(sitting=sitting, by=at_now.secretary)
    refused("when it is over", *update(sitting, closed_at=None, event_id=another_event(meeting)))


def test_nomination_is_not_ended_before_what_was_taken_on_it(at_now, case):
    decide(convened(sitting_on(at_now, "moderation", [case])), case, "conditional")
    nomination = Nomination.objects.get(person=at_now.voice)
    later = Event.objects.latest("pk").pk
    refused("on a later day", *update(nomination, ends=NOW.date() - days(1), event_id=later))
    run(*update(nomination, ends=NOW.date(), event_id=later))


@pytest.mark.parametrize("which", ["none", "another person's", "a board's"])
def test_coalition_seat_refused_without_its_nomination(at_now, case, which):
    meeting = sitting_on(at_now, "moderation", [case], voices=())
    seat = Seat.objects.filter(panel=meeting.panel, kind="coalition_representative").first()
    event = last_event(meeting.panel)
    nomination = {"none": None, "another person's": at_now.nominations["other_voice"].pk, "a board's": None}[which]
    if which == "a board's":
        # The register itself does not forbid a nomination by another kind of body: the seat does.
        row = Nomination(event_id=event, body=at_now.organisations["BOARD"], person=at_now.voice, starts=NOW.date())
        run(*insert(row))
        nomination = Nomination.objects.get(body=at_now.organisations["BOARD"]).pk
    row = Appointment(
        event_id=event,
        panel=meeting.panel,
        seat=seat,
        person=at_now.voice,
        nomination_id=nomination,
        appointed_by=at_now.organisations["NHSA"],
        state="proposed",
        proposed_at=NOW,
    )
    refused("nomination of a Coalition body", *insert(row))
    with unfenced():
        run(*insert(row))
        assert broken("I1 every Coalition seat rests on a nomination") == [
            f"{meeting.panel.ref}: {at_now.voice.stream} has a Coalition seat without a nomination for it."
        ]


def test_appointment_cannot_begin_accepted_or_come_back(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    lay = meeting.of("lay")
    refused("proposed first", *insert(lay, state="accepted", person_id=at_now.spare.pk))
    with transaction.atomic():
        seats.stand_down(appointment=lay, by=at_now.lay, reason="Away")
        refused("ends once", *update(lay, state="accepted", event_id=another_event(meeting)))


def test_appointment_accepted_needs_declaration(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case], accept=False)
    lay = meeting.of("lay")
    seats.accept_seat(appointment=meeting.of("chair"), by=at_now.chair)
    refused("declaration of interests", *update(lay, state="accepted", event_id=last_event(meeting.panel)))
    with unfenced():
        run(*update(lay, state="accepted", answered_at=NOW, event_id=last_event(meeting.panel)))
        assert len(broken("I1 every accepted seat has its declaration")) == 1
        assert broken("I12 grants follow seats") == [
            f"Person {at_now.lay.pk} holds a seat on {meeting.panel.ref} that gives 'sit', but not the grant."
        ]


@pytest.mark.parametrize(
    ("column", "value"), [("seat_id", "seat"), ("person_id", "person"), ("nomination_id", "nomination")]
)
def test_appointment_keeps_what_it_was_made_with(at_now, case, column, value):
    meeting = sitting_on(at_now, "moderation", [case], accept=False)
    row = meeting.of("voice")
    free = Seat.objects.filter(panel=meeting.panel, kind="coalition_representative").last().pk
    given = {"seat": free, "person": at_now.other_voice.pk, "nomination": at_now.nominations["other_voice"].pk}[value]
    seats.accept_seat(appointment=meeting.of("chair"), by=at_now.chair)
    said = "appointment keeps|nomination of a Coalition|accepted once"
    with pytest.raises(Exception, match=said), transaction.atomic():
        run(*update(row, **{column: given}, event_id=last_event(meeting.panel)))


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
    row = Position(event_id=last_event(meeting.panel), item=item, appointment=member, stance="concur", taken_at=NOW)
    refused("present, not recused and clear", *insert(row))
    with unfenced():
        run(*insert(row))
        assert broken("I3 every position is of a member who counts") == [
            f"{meeting.panel.ref}: {member.person.stream} took a position on {case.ref} and does not count for it."
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


def test_closed_item_does_not_change(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    decide(meeting, case, "conditional")
    other = sitting_on(at_now, "conditions", [case])
    for state in ("open", "listed"):
        with pytest.raises(Exception, match="closed item|event named"), transaction.atomic():
            run(*update(meeting.item(case), state=state, event_id=last_event(other.panel)))


def test_row_refused_on_event_of_another_stream(at_now, case):
    meeting = convened(sitting_on(at_now, "moderation", [case]))
    item = opened(meeting, case)
    row = Attendance(
        event_id=last_event(case), item=item, appointment=meeting.members["voice"], present=True, noted_at=NOW
    )
    refused("not of this panel", *insert(row))
    with unfenced():
        run(*insert(row))
        assert broken("I8 every row of a panel is of its own stream") == [
            "1 rows of panels_attendance name an event that is not of their panel."
        ]


def test_check_refused_on_event_of_another_stream(at_now, case):
    """A test that clears a member is the panel's own finding: nobody is cleared in the name of another event."""
    meeting = sitting_on(at_now, "moderation", [case])
    row = DisinterestCheck.objects.latest("pk")
    refused("not of this panel", *insert(row, event_id=last_event(case)))
    with unfenced():
        run(*insert(row, event_id=last_event(case)))
        assert broken("I8 every row of a panel is of its own stream") == [
            "1 rows of panels_disinterestcheck name an event that is not of their panel."
        ]
    run(*insert(row, event_id=last_event(meeting.panel)))


def test_panel_keeps_its_plan_even_with_an_event(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    panel = Panel.objects.get(pk=meeting.panel.pk)
    refused("together with its event", *update(panel, title="Other"))
    with unfenced():
        run(*update(panel, plan={**panel.plan, "seats": panel.plan["seats"][:-1]}))
        assert "no required Coalition seat" in broken("I1 every plan requires the Coalition seat")[0]


FACTS = [Seat, Attendance, Recusal, Position, Composition, Outcome, DisinterestCheck]


@pytest.mark.parametrize("model", FACTS)
def test_fact_is_neither_edited_nor_deleted(at_now, case, model):
    """I7 on what a decided item leaves behind."""
    meeting = convened(sitting_on(at_now, "moderation", [case], voices=("voice", "other_voice")))
    item = opened(meeting, case)
    items.recuse(item=item, appointment=meeting.members["lay"], reason="Friend", by=at_now.lay)
    items.decide_item(item=item, outcome="full", reasons="So.", positions=positions(item), by=at_now.secretary)
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


@pytest.mark.parametrize("model", [Appointment, Item, Sitting, Nomination])
def test_register_changes_only_with_a_later_event_and_is_never_deleted(at_now, case, model):
    convened(sitting_on(at_now, "moderation", [case]))
    row = model.objects.first()
    refused("later event|accepted once", *update(row, event_id=row.event_id))
    refused("never deleted", f"DELETE FROM {model._meta.db_table} WHERE id = %s", row.pk)


def test_grant_stands_exactly_while_the_seat_is_held(at_now, case):
    meeting = sitting_on(at_now, "moderation", [case])
    table = PanelGrant._meta.db_table
    grant = PanelGrant.objects.filter(user=at_now.voice).get()
    refused("seat calls for this grant", f"DELETE FROM {table} WHERE id = %s", grant.pk)
    refused("never edited", f"UPDATE {table} SET user_id = %s WHERE id = %s", at_now.spare.pk, grant.pk)
    refused(
        "no accepted seat",
        f"INSERT INTO {table} (user_id, permission_id, content_object_id) VALUES (%s, %s, %s)",
        at_now.spare.pk,
        grant.permission_id,
        meeting.panel.pk,
    )
    chair = PanelGrant.objects.get(user=at_now.chair, permission__codename="chair")
    refused(
        "no accepted seat",
        f"INSERT INTO {table} (user_id, permission_id, content_object_id) VALUES (%s, %s, %s)",
        at_now.voice.pk,
        chair.permission_id,
        meeting.panel.pk,
    )
    with unfenced():
        run(f"UPDATE {table} SET user_id = %s WHERE id = %s", at_now.spare.pk, grant.pk)
        assert broken("I12 grants follow seats") == [
            f"Person {at_now.spare.pk} holds 'sit' on {meeting.panel.ref} without a seat that gives it.",
            f"Person {at_now.voice.pk} holds a seat on {meeting.panel.ref} that gives 'sit', but not the grant.",
        ]


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
