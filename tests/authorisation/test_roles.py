"""What this layer tells the tests of disinterest: who took part at the desk (D9), and who may gain (D5)."""

import pytest

from audit import clock
from authorisation import roles
from authorisation.enums import Stage
from authorisation.models import ProposedCondition
from authorisation.queries import criteria
from authorisation.rules import Found
from tests.factories import Walk, days
from tests.factories.raw import last_event
from workflows import queue
from workflows.actions import cases

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk(world):
    """Assessed at the desk and read again, where nothing was changed."""
    return Walk(world).to(Stage.SITE_VISIT_PLANNING)


def everybody(world):
    return [person.pk for person in world.people.values()]


def test_assessor_and_reader_are_told_with_their_last_day(world, walk):
    rows = set(roles.desk_top(everybody(world), [walk.case.ref]))
    ref, read = walk.case.ref, (walk.now - days(1)).date()
    assert rows == {
        (world.assessor.pk, ref, "desk_top", read - days(1)),
        (world.reader.pk, ref, "second_reading", read),
    }


def test_reader_who_changed_a_finding_is_told_too(world):
    walk = Walk(world).to(Stage.SECOND_READING)
    changed = [Found("1.1A", False, "Not shown after all.", "How is it shown?")]
    with queue.held(), clock.at(walk.now):
        cases.read_again(walk.case, changes=changed, by=world.reader)
    rows = set(roles.desk_top([world.reader.pk], [walk.case.ref]))
    assert rows == {(world.reader.pk, walk.case.ref, "second_reading", walk.now.date())}


def test_nobody_is_told_who_was_not_asked_for(world, walk):
    Walk(world, ccg="03A", start=walk.now).to(Stage.SITE_VISIT_PLANNING)
    assert set(roles.desk_top([world.chair.pk], [walk.case.ref])) == set()
    assert {ref for _, ref, _, _ in roles.desk_top(everybody(world), [walk.case.ref])} == {walk.case.ref}
    assert set(roles.desk_top(everybody(world), [])) == set()


def test_desk_is_asked_by_a_fixed_number_of_statements(world, walk, django_assert_num_queries):
    other = Walk(world, ccg="03A", start=walk.now).to(Stage.SITE_VISIT_PLANNING)
    for refs in ([walk.case.ref], [walk.case.ref, other.case.ref]):
        with django_assert_num_queries(4):
            assert len(set(roles.desk_top(everybody(world), refs))) == 2 * len(refs)


def proposed(walk, other, *, code="1.1B", attempt=1):
    return ProposedCondition.objects.create(
        event_id=last_event(walk.case),
        application_id=walk.pk,
        attempt=attempt,
        criterion=criteria(walk.case)[code],
        level="IV",
        discharge_test="Show it.",
        direction="Let another do it.",
        other=walk.world.organisations[other] if other else None,
    )


def test_beneficiaries_are_those_of_the_last_conditions_panel(world, walk):
    ref = walk.case.ref
    proposed(walk, "02A")
    proposed(walk, "02A", code="3.1.1B")
    assert list(roles.named([ref])) == [(ref, "02A")]
    proposed(walk, "03A", attempt=2)
    assert list(roles.named([ref])) == [(ref, "03A")]
    proposed(walk, None, attempt=3)
    assert list(roles.named([ref])) == []


def test_beneficiaries_are_asked_by_a_fixed_number_of_statements(world, walk, django_assert_num_queries):
    other = Walk(world, ccg="03A", start=walk.now).to(Stage.SITE_VISIT_PLANNING)
    proposed(walk, "02A")
    proposed(other, "04A")
    for refs in ([walk.case.ref], [walk.case.ref, other.case.ref]):
        with django_assert_num_queries(1):
            assert len(list(roles.named(refs))) == len(refs)
